"""From lightness and ab to the pixels that the editor asked for: exact composites, Lab layers, or ab alone.

Knows nothing of sockets, methods or caches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handtint.color.gamut import clip_to_gamut
from handtint.color.lab import White
from handtint.errors import PictureError
from handtint.server.eightbit import encode_rows, encode_stretched_rows, grid
from handtint.server.pixelmath import Bands, lab_to_linear, linear_to_lab, linear_to_srgb, stretch
from handtint.server.planes import dtype, family
from handtint.wire.messages import Color
from handtint.wire.pixels import Extent, PixelFormat, Plane, Transfer

FloatArray = NDArray[np.float32]
Pixels = NDArray[Any]


class Look(NamedTuple):
    """How the answer shall look.

    Attributes
    ----------
    format : PixelFormat
        An RGB or Lab format, or abf32.
    linear : bool
        RGB numbers are linear light.
    strength : float
        ab is multiplied by this, 0 to 1.
    """

    format: PixelFormat
    linear: bool = False
    strength: float = 1.0


def check_output(pixel_format: PixelFormat) -> None:
    """PictureError where a format cannot hold color."""
    if family(pixel_format) not in ("rgb", "rgba", "bgra", "laba", "ab"):
        raise PictureError(f"expected an RGB, Lab or ab format for the answer, got {pixel_format.value}")


def compose(lightness: FloatArray, ab: FloatArray, alpha: FloatArray | None, look: Look, bands: Bands) -> Plane:
    """The answer's pixels.

    Parameters
    ----------
    lightness : (H, W) float32
        L* (D65), 0-100.
    ab : (2, H, W) float32
        About +-110, inside the sRGB gamut at each pixel's lightness.
    alpha : (H, W) float32, optional
        0 to 1; opaque where missing. Formats without alpha drop it.

    Returns
    -------
    Plane
        RGB: the whole composite, whose L* is the lightness. Lab: the same colors as ICC Lab (D50). abf32: ab alone.
    """
    check_output(look.format)
    result = _blank(lightness, look)
    if _is_screen8(look):
        light, colors = np.ascontiguousarray(lightness), np.ascontiguousarray(ab)

        def work(rows: slice) -> None:
            encode_rows(result, light, colors, look.strength, blue_first=_blue_first(look), rows=rows)
            if alpha is not None:
                _fill_alpha(result, alpha, rows)

    else:
        fill, strength = _FILLS[family(look.format)], np.float32(look.strength)

        def work(rows: slice) -> None:
            fill(result[rows], lightness[rows], ab[0, rows] * strength, ab[1, rows] * strength, look)
            _fill_alpha(result, alpha, rows)

    bands.run(result.shape[0], result.shape[1], work)
    return _plane(result, look)


def compose_coarse(
    lightness: FloatArray,
    coarse: FloatArray,
    size: tuple[int, int],
    part: tuple[slice, slice],
    alpha: FloatArray | None,
    look: Look,
    bands: Bands,
) -> Plane:
    """The same of colors that are worked out coarsely: smoothly enlarged, clipped into the gamut at each pixel.

    Parameters
    ----------
    lightness, alpha : (H, W) float32
        Of the part that is wanted.
    coarse : (2, h, w) float32
        Colors of the whole answer.
    size : tuple of int
        Height and width of the whole answer.
    part : tuple of slice
        Rows and columns of it that are wanted.
    """
    if not _is_screen8(look):
        wide = stretch(coarse, size, part, bands)
        return compose(lightness, clip_to_gamut(lightness, wide, in_place=True), alpha, look, bands)
    result, light = _blank(lightness, look), np.ascontiguousarray(lightness)
    down, across = (grid(few, many, wanted) for few, many, wanted in zip(coarse.shape[1:], size, part, strict=True))
    blue_first, colors = _blue_first(look), np.ascontiguousarray(coarse)

    def work(rows: slice) -> None:
        encode_stretched_rows(result, light, colors, down, across, look.strength, blue_first=blue_first, rows=rows)
        if alpha is not None:
            _fill_alpha(result, alpha, rows)

    bands.run(result.shape[0], result.shape[1], work)
    return _plane(result, look)


def lab_to_colors(lab: FloatArray) -> tuple[Color, ...]:
    """(K, 3) Lab (D65) to sRGB colors, clipped to what a screen shows."""
    columns = np.ascontiguousarray(lab.T[:, None], np.float32)  # (3, 1, K)
    rgb = linear_to_srgb(_screen(*columns))[0]
    return tuple(Color(*(float(channel) for channel in color)) for color in rgb)


def _is_screen8(look: Look) -> bool:
    """Whether the answer is what most screens take: sRGB of 8 bits."""
    return dtype(look.format).itemsize == 1 and family(look.format) in ("rgb", "rgba", "bgra") and not look.linear


def _blue_first(look: Look) -> bool:
    return family(look.format) == "bgra"


def _blank(lightness: FloatArray, look: Look) -> Pixels:
    return np.empty((*lightness.shape, look.format.channels), dtype(look.format))


def _plane(result: Pixels, look: Look) -> Plane:
    height, width = result.shape[:2]
    transfer = Transfer.linear if look.linear else Transfer.srgb
    return Plane(look.format, Extent(width, height), result.data.cast("B"), transfer)


def _fill_alpha(result: Pixels, alpha: FloatArray | None, rows: slice) -> None:
    """Opaque where nothing says otherwise; formats without alpha have none."""
    if result.shape[2] != 4:
        return
    kind = result.dtype
    if alpha is None:
        result[rows, :, 3] = 1 if kind.kind == "f" else np.iinfo(kind).max
    else:
        result[rows, :, 3] = alpha[rows] if kind.kind == "f" else _quantize(alpha[rows], kind)


def _quantize(unit: FloatArray, kind: np.dtype[Any]) -> Pixels:
    """0-1 to integers over their full range, rounded to nearest."""
    return (unit * np.float32(np.iinfo(kind).max) + np.float32(0.5)).astype(kind)


def _screen(lightness: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Linear light 0-1, (h, w, 3); colors inside the gamut are only freed of rounding by the clip."""
    light = lab_to_linear(lightness, a, b)
    return np.clip(light, 0.0, 1.0, out=light)


