"""From distributions over the 313 bins to a few colours to choose from, and to how far off a colour may be.

Knows nothing of files, editors or networks.

References
----------
R. Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017, section 3.3: nine
suggestions from K-means on the predicted distribution, sorted by their mass.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handtint.color.bins import bin_centers
from handtint.color.gamut import clip_colors

FloatArray = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]

_LEAST_SHARE = 1.0 / 25_000
"""A rarer bin would hardly be among the 25,000 draws of the authors' code, and is left out here too."""
_DISTINCT = 2.0
"""ab units: colours nearer than this are the same to the eye."""
_RESTARTS = 4


_LEVELS = 51
"""Lightnesses for which the bins are clipped into the gamut; between them it changes little."""


class Suggestions(NamedTuple):
    """Colours to choose from, the likeliest first.

    Attributes
    ----------
    ab : (K, 2) float32
        Inside the sRGB gamut at the lightness that was given.
    shares : (K,) float32
        How much of the distribution each stands for; falling, they sum to 1.
    """

    ab: FloatArray
    shares: FloatArray


def suggest_colors(probabilities: FloatArray, lightness: float, count: int) -> Suggestions:
    """The main colours of a distribution.

    Where the authors draw colours at random and cluster these, the bins themselves are clustered with their
    probabilities as weights: the same with infinitely many draws, and the same at every call.

    Parameters
    ----------
    probabilities : (313,) float32
        Sum to 1.
    lightness : float
        L* 0-100 of the pixel.
    count : int
        At least 1. Where the lightness leaves room for fewer colours that differ, fewer come.
    """
    from sklearn.cluster import KMeans  # half a second to import: only for who asks for suggestions

    likely = np.flatnonzero(probabilities >= _LEAST_SHARE)
    shown = clip_colors(np.full(len(likely), lightness, np.float32), bin_centers().numpy()[likely].T).T  # (N, 2)
    cells, index = np.unique(np.rint(shown / _DISTINCT), axis=0, return_inverse=True)
    shares = _sums(index.reshape(-1), probabilities[likely])
    places = _means(shown, index.reshape(-1), probabilities[likely])
    if len(cells) > count:
        labels = KMeans(count, n_init=_RESTARTS, random_state=0).fit(places, sample_weight=shares).labels_
        labels = np.unique(labels, return_inverse=True)[1].reshape(-1)
        places, shares = _means(places, labels, shares), _sums(labels, shares)
    order = np.argsort(-shares, kind="stable")
    ab = clip_colors(np.full(len(places), lightness, np.float32), places.T.astype(np.float32)).T
    return Suggestions(np.ascontiguousarray(ab[order]), (shares[order] / shares.sum()).astype(np.float32))


def expected_error(probabilities: FloatArray, ab: FloatArray, lightness: FloatArray) -> FloatArray:
    """How far a colour is from the truth on average, if the truth is drawn from a distribution.

    Of entropy, spread and this one, this one agreed best with the error that was made on validation pictures.

    Parameters
    ----------
    probabilities : (N, 313) float32
        Sum to 1 along each row.
    ab : (N, 2) float32
        The colours that were chosen.
    lightness : (N,) float32
        L* 0-100: near black and white there are few colours to be wrong about.

    Returns
    -------
    (N,) float32
        In ab units.
    """
    centers, levels = bin_centers().numpy(), np.linspace(0.0, 100.0, _LEVELS, dtype=np.float32)
    shown = np.stack([clip_colors(np.full(len(centers), level, np.float32), centers.T).T for level in levels])
    nearest = np.rint(lightness / 100.0 * (_LEVELS - 1)).astype(np.intp)
    distance = np.linalg.norm(shown[nearest] - ab[:, None], axis=2)  # (N, 313)
    return np.asarray((probabilities * distance).sum(axis=1), np.float32)


def _means(colors: Numbers, labels: NDArray[np.intp], weights: Numbers) -> NDArray[np.float64]:
    """Weighted mean colour of each label, (K, 2)."""
    return np.stack([_sums(labels, weights * channel) / _sums(labels, weights) for channel in colors.T], axis=1)


def _sums(labels: NDArray[np.intp], weights: Numbers) -> NDArray[np.float64]:
    """Sum of the weights of each label, (K,)."""
    return np.asarray(np.bincount(labels, weights), np.float64)
