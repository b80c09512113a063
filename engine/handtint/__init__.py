"""Handtint: colours gray pictures inside the painter's own editor. Importing this reads no file and loads nothing heavy."""

__version__ = "0.1.0"
