"""From Lab to sRGB of 8 bits in one pass over memory; for quick answers from coarse colors, stretched and clipped.

The same numbers as pixelmath, but for rounding. Knows nothing of formats, sockets or methods.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from handtint.color.gamut import screen_matrix
from handtint.color.screen import MOST_LIGHT, Grid, Screen, encode, encode_stretched

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]


def grid(coarse: int, fine: int, part: slice) -> Grid:
    """The pixels `part` of a fine axis of `fine` pixels on a coarse one of `coarse`, middles on middles."""
    place = (np.arange(part.start, part.stop) + 0.5) * (coarse / fine) - 0.5
    place = np.clip(place, 0.0, coarse - 1.0)
    before = np.floor(place).astype(np.uint32)
    after = np.minimum(before + 1, coarse - 1).astype(np.uint32)
    return Grid(before, after, (place - before).astype(np.float32))


def encode_rows(
    out: ByteArray, lightness: FloatArray, ab: FloatArray, strength: float, *, blue_first: bool, rows: slice
) -> None:
    """Fill some rows; where there is alpha, it is opaque.

    Parameters
    ----------
    out : (H, W, 3 or 4) uint8
        Contiguous.
    lightness : (H, W) float32
        L* (D65), 0-100.
    ab : (2, H, W) float32
        Inside the sRGB gamut at that lightness.
    strength : float
        ab is multiplied by this, 0 to 1.
    """
    screen = Screen(np.float32(strength), screen_matrix(), _levels(), blue_first)
    encode(out, _as_numbers(out), lightness, ab, screen, rows.start, rows.stop)


def encode_stretched_rows(
    out: ByteArray,
    lightness: FloatArray,
    coarse: FloatArray,
    down: Grid,
    across: Grid,
    strength: float,
    *,
    blue_first: bool,
    rows: slice,
) -> None:
    """The same of coarse ab, (2, h, w) float32: smoothly enlarged and clipped into the gamut at each pixel first."""
    screen = Screen(np.float32(strength), screen_matrix(), _levels(), blue_first)
    encode_stretched(out, _as_numbers(out), lightness, coarse, down, across, screen, rows.start, rows.stop)


@cache
def _levels() -> ByteArray:
    """8-bit sRGB of linear light in steps; (65536,)."""
    light = np.arange(MOST_LIGHT + 1) / MOST_LIGHT
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1.0 / 2.4) - 0.055)
    return np.rint(255.0 * encoded).astype(np.uint8)


def _as_numbers(out: ByteArray) -> NDArray[np.uint32]:
    """(H, W), one number for the four bytes of a pixel, the first of them in its lowest digits; (H, 0) for three."""
    if out.shape[2] == 4:
        return out.view("<u4")[..., 0]
    return np.empty((len(out), 0), np.uint32)
