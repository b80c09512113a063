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
        The prediction; changed in place.
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
    if len(hints.rows) == 0 or hardness <= 0.0:
        return ab
    rows, columns = hints.rows, hints.columns
    light = lightness[rows, columns]
    found = ab[:, rows, columns]
    missing = (clip_colors(light, hints.ab) - found) * np.float32(hardness)
    grid = _Grid(lightness.shape, cells)
    grid.add(ab, lightness, grid.splat(rows, columns, light, missing))
    ab[:, rows, columns] = found + missing
    return ab


class _Grid:
    """A bilateral grid over a picture of `shape` = (H, W), with `cells` = (h, w) cells in space."""

    def __init__(self, shape: tuple[int, ...], cells: tuple[int, int]) -> None:
        self.cells = cells
        self.scale = (cells[0] / shape[0], cells[1] / shape[1])

    def splat(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], light: FloatArray, missing: FloatArray
    ) -> NDArray[np.float64]:
        """Weighted mean of what is missing, (2, h, w, bins), falling to 0 a cell away from the painted ones."""
        shape = (*self.cells, _BINS)
        cell = np.ravel_multi_index(
            (
                ((rows + 0.5) * self.scale[0]).astype(np.int64),
                ((columns + 0.5) * self.scale[1]).astype(np.int64),
                np.rint(light / _LIGHTNESS_CELL).astype(np.int64),
            ),
            shape,
        )
        size = shape[0] * shape[1] * shape[2]
        count = np.bincount(cell, minlength=size)
        sums = [np.bincount(cell, plane, size) for plane in missing]
        fields = np.stack([count, *sums, count > 0]).reshape(4, *shape)
        weight, first, second, near = _blur(fields)
        confidence = np.clip(4.0 * near, 0.0, 1.0) / np.maximum(weight, 1e-12)
        return np.stack([first * confidence, second * confidence])

    def add(self, ab: FloatArray, lightness: FloatArray, values: NDArray[np.float64]) -> None:
        """Add the grid's values to the pixels around its filled cells, band by band."""
        active = maximum_filter((values != 0).any(axis=(0, 3)), size=3)
        height, width = lightness.shape
        row_place = (np.arange(height) + 0.5) * self.scale[0]
        column_place = (np.arange(width) + 0.5) * self.scale[1]
        near = active[:, column_place.astype(np.int64)][row_place.astype(np.int64)]

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
