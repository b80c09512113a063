"""Makes finished pixels of a color layer, for files and programs without its mode. `Any` is GIMP's own objects."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402

from handtint.errors import HandtintError, PictureError  # noqa: E402
from handtint.wire.pixels import Buffer, Rect  # noqa: E402
from handtint_gimp import bands  # noqa: E402
from handtint_gimp.roles import COLOR_ROLE, base_of, colors_of, made_from, role  # noqa: E402


def bake(image: Any, drawable: Any) -> Any:
    """Bake the color layer that is selected, or that of the layer that is; one undo step. The layer.

    Raises
    ------
    PictureError
        There is no color layer, or it cannot be changed.
    """
    layer, base = _pair(image, base_of(drawable))
    if layer.get_lock_content():
        raise PictureError(f"the pixels of '{layer.get_name()}' are locked; unlock them in the layers' list first")
    rect = Rect(0, 0, layer.get_width(), layer.get_height())
    data = _finished(base, layer, rect)
    image.undo_group_start()
    try:
        _write(image, layer, rect, data)
    finally:
        image.undo_group_end()
    return layer


_FORMAT, _PIXEL_BYTES = "R'G'B'A float", 16
"""Keeps the steps of every precision; 24 megapixels take 384 MB for a moment."""


def _pair(image: Any, chosen: Any) -> tuple[Any, Any]:
    """A color layer and the base below it."""
    if role(chosen) == COLOR_ROLE:
        base = made_from(image, chosen, "base")
        if base is None:
            raise PictureError(f"the layer that '{chosen.get_name()}' colors is not in this image any more")
        return chosen, base
    colors = colors_of(image, chosen)
    if not colors:
        raise PictureError(f"the layer '{chosen.get_name()}' has no color layer; choose Colorize with Handtint first")
    return colors[0], chosen


def _finished(base: Any, layer: Any, rect: Rect) -> Buffer:
    """What the color layer makes of the base, where the layer is."""
    image = layer.get_image()
    copy = Gimp.Image.new_with_precision(rect.width, rect.height, image.get_base_type(), image.get_precision())
    try:
        copy.undo_disable()
        if (profile := image.get_color_profile()) is not None:
            copy.set_color_profile(profile)
        _, left, top = layer.get_offsets()
        for source in (base, layer):
            _, x, y = source.get_offsets()
            made = Gimp.Layer.new_from_drawable(source, copy)
            copy.insert_layer(made, None, 0)
            made.set_offsets(x - left, y - top)
            made.set_visible(True)
        below = copy.get_layers()[1]
        below.set_opacity(100.0)
        below.set_mode(Gimp.LayerMode.NORMAL)
        merged = copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
        _, x, y = merged.get_offsets()
        there = Rect(-x, -y, rect.width, rect.height)
        return bands.read(merged.get_buffer(), there, _FORMAT, _PIXEL_BYTES)
    finally:
        copy.delete()


def _write(image: Any, layer: Any, rect: Rect, data: Buffer) -> None:
    """Undoable, whatever is selected; the mask has done its work."""
    chosen = image.get_selected_layers()
    selection = None if Gimp.Selection.is_empty(image) else Gimp.Selection.save(image)
    Gimp.Selection.none(image)
    if layer.get_mask() is not None:
        layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    bands.write(layer.get_shadow_buffer(), rect, _FORMAT, data)
    if not layer.merge_shadow(True):
        raise HandtintError(f"GIMP could not change the color layer: {Gimp.get_pdb().get_last_error()}")
    layer.update(0, 0, rect.width, rect.height)
    layer.set_mode(Gimp.LayerMode.NORMAL)
    layer.set_opacity(100.0)
    if selection is not None:
        image.select_item(Gimp.ChannelOps.REPLACE, selection)
        image.remove_channel(selection)
        image.set_selected_layers(chosen)
