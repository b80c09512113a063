"""The promise at the picture's own size: every painted pixel gets its color, its surroundings follow softly.

Knows nothing of files, editors or networks. What the correction at the small size leaves over is spread through a
bilateral grid, a small picture with lightness as its third axis, so that nothing crosses an edge.

References
----------
J. Chen, S. Paris, F. Durand, "Real-time Edge-Aware Image Processing with the Bilateral Grid", SIGGRAPH 2007.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, map_coordinates, maximum_filter

from handtint.color.bands import in_bands
from handtint.color.gamut import clip_colors
from handtint.color.hints import Points

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

_LIGHTNESS_CELL = 10.0
_BINS = 11
_BAND_PIXELS = 1 << 18
_KERNEL = (0.25, 0.5, 0.25)


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

    def _values(self) -> NDArray[np.float64]:
        """Weighted mean of what is missing, (2, h, w, bins), falling to 0 a cell away from the painted ones."""
        fields = np.stack([*self._sums, self._sums[0] > 0]).reshape(4, *self._shape)
        weight, first, second, near = _blur(fields)
        confidence = np.clip(4.0 * near, 0.0, 1.0) / np.maximum(weight, 1e-12)
        return np.stack([first * confidence, second * confidence])

    def add(self, ab: FloatArray, lightness: FloatArray, where: NDArray[np.bool_]) -> None:
        """Add the grid's values around its filled cells to the pixels `where` (H, W), band by band."""
        values = self._values()
        active = maximum_filter((values != 0).any(axis=(0, 3)), size=3)
        height, width = lightness.shape
        row_place = (np.arange(height) + 0.5) * self._scale[0]
        column_place = (np.arange(width) + 0.5) * self._scale[1]
        near = active[:, column_place.astype(np.int64)][row_place.astype(np.int64)]
        near &= where

        def add_band(band: slice) -> None:
            rows, columns = np.nonzero(near[band])
            rows += band.start
            light = lightness[rows, columns]
            place = np.stack([row_place[rows] - 0.5, column_place[columns] - 0.5, light / _LIGHTNESS_CELL])
            for plane, field in zip(ab, values, strict=True):
                plane[rows, columns] += map_coordinates(field, place, np.float32, order=1, mode="nearest")

        in_bands(height, max(1, _BAND_PIXELS // width), add_band)


def _blur(fields: NDArray[np.float64]) -> NDArray[np.float64]:
    for axis in (1, 2, 3):
        fields = convolve1d(fields, _KERNEL, axis=axis, mode="nearest")
    return fields
