"""The promise at the picture's own size: every painted pixel gets its color, its surroundings follow softly.

Knows nothing of files, editors or networks. What the correction at the small size leaves over is spread through a
bilateral grid, a small picture with lightness as its third axis, so that nothing crosses an edge.

References
----------
J. Chen, S. Paris, F. Durand, "Real-time Edge-Aware Image Processing with the Bilateral Grid", SIGGRAPH 2007.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.color.bands import in_bands
from handtint.color.compiled import compiled
from handtint.color.gamut import clip_colors
from handtint.color.hints import Points

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]

_LIGHTNESS_CELL = 10.0
_BINS = 11
_BAND_PIXELS = 1 << 18


def keep_promise(
    ab: FloatArray,
    lightness: FloatArray,
    hints: Points,
    *,
    cells: tuple[int, int],
    hardness: float = 1.0,
) -> FloatArray:
    """Move the painted pixels onto their hints.

    Parameters
    ----------
    ab : (2, H, W) float32
        The prediction, contiguous; changed in place.
    lightness : (H, W) float32
        L*, 0-100.
    hints : Points
        At the same size; from PROMISED_COVERAGE on a pixel is a promise.
    cells : (h, w)
        Cells of the grid over the picture: how small the surroundings are.
    hardness : float
        1: the hints are met exactly, 0: nothing changes.

    Returns
    -------
    (2, H, W) float32
        `ab`; at the painted pixels the hint's color, clipped into the gamut at the pixel's lightness.
    """
    hints = hints.promised()
    if len(hints.pixels) == 0 or hardness <= 0.0:
        return ab
    if not ab.flags.c_contiguous:
        raise ValueError("ab must be contiguous to be changed in place")
    grid = _Grid(lightness.shape, cells)
    colors, light = ab.reshape(2, -1), lightness.reshape(-1)
    untouched = np.ones(light.shape, bool)
    for chunk in hints.chunks():
        index = hints.pixels[chunk]
        wanted = clip_colors(light[index], hints.ab[:, chunk])
        grid.meet(colors, light, index, wanted, np.float32(hardness))
        untouched[index] = False
    grid.add(ab, lightness, untouched.reshape(lightness.shape))
    return ab


class _Grid:
    """A bilateral grid over a picture of `shape` = (H, W), with `cells` = (h, w) cells in space."""

    def __init__(self, shape: tuple[int, ...], cells: tuple[int, int]) -> None:
        self._shape = (*cells, _BINS)
        self._rows, self._columns = (_places(many, few) for many, few in zip(shape, cells, strict=True))
        self._sums = np.zeros((3, *self._shape))  # count, and what is missing of a and of b

    def meet(
        self, colors: FloatArray, light: FloatArray, pixels: IntArray, wanted: FloatArray, hardness: np.float32
    ) -> None:
        """Move painted pixels of (2, H * W) to what is wanted there, (2, N), and take in what was missing."""
        _meet(colors, light, pixels, wanted, hardness, self._rows, self._columns, self._sums)

    def _values(self) -> FloatArray:
        """Weighted mean of what is missing, (h, w, bins, 2), falling to 0 a cell away from the painted ones."""
        fields = np.empty((4, *self._shape), np.float32)
        fields[:3] = self._sums
        fields[3] = fields[0] > 0
        weight, first, second, near = _blurred(fields)
        confidence = np.clip(np.float32(4.0) * near, 0.0, 1.0) / np.maximum(weight, np.float32(1e-12))
        return np.stack([first * confidence, second * confidence], axis=-1)

    def add(self, ab: FloatArray, lightness: FloatArray, where: NDArray[np.bool_]) -> None:
        """Add the grid's values around its filled cells to the pixels `where` (H, W), band by band."""
        values = self._values()
        filled = (values != 0).any(axis=(2, 3)).astype(np.uint8)
        active = cv2.dilate(filled, np.ones((3, 3), np.uint8)) > 0
        height, width = lightness.shape

        def add_band(band: slice) -> None:
            _add_rows(ab, lightness, where, values, active, self._rows, self._columns, band.start, band.stop)

        in_bands(height, max(1, _BAND_PIXELS // width), add_band)


def _places(pixels: int, cells: int) -> FloatArray:
    """Where the middles of pixels lie among cells, along one axis."""
    return (np.arange(pixels, dtype=np.float32) + np.float32(0.5)) * np.float32(cells / pixels)


@compiled
def _meet(
    colors: FloatArray,
    light: FloatArray,
    pixels: IntArray,
    wanted: FloatArray,
    hardness: np.float32,
    rows: FloatArray,
    columns: FloatArray,
    sums: DoubleArray,
) -> None:
    for index in range(len(pixels)):
        pixel = pixels[index]
        row = pixel // len(columns)
        down, across = int(rows[row]), int(columns[pixel - row * len(columns)])
        bin = int(np.rint(light[pixel] * np.float32(1.0 / _LIGHTNESS_CELL)))
        sums[0, down, across, bin] += 1.0
        for plane in range(2):
            missing = hardness * (wanted[plane, index] - colors[plane, pixel])
            sums[1 + plane, down, across, bin] += missing
            colors[plane, pixel] += missing


def _blurred(fields: FloatArray) -> FloatArray:
    """1-2-1 along each axis of the (h, w, bins) of some fields, the outermost cells repeated; `fields` is used up."""
    count, height, width, bins = fields.shape
    other = np.empty_like(fields)
    _blur_along(fields.reshape(count, height, width * bins), other.reshape(count, height, width * bins))
    _blur_along(other.reshape(count * height, width, bins), fields.reshape(count * height, width, bins))
    _blur_last(fields.reshape(-1, bins), other.reshape(-1, bins))
    return other


@compiled
def _blur_along(source: FloatArray, target: FloatArray) -> None:
    """1-2-1 along the middle one of three axes."""
    quarter, half, last = np.float32(0.25), np.float32(0.5), source.shape[1] - 1
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            before, here, after = source[i, max(j - 1, 0)], source[i, j], source[i, min(j + 1, last)]
            for k in range(source.shape[2]):
                target[i, j, k] = quarter * (before[k] + after[k]) + half * here[k]


@compiled
def _blur_last(source: FloatArray, target: FloatArray) -> None:
    """1-2-1 along the second one of two axes: as if all were one line, then its ends."""
    quarter, half, last = np.float32(0.25), np.float32(0.5), source.shape[1] - 1
    line, result = source.reshape(-1), target.reshape(-1)
    for i in range(1, len(line) - 1):
        result[i] = quarter * (line[i - 1] + line[i + 1]) + half * line[i]
    for i in range(len(source)):
        target[i, 0] = quarter * (source[i, 0] + source[i, 1]) + half * source[i, 0]
        target[i, last] = quarter * (source[i, last - 1] + source[i, last]) + half * source[i, last]


@compiled
def _add_rows(
    ab: FloatArray,
    lightness: FloatArray,
    where: NDArray[np.bool_],
    values: FloatArray,
    active: NDArray[np.bool_],
    row_place: FloatArray,
    column_place: FloatArray,
    start: int,
    stop: int,
) -> None:
    """Add (h, w, bins, 2), looked up trilinearly, to the rows from `start` to `stop` where a cell is active."""
    cells_down, cells_across, bins, _ = values.shape
    here = np.empty((cells_across, bins, 2), np.float32)  # between the two rows of cells
    flat = here.reshape(-1)
    for y in range(start, stop):
        cell = int(row_place[y])
        if not active[cell].any():
            continue
        down = max(row_place[y] - np.float32(0.5), np.float32(0))
        top = int(down)
        low = down - np.float32(top)
        above, below = values[top].reshape(-1), values[min(top + 1, cells_down - 1)].reshape(-1)
        for index in range(len(flat)):
            flat[index] = above[index] + low * (below[index] - above[index])
        for x in range(ab.shape[2]):
            if not (where[y, x] and active[cell, int(column_place[x])]):
                continue
            across = max(column_place[x] - np.float32(0.5), np.float32(0))
            left = int(across)
            right, part = min(left + 1, cells_across - 1), across - np.float32(left)
            depth = lightness[y, x] * np.float32(1.0 / _LIGHTNESS_CELL)
            dark = min(int(depth), bins - 1)
            bright, high = min(dark + 1, bins - 1), depth - np.float32(dark)
            for plane in range(2):
                first, second = here[left, dark, plane], here[left, bright, plane]
                third, fourth = here[right, dark, plane], here[right, bright, plane]
                near, far = first + high * (second - first), third + high * (fourth - third)
                ab[plane, y, x] += near + part * (far - near)
