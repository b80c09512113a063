"""Hints spread along the lightness by smoothing, and how far: what colorizers without or around a network share.

Knows nothing of files, editors or the wire.
"""

from __future__ import annotations

import numpy as np

from handtint.color.exact import travel
from handtint.color.fgs import FastGlobalSmoother, fill
from handtint.color.upsample import upsample
from handtint.colorizers.base import FloatArray, Guidance
from handtint.colorizers.working import lightness_graph

_STRENGTH = 1e4
_SIGMA = 4.0
"""L* units. A larger one gains 0.1 dB on photographs and lets colors through edges of 20 units."""
_SMOOTHER = "spread.smoother"


def blend_hints(
    far: FloatArray,
    lightness: FloatArray,
    hint_ab: FloatArray,
    hint_mask: FloatArray,
    guidance: Guidance,
    cache: dict[str, object],
) -> FloatArray:
    """The hints' colors by normalised Fast Global Smoothing where their reach goes, `far` beyond it.

    Parameters
    ----------
    far : (2, h, w) float32
        ab where no hint reaches.
    lightness : (h, w) float32
        L*, 0-100.
    hint_ab, hint_mask : (2, h, w), (h, w) float32
        At the same size; the mask is coverage, 0 to 1.
    cache : dict
        Of this picture.

    Returns
    -------
    (2, h, w) float32
    """
    if not hint_mask.any():
        return far
    share = hint_share(lightness, hint_mask, guidance, cache)
    return far + share * (fill(_smoother(cache, lightness), hint_ab, hint_mask) - far)


def steer(
    prediction: FloatArray,
    lightness: FloatArray,
    hint_ab: FloatArray,
    hint_mask: FloatArray,
    share: FloatArray,
    cache: dict[str, object],
    sigma: float = _SIGMA,
) -> FloatArray:
    """A network's colors drawn towards the hints where those reach.

    The mean of two guesses: the hints' own colors smoothed over their surroundings, and the network's answer
    moved by what it misses at the hints. On 40 validation pictures the mean beat the network alone by 0.6 to
    0.8 dB from 10 to 100 hints, and the smoothed hints (with the network beyond their reach) by 0.1 to 0.3.

    Parameters
    ----------
    prediction : (2, h, w) float32
        The network's ab, which has seen the hints.
    lightness, hint_ab, hint_mask, cache
        As in `blend_hints`; something is painted.
    share : (h, w) float32
        As `hint_share` gives it.
    sigma : float
        Lightness step that the hints' own colors do not cross, L* units.

    Returns
    -------
    (2, h, w) float32
    """
    missing = np.where(hint_mask > 0, hint_ab - prediction, np.float32(0.0))
    both = fill(_smoother(cache, lightness, sigma), np.concatenate((hint_ab, missing)), hint_mask)
    return prediction + share * (0.5 * (both[:2] - prediction) + 0.5 * both[2:])


def hint_share(
    lightness: FloatArray, hint_mask: FloatArray, guidance: Guidance, cache: dict[str, object]
) -> FloatArray:
    """How much of the hints' color each pixel gets, (h, w), 0 to 1; something is painted."""
    graph = lightness_graph(cache, lightness)
    height, width = graph.shape
    painted = np.zeros((height, width), bool)
    rows, columns = np.nonzero(hint_mask > 0)
    painted[rows * height // lightness.shape[0], columns * width // lightness.shape[1]] = True
    fade = graph.fade(painted, travel(guidance.reach, guidance.softness).distance)
    wide: FloatArray = upsample(fade[None], graph.lightness, lightness, back_projections=0)[0]
    return wide


def _smoother(cache: dict[str, object], lightness: FloatArray, sigma: float = _SIGMA) -> FastGlobalSmoother:
    name = f"{_SMOOTHER} {sigma:g}"
    smoother = cache.get(name)
    if not isinstance(smoother, FastGlobalSmoother):
        smoother = cache[name] = FastGlobalSmoother(lightness, strength=_STRENGTH, sigma=sigma)
    return smoother
