"""From the bytes of a plane to what colorizers understand: lightness, hints, maps, Lab pictures, selections.

Every format and transfer of wire/pixels.py. Knows nothing of sockets, methods or caches.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.color.hints import Points
from handtint.color.lab import White
from handtint.errors import GuidanceError, PictureError
from handtint.server.pixelmath import (
    Bands,
    lab_to_linear,
    linear_to_lab,
    linear_to_srgb,
    luminance_to_lightness,
    luminance_weights,
    srgb_to_linear,
)
from handtint.wire.messages import Palette
from handtint.wire.pixels import PixelFormat, Plane, Transfer

FloatArray = NDArray[np.float32]
Pixels = NDArray[Any]
_Error = type[GuidanceError] | type[PictureError]

_TYPES = {"8": "u1", "16": "<u2", "f16": "<f2", "f32": "<f4"}
EXEMPLAR_SIDE = 1024
"""Pixels of an exemplar's longer side that are looked at, at most."""
_NOT_NUMBERS = "the picture holds values that are not numbers (NaN or infinity); flatten or repair it"


def family(pixel_format: PixelFormat) -> str:
    """Channels of a format by name: gray, graya, rgb, rgba, bgra, laba, ab or index."""
    return pixel_format.value.rstrip("0123456789").removesuffix("f")


def dtype(pixel_format: PixelFormat) -> np.dtype[Any]:
    """Type of one channel."""
    return np.dtype(_TYPES[pixel_format.value.removeprefix(family(pixel_format))])


def pixels(plane: Plane) -> Pixels:
    """(H, W, C) view of a plane's bytes, in the channel order of its format."""
    width, height = plane.extent
    return np.frombuffer(plane.data, dtype(plane.format)).reshape(height, width, plane.format.channels)


def lightness(plane: Plane, bands: Bands) -> FloatArray:
    """L* of a picture.

    Returns
    -------
    (H, W) float32
        0 to 100 (D65). What is transparent is laid on white, in the plane's own numbers.
    """
    name, data = family(plane.format), pixels(plane)
    if name in ("ab", "index"):
        raise PictureError(f"expected a gray, RGB or Lab picture as base, got {plane.format.value}")
    linear = plane.transfer is Transfer.linear
    result = np.empty(data.shape[:2], np.float32)

    def work(rows: slice) -> None:
        result[rows] = _lightness(data[rows], name, linear)

    bands.run(len(result), plane.extent.width, work)
    return result


def hints(plane: Plane) -> Points:
    """The painted pixels of a layer; every format with alpha."""
    name, data = family(plane.format), pixels(plane)
    if name not in ("graya", "rgba", "bgra", "laba"):
        raise GuidanceError(f"expected hints in a format with alpha, got {plane.format.value}")
    # A stroke is small and a layer large: only what is painted is looked at (and numpy is quick with bool alone).
    indices = np.flatnonzero(data[..., -1] != 0)
    painted = data.reshape(-1, data.shape[2])[indices]
    coverage = np.clip(_unit(painted[:, -1], GuidanceError), 0.0, 1.0)
    ab = np.zeros((2, len(indices)), np.float32)
    if len(indices):
        _, a, b = linear_to_lab(_linear_color(painted[None], name, plane.transfer, GuidanceError), White.D65)
        ab[:] = a[0], b[0]
    some = coverage > 0
    return Points((plane.extent.height, plane.extent.width), indices[some], ab[:, some], coverage[some])


def picture_lab(plane: Plane) -> FloatArray:
    """A color picture as Lab, without what is more than half transparent.

    Returns
    -------
    (3, H, W) float32
        L* 0-100, a* and b* (D65). Where anything is transparent the rest comes as one row.
    """
    name, data = family(plane.format), pixels(plane)
    if name in ("ab", "index"):
        raise PictureError(f"expected a picture, got {plane.format.value}")
    if name.endswith("a"):
        shown = _unit(np.ascontiguousarray(data[..., -1])) >= 0.5
        if not shown.all():
            data = data[shown][None]
    if data.size == 0:
        raise PictureError("expected a picture with something on it, got an entirely transparent one")
    return np.stack(linear_to_lab(_linear_color(data, name, plane.transfer), White.D65))


