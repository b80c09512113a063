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
    covers = _covers(layer, selection)
    if not covers:
        return bands.read(layer.get_buffer(), rect, babl, pixel_bytes)
    made = _covered(layer.get_buffer(), covers, Gegl.Rectangle.new(*rect), babl)
    return bands.read(made, rect, babl, pixel_bytes, own=True)


def read_shown_small(layer: Any, extent: Extent, scale: float, babl: str, *, selection: Any = None) -> Buffer:
    """The same of all of the layer, scaled to `extent`."""
    covers, buffer = _covers(layer, selection), layer.get_buffer()
    if covers:
        buffer = _covered(buffer, covers, Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height()), babl)
    data: bytes = buffer.get(Gegl.Rectangle.new(0, 0, *extent), scale, babl, Gegl.AbyssPolicy.NONE)
    return data


def read_alpha(layer: Any, rect: Rect, *, selection: Any = None) -> Buffer:
    """How much of each pixel of a rectangle shows, 0 to 255: what alpha, mask and a selection leave of it.

    Parameters as of `read_shown`.
    """
    parts = [bands.read_last(layer.get_buffer(), rect, "R'G'B'A u8", 4)] if layer.has_alpha() else []
    for cover, x, y in _covers(layer, selection):
        parts.append(bands.read(cover, Rect(rect.x - x, rect.y - y, *rect.extent), "Y u8", 1))
    thin = [part for part in parts if not bands.is_all(part, 255)]
    if len(thin) > 1:  # GEGL's graph is the only one to multiply them, and takes ten times as long as to read one
        return read_shown(layer, rect, "A u8", 1, selection=selection)
    return (thin or parts)[0]


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


def _covered(buffer: Any, covers: list[tuple[Any, int, int]], rect: Any, babl: str) -> Any:
    """A buffer of its own with what the covers leave."""
    gegl.keep_tiles(rect.width, rect.height)
    graph = Gegl.Node()
    last = _source(graph, buffer)
    for cover, x, y in covers:
        place = graph.create_child("gegl:translate")
        place.set_property("x", float(x))
        place.set_property("y", float(y))
        _source(graph, cover).connect_to("output", place, "input")
        thin = graph.create_child("gegl:opacity")
        last.connect_to("output", thin, "input")
        place.connect_to("output", thin, "aux")
        last = thin
    made = Gegl.Buffer.new(babl, rect.x, rect.y, rect.width, rect.height)
    last.blit_buffer(made, rect, 0, Gegl.AbyssPolicy.NONE)
    return made


def _source(graph: Any, buffer: Any) -> Any:
    node = graph.create_child("gegl:buffer-source")
    node.set_property("buffer", buffer)
    return node
