"""Cards drawn by code: two flat halves with an edge of known contrast, one hint on each. Independent of any data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handtint.color.hints import Hints, no_hints

FloatArray = NDArray[np.float32]

CONTRASTS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
"""L* units."""
NOISES = (0.0, 1.0, 3.0)
"""Standard deviation of the lightness of each half, L* units."""
SIDE = 128
_LEFT, _RIGHT = (28.0, 22.0), (-18.0, -22.0)
_MARK = 6
_BAND = 4


@dataclass(frozen=True)
class EdgeCard:
    """A card.

    Attributes
    ----------
    lightness : (H, W) float32
    hints : Hints
        A square mark in the middle of each half.
    edge : int
        First column of the right half.
    """

    lightness: FloatArray
    hints: Hints
    edge: int


def edge_card(contrast: float, noise: float, *, side: int = SIDE, seed: int = 0) -> EdgeCard:
    """Two halves around L* 55 that differ by `contrast`, with normal noise; both in L* units."""
    lightness = np.full((side, side), 55.0 - contrast / 2)
    edge = side // 2
    lightness[:, edge:] += contrast
    lightness += np.random.default_rng(seed).normal(0.0, 1.0, lightness.shape) * noise
    hints = no_hints((side, side))
    for column, color in ((side // 4, _LEFT), (3 * side // 4, _RIGHT)):
        mark = np.s_[side // 2 - _MARK // 2 : side // 2 + _MARK // 2, column - _MARK // 2 : column + _MARK // 2]
        hints.ab[(slice(None), *mark)] = np.array(color, np.float32)[:, None, None]
        hints.mask[mark] = 1.0
    return EdgeCard(np.clip(lightness, 0.0, 100.0).astype(np.float32), hints, edge)


def card_retention(card: EdgeCard, ab: FloatArray) -> float:
    """Share of the color step that is found between the bands of 4 px on either side of the edge; 1 = no bleeding."""
    wanted = np.array(_RIGHT) - np.array(_LEFT)
    left = ab[:, :, card.edge - _BAND : card.edge].mean(axis=(1, 2))
    right = ab[:, :, card.edge : card.edge + _BAND].mean(axis=(1, 2))
    return float(np.clip(np.dot(right - left, wanted) / np.dot(wanted, wanted), -1.0, 1.5))
