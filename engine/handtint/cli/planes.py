"""Between numpy pictures of files and planes of the wire. Knows nothing of files, methods or sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handtint.errors import GuidanceError
from handtint.wire.pixels import Extent, PixelFormat, Plane

Pixels = NDArray[Any]
_FORMATS = {
    (1, "uint8"): PixelFormat.gray8,
    (1, "uint16"): PixelFormat.gray16,
    (1, "float32"): PixelFormat.grayf32,
    (3, "uint8"): PixelFormat.rgb8,
    (3, "uint16"): PixelFormat.rgb16,
    (3, "float32"): PixelFormat.rgbf32,
    (4, "uint8"): PixelFormat.rgba8,
    (4, "uint16"): PixelFormat.rgba16,
    (4, "float32"): PixelFormat.rgbaf32,
}
_DTYPES = {1: np.uint8, 2: np.uint16, 4: np.float32}


def plane_of(pixels: Pixels) -> Plane:
    """(H, W, 1, 3 or 4) uint8, uint16 or float32 sRGB to a plane."""
    height, width, channels = pixels.shape
    return Plane(_FORMATS[channels, pixels.dtype.name], Extent(width, height), _bytes_of(pixels))


def _bytes_of(pixels: Pixels) -> memoryview:
    return np.ascontiguousarray(pixels).reshape(-1).view(np.uint8).data


def base_plane(srgb: Pixels) -> Plane:
    """The gray picture: one channel where all three are the same, so that a third of the bytes travel."""
    if srgb.shape[2] == 3 and np.array_equal(srgb[..., 0], srgb[..., 1]) and np.array_equal(srgb[..., 0], srgb[..., 2]):
        srgb = srgb[..., :1]
    return plane_of(srgb)


def answer_format(dtype: np.dtype[Any]) -> PixelFormat:
    """The rgb format of the same depth."""
    return _FORMATS[3, dtype.name]


def pixels_of(plane: Plane) -> Pixels:
    """A plane of an integer or f32 format to (H, W, C)."""
    dtype = np.dtype(_DTYPES[plane.format.sample_bytes]).newbyteorder("<")
    flat = np.frombuffer(plane.data, dtype=dtype)
    return flat.reshape(plane.extent.height, plane.extent.width, plane.format.channels).astype(dtype.newbyteorder("="))


def hints_plane(path: Path, pixels: Pixels, size: tuple[int, int]) -> Plane:
    """Hints need an alpha channel and the picture's size; a gray one with alpha is a set of neutral hints."""
    if pixels.shape[2] not in (2, 4):
        raise GuidanceError(f"{path}: hints need transparency where nothing is painted, got an opaque picture")
    _check_size(path, "hints", pixels.shape[:2], size)
    return plane_of(np.repeat(pixels, (3, 1), axis=2) if pixels.shape[2] == 2 else pixels)


def index_plane(path: Path, indices: Pixels, size: tuple[int, int]) -> Plane:
    """Class numbers (H, W) uint8 of the picture's size."""
    _check_size(path, "the semantic map", indices.shape, size)
    height, width = size
    return Plane(PixelFormat.index8, Extent(width, height), _bytes_of(indices))


def painted_plane(path: Path, pixels: Pixels, size: tuple[int, int]) -> Plane:
    """A semantic map in the classes' colors, (H, W, 1 to 4); where it has no alpha, all of it is painted."""
    _check_size(path, "the semantic map", pixels.shape[:2], size)
    if pixels.shape[2] in (1, 3):
        opaque = np.full((*pixels.shape[:2], 1), 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max)
        pixels = np.concatenate((pixels, opaque.astype(pixels.dtype)), axis=2)
    return plane_of(np.repeat(pixels, (3, 1), axis=2) if pixels.shape[2] == 2 else pixels)


def exemplar_plane(srgb: Pixels) -> Plane:
    """A color picture of any size."""
    return plane_of(np.repeat(srgb, 3, axis=2) if srgb.shape[2] == 1 else srgb)


def _check_size(path: Path, what: str, got: tuple[int, ...], size: tuple[int, int]) -> None:
    if tuple(got) != size:
        raise GuidanceError(
            f"{path}: {what} must have the picture's size {size[1]}x{size[0]}, got {got[1]}x{got[0]}; scale or crop it"
        )