def exemplar_lab(plane: Plane) -> FloatArray:
    """A color picture whose colors are borrowed, as Lab; no larger than colors need it.

    Returns
    -------
    (3, h, w) float32
        L* 0-100, a* and b* (D65), without margins where nothing shows. Holes have the mean color of what shows.
    """
    name, data = family(plane.format), pixels(plane)
    if name in ("ab", "index"):
        raise GuidanceError(f"expected a picture as exemplar, got {plane.format.value}")
    step = -(-max(plane.extent) // EXEMPLAR_SIDE)
    data = data[::step, ::step]
    if not name.endswith("a"):
        return np.stack(linear_to_lab(_linear_color(data, name, plane.transfer, GuidanceError), White.D65))
    shown = _unit(np.ascontiguousarray(data[..., -1]), GuidanceError) >= 0.5
    if not shown.any():
        raise GuidanceError("expected an exemplar with something on it, got an entirely transparent picture")
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    lab = np.stack(linear_to_lab(_linear_color(data[part], name, plane.transfer, GuidanceError), White.D65))
    lab[:, ~shown[part]] = lab[:, shown[part]].mean(axis=1, keepdims=True)
    return lab


def painted_srgb(plane: Plane, bands: Bands) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """What is at least half opaque of a painted layer; every format with alpha.

    Returns
    -------
    colors : (H, W) uint32
        sRGB with 8 bits a channel, red << 16 | green << 8 | blue.
    painted : (H, W) bool
        Where that counts.
    """
    name, data = family(plane.format), pixels(plane)
    if name not in ("graya", "rgba", "bgra", "laba"):
        raise GuidanceError(f"expected a semantic map as index8 or in a format with alpha, got {plane.format.value}")
    colors, painted = np.empty(data.shape[:2], np.uint32), np.empty(data.shape[:2], bool)
    half = 0.5 if data.dtype.kind == "f" else (np.iinfo(data.dtype).max + 1) // 2

    def work(rows: slice) -> None:
        painted[rows] = data[rows, :, -1] >= half
        # cv2 gives the bytes their order faster than numpy can, and makes them a number with room for 0 on top.
        code = cv2.cvtColor(_srgb_code(data[rows], name, plane.transfer), cv2.COLOR_RGB2BGRA)
        np.bitwise_and(code.view("<u4")[..., 0], 0xFFFFFF, out=colors[rows])

    bands.run(len(data), plane.extent.width, work)
    return colors, painted


def selection(plane: Plane) -> FloatArray:
    """(H, W) float32, 0 to 1; the numbers of a gray format as they are."""
    if family(plane.format) != "gray":
        raise GuidanceError(f"expected a selection in a gray format without alpha, got {plane.format.value}")
    return np.clip(_unit(pixels(plane)[..., 0], GuidanceError), 0.0, 1.0)


def palette_ab(palette: Palette) -> tuple[FloatArray, FloatArray | None]:
    """ab of a palette's colors, (K, 2) float32, and their shares, (K,) float32, or None where they are equal."""
    rgb = np.array(palette.colors, np.float32).reshape(-1, 3)
    if not np.isfinite(rgb).all():
        raise GuidanceError("expected palette colors with channels from 0 to 1, got values that are not numbers")
    weights = np.array(palette.weights, np.float32)
    if weights.size not in (0, len(rgb)):
        raise GuidanceError(f"expected {len(rgb)} palette weights, one for each color, got {weights.size}")
    if weights.size and not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise GuidanceError("expected palette weights of 0 and more that are not all 0")
    _, a, b = linear_to_lab(srgb_to_linear(np.clip(rgb, 0.0, 1.0))[None], White.D65)  # (1, K) each
    return np.stack((a[0], b[0]), axis=1), (weights / weights.sum() if weights.size else None)


def _lightness(data: Pixels, name: str, linear: bool) -> FloatArray:
    """One band, (h, w, C) to (h, w)."""
    if name.endswith("a"):
        data = _on_white(data, name)
    if name == "laba":
        return np.clip(_decode_lab(data)[..., 0], 0.0, 100.0)
    if data.dtype.kind == "u" and data.shape[2] == 1:
        return _look_up(_integer_tables(data.dtype.itemsize, linear)[1], data[..., 0])
    light = _light(data, linear, PictureError)
    if data.shape[2] == 1:
        return luminance_to_lightness(light[..., 0])
    weights = luminance_weights()
    if name == "bgra":
        weights = np.ascontiguousarray(weights[:, ::-1])
    luminance = np.asarray(cv2.transform(light, weights), np.float32)
    return luminance_to_lightness(luminance.reshape(data.shape[:2]))


def _srgb_code(data: Pixels, name: str, transfer: Transfer) -> NDArray[np.uint8]:
    """(h, w, C) of any color or gray format to sRGB with 8 bits a channel, (h, w, 3) uint8, without alpha."""
    if data.dtype.itemsize == 1 and name in ("rgba", "bgra") and transfer is Transfer.srgb:
        return np.asarray(cv2.cvtColor(data, cv2.COLOR_BGRA2RGB if name == "bgra" else cv2.COLOR_RGBA2RGB), np.uint8)
    light = _linear_color(data, name, transfer, GuidanceError)
    return np.asarray(np.rint(linear_to_srgb(np.clip(light, 0.0, 1.0)) * np.float32(255.0)), np.uint8)


def _light(data: Pixels, linear: bool, error: _Error) -> FloatArray:
    """Gray or RGB numbers as linear light 0-1, same shape."""
    if data.dtype.kind == "u":
        return _look_up(_integer_tables(data.dtype.itemsize, linear)[0], data)
    unit = np.clip(_unit(data, error), 0.0, 1.0)
    return unit if linear else srgb_to_linear(unit)


def _linear_color(data: Pixels, name: str, transfer: Transfer, error: _Error = PictureError) -> FloatArray:
    """(h, w, C) of any color or gray format to linear sRGB light, (h, w, 3), without alpha."""
    if name == "laba":
        lab = _decode_lab(data, error)
        return lab_to_linear(lab[..., 0], lab[..., 1], lab[..., 2], White.D50)
    color = data[..., :1] if name in ("gray", "graya") else data[..., :3]
    light = _light(np.ascontiguousarray(color), transfer is Transfer.linear, error)
    if light.shape[2] == 1:
        return np.repeat(light, 3, axis=2)
    return np.ascontiguousarray(light[..., ::-1]) if name == "bgra" else light


@lru_cache(maxsize=4)
def _integer_tables(itemsize: int, linear: bool) -> tuple[FloatArray, FloatArray]:
    """Linear light and L* of every 8- or 16-bit number, each (256,) or (65536,) float32."""
    unit = (np.arange(256**itemsize, dtype=np.float64) / (256**itemsize - 1)).astype(np.float32)
    light = unit if linear else srgb_to_linear(unit)
    return light, luminance_to_lightness(light)


def _look_up(table: FloatArray, data: Pixels) -> FloatArray:
    if data.dtype.itemsize == 1:
        return np.asarray(cv2.LUT(np.ascontiguousarray(data), table), np.float32).reshape(data.shape)
    return table[data]


def _on_white(data: Pixels, name: str) -> Pixels:
    """The color channels over white, in their own type."""
    alpha, color = data[..., -1:], data[..., :-1]
    if data.dtype.kind == "u" and (alpha == np.iinfo(data.dtype).max).all():
        return np.ascontiguousarray(color)
    cover = np.clip(_unit(alpha), 0.0, 1.0)
    if name == "laba":
        white = np.array(_LAB_WHITE.get(data.dtype.str[1:], (100.0, 0.0, 0.0)), np.float32)
    else:
        white = np.array([1.0 if data.dtype.kind == "f" else np.iinfo(data.dtype).max], np.float32)
    mixed = white + (color.astype(np.float32) - white) * cover
    return mixed if data.dtype.kind == "f" else np.rint(mixed).astype(data.dtype)


_LAB_WHITE = {"u1": (255.0, 128.0, 128.0), "u2": (65535.0, 128.0 * 257, 128.0 * 257)}


def _unit(data: Pixels, error: _Error = PictureError) -> FloatArray:
    """Integers over their full range and floats as they are to float32."""
    if data.dtype.kind == "u":
        return data.astype(np.float32) / np.float32(np.iinfo(data.dtype).max)
    result = data.astype(np.float32)
    if not np.isfinite(result).all():
        raise error(_NOT_NUMBERS)
    return result


def _decode_lab(data: Pixels, error: _Error = PictureError) -> FloatArray:
    """(h, w, 3 or 4) ICC Lab as stored to L* 0-100, a*, b*; (h, w, 3) float32 (D50)."""
    if data.dtype.kind == "f":
        return _unit(data[..., :3], error)
    color = data[..., :3].astype(np.float32)
    top = np.float32(np.iinfo(data.dtype).max)
    color[..., 0] *= np.float32(100.0) / top
    color[..., 1:] *= np.float32(255.0) / top
    color[..., 1:] -= np.float32(128.0)
    return color
