"""Scribble: the hints spread along the lightness, without any network. For line art, paintings and exact work.

Knows nothing of files, editors or the wire.
"""

from __future__ import annotations

import numpy as np

from handtint.colorizers.base import Control, FloatArray, Guidance
from handtint.colorizers.spread import blend_hints
from handtint.colorizers.working import WorkingSizeColorizer


class ScribbleColorizer(WorkingSizeColorizer):
    """Normalised Fast Global Smoothing of the hints, faded to gray where the reach ends, then met exactly."""

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
        return blend_hints(np.zeros_like(hint_ab), lightness, hint_ab, hint_mask, guidance, cache)
