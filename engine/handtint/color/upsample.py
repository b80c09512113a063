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
from handtint.color.compiled import compiled

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


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
_SMALLEST = 0.75
"""Floor of what is raised to the 256th power, so that no weight becomes zero in float32."""


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
    source, result = np.ascontiguousarray(plane, np.float32), np.empty(size, np.float32)
    down, across = _shares(source.shape[0], size[0]), _shares(source.shape[1], size[1])
    rows = max(1, _BAND_PIXELS * size[0] // source.size)
    in_bands(size[0], rows, lambda band: _average(source, result, *down, *across, band.start, band.stop))
    return result


class _Shares(NamedTuple):
    """Along one axis, what each new pixel is made of: the first old one, and what each from there on counts."""

    first: IntArray
    share: FloatArray


def _shares(old: int, new: int) -> _Shares:
    """`share` is (new, N): as many as the widest new pixel has; a new one's shares add up to 1."""
    edges = np.arange(new + 1) * (old / new)
    first = np.minimum(np.floor(edges[:-1] + 1e-9).astype(np.int64), old - 1)
    index = first[:, None] + np.arange(int(np.ceil(old / new)) + 1)
    inside = np.minimum(index + 1, edges[1:, None]) - np.maximum(index, edges[:-1, None])
    share = np.where(index < old, inside, 0.0).clip(0.0)
    return _Shares(first, (share / share.sum(axis=1, keepdims=True)).astype(np.float32))


@compiled
def _average(
    source: FloatArray,
    result: FloatArray,
    top: IntArray,
    share_down: FloatArray,
    left: IntArray,
    share_across: FloatArray,
    start: int,
    stop: int,
) -> None:
    """Fill rows of the smaller plane: whole rows added up first, then along the row."""
    line = np.empty(source.shape[1], np.float32)
    for y in range(start, stop):
        line[:] = 0.0
        for index in range(share_down.shape[1]):
            share = share_down[y, index]
            if share > 0.0:
                row = source[top[y] + index]
                for x in range(len(line)):
                    line[x] += share * row[x]
        for x in range(result.shape[1]):
            total = np.float32(0)
            for index in range(share_across.shape[1]):
                share = share_across[x, index]
                if share > 0.0:
                    total += share * line[left[x] + index]
            result[y, x] = total


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
    rows = _taps(height, small_lightness.shape[0], kernel)
    columns = _taps(width, small_lightness.shape[1], kernel)
    widened = np.take(np.stack([small_lightness, *ab]), columns.near, axis=2)  # (1 + C, h, taps, W), contiguous
    result = np.empty((len(ab), height, width), np.float32)
    fall = np.float32(0.5 / 256.0 / kernel.range**2)

    def fill_band(band: slice) -> None:
        check()
        _mix(result, widened, lightness, *rows, columns.weight, fall, band.start, band.stop)

    in_bands(height, max(1, _BAND_PIXELS // width), fill_band)
    return result


@compiled
def _mix(
    result: FloatArray,
    widened: FloatArray,
    lightness: FloatArray,
    row_index: IntArray,
    row_weight: FloatArray,
    column_weight: FloatArray,
    fall: np.float32,
    start: int,
    stop: int,
) -> None:
    """Fill rows of (C, H, W) with the means of the taps, weighed by distance and lightness (first in `widened`).

    The range kernel exp(-t) is (1 - u + u ** 2 / 2) ** 256 with u = t / 256, within 0.2 percent wherever it counts: a
    processor works that out for many pixels at once.
    """
    width, taps = lightness.shape[1], len(row_index)
    total, weight = np.empty(width, np.float32), np.empty(width, np.float32)
    half, one, smallest = np.float32(0.5), np.float32(1.0), np.float32(_SMALLEST)
    for y in range(start, stop):
        light = lightness[y]
        total[:] = 0.0
        for channel in range(len(result)):
            result[channel, y, :] = 0.0
        for i in range(taps):
            row, of_row = row_index[i, y], row_weight[i, y]
            for j in range(taps):
                other, of_column = widened[0, row, j], column_weight[j]
                for x in range(width):
                    away = light[x] - other[x]
                    u = fall * away * away
                    root = max(one - u + half * u * u, smallest)
                    for _ in range(8):
                        root *= root
                    weight[x] = root * of_row * of_column[x]
                    total[x] += weight[x]
                for channel in range(len(result)):
                    values, sums = widened[1 + channel, row, j], result[channel, y]
                    for x in range(width):
                        sums[x] += weight[x] * values[x]
        for channel in range(len(result)):
            sums = result[channel, y]
            for x in range(width):
                sums[x] /= total[x]


class _Taps(NamedTuple):
    """The small pixels around each large one, (taps, large): their index and their weight."""

    near: IntArray
    weight: FloatArray


def _taps(large: int, small: int, kernel: Kernel) -> _Taps:
    position = (np.arange(large) + 0.5) * small / large - 0.5
    first = np.floor(position).astype(np.int64) + 1 - kernel.taps // 2
    index = first + np.arange(kernel.taps)[:, None]
    weight = np.exp(-0.5 * np.square((position - index) / kernel.space))
    return _Taps(np.clip(index, 0, small - 1), weight.astype(np.float32))
