"""GIMP's image and layers as the filter needs them: planes out, a color layer or a map in.

Knows neither dialog nor engine, and shows nothing: that is for those who know whether anybody looks. `Any` is GIMP's
own objects: PyGObject has no types.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402

from handtint.errors import GuidanceError, HandtintError, PictureError  # noqa: E402
from handtint.wire.pixels import Buffer, Extent, PixelFormat, Plane, Rect  # noqa: E402
from handtint_gimp import bands  # noqa: E402
from handtint_gimp.coverage import is_partial, read_alpha, read_shown, selection_of  # noqa: E402
from handtint_gimp.roles import (  # noqa: E402
    COLOR_ROLE,
    HINTS_ROLE,
    INPUTS,
    ROLE,
    SEMANTIC_ROLE,
    colors_of,
    is_in,
    note_inputs,
    role,
)

KEPT = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
"""Of parasites: saved with the image. One that is not undoable makes GIMP complain at an undo."""
LAYER_NAME = "Handtint color"
HINTS_NAME = "Hints"
MAP_NAME = "Semantic"
MAP_OPACITY = 50.0
"""A map hides the picture that it explains."""


class Depth(NamedTuple):
    """How pixels of an image travel: babl's name for a sample, and the formats on the wire."""

    babl: str
    gray: PixelFormat
    rgb: PixelFormat
    rgba: PixelFormat


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
        self.place_again()

    def place_again(self) -> None:
        """Take note of where and how large the layer is, and how its pixels travel."""
        self._x, self._y, *size = _place(self.base)
        self.extent = Extent(*size)
        self._depth = _depth(self.image.get_precision())

    @property
    def selection(self) -> Any:
        """What limits the colors, or None."""
        return selection_of(self.image)

    @property
    def document(self) -> str:
        """Name of this picture to the engine, the same for every run in this GIMP."""
        return f"gimp-{os.getppid()}-{self.image.get_id()}-{self.base.get_id()}"

    @property
    def is_gray(self) -> bool:
        return bool(self.image.get_base_type() == Gimp.ImageBaseType.GRAY)

    def read_base(self) -> Plane:
        """The base's own pixels without alpha, masks or filters, with sRGB's curve; as gray wherever they are."""
        depth, buffer = self._depth, self.base.get_buffer()
        whole = Rect(0, 0, *self.extent)
        if self.is_gray:
            gray: Buffer | None = bands.read(buffer, whole, f"Y' {depth.babl}", depth.gray.pixel_bytes)
        else:
            gray = bands.read_gray(buffer, whole, f"R'G'B' {depth.babl}", depth.rgb.sample_bytes)
        if gray is not None:
            return Plane(depth.gray, self.extent, gray)
        data = bands.read(buffer, whole, f"R'G'B' {depth.babl}", depth.rgb.pixel_bytes)
        return Plane(depth.rgb, self.extent, data)

    def read_hints(self, layer: Any) -> Plane:
        """A hints layer where the base is: transparent where it does not reach."""
        return self._read_painted(layer, "hints")

    def read_semantic(self, layer: Any) -> Plane:
        """A layer with a map in the classes' colors where the base is: transparent where it does not reach."""
        return self._read_painted(layer, "semantic")

    def read_coverage(self) -> Plane | None:
        """How much of each pixel of the base is to be colored: what its alpha, its mask and the selection leave.

        None where that is all of it. An earlier result takes new colors inside the selection by itself.
        """
        selection = self.selection
        shown = self._covered(None) if is_partial(self.base) else None
        if shown is not None and bands.is_all(shown, 0):
            raise PictureError(
                f"all of the layer '{self.base.get_name()}' is transparent or hidden by its mask; choose another one"
            )
        selected = self._covered(selection) if selection is not None else None
        if selected is not None and bands.is_all(selected, 0):
            raise PictureError("nothing of the layer is selected; select some of it, or nothing to color all of it")
        data = shown if selected is None or self.result_layer() is not None else selected
        if data is None or bands.is_all(data, 255):
            return None
        return Plane(PixelFormat.gray8, self.extent, data)

    def result_layer(self) -> Any:
        """The color layer that an earlier run made for this base and that can take new colors, or None."""
        return next((layer for layer in colors_of(self.image, self.base) if self._can_take_colors(layer)), None)

    @property
    def answer_format(self) -> PixelFormat:
        """The format that `write` takes."""
        return self._depth.rgba

    def write(self, composite: Plane, *, opacity: float, inputs: Mapping[str, Any]) -> Any:
        """Put the engine's composite above the base, or in place of an earlier one; one undo step.

        Parameters
        ----------
        composite : Plane
            The exact colors in `answer_format`, of the base's extent.
        opacity : float
            0 to 1: strength of the color.
        inputs : mapping
            The layers by role that the color was made from, or None; for the next run to find.

        Returns
        -------
        Gimp.Layer
        """
        self.check_fits(composite)
        layer = self.result_layer()
        with self._change_in_color():
            if layer is None:
                layer = self._insert(composite)
            else:
                self._replace(layer, composite)
            layer.set_opacity(100.0 * opacity)
            self._note_inputs(layer, inputs)
        return layer

    def set_up(self, hints: Any) -> tuple[Any, Any]:
        """A hints layer to paint on and a color layer to show colors in, those that are there or new ones.

        One undo step. A color layer that is new gets the selection as its mask. The hints layer becomes the selected
        one.

        Returns
        -------
        (Gimp.Layer, Gimp.Layer)
            Hints and colors.
        """
        self._check_again()
        with self._change_in_color():
            color = self.result_layer()
            if color is None:
                color = self._insert(None)
                if self.selection is not None:
                    color.add_mask(color.create_mask(Gimp.AddMaskType.SELECTION))
            if hints is None:
                hints = self._new_layer(HINTS_NAME, 100.0, Gimp.LayerMode.NORMAL, HINTS_ROLE)
                hints.fill(Gimp.FillType.TRANSPARENT)
                _must(self.image.insert_layer(hints, None, 0), "add the layer for hints")
            self._note_inputs(color, {"hints": hints})
            self.image.set_selected_layers([hints])
        return hints, color

    def add_map(self, painted: Plane) -> Any:
        """Add a semantic map in `answer_format`, of the base's extent, as the topmost layer; one undo step."""
        self.check_fits(painted)
        with self._change_in_color():
            layer = self._new_layer(MAP_NAME, MAP_OPACITY, Gimp.LayerMode.NORMAL, SEMANTIC_ROLE)
            self._fill(layer.get_buffer(), painted)
            # It stays selected: the artist's next step is to correct it.
            _must(self.image.insert_layer(layer, None, 0), "add the layer with the map")
        return layer

    def check_fits(self, plane: Plane) -> None:
        """Be sure that the engine's pixels fit what is there now.

        Raises
        ------
        PictureError
            The layer is gone, or is another one by now.
        """
        if (plane.format, plane.extent) != (self._depth.rgba, self.extent):
            expected, got = f"{self._depth.rgba.value} {self.extent}", f"{plane.format.value} {plane.extent}"
            raise PictureError(f"expected the engine's answer as {expected}, got {got}; nothing was changed")
        self._check_again()

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """One undo step for all that is done."""
        self.image.undo_group_start()
        try:
            yield
        finally:
            self.image.undo_group_end()

    @contextmanager
    def _change_in_color(self) -> Iterator[None]:
        """One undo step in an image that can show color."""
        with self.one_step():
            if self.is_gray:
                _must(self.image.convert_rgb(), "change the image's mode to RGB")
            yield

    def _check_again(self) -> None:
        """GIMP goes on while the engine works: the artist may have done anything meanwhile."""
        _check(self.image, self.base)
        if _place(self.base) != (self._x, self._y, *self.extent) or self.answer_format != _format(self.image):
            raise PictureError("the layer has changed while it was being colored, so nothing was done; run again")

    def _read_painted(self, layer: Any, kind: str) -> Plane:
        if not is_in(self.image, layer):
            raise GuidanceError(f"expected a {kind} layer of the same image, got one of another; choose again")
        if layer.get_id() == self.base.get_id():
            raise GuidanceError(f"the {kind} layer is the layer to color itself; paint on a layer of its own")
        if not layer.has_alpha():
            raise GuidanceError(
                f"the {kind} layer '{layer.get_name()}' has no alpha channel, so all of it would count as painted; "
                "paint on a new transparent layer"
            )
        x, y, _, _ = _place(layer)
        rect = Rect(self._x - x, self._y - y, *self.extent)
        data = read_shown(layer, rect, f"R'G'B'A {self._depth.babl}", self._depth.rgba.pixel_bytes)
        return Plane(self._depth.rgba, self.extent, data)

    def _covered(self, selection: Any) -> Buffer:
        return read_alpha(self.base, Rect(0, 0, *self.extent), selection=selection)

    def _can_take_colors(self, layer: Any) -> bool:
        fits = _place(layer) == (self._x, self._y, *self.extent) and layer.has_alpha()
        # Writing to a locked layer would make GIMP end the plug-in.
        return bool(fits and not layer.get_lock_content())

    def _insert(self, composite: Plane | None) -> Any:
        """A new layer, filled before it is in the image, directly above the base; transparent without colors."""
        layer = self._new_layer(LAYER_NAME, 100.0, Gimp.LayerMode.LCH_COLOR, COLOR_ROLE)
        # Only in Lab is the opacity a true strength of the color.
        layer.set_composite_space(Gimp.LayerColorSpace.LAB)
        if composite is not None:
            self._fill(layer.get_buffer(), composite)
        else:
            layer.fill(Gimp.FillType.TRANSPARENT)
        selected = self.image.get_selected_layers()
        position = self.image.get_item_position(self.base)
        _must(self.image.insert_layer(layer, self.base.get_parent(), position), "add the color layer")
        # An added layer becomes the selected one: the next run would color the color.
        self.image.set_selected_layers(selected)
        return layer

    def _new_layer(self, name: str, opacity: float, mode: Any, is_for: bytes) -> Any:
        """A layer where the base is, known to us by its parasite, not in the image yet."""
        layer = Gimp.Layer.new(self.image, name, *self.extent, Gimp.ImageType.RGBA_IMAGE, opacity, mode)
        layer.set_offsets(self._x, self._y)
        layer.attach_parasite(Gimp.Parasite.new(ROLE, KEPT, is_for))
        return layer

    def _note_inputs(self, layer: Any, inputs: Mapping[str, Any]) -> None:
        """Let the next run find what this color layer was made from."""
        used = {name: made if is_in(self.image, made) else None for name, made in inputs.items()}
        noted = note_inputs(layer, {"base": self.base} | used)
        layer.attach_parasite(Gimp.Parasite.new(INPUTS, KEPT, noted))

    def _replace(self, layer: Any, composite: Plane) -> None:
        """New colors for an earlier result, inside the selection only, undoable; its mask, name and place stay."""
        self._fill(layer.get_shadow_buffer(), composite)
        _must(layer.merge_shadow(True), "change the color layer")
        layer.update(0, 0, *self.extent)

    def _fill(self, buffer: Any, plane: Plane) -> None:
        bands.write(buffer, Rect(0, 0, *self.extent), f"R'G'B'A {self._depth.babl}", plane.data)


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
    if precision in (Gimp.Precision.U16_NON_LINEAR, Gimp.Precision.U16_PERCEPTUAL):
        return Depth("u16", PixelFormat.gray16, PixelFormat.rgb16, PixelFormat.rgba16)
    # Also from linear integers: babl 0.1.114 goes from those to "R'G'B'A u16" by whichever of its ways it finds fastest
    # at the moment, and one of them makes wrong colors of 8 bits.
    return Depth("float", PixelFormat.grayf32, PixelFormat.rgbf32, PixelFormat.rgbaf32)


def _must(done: bool, what: str) -> None:
    if not done:
        raise HandtintError(f"GIMP could not {what}: {Gimp.get_pdb().get_last_error()}")
