"""Names that the procedures' arguments share with the work behind them. Imports nothing: GIMP reads it at its start."""

DEFAULT_METHOD = "default"
"""What the artist chooses to leave the choice to the engine."""
