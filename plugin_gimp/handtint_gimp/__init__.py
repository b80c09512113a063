"""Handtint's filter for GIMP 3. Standard library, PyGObject and the client half of handtint only."""
