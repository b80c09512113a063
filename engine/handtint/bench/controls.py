"""How well a palette, an exemplar, a label map or a surprising hint is obeyed. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.stats import wasserstein_distance_nd

from handtint.bench.metrics import delta_e_ab
from handtint.color.gamut import clip_to_gamut

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
Region = NDArray[np.bool_]

BIN = 10.0
"""Side of a histogram cell in ab units, the grid of the published 313 bins."""
_HALF_BINS = 11
_TOP_SHARE = 0.05
_FAR = 8.0
_NEAR_COLOR = 10.0


class Weighted(NamedTuple):
    """Colors (N, 2) with weights (N,) that sum to 1."""

    ab: DoubleArray
    weights: DoubleArray


class EditEffect(NamedTuple):
    """What the change of one region's label did, in ab units.

    Attributes
    ----------
    inside, outside : float
        Mean change inside, and farther than 8 px outside; NaN where there is no such pixel.
    locality : float
        inside / (inside + outside); NaN where nothing changed at all: no effect is not a local one.
    """

    inside: float
    outside: float
    locality: float


class Reach(NamedTuple):
    """Shares of a region and of the rest within Delta E00 < 10 of a hint's color."""

    inside: float
    leaked: float


def histogram(ab: FloatArray) -> DoubleArray:
    """(2, H, W) ab counted into the 23 x 23 cells of 10 units around -110 ... 110; sums to 1."""
    cells = np.clip(np.rint(ab.reshape(2, -1) / BIN), -_HALF_BINS, _HALF_BINS).astype(np.int64) + _HALF_BINS
    side = 2 * _HALF_BINS + 1
    counts = np.bincount(cells[0] * side + cells[1], minlength=side * side)
    return np.asarray(counts / counts.sum()).reshape(side, side)


def histogram_intersection(ab: FloatArray, other: FloatArray) -> float:
    """Common share of two pictures' ab histograms: 1 = the same, 0 = no color in common."""
    return float(np.minimum(histogram(ab), histogram(other)).sum())


def main_colors(ab: FloatArray) -> Weighted:
    """The filled cells of the histogram, each at the mean of its own pixels."""
    pixels = ab.reshape(2, -1).astype(np.float64)
    cells = np.clip(np.rint(pixels / BIN), -_HALF_BINS, _HALF_BINS).astype(np.int64) + _HALF_BINS
    _, index, counts = np.unique(cells[0] * 64 + cells[1], return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(index.reshape(-1), plane) / counts for plane in pixels], axis=1)
    return Weighted(means, counts / counts.sum())


def earth_movers_distance(one: Weighted, other: Weighted) -> float:
    """Mean way, in ab units, that color has to travel from one set to the other."""
    return float(wasserstein_distance_nd(one.ab, other.ab, one.weights, other.weights))


def palette_emd(ab: FloatArray, palette: Weighted) -> float:
    """Earth mover's distance between a picture, (2, H, W), and a palette."""
    return earth_movers_distance(main_colors(ab), palette)


def palette_distance(ab: FloatArray, palette: FloatArray) -> float:
    """Mean distance of the pixels to their nearest palette color, in ab units, weighted by the pixels' chroma.

    Parameters
    ----------
    ab : (2, H, W) float32
    palette : (K, 2) float32

    Returns
    -------
    float
        Of a picture without any chroma: the unweighted mean.
    """
    nearest = _distances(ab, palette).min(axis=0)
    chroma = np.hypot(*ab.reshape(2, -1).astype(np.float64))
    return float(np.average(nearest, weights=chroma) if chroma.any() else nearest.mean())


def palette_coverage(ab: FloatArray, palette: FloatArray) -> float:
    """Mean over the palette's colors of the distance of the 5 % of pixels nearest to each, in ab units."""
    distances = _distances(ab, palette)
    count = max(1, round(_TOP_SHARE * distances.shape[1]))
    return float(np.partition(distances, count - 1, axis=1)[:, :count].mean())


def _distances(ab: FloatArray, palette: FloatArray) -> DoubleArray:
    """(K, pixels)."""
    pixels = ab.reshape(2, -1).astype(np.float64)
    away = pixels[:, None] - palette.T.astype(np.float64)[:, :, None]  # (2, K, pixels)
    return np.asarray(np.hypot(*away))


def swap_choice(ab: FloatArray, palettes: Sequence[Weighted]) -> int:
    """The machine's guess which of several palettes a picture was colored with: the one nearest by EMD."""
    colors = main_colors(ab)
    return int(np.argmin([earth_movers_distance(colors, palette) for palette in palettes]))


def edit_effect(before: FloatArray, after: FloatArray, region: Region) -> EditEffect:
    """What changed in and around an edited region.

    Parameters
    ----------
    before, after : (2, H, W) float32
        ab without and with the edit.
    region : (H, W) bool
        The edited pixels.
    """
    change = np.hypot(*(after - before).astype(np.float64))
    far = distance_transform_edt(~region) > _FAR
    inside, outside = (float(change[part].mean()) if part.any() else float("nan") for part in (region, far))
    total = inside + outside
    return EditEffect(inside, outside, inside / total if total > 0 else float("nan"))


def hint_reach(lightness: FloatArray, ab: FloatArray, hint: tuple[float, float], region: Region) -> Reach:
    """How much of a region took on a hint's color, and how much of the rest.

    Parameters
    ----------
    lightness : (H, W) float32
    ab : (2, H, W) float32
        The answer to one hint in the region.
    hint : (a, b)
        The hint's color; pixels are compared with what sRGB can show of it at their own lightness.
    region : (H, W) bool
        The hinted segment.
    """
    wanted = clip_to_gamut(lightness, np.broadcast_to(np.array(hint, np.float32)[:, None, None], ab.shape))
    taken = delta_e_ab(lightness, ab, wanted) < _NEAR_COLOR
    inside, leaked = (float(taken[part].mean()) if part.any() else float("nan") for part in (region, ~region))
    return Reach(inside, leaked)
