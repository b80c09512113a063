"""GIMP's palettes: what is in one, and those that we make. `Any` is GIMP's own objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import gi

gi.require_version("Babl", "0.1")
gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Babl, Gegl, Gimp  # noqa: E402

from handtint.wire.messages import Color, Palette, SemanticClass  # noqa: E402
from handtint_gimp.colorize import Swatches  # noqa: E402

CLASSES_NAME = "Handtint classes"
_SHARE = re.compile(r"(\d+(?:\.\d+)?) ?%")


def read_palette(palette: Any) -> Swatches:
    """A palette's colors, with their shares where its entries are named so."""
    data, count = palette.get_colormap(Babl.format("R'G'B' u8"))
    named = [_SHARE.fullmatch(palette.get_entry_name(index)[1] or "") for index in range(count)]
    shares = tuple(float(found[1]) / 100.0 for found in named if found is not None)
    return Swatches(palette.get_name(), bytes(data), shares if len(shares) == count and any(shares) else ())


def keep_palette(name: str, palette: Palette) -> Any:
    """Keep colors as a GIMP palette of this name, in place of an earlier one; entries are named by their shares."""
    named = [f"{100 * weight:.1f} %" for weight in palette.weights] or [str(n + 1) for n in range(len(palette.colors))]
    return _renew(name, zip(named, palette.colors, strict=True))


def offer_classes(classes: Sequence[SemanticClass]) -> None:
    """Keep the classes' colors as a palette, so that an artist can correct a map with them."""
    shown = [found for found in classes if found.index]
    known = Gimp.Palette.get_by_name(CLASSES_NAME)
    wanted = bytes(channel for found in shown for channel in _bytes(found.color))
    if known is None or read_palette(known).data != wanted:
        _renew(CLASSES_NAME, ((found.name.replace("_", " "), found.color) for found in shown))


def gegl_color(color: Color) -> Any:
    """A color as GIMP takes it."""
    return Gegl.Color.new("#{:02x}{:02x}{:02x}".format(*_bytes(color)))


def _renew(name: str, entries: Iterable[tuple[str, Color]]) -> Any:
    known = Gimp.Palette.get_by_name(name)
    if known is not None:
        known.delete()
    palette = Gimp.Palette.new(name)
    for entry, color in entries:
        palette.add_entry(entry, gegl_color(color))
    return palette


def _bytes(color: Color) -> tuple[int, ...]:
    return tuple(round(255 * min(1.0, max(0.0, channel))) for channel in color)
