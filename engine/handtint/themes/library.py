"""What colors textures have: 120 kinds of texture and the distribution of colors over each, learned from pictures.

Knows nothing of networks, editors or the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from handtint.color.upsample import shrink_area
from handtint.errors import WeightsError
from handtint.themes.texture import describe
from handtint.weights import find, load_state, not_installed

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

NAME = "themes"
TEXTURES = 120
CELLS_A_SIDE = 10
CELLS = CELLS_A_SIDE**2
CELL = 12.0
"""Side of a cell of the 10 x 10 in ab units; what is beyond +-60 counts in the outer cells. Nine tenths of the pixels
of photographs are within +-30: cells over the whole +-110 would put most of them into four."""
_LIGHTNESS = 5.0
"""How many times as much as a filter the lightness counts; there are 24 filters, which mostly agree."""


@dataclass(frozen=True)
class ThemeLibrary:
    """The mapping from texture to colors.

    Attributes
    ----------
    mean, scale : (25,) float32
        Of the features over all segments: they are compared after (features - mean) / scale.
    centers : (120, 25) float32
        The textures, in such units.
    shares : (120, 100) float32
        Share of each cell of ab in the segments of that texture; a row sums to 1.
    colors : (120, 100, 2) float32
        Mean ab of what was counted in the cell, about +-110; the cell's middle where that is nothing.
    """

    mean: FloatArray
    scale: FloatArray
    centers: FloatArray
    shares: FloatArray
    colors: FloatArray

    def nearest(self, features: FloatArray) -> IntArray:
        """(S, 25) features to the number of the texture of each."""
        away = ((features - self.mean) / self.scale)[:, None] - self.centers
        return np.asarray(np.square(away).sum(axis=2).argmin(axis=1))


def load_library() -> ThemeLibrary:
    """The shipped one; WeightsError where it is missing or damaged."""
    entry = find(NAME)
    if entry is None:
        raise WeightsError(not_installed(NAME))
    state = load_state(entry)
    names = [field.name for field in fields(ThemeLibrary)]
    if entry.net != ThemeLibrary.__name__ or sorted(state) != sorted(names):
        raise WeightsError(
            f"expected the weights of a {ThemeLibrary.__name__} in {entry.path}, got those of {entry.net}"
        )
    return ThemeLibrary(**{name: np.asarray(state[name].float().numpy()) for name in names})


def cells(ab: FloatArray) -> IntArray:
    """(2, N) ab to the number of each one's cell, 0-99; a outer, b inner."""
    index = np.clip(np.floor(ab / CELL).astype(np.int64) + CELLS_A_SIDE // 2, 0, CELLS_A_SIDE - 1)
    return np.asarray(index[0] * CELLS_A_SIDE + index[1])


def cell_centers() -> FloatArray:
    """(100, 2): the middle of each cell."""
    steps = (np.arange(CELLS_A_SIDE) - CELLS_A_SIDE / 2 + 0.5) * CELL
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(CELLS, 2).astype(np.float32)


def learn(pictures: Iterable[FloatArray], *, textures: int = TEXTURES, seed: int = 0) -> ThemeLibrary:
    """Build the mapping (section 3.5 of the paper, the off-line phase).

    Parameters
    ----------
    pictures : iterable of (3, H, W) float32
        Lab of colored pictures.
    """
    found = [_observe(lab) for lab in pictures]
    features = np.concatenate([one.features for one in found])
    counts = np.concatenate([one.counts for one in found])
    sums = np.concatenate([one.sums for one in found])
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    scale[-1] /= _LIGHTNESS
    labels, centers = _cluster((features - mean) / scale, textures, seed)
    total = np.zeros((len(centers), CELLS), np.float64)
    moments = np.zeros((len(centers), CELLS, 2), np.float64)
    np.add.at(total, labels, counts)
    np.add.at(moments, labels, sums)
    colors = np.where(total[..., None] > 0, moments / total.clip(1e-9)[..., None], cell_centers())
    shares = total / total.sum(axis=1, keepdims=True)
    return ThemeLibrary(mean, scale, centers, shares.astype(np.float32), colors.astype(np.float32))


@dataclass(frozen=True)
class _Observed:
    """The segments of one colored picture: features (S, 25), pixels in each cell (S, 100), sums of their ab."""

    features: FloatArray
    counts: FloatArray
    sums: FloatArray


def _observe(lab: FloatArray) -> _Observed:
    regions = describe(lab[0])
    size = (regions.labels.shape[0], regions.labels.shape[1])
    ab = np.stack([shrink_area(plane, size) for plane in lab[1:]]).reshape(2, -1)
    segments = len(regions.shares)
    places = regions.labels.reshape(-1) * CELLS + cells(ab)
    # A picture counts as one, however large: each pixel as its share.
    counts, *sums = (
        np.bincount(places, weights, segments * CELLS) / ab.shape[1] for weights in (np.ones(ab.shape[1]), *ab)
    )
    shape = (segments, CELLS)
    both = np.stack([one.reshape(shape) for one in sums], axis=-1)
    return _Observed(regions.features, counts.reshape(shape).astype(np.float32), both.astype(np.float32))


def _cluster(features: FloatArray, textures: int, seed: int) -> tuple[IntArray, FloatArray]:
    """Texture of each row, and the textures' centers; every texture has rows."""
    from sklearn.cluster import MiniBatchKMeans  # half a second to import, and only for who learns

    means = MiniBatchKMeans(min(textures, len(features)), random_state=seed, batch_size=4096, n_init=3).fit(features)
    kept, labels = np.unique(means.predict(features), return_inverse=True)
    return np.asarray(labels, np.int64), np.asarray(means.cluster_centers_[kept], np.float32)
