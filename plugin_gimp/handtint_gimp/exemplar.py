"""Pictures whose colors are borrowed: a layer, or a file that GIMP's own importers read. `Any` is GIMP's own."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib  # noqa: E402

from handtint.errors import GuidanceError  # noqa: E402
from handtint.wire.pixels import Extent, PixelFormat, Plane  # noqa: E402
from handtint_gimp.coverage import read_shown_small  # noqa: E402

EXEMPLAR_SIDE = 1024
"""Pixels of an exemplar's longer side that travel: more would not change the colors that are borrowed."""


def read_exemplar(source: Any) -> Plane:
    """A layer of any image, or what a picture file (Gio.File) shows, no larger than colors need it."""
    if not isinstance(source, Gimp.Layer):
        return _read_file(source)
    if not source.is_valid():
        raise GuidanceError("the layer whose colors were to be borrowed is not there any more; choose another one")
    return read_small(source)


def read_small(layer: Any, selection: Any = None) -> Plane:
    """What of a layer shows, inside a selection where there is one, as sRGB with alpha, `EXEMPLAR_SIDE` at most."""
    width, height = layer.get_width(), layer.get_height()
    scale = min(1.0, EXEMPLAR_SIDE / max(width, height))
    extent = Extent(max(1, int(width * scale)), max(1, int(height * scale)))
    data = read_shown_small(layer, extent, scale, "R'G'B'A u8", selection=selection)
    return Plane(PixelFormat.rgba8, extent, data)


def _read_file(file: Any) -> Plane:
    """What a picture file shows; GIMP's own importers read it, with its profile."""
    name = file.get_basename()
    try:
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
    except GLib.Error as error:
        raise GuidanceError(f"the exemplar {name} cannot be read: {error.message}") from error
    if image is None:
        raise GuidanceError(f"the exemplar {name} cannot be read: {Gimp.get_pdb().get_last_error()}")
    try:
        return read_small(image.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE))
    finally:
        image.delete()
