"""From a working size to the picture's own pixels: joint bilateral upsampling of ab, guided by the lightness.

Knows nothing of files, editors or networks. Works band by band, so that 24 megapixels need little memory.

References
----------
J. Kopf et al., "Joint Bilateral Upsampling", SIGGRAPH 2007; M. Irani and S. Peleg, "Improving Resolution by Image
Registration", CVGIP 1991 (back-projection).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.color.bands import in_bands

FloatArray = NDArray[np.float32]


class Kernel(NamedTuple):
    """What a pixel of the small picture counts for one of the large.

    Attributes
    ----------
    space : float
        Sigma of the distance, in pixels of the small picture. With 0.5 the nearest 2 x 2 of them are as good as
        3 x 3 (within 0.1 dB).
    range : float
        Sigma of the difference in lightness, in L* units; 10 are about 25 levels of 8-bit luma.
    taps : int
        How many pixels of the small picture are looked at along each axis; even.
    """

    space: float = 0.5
    range: float = 10.0
    taps: int = 2


KERNEL = Kernel()
_BAND_PIXELS = 1 << 17


def area_size(shape: tuple[int, ...], side: int, multiple: int = 1) -> tuple[int, int]:
    """The size with the same aspect whose longest side is at most `side`, each side a multiple where it is shrunk.

    A picture that is small enough keeps its size; no side becomes 0.
    """
    height, width = shape
    scale = min(1.0, side / max(height, width))
    if scale == 1.0:
        return height, width

    def fit(length: int) -> int:
        return min(length, max(multiple, round(length * scale / multiple) * multiple))

    return fit(height), fit(width)


def shrink_area(plane: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Average over areas: (H, W) float32 to `size`, which is not larger."""
    if plane.shape == size:
        return plane
    return _resize(plane, size, cv2.INTER_AREA)


def _resize(plane: FloatArray, size: tuple[int, int], how: int) -> FloatArray:
    resized = cv2.resize(np.ascontiguousarray(plane), (size[1], size[0]), interpolation=how)
    return np.asarray(resized, np.float32).reshape(size)


def upsample(
    ab: FloatArray,
    small_lightness: FloatArray,
    lightness: FloatArray,
    *,
    kernel: Kernel = KERNEL,
    back_projections: int = 2,
    check: Callable[[], None] = lambda: None,
) -> FloatArray:
    """Bring ab, or any other fields, to the size of the lightness, with its edges.

    Parameters
    ----------
    ab : (C, h, w) float32
    small_lightness : (h, w) float32
        L* 0-100 at the size of `ab`.
    lightness : (H, W) float32
        L* 0-100 at the size of the answer. Where that is smaller than `ab`, the answer is the area average.
    kernel : Kernel
        The default was measured best on photographs; methods may bring another.
    back_projections : int
        Rounds in which the answer's area average is pulled back to `ab`.
    check : callable
        Called now and then; raises to end the work.

    Returns
    -------
    (C, H, W) float32
    """
    if small_lightness.shape == lightness.shape:
        return np.array(ab, dtype=np.float32, order="C")
    if any(new < old for new, old in zip(lightness.shape, small_lightness.shape, strict=True)):
        return np.stack([shrink_area(plane, (lightness.shape[0], lightness.shape[1])) for plane in ab])
    result = _joint_bilateral(ab, small_lightness, lightness, kernel, check)
    for _ in range(back_projections):
        for plane, goal in zip(result, ab, strict=True):
            check()
            missing = goal - shrink_area(plane, small_lightness.shape)
            plane += _resize(missing, lightness.shape, cv2.INTER_LINEAR)
    return result


def _joint_bilateral(
    ab: FloatArray, small_lightness: FloatArray, lightness: FloatArray, kernel: Kernel, check: Callable[[], None]
) -> FloatArray:
    height, width = lightness.shape
    near_row, row_weight = _taps(height, small_lightness.shape[0], kernel)
    near_column, column_weight = _taps(width, small_lightness.shape[1], kernel)
    stacked = np.stack([small_lightness, *ab])
    widened = [stacked[:, :, near] for near in near_column]  # `taps` of (1 + C, h, W)
    result = np.empty((len(ab), height, width), np.float32)

    def fill_band(band: slice) -> None:
        check()
        total = np.zeros((band.stop - band.start, width), np.float32)
        sums = np.zeros((len(ab), *total.shape), np.float32)
        for i, j in np.ndindex(kernel.taps, kernel.taps):
            light, *values = widened[j][:, near_row[i, band]]
            weight = np.square(lightness[band] - light)
            weight *= -0.5 / kernel.range**2
            weight += row_weight[i, band, None] + column_weight[j]
            np.exp(weight, out=weight)
            total += weight
            for channel, value in enumerate(values):
                value *= weight
                sums[channel] += value
        result[:, band] = sums / total

    in_bands(height, max(1, _BAND_PIXELS // width), fill_band)
    return result


def _taps(large: int, small: int, kernel: Kernel) -> tuple[NDArray[np.int64], FloatArray]:
    """The small pixels around each large one: their index (taps, large) and the logarithm of their weight."""
    position = (np.arange(large) + 0.5) * small / large - 0.5
    first = np.floor(position).astype(np.int64) + 1 - kernel.taps // 2
    index = first + np.arange(kernel.taps)[:, None]
    log_weight = -0.5 * np.square((position - index) / kernel.space)
    return np.clip(index, 0, small - 1), log_weight.astype(np.float32)
