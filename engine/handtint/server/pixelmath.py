"""Color arithmetic on bands of a picture, as numpy float32: sRGB, linear light, Lab (D65), ICC Lab (D50).

The numbers are those of color/lab.py, which serves networks. Here whole pictures pass through, on cores that other
work may hold: small bands stay in the cache, and threads that share nothing never wait for each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.color.bands import Helpers, cut
from handtint.color.lab import White, rgb_to_xyz_matrix, xyz_to_rgb_matrix

FloatArray = NDArray[np.float32]

BAND_PIXELS = 1 << 16
_THRESHOLD = np.float32(6.0 / 29.0)
_SLOPE = np.float32(3.0 * (6.0 / 29.0) ** 2)
_FOOT = np.float32(4.0 / 29.0)


class Bands:
    """Threads that work on horizontal bands of a picture.

    Parameters
    ----------
    threads : int
        At least 1; the machine's cores where 0.
    """

    def __init__(self, threads: int = 0) -> None:
        self._helpers = Helpers((threads or os.cpu_count() or 1) - 1)

    def run(self, height: int, width: int, work: Callable[[slice], None]) -> None:
        """Call `work` for each band of rows; an exception in one of them is raised here."""
        self._helpers.run(cut(height, max(1, BAND_PIXELS // max(1, width))), work)

    def close(self) -> None:
        self._helpers.close()


def stretch(ab: FloatArray, size: tuple[int, int], part: tuple[slice, slice], bands: Bands) -> FloatArray:
    """Part of a smaller plane's smooth enlargement.

    Parameters
    ----------
    ab : (2, h, w) float32
    size : tuple of int
        (H, W) of the whole enlargement.
    part : tuple of slice
        Rows and columns of it that are wanted.

    Returns
    -------
    (2, rows, columns) float32
    """
    rows, columns = part
    down, across = ab.shape[1] / size[0], ab.shape[2] / size[1]
    width = columns.stop - columns.start
    result = np.empty((2, rows.stop - rows.start, width), np.float32)

    def work(band: slice) -> None:
        top = rows.start + band.start
        # Middles of pixels on middles of pixels.
        left, upper = (columns.start + 0.5) * across - 0.5, (top + 0.5) * down - 0.5
        place = np.array([[across, 0.0, left], [0.0, down, upper]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for plane, wide in zip(ab, result, strict=True):
            extent = (width, band.stop - band.start)
            wide[band] = cv2.warpAffine(plane, place, extent, flags=flags, borderMode=cv2.BORDER_REPLICATE)

    bands.run(result.shape[1], width, work)
    return result


def srgb_to_linear(values: FloatArray) -> FloatArray:
    """sRGB-encoded 0-1 to linear light 0-1; any shape."""
    result: FloatArray = np.power((values + np.float32(0.055)) / np.float32(1.055), np.float32(2.4))
    np.copyto(result, values / np.float32(12.92), where=values <= np.float32(0.04045))
    return result


def linear_to_srgb(light: FloatArray) -> FloatArray:
    """Linear light 0-1 to sRGB-encoded 0-1; any shape."""
    result = np.power(light, np.float32(1.0 / 2.4))
    result *= np.float32(1.055)
    result -= np.float32(0.055)
    np.copyto(result, light * np.float32(12.92), where=light <= np.float32(0.0031308))
    return result


def luminance_to_lightness(luminance: FloatArray) -> FloatArray:
    """Relative luminance Y, 0-1, to L* 0-100; any shape."""
    result = _f(luminance)
    result *= np.float32(116.0)
    result -= np.float32(16.0)
    return result


def lab_to_linear(lightness: FloatArray, a: FloatArray, b: FloatArray, white: White = White.D65) -> FloatArray:
    """Lab to linear sRGB light, not clipped.

    Parameters
    ----------
    lightness, a, b : (h, w) float32
        L* 0-100; a* and b* about +-110.

    Returns
    -------
    (h, w, 3) float32
        0 to 1 where a screen can show the color.
    """
    fy = (lightness + np.float32(16.0)) * np.float32(1.0 / 116.0)
    x, z = fy + a * np.float32(1.0 / 500.0), fy - b * np.float32(1.0 / 200.0)
    xyz = cv2.merge((_f_inverse(x), _f_inverse(fy), _f_inverse(z)))
    return np.asarray(cv2.transform(xyz, _from_xyz(white)), np.float32)


def linear_to_lab(light: FloatArray, white: White) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Linear sRGB light, (h, w, 3) float32, to L*, a* and b* under a white point, each (h, w) float32."""
    curved = _f(np.asarray(cv2.transform(light, _to_xyz(white)), np.float32))
    fx, fy, fz = curved[..., 0], curved[..., 1], curved[..., 2]
    return np.float32(116.0) * fy - np.float32(16.0), np.float32(500.0) * (fx - fy), np.float32(200.0) * (fy - fz)


def luminance_weights() -> FloatArray:
    """What red, green and blue add to the luminance; (1, 3) float32."""
    return _to_xyz(White.D65)[1:2]


def _f(values: FloatArray) -> FloatArray:
    result = np.cbrt(values)
    np.copyto(result, values / _SLOPE + _FOOT, where=values <= _THRESHOLD**3)
    return result


def _f_inverse(values: FloatArray) -> FloatArray:
    result = values * values
    result *= values
    np.copyto(result, (values - _FOOT) * _SLOPE, where=values <= _THRESHOLD)
    return result


@cache
def _to_xyz(white: White) -> FloatArray:
    return np.asarray(rgb_to_xyz_matrix(white), dtype=np.float32)


@cache
def _from_xyz(white: White) -> FloatArray:
    return xyz_to_rgb_matrix(white).astype(np.float32)