def _fill_rgb(out: Pixels, lightness: FloatArray, a: FloatArray, b: FloatArray, look: Look) -> None:
    light = _screen(lightness, a, b)
    unit = light if look.linear else linear_to_srgb(light)
    color = unit if out.dtype.kind == "f" else _quantize(unit, out.dtype)
    out[..., :3] = color[..., ::-1] if _blue_first(look) else color


def _fill_lab(out: Pixels, lightness: FloatArray, a: FloatArray, b: FloatArray, look: Look) -> None:
    channels = linear_to_lab(_screen(lightness, a, b), White.D50)
    if out.dtype.kind == "f":
        out[..., 0], out[..., 1], out[..., 2] = channels
        return
    top = np.float32(np.iinfo(out.dtype).max)
    half, scale = np.float32(0.5), top / np.float32(255.0)
    out[..., 0] = np.clip(channels[0] * (top / np.float32(100.0)) + half, 0, top)
    for index in (1, 2):
        out[..., index] = np.clip((channels[index] + np.float32(128.0)) * scale + half, 0, top)


def _fill_ab(out: Pixels, lightness: FloatArray, a: FloatArray, b: FloatArray, look: Look) -> None:
    out[..., 0], out[..., 1] = a, b


_Fill = Callable[[Pixels, FloatArray, FloatArray, FloatArray, Look], None]
_FILLS: dict[str, _Fill] = {
    "rgb": _fill_rgb, "rgba": _fill_rgb, "bgra": _fill_rgb, "laba": _fill_lab, "ab": _fill_ab,
}  # fmt: skip
