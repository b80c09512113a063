"""A small set of colors out of a picture: K-means in Lab, most frequent first.

Knows nothing of files, editors or networks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MAX_COLORS = 16
_SAMPLES = 20_000
_RESTARTS = 4


class Palette(NamedTuple):
    """Colors with their shares.

    Attributes
    ----------
    lab : (K, 3) float32
        L* 0-100 (D65), a* and b* about +-110.
    weights : (K,) float32
        Share of the picture that is nearest to each color; falling, sums to 1.
    """

    lab: FloatArray
    weights: FloatArray


def extract_palette(lab: FloatArray, count: int, *, ab_only: bool = False, seed: int = 0) -> Palette:
    """The colors that stand for a picture.

    Parameters
    ----------
    lab : (3, H, W) float32
        L* 0-100 (D65), a* and b* about +-110.
    count : int
        1 to 16. A picture with fewer different colors gives fewer.
    ab_only : bool
        Cluster by ab alone; the lightness of a color is then the mean of its pixels.
    seed : int
        Of the sample and of K-means: the same picture gives the same palette.

    Returns
    -------
    Palette
    """
    if not 1 <= count <= MAX_COLORS:
        raise ValueError(f"a palette has 1 to {MAX_COLORS} colors, got {count}")
    pixels = _sample(lab.reshape(3, -1).T, seed)
    keys = pixels[:, 1:] if ab_only else pixels
    labels = _cluster(keys, count, seed)
    shares = np.bincount(labels) / len(labels)
    order = np.argsort(-shares, kind="stable")
    means = np.stack([np.bincount(labels, channel) / np.bincount(labels) for channel in pixels.T], axis=1)
    return Palette(means[order].astype(np.float32), shares[order].astype(np.float32))


def _sample(pixels: FloatArray, seed: int) -> FloatArray:
    if len(pixels) <= _SAMPLES:
        return pixels
    return pixels[np.random.default_rng(seed).choice(len(pixels), _SAMPLES, replace=False)]


def _cluster(keys: FloatArray, count: int, seed: int) -> NDArray[np.int64]:
    """Label per row, without gaps, at most `count` of them."""
    from sklearn.cluster import KMeans  # half a second to import: only for who asks for a palette

    distinct, index, repeats = np.unique(keys.round(2), axis=0, return_inverse=True, return_counts=True)
    if len(distinct) <= count:
        return np.asarray(index, np.int64).reshape(-1)
    means = KMeans(count, n_init=_RESTARTS, random_state=seed).fit(distinct, sample_weight=repeats)
    _, labels = np.unique(means.labels_[index.reshape(-1)], return_inverse=True)
    return np.asarray(labels, np.int64).reshape(-1)
