"""What colours sRGB can show at a given lightness: ab clipped towards neutral, hue and lightness kept.

Knows nothing of files, editors or networks. NumPy in blocks that stay in the cache: at full size this is faster
than one tensor at a time, and does not wait for other threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handtint.color.bands import in_bands
from handtint.color.lab import White, xyz_to_rgb_matrix

FloatArray = NDArray[np.float32]

TOLERANCE = 2e-5
"""Linear light that a channel may lie outside 0-1: rounding of float32, a fifteenth of an 8-bit level at black."""
_STEPS = 10
_BLOCK = 1 << 17
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
    return _fits(_matrix(), _rays(lightness, ab), 1.0)


def _matrix() -> FloatArray:
    return xyz_to_rgb_matrix(White.D65).astype(np.float32)


class _Rays(NamedTuple):
    """Colors as rays from neutral: what `_fits` needs of them, computed once.

    Attributes
    ----------
    middle, first, third : (N,) float32
        Lab's f of Y, and what full chroma adds to f of X and Z.
    luminance : (N,) float32
        Y.
    """

    middle: FloatArray
    first: FloatArray
    third: FloatArray
    luminance: FloatArray


def _rays(lightness: FloatArray, ab: FloatArray) -> _Rays:
    middle = (lightness + np.float32(16)) * np.float32(1 / 116)
    return _Rays(middle, ab[0] * np.float32(1 / 500), ab[1] * np.float32(-1 / 200), _f_inverse(middle))


def _fits(
    matrix: FloatArray, rays: _Rays, scale: FloatArray | float, tolerance: float = TOLERANCE
) -> NDArray[np.bool_]:
    """Whether all three channels lie inside 0-1 with the chroma scaled."""
    x = _f_inverse(rays.middle + rays.first * scale)
    z = _f_inverse(rays.middle + rays.third * scale)
    inside = np.ones(x.shape, bool)
    for row in matrix:
        channel = row[0] * x
        channel += row[1] * rays.luminance
        channel += row[2] * z
        channel -= np.float32(0.5)
        inside &= np.abs(channel, out=channel) <= np.float32(0.5 + tolerance)
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
        The same hue with the largest chroma that fits, to a thousandth; in-gamut colours come back untouched.
    """
    result = np.array(ab, dtype=np.float32)
    _clip(_matrix(), lightness, result)
    return result


def _clip(matrix: FloatArray, lightness: FloatArray, ab: FloatArray) -> None:
    """Clip (N,) and (2, N) in place, by bisection along the rays that leave the gamut."""
    rays = _rays(lightness, ab)
    outside = np.flatnonzero(~_fits(matrix, rays, 1.0))
    if len(outside) == 0:
        return
    rays = _Rays(*(part[outside] for part in rays))
    scale = np.zeros(outside.shape, np.float32)  # neutral always fits
    step = np.float32(1)
    for _ in range(_STEPS):
        step /= 2
        # Stricter than the test above, so that rounding does not clip the result a second time.
        scale += step * _fits(matrix, rays, scale + step, TOLERANCE / 2)
    ab[:, outside] *= scale


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

    matrix = _matrix()

    in_bands(light.size, _BLOCK, lambda block: _clip(matrix, light[block], colors[:, block]))
    return result
