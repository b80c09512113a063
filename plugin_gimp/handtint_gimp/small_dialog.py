"""GIMP's own dialog for a procedure with a few numbers. `Any` is GIMP's own objects."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
from gi.repository import GimpUi  # noqa: E402


def choose(procedure: Any, config: Any, title: str, names: list[str]) -> bool:
    """Let the artist set these arguments; False where the dialog is left."""
    GimpUi.init(procedure.get_name())
    dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
    dialog.fill(names)
    chosen = bool(dialog.run())
    dialog.destroy()
    return chosen
