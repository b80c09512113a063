"""Scribble: the hints spread along the lightness, without any network. For line art, paintings and exact work.

Knows nothing of files, editors or the wire.
"""

from __future__ import annotations

import numpy as np

from handtint.color.exact import travel
from handtint.color.fgs import FastGlobalSmoother, fill
from handtint.color.upsample import upsample
from handtint.colorizers.base import Control, FloatArray, Guidance
from handtint.colorizers.working import WorkingSizeColorizer, lightness_graph

_STRENGTH = 1e4
_SIGMA = 4.0
"""L* units. A larger one gains 0.1 dB on photographs and lets colors through edges of 20 units."""
_SMOOTHER = "scribble.smoother"


class ScribbleColorizer(WorkingSizeColorizer):
    """Normalised Fast Global Smoothing of the hints, faded where the reach ends, then met exactly."""

    def __init__(self) -> None:
        super().__init__(name="scribble", controls=frozenset({Control.hints}), multiple=1)

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`; zeros without hints."""
        if not hint_mask.any():
            return np.zeros_like(hint_ab)
        filled = fill(_smoother(cache, lightness), hint_ab, hint_mask)
        return filled * self._fade(lightness, hint_mask, guidance, cache)

    @staticmethod
    def _fade(lightness: FloatArray, hint_mask: FloatArray, guidance: Guidance, cache: dict[str, object]) -> FloatArray:
        """How much of the color is left at each pixel, (h, w), 0 to 1."""
        graph = lightness_graph(cache, lightness)
        height, width = graph.shape
        painted = np.zeros((height, width), bool)
        rows, columns = np.nonzero(hint_mask > 0)
        painted[rows * height // lightness.shape[0], columns * width // lightness.shape[1]] = True
        fade = graph.fade(painted, travel(guidance.reach, guidance.softness).distance)
        wide: FloatArray = upsample(fade[None], graph.lightness, lightness, back_projections=0)[0]
        return wide


def _smoother(cache: dict[str, object], lightness: FloatArray) -> FastGlobalSmoother:
    smoother = cache.get(_SMOOTHER)
    if not isinstance(smoother, FastGlobalSmoother):
        smoother = cache[_SMOOTHER] = FastGlobalSmoother(lightness, strength=_STRENGTH, sigma=_SIGMA)
    return smoother
