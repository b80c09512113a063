"""Handtint: colours gray pictures in the painter's own editor. Importing this reads no file, loads nothing heavy."""

__version__ = "0.1.0"
