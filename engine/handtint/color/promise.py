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
    untouched[hints.pixels] = False
    for chunk in hints.chunks():
        index = hints.pixels[chunk]
        missing = clip_colors(light[index], hints.ab[:, chunk]) - colors[:, index]
        missing *= np.float32(hardness)
        grid.splat(*hints.places(chunk), light[index], missing)
        colors[:, index] += missing
    grid.add(ab, lightness, untouched.reshape(lightness.shape))
    return ab


class _Grid:
    """A bilateral grid over a picture of `shape` = (H, W), with `cells` = (h, w) cells in space."""

    def __init__(self, shape: tuple[int, ...], cells: tuple[int, int]) -> None:
        self._scale = (cells[0] / shape[0], cells[1] / shape[1])
        self._shape = (*cells, _BINS)
        self._sums = np.zeros((3, cells[0] * cells[1] * _BINS))  # count, and what is missing of a and of b

    def splat(self, rows: IntArray, columns: IntArray, light: FloatArray, missing: FloatArray) -> None:
        """Take in (2, N) of what is missing at painted pixels."""
        cell = np.ravel_multi_index(
            (
                ((rows + 0.5) * self._scale[0]).astype(np.int64),
                ((columns + 0.5) * self._scale[1]).astype(np.int64),
                np.rint(light / _LIGHTNESS_CELL).astype(np.int64),
            ),
            self._shape,
        )
        for total, values in zip(self._sums, (None, *missing), strict=True):
            total += np.bincount(cell, values, total.size)

    def _values(self) -> FloatArray:
        """Weighted mean of what is missing, (2, h, w, bins), falling to 0 a cell away from the painted ones."""
        fields = np.stack([*self._sums, self._sums[0] > 0]).reshape(4, *self._shape).astype(np.float32)
        weight, first, second, near = (_blur(field) for field in fields)
        confidence = np.clip(4.0 * near, 0.0, 1.0) / np.maximum(weight, 1e-12)
        return np.stack([first * confidence, second * confidence])

    def add(self, ab: FloatArray, lightness: FloatArray, where: NDArray[np.bool_]) -> None:
        """Add the grid's values around its filled cells to the pixels `where` (H, W), band by band."""
        values = self._values()
        filled = (values != 0).any(axis=(0, 3)).astype(np.uint8)
        active = cv2.dilate(filled, np.ones((3, 3), np.uint8)) > 0
        height, width = lightness.shape
        row_place = (np.arange(height, dtype=np.float32) + np.float32(0.5)) * np.float32(self._scale[0])
        column_place = (np.arange(width, dtype=np.float32) + np.float32(0.5)) * np.float32(self._scale[1])

        def add_band(band: slice) -> None:
            _add_rows(ab, lightness, where, values, active, row_place, column_place, band.start, band.stop)

        in_bands(height, max(1, _BAND_PIXELS // width), add_band)


def _blur(field: FloatArray) -> FloatArray:
    """1-2-1 along each axis of (h, w, bins), the outermost cells repeated."""
    flat = cv2.GaussianBlur(field, (3, 3), 0.0, borderType=cv2.BORDER_REPLICATE)
    deep = np.pad(flat, ((0, 0), (0, 0), (1, 1)), mode="edge")
    return np.asarray(0.25 * deep[..., :-2] + 0.5 * deep[..., 1:-1] + 0.25 * deep[..., 2:], np.float32)


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
    """Add (2, h, w, bins), looked up trilinearly, to the rows from `start` to `stop` where a cell is active."""
    _, cells_down, cells_across, bins = values.shape
    for y in range(start, stop):
        cell = int(row_place[y])
        down = max(row_place[y] - np.float32(0.5), np.float32(0))
        top = int(down)
        below, low = min(top + 1, cells_down - 1), down - np.float32(top)
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
                total = np.float32(0)
                for bin, share in ((dark, np.float32(1) - high), (bright, high)):
                    above, beside = values[plane, top, left, bin], values[plane, top, right, bin]
                    under, across_under = values[plane, below, left, bin], values[plane, below, right, bin]
                    upper, lower = above + part * (beside - above), under + part * (across_under - under)
                    total += share * (upper + low * (lower - upper))
                ab[plane, y, x] += total
