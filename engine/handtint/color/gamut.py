"""What colours sRGB can show at a given lightness: ab clipped towards neutral, hue and lightness kept.

Knows nothing of files, editors or networks. NumPy in blocks that stay in the cache: at full size this is faster
than one tensor at a time, and does not wait for other threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from handtint.color.lab import White, xyz_to_rgb_matrix

FloatArray = NDArray[np.float32]

TOLERANCE = 2e-5
"""Linear light that a channel may lie outside 0-1: rounding of float32, a fifteenth of an 8-bit level at black."""
_STEPS = 12
_BLOCK = 1 << 15
_THREADS = 2
_DELTA = 6.0 / 29.0


def in_gamut(lightness: FloatArray, ab: FloatArray) -> NDArray[np.bool_]:
    """Whether sRGB can show each colour.

    Parameters
    ----------
    lightness : (N,) float32
        L* (D65), 0-100.
    ab : (2, N) float32
        About +-110.

    Returns
    -------
    (N,) bool
    """
    fy = (lightness + np.float32(16)) * np.float32(1 / 116)
    x = _f_inverse(fy + ab[0] * np.float32(1 / 500))
    y = _f_inverse(fy)
    z = _f_inverse(fy - ab[1] * np.float32(1 / 200))
    inside = np.ones(lightness.shape, bool)
    for row in xyz_to_rgb_matrix(White.D65).astype(np.float32):
        channel = row[0] * x + row[1] * y + row[2] * z
        inside &= (channel >= -TOLERANCE) & (channel <= 1.0 + TOLERANCE)
    return inside


def _f_inverse(t: FloatArray) -> FloatArray:
    """As in `lab`, for arrays."""
    cube = t * t * t
    if t.min(initial=1.0) > _DELTA:
        return cube
    line = np.float32(3 * _DELTA**2) * (t - np.float32(4 / 29))
    return np.where(t > _DELTA, cube, line)


def clip_colors(lightness: FloatArray, ab: FloatArray) -> FloatArray:
    """Clip single colours into the sRGB gamut at their lightness.

    Parameters
    ----------
    lightness : (N,) float32
        L* (D65), 0-100.
    ab : (2, N) float32

    Returns
    -------
    (2, N) float32
        The same hue with the largest chroma that fits (bisection); in-gamut colours come back untouched.
    """
    result = np.array(ab, dtype=np.float32)
    outside = np.flatnonzero(~in_gamut(lightness, result))
    if len(outside):
        result[:, outside] *= _largest_scale(lightness[outside], result[:, outside])
    return result


def _largest_scale(lightness: FloatArray, ab: FloatArray) -> FloatArray:
    """The largest factor 0-1 on the chroma that stays inside the gamut; neutral is always inside."""
    low = np.zeros(lightness.shape, np.float32)
    high = np.ones(lightness.shape, np.float32)
    for _ in range(_STEPS):
        middle = (low + high) * np.float32(0.5)
        inside = in_gamut(lightness, ab * middle)
        low = np.where(inside, middle, low)
        high = np.where(inside, high, middle)
    return low


def clip_to_gamut(lightness: FloatArray, ab: FloatArray, *, in_place: bool = False) -> FloatArray:
    """Clip the colours of a picture into the sRGB gamut at each pixel's lightness, block by block.

    Parameters
    ----------
    lightness : (H, W) float32
        L* (D65), 0-100.
    ab : (2, H, W) float32
        About +-110.
    in_place : bool
        Change `ab` itself, which is then contiguous: a large picture needs no second one.

    Returns
    -------
    (2, H, W) float32
        Hue and lightness kept, chroma scaled towards neutral where sRGB cannot show the colour.
    """
    result = ab if in_place else np.array(ab, np.float32, order="C")
    light, colors = lightness.reshape(-1), result.reshape(2, -1)

    def clip_block(start: int) -> None:
        block = slice(start, start + _BLOCK)
        outside = np.flatnonzero(~in_gamut(light[block], colors[:, block]))
        if len(outside):
            outside += start
            colors[:, outside] *= _largest_scale(light[outside], colors[:, outside])

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(clip_block, range(0, light.size, _BLOCK)):
            pass
    return result
