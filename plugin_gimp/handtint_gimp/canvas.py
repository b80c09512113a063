"""Shows colors in a layer while somebody paints: straight into its pixels, without a step of undo for each of them.

Knows neither engine nor dialog. `Any` is GIMP's and GEGL's own objects.
"""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp  # noqa: E402

from handtint.client.hints import changed_rect, cut  # noqa: E402
from handtint.errors import PictureError  # noqa: E402
from handtint.wire.pixels import Extent, PixelFormat, Plane, Rect  # noqa: E402
from handtint_gimp import bands  # noqa: E402

_SAMPLES = {PixelFormat.rgba8: "R'G'B'A u8", PixelFormat.rgba16: "R'G'B'A u16", PixelFormat.rgbaf32: "R'G'B'A float"}


class Canvas:
    """One color layer.

    Parameters
    ----------
    layer : Gimp.Layer
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self._small: Plane | None = None
        self._full: Plane | None = None
        self._coarse: Rect | None = None

    def show(self, plane: Plane) -> None:
        """Show the colors of all of the layer, of its own size or smaller; only what is new is written.

        Raises
        ------
        PictureError
            The layer cannot be written to.
        """
        if self.layer.get_lock_content():  # GIMP would end the plug-in
            raise PictureError(f"the pixels of '{self.layer.get_name()}' are locked; unlock them to see the colors")
        extent = Extent(self.layer.get_width(), self.layer.get_height())
        area = self._show_full(plane) if plane.extent == extent else self._show_small(plane, extent)
        if area is not None:
            self.layer.update(*area)
            Gimp.displays_flush()

    def _show_small(self, plane: Plane, extent: Extent) -> Rect | None:
        changed = _difference(self._small, plane)
        self._small = plane
        if changed is None:
            return None
        area = _enlarged(changed, plane.extent, extent)
        _scale_into(self.layer.get_buffer(), plane, extent, area)
        self._coarse = area if self._coarse is None else _around(self._coarse, area)
        return area

    def _show_full(self, plane: Plane) -> Rect | None:
        """Everything that previews have coarsened, and what differs from the last full size."""
        changed, coarse = _difference(self._full, plane), self._coarse
        self._full, self._coarse = plane, None
        area = _around(changed, coarse) if changed is not None and coarse is not None else changed or coarse
        if area is None:
            return None
        data = plane.data if area.extent == plane.extent else cut(plane, area).data
        bands.write(self.layer.get_buffer(), area, _SAMPLES[plane.format], data)
        return area


def _difference(old: Plane | None, new: Plane) -> Rect | None:
    everything = Rect(0, 0, *new.extent)
    if old is None or (old.extent, old.format) != (new.extent, new.format):
        return everything
    return changed_rect(old, new, everything)


def _enlarged(area: Rect, small: Extent, large: Extent) -> Rect:
    """The pixels of the large picture that pixels of the small one bear on, with the neighbors they blend into."""
    left, top = (area.x - 1) * large.width // small.width, (area.y - 1) * large.height // small.height
    right = -(-(area.x + area.width + 1) * large.width // small.width)
    bottom = -(-(area.y + area.height + 1) * large.height // small.height)
    left, top = max(0, left), max(0, top)
    return Rect(left, top, min(large.width, right) - left, min(large.height, bottom) - top)


def _scale_into(buffer: Any, plane: Plane, extent: Extent, area: Rect) -> None:
    """Color may be coarse for a moment: the layer's mode takes the lightness from below."""
    babl, whole = _SAMPLES[plane.format], Gegl.Rectangle.new(0, 0, *plane.extent)
    small = Gegl.Buffer.new(babl, 0, 0, *plane.extent)
    small.set(whole, babl, bytes(plane.data))
    graph = Gegl.Node()
    source, scale = graph.create_child("gegl:buffer-source"), graph.create_child("gegl:scale-size")
    source.set_property("buffer", small)
    scale.set_property("x", float(extent.width))
    scale.set_property("y", float(extent.height))
    source.connect_to("output", scale, "input")
    scale.blit_buffer(buffer, Gegl.Rectangle.new(*area), 0, Gegl.AbyssPolicy.CLAMP)
    buffer.flush()


def _around(one: Rect, other: Rect) -> Rect:
    x, y = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.x + one.width, other.x + other.width), max(one.y + one.height, other.y + other.height)
    return Rect(x, y, right - x, bottom - y)
