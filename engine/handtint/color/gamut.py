"""What colours sRGB can show at a given lightness: ab clipped towards neutral, hue and lightness kept.

Knows nothing of files, editors or networks. In blocks on threads that do not wait for each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handtint.color.bands import in_bands
from handtint.color.compiled import compiled
from handtint.color.lab import White, xyz_to_rgb_matrix

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

TOLERANCE = 2e-5
"""Linear light that a channel may lie outside 0-1: rounding of float32, a fifteenth of an 8-bit level at black."""
_STEPS = 10
_BLOCK = 1 << 17
_DELTA = 6.0 / 29.0


def in_gamut(lightness: FloatArray, ab: FloatArray) -> BoolArray:
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
    inside = np.empty(lightness.shape, np.bool_)
    mark_inside(screen_matrix(), np.ascontiguousarray(lightness), np.ascontiguousarray(ab), inside, 0, lightness.size)
    return inside


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
        The same hue with the largest chroma that fits, to a thousandth; in-gamut colours come back untouched.
    """
    result = np.array(ab, np.float32, order="C")
    _clip(screen_matrix(), np.ascontiguousarray(lightness, np.float32), result, 0, lightness.size)
    return result


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
    light, colors = np.ascontiguousarray(lightness).reshape(-1), result.reshape(2, -1)
    matrix = screen_matrix()
    in_bands(light.size, _BLOCK, lambda block: _clip(matrix, light, colors, block.start, block.stop))
    return result


def screen_matrix() -> FloatArray:
    """(3, 3): XYZ over white's own to linear light, for the loops below."""
    return xyz_to_rgb_matrix(White.D65).astype(np.float32)


def _clip(matrix: FloatArray, lightness: FloatArray, ab: FloatArray, start: int, stop: int) -> None:
    """Clip the colours from `start` to `stop` of (N,) and (2, N) in place."""
    inside = np.empty(stop - start, np.bool_)
    mark_inside(matrix, lightness, ab, inside, start, stop)
    pull_inside(matrix, lightness, ab, inside, start, stop)


@compiled
def f_inverse(t: np.float32) -> np.float32:
    """As in `lab`."""
    line = np.float32(3 * _DELTA**2) * (t - np.float32(4 / 29))
    return t * t * t if t > np.float32(_DELTA) else line


@compiled
def _off_middle(matrix: FloatArray, x: np.float32, y: np.float32, z: np.float32) -> np.float32:
    """How far the channel that is farthest from 0.5 is from it: linear light of XYZ."""
    half = np.float32(0.5)
    red = abs(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z - half)
    green = abs(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z - half)
    blue = abs(matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z - half)
    return max(red, max(green, blue))


@compiled
def mark_inside(
    matrix: FloatArray, lightness: FloatArray, ab: FloatArray, inside: BoolArray, start: int, stop: int
) -> None:
    """Whether all three channels lie inside 0-1, for the colours from `start` to `stop`; no branches but at the end."""
    limit = np.float32(0.5 + TOLERANCE)
    light, a, b = lightness[start:stop], ab[0, start:stop], ab[1, start:stop]
    for index in range(stop - start):
        middle = (light[index] + np.float32(16)) * np.float32(1 / 116)
        x = f_inverse(middle + a[index] * np.float32(1 / 500))
        y = f_inverse(middle)
        z = f_inverse(middle - b[index] * np.float32(1 / 200))
        inside[index] = _off_middle(matrix, x, y, z) <= limit


@compiled
def pull_inside(
    matrix: FloatArray, lightness: FloatArray, ab: FloatArray, inside: BoolArray, start: int, stop: int
) -> None:
    """Shorten the colours that are not inside, by bisection along the ray from neutral, which always fits.

    The test is stricter than `mark_inside`, so that rounding does not clip the result a second time.
    """
    limit, none = np.float32(0.5 + TOLERANCE / 2), np.float32(0)
    outside = np.flatnonzero(~inside) + start
    first, third, middle, scale = np.empty((4, len(outside)), np.float32)
    for index, place in enumerate(outside):
        middle[index] = (lightness[place] + np.float32(16)) * np.float32(1 / 116)
        first[index] = ab[0, place] * np.float32(1 / 500)
        third[index] = ab[1, place] * np.float32(-1 / 200)
    scale[:] = 0.0
    step = np.float32(1)
    for _ in range(_STEPS):  # many colours at once, in each step
        step *= np.float32(0.5)
        for index in range(len(outside)):
            tried = scale[index] + step
            x, y = f_inverse(middle[index] + first[index] * tried), f_inverse(middle[index])
            z = f_inverse(middle[index] + third[index] * tried)
            scale[index] += step if _off_middle(matrix, x, y, z) <= limit else none
    for index, place in enumerate(outside):
        ab[0, place] *= scale[index]
        ab[1, place] *= scale[index]
