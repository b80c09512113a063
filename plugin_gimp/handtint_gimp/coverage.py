"""What of a layer shows: its pixels under its mask and inside a selection, through GEGL's own graph.

Knows neither engine nor dialog. `Any` is GIMP's and GEGL's own objects.
"""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp  # noqa: E402

from handtint.wire.pixels import Buffer, Extent, Rect  # noqa: E402
from handtint_gimp import bands, gegl  # noqa: E402


def selection_of(image: Any) -> Any:
    """The image's selection, or None where nothing is selected, which means everything."""
    return None if Gimp.Selection.is_empty(image) else image.get_selection()


def read_shown(layer: Any, rect: Rect, babl: str, pixel_bytes: int, *, selection: Any = None) -> Buffer:
    """A layer's pixels with its mask, and a selection, in their alpha.

    Parameters
    ----------
    layer : Gimp.Layer
    rect : Rect
        In pixels of the layer; outside of it all is transparent.
    babl, pixel_bytes : str, int
        A format with alpha.
    selection : Gimp.Selection, optional
    """
    return bands.read(_shown(layer, selection), rect, babl, pixel_bytes)


def read_shown_small(layer: Any, extent: Extent, scale: float, babl: str, *, selection: Any = None) -> Buffer:
    """The same of all of the layer, scaled to `extent`."""
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    gegl.keep_tiles(whole.width, whole.height)  # what is made here must not be put on disk meanwhile
    shown = _shown(layer, selection)
    buffer = shown.make(whole, babl) if isinstance(shown, _Covered) else shown
    data: bytes = buffer.get(Gegl.Rectangle.new(0, 0, *extent), scale, babl, Gegl.AbyssPolicy.NONE)
    return data


def is_partial(layer: Any) -> bool:
    """Can anything of the layer be transparent?"""
    return bool(layer.has_alpha() or _covers(layer, None))


def _covers(layer: Any, selection: Any) -> list[tuple[Any, int, int]]:
    """Buffers that hide some of the layer, with their places in it."""
    mask = layer.get_mask()
    covers = [(mask.get_buffer(), 0, 0)] if mask is not None and layer.get_apply_mask() else []
    if selection is not None:
        _, x, y = layer.get_offsets()
        covers.append((selection.get_buffer(), -x, -y))
    return covers


def _shown(layer: Any, selection: Any) -> Any:
    """The layer's own buffer where nothing hides some of it, else one that shows what is left."""
    covers = _covers(layer, selection)
    return _Covered(layer.get_buffer(), covers) if covers else layer.get_buffer()


class _Covered:
    """What covers leave of a buffer, worked out where it is read: a whole layer in GEGL's floats may be a gigabyte."""

    def __init__(self, buffer: Any, covers: list[tuple[Any, int, int]]) -> None:
        self._graph = Gegl.Node()
        self._last = self._source(buffer)
        for cover, x, y in covers:
            place = self._graph.create_child("gegl:translate")
            place.set_property("x", float(x))
            place.set_property("y", float(y))
            self._source(cover).connect_to("output", place, "input")
            thin = self._graph.create_child("gegl:opacity")
            self._last.connect_to("output", thin, "input")
            place.connect_to("output", thin, "aux")
            self._last = thin

    def get(self, rect: Any, scale: float, babl: str, abyss: Any) -> Any:
        """As of a buffer, at scale 1."""
        return self.make(rect, babl).get(rect, scale, babl, abyss)

    def make(self, rect: Any, babl: str) -> Any:
        """A buffer of its own with what is left in a rectangle."""
        made = Gegl.Buffer.new(babl, rect.x, rect.y, rect.width, rect.height)
        self._last.blit_buffer(made, rect, 0, Gegl.AbyssPolicy.NONE)
        return made

    def _source(self, buffer: Any) -> Any:
        node = self._graph.create_child("gegl:buffer-source")
        node.set_property("buffer", buffer)
        return node
