"""GIMP's palettes: what is in one, and one that holds the classes of semantic maps. `Any` is GIMP's own objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gi

gi.require_version("Babl", "0.1")
gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Babl, Gegl, Gimp  # noqa: E402

from handtint.wire.messages import SemanticClass  # noqa: E402

CLASSES_NAME = "Handtint classes"


def palette_colors(palette: Any) -> bytes:
    """A palette's colors as sRGB, three bytes each."""
    data, _ = palette.get_colormap(Babl.format("R'G'B' u8"))
    return bytes(data)


def offer_classes(classes: Sequence[SemanticClass]) -> None:
    """Keep the classes' colors as a palette, so that an artist can correct a map with them."""
    shown = [found for found in classes if found.index]
    colors = [tuple(round(channel * 255) for channel in found.color) for found in shown]
    known = Gimp.Palette.get_by_name(CLASSES_NAME)
    if known is not None and palette_colors(known) == bytes(channel for color in colors for channel in color):
        return
    if known is not None:
        known.delete()
    palette = Gimp.Palette.new(CLASSES_NAME)
    for found, color in zip(shown, colors, strict=True):
        palette.add_entry(found.name.replace("_", " "), Gegl.Color.new("#{:02x}{:02x}{:02x}".format(*color)))
