"""GIMP's image and layers as the filter needs them: planes out, a color layer in. The only place with GEGL buffers.

Knows neither dialog nor engine. `Any` is GIMP's own objects: PyGObject has no types.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import gi

gi.require_version("Babl", "0.1")
gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Babl, Gegl, Gimp  # noqa: E402

from handtint.errors import GuidanceError, HandtintError, PictureError  # noqa: E402
from handtint.wire.pixels import Extent, PixelFormat, Plane  # noqa: E402

ROLE = "handtint-role"
"""Parasite that says what a layer of ours is, whatever its name becomes."""
INPUTS = "handtint-inputs"
"""Parasite of a color layer: the tattoos of the base that it belongs to and of the hints that made it (0: none)."""
COLOR_ROLE = b"color"
HINTS_ROLE = b"hints"
PERSISTENT = 1
LAYER_NAME = "Handtint color"


class Depth(NamedTuple):
    """How pixels of an image travel: babl's name for a sample, and the formats on the wire."""

    babl: str
    gray: PixelFormat
    rgb: PixelFormat
    rgba: PixelFormat


class LayerEntry(NamedTuple):
    """One layer in a list: `depth` is how many groups it lies in."""

    layer: Any
    name: str
    depth: int


class Picture:
    """One image and the layer in it that is to be colored.

    Parameters
    ----------
    image : Gimp.Image
    base : Gimp.Layer

    Raises
    ------
    PictureError
        The image is in a state or mode in which it cannot be colored; says what to do.
    """

    def __init__(self, image: Any, base: Any) -> None:
        _check(image, base)
        self.image = image
        self.base = base
        self._x, self._y, *size = _place(base)
        self.extent = Extent(*size)
        self._depth = _depth(image.get_precision())

    @property
    def document(self) -> str:
        """Name of this picture to the engine, the same for every run in this GIMP."""
        return f"gimp-{os.getppid()}-{self.image.get_id()}-{self.base.get_id()}"

    @property
    def is_gray(self) -> bool:
        return bool(self.image.get_base_type() == Gimp.ImageBaseType.GRAY)

    def read_base(self) -> Plane:
        """The base's own pixels without alpha, masks or filters, as gray or RGB with sRGB's curve."""
        if self.is_gray:
            return self._read(self.base, f"Y' {self._depth.babl}", self._depth.gray)
        return self._read(self.base, f"R'G'B' {self._depth.babl}", self._depth.rgb)

    def read_hints(self, layer: Any) -> Plane:
        """A hints layer where the base is: transparent where it does not reach."""
        if not is_in(self.image, layer):
            raise GuidanceError("expected a hints layer of the same image, got one of another; choose again")
        if layer.get_id() == self.base.get_id():
            raise GuidanceError("the hints are the layer to color itself; paint them on a layer of their own")
        if not layer.has_alpha():
            raise GuidanceError(
                f"the hints layer '{layer.get_name()}' has no alpha channel, so all of it would be a hint; "
                "paint the hints on a new transparent layer"
            )
        return self._read(layer, f"R'G'B'A {self._depth.babl}", self._depth.rgba)

    def read_selection(self) -> Plane | None:
        """How much each pixel of the base is selected; None where nothing is, which means everything."""
        if Gimp.Selection.is_empty(self.image):
            return None
        rect = Gegl.Rectangle.new(self._x, self._y, *self.extent)
        # A selection's numbers are linear: "Y' u8" would change them.
        data = self.image.get_selection().get_buffer().get(rect, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
        if data.count(0) == len(data):
            raise PictureError("nothing of the layer is selected; select some of it, or nothing to color all of it")
        return Plane(PixelFormat.gray8, self.extent, data)

    def result_layer(self) -> Any:
        """The color layer that an earlier run made for this base and that can take new colors, or None."""
        fits = (layer for layer in _siblings(self.image, self.base) if self._is_result(layer))
        return next(fits, None)

    @property
    def answer_format(self) -> PixelFormat:
        """The format that `write` takes."""
        return self._depth.rgba

    def write(self, composite: Plane, *, opacity: float, hints: Any) -> Any:
        """Put the engine's composite above the base, or in place of an earlier one; one undo step.

        Parameters
        ----------
        composite : Plane
            The exact colors in `answer_format`, of the base's extent.
        opacity : float
            0 to 1: strength of the color.
        hints : Gimp.Layer or None
            What the color was made from, for the next run to find.

        Returns
        -------
        Gimp.Layer
        """
        if (composite.format, composite.extent) != (self._depth.rgba, self.extent):
            expected, got = f"{self._depth.rgba.value} {self.extent}", f"{composite.format.value} {composite.extent}"
            raise PictureError(f"expected the engine's answer as {expected}, got {got}; nothing was changed")
        self._check_again()
        # Only bytes go into a GEGL buffer fast: a memoryview takes forty times as long.
        data = bytes(composite.data)
        layer = self.result_layer()
        with _undo_group(self.image):
            if self.is_gray:
                _must(self.image.convert_rgb(), "change the image's mode to RGB")
            if layer is None:
                layer = self._insert(data)
            else:
                self._replace(layer, data)
            layer.set_opacity(100.0 * opacity)
            painted = hints.get_tattoo() if is_in(self.image, hints) else 0
            inputs = {"base": self.base.get_tattoo(), "hints": painted}
            layer.attach_parasite(Gimp.Parasite.new(INPUTS, PERSISTENT, json.dumps(inputs).encode()))
        Gimp.displays_flush()
        return layer

    def _check_again(self) -> None:
        """GIMP goes on while the engine works: the artist may have done anything meanwhile."""
        _check(self.image, self.base)
        if _place(self.base) != (self._x, self._y, *self.extent) or self.answer_format != _format(self.image):
            raise PictureError("the layer has changed while it was being colored, so nothing was done; run again")

    def _read(self, layer: Any, babl: str, pixel_format: PixelFormat) -> Plane:
        x, y, _, _ = _place(layer)
        rect = Gegl.Rectangle.new(self._x - x, self._y - y, *self.extent)
        data = layer.get_buffer().get(rect, 1.0, babl, Gegl.AbyssPolicy.NONE)
        return Plane(pixel_format, self.extent, data)

    def _is_result(self, layer: Any) -> bool:
        if role(layer) != COLOR_ROLE or _inputs(layer).get("base") != self.base.get_tattoo():
            return False
        # Writing to a locked layer would make GIMP end the plug-in.
        fits = _place(layer) == (self._x, self._y, *self.extent) and layer.has_alpha()
        return bool(fits and not layer.get_lock_content())

    def _insert(self, data: bytes) -> Any:
        """A new layer, filled before it is in the image, directly above the base."""
        mode, kind = Gimp.LayerMode.LCH_COLOR, Gimp.ImageType.RGBA_IMAGE
        layer = Gimp.Layer.new(self.image, LAYER_NAME, *self.extent, kind, 100.0, mode)
        # Only in Lab is the opacity a true strength of the color.
        layer.set_composite_space(Gimp.LayerColorSpace.LAB)
        layer.set_offsets(self._x, self._y)
        layer.attach_parasite(Gimp.Parasite.new(ROLE, PERSISTENT, COLOR_ROLE))
        self._fill(layer.get_buffer(), data)
        selected = self.image.get_selected_layers()
        position = self.image.get_item_position(self.base)
        _must(self.image.insert_layer(layer, self.base.get_parent(), position), "add the color layer")
        # An added layer becomes the selected one: the next run would color the color.
        self.image.set_selected_layers(selected)
        return layer

    def _replace(self, layer: Any, data: bytes) -> None:
        """New colors for an earlier result, inside the selection only, undoable; its mask, name and place stay."""
        self._fill(layer.get_shadow_buffer(), data)
        _must(layer.merge_shadow(True), "change the color layer")
        layer.update(0, 0, *self.extent)

    def _fill(self, buffer: Any, data: bytes) -> None:
        rect = Gegl.Rectangle.new(0, 0, *self.extent)
        buffer.set(rect, f"R'G'B'A {self._depth.babl}", data)
        buffer.flush()


def start_gegl() -> None:
    """Once per process, before any pixel is read."""
    Gegl.init(None)


def layers(image: Any) -> list[LayerEntry]:
    """Every layer of an image from the top down, those in groups after their group."""
    return list(_walk(image.get_layers(), 0))


def role(layer: Any) -> bytes:
    """What a layer is to us: COLOR_ROLE, HINTS_ROLE or empty."""
    parasite = layer.get_parasite(ROLE)
    return bytes(parasite.get_data()) if parasite is not None else b""


def base_of(drawable: Any) -> Any:
    """The layer that a drawable is, or is the mask of."""
    if isinstance(drawable, Gimp.LayerMask):
        return Gimp.Layer.from_mask(drawable)
    if not isinstance(drawable, Gimp.Layer):
        raise PictureError(f"expected a layer to color, got the channel '{drawable.get_name()}'; select a layer")
    return drawable


def likely_base(image: Any, drawable: Any) -> Any:
    """The layer that a person means to color: who has just painted hints has the hints layer selected."""
    chosen = base_of(drawable)
    if not _is_ours(chosen):
        return chosen
    entries = [entry.layer for entry in layers(image)]
    below = entries[[layer.get_id() for layer in entries].index(chosen.get_id()) + 1 :]
    candidates = [layer for layer in (*below, *reversed(entries)) if not _is_ours(layer) and not layer.is_group()]
    return candidates[0] if candidates else chosen


def likely_hints(image: Any, base: Any) -> Any:
    """The hints of the last run on this base, else a layer that is marked as hints or named so, else None."""
    known = {entry.layer.get_tattoo(): entry.layer for entry in layers(image)}
    for layer in _siblings(image, base):
        if role(layer) == COLOR_ROLE and _inputs(layer).get("base") == base.get_tattoo():
            return known.get(_inputs(layer).get("hints"))
    others = [layer for layer in known.values() if layer.get_id() != base.get_id() and layer.has_alpha()]
    marked = [layer for layer in others if role(layer) == HINTS_ROLE]
    return next(iter(marked + [layer for layer in others if _named_hints(layer)]), None)


def is_in(image: Any, layer: Any) -> bool:
    """Is this a layer of the image, and still there?"""
    return layer is not None and layer.is_valid() and bool(layer.get_image().get_id() == image.get_id())


def palette_colors(palette: Any) -> bytes:
    """A palette's colors as sRGB, three bytes each."""
    data, _ = palette.get_colormap(Babl.format("R'G'B' u8"))
    return bytes(data)


def _check(image: Any, base: Any) -> None:
    if not image.is_valid() or not is_in(image, base):
        raise PictureError("the layer to color is not there any more; choose another one")
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise PictureError("expected an RGB or grayscale image, got an indexed one; choose Image > Mode > RGB first")
    if image.get_floating_sel() is not None:
        raise PictureError("the image has a floating selection; anchor it or make it a layer first")
    if role(base) == COLOR_ROLE:
        raise PictureError(f"the layer '{base.get_name()}' is a result of Handtint; choose the gray layer below it")


def _place(layer: Any) -> tuple[int, int, int, int]:
    """Left, top, width and height in the image."""
    _, x, y = layer.get_offsets()
    return x, y, layer.get_width(), layer.get_height()


def _format(image: Any) -> PixelFormat:
    return _depth(image.get_precision()).rgba


def _depth(precision: Any) -> Depth:
    if precision in (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_PERCEPTUAL):
        return Depth("u8", PixelFormat.gray8, PixelFormat.rgb8, PixelFormat.rgba8)
    # 8-bit linear too: its dark steps are finer than those of 8 bits with sRGB's curve.
    if precision.value_nick.startswith("u"):
        return Depth("u16", PixelFormat.gray16, PixelFormat.rgb16, PixelFormat.rgba16)
    return Depth("float", PixelFormat.grayf32, PixelFormat.rgbf32, PixelFormat.rgbaf32)


def _inputs(layer: Any) -> dict[str, object]:
    parasite = layer.get_parasite(INPUTS)
    try:
        found = json.loads(bytes(parasite.get_data())) if parasite is not None else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _siblings(image: Any, layer: Any) -> list[Any]:
    parent = layer.get_parent()
    return list(parent.get_children() if parent is not None else image.get_layers())


def _walk(items: list[Any], depth: int) -> Iterator[LayerEntry]:
    for layer in items:
        yield LayerEntry(layer, layer.get_name(), depth)
        if layer.is_group():
            yield from _walk(layer.get_children(), depth + 1)


def _named_hints(layer: Any) -> bool:
    return re.search(r"\bhints?\b", layer.get_name(), re.IGNORECASE) is not None and role(layer) != COLOR_ROLE


def _is_ours(layer: Any) -> bool:
    return role(layer) in (COLOR_ROLE, HINTS_ROLE) or _named_hints(layer)


def _must(done: bool, what: str) -> None:
    if not done:
        raise HandtintError(f"GIMP could not {what}: {Gimp.get_pdb().get_last_error()}")


@contextmanager
def _undo_group(image: Any) -> Iterator[None]:
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()
