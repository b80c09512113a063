"""What colours sRGB can show at a given lightness: ab clipped towards neutral, hue and lightness kept.

Knows nothing of files, editors or networks. In blocks on threads that do not wait for each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handtint.color.bands import in_bands
from handtint.color.lab import White, xyz_to_rgb_matrix
from handtint.color.screen import mark_inside, pull_inside

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

_BLOCK = 1 << 17


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
