"""Simulated artists who give every kind of guidance, alone and together, with the priority that was promised.

Guidance of lower priority is made first, and what comes later may contradict it; the answer follows the last word:
exemplar, then palette, then semantic map, then hints. Numpy in Lab units; knows nothing of networks or files.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from handtint.color.fgs import FastGlobalSmoother, Spread, no_spread, spread_hints
from handtint.color.transport import match_colors
from handtint.nets.unified import PALETTE_SLOTS, SPREAD_SIGMA, SPREAD_STRENGTHS, SPREADS
from handtint.train.data import ByteArray, FloatArray
from handtint.train.edits import ClassColors, EditMix, change_map
from handtint.train.inputs import (
    HintPainter,
    InputMix,
    extract_palette,
    pad_palette,
    paint_hints,
    turn_colors,
)
from handtint.train.labels import IGNORE
from handtint.train.warp import Warp, grid, sample, spline, turn


@dataclass(frozen=True)
class GuidanceMix:
    """Which guidance a training sample gets; shares of 1, each drawn for itself, so that all 16 combinations come.

    Attributes
    ----------
    hints, palette, semantic, exemplar : float
        The semantic map: of the samples that have one.
    turned, borrowed : float
        Of the samples with a palette or an exemplar: all colours are turned, or moved to those of another picture,
        so that what was given is the only way to know them.
    exemplar_side : int
        Side of the exemplar, px.
    """

    hints: float = 0.65
    palette: float = 0.35
    semantic: float = 0.5
    exemplar: float = 0.35
    turned: float = 0.3
    borrowed: float = 0.4
    exemplar_side: int = 64


@dataclass(frozen=True)
class GuidedSample:
    """One picture with simulated guidance, all in Lab units.

    Attributes
    ----------
    lightness, ab : (H, W), (2, H, W) float32
        The picture and the answer.
    hint_ab, hint_mask : (2, H, W), (H, W) float32
    spread : Spread
        The hints carried along the lightness.
    palette_ab, palette_mask : (7, 2), (7,) float32
    exemplar : (3, S, S) float32, optional
        Lab.
    semantic : (H, W) uint8
        0 = not said.
    """

    lightness: FloatArray
    ab: FloatArray
    hint_ab: FloatArray
    hint_mask: FloatArray
    spread: Spread
    palette_ab: FloatArray
    palette_mask: FloatArray
    exemplar: FloatArray | None
    semantic: ByteArray


@dataclass(frozen=True)
class Artist:
    """Somebody who gives all kinds of guidance.

    Attributes
    ----------
    mix : GuidanceMix
    inputs, edits : InputMix, EditMix
        How hints are painted, and how maps are changed.
    colors : ClassColors
        What an edited map asks for.
    """

    mix: GuidanceMix
    inputs: InputMix
    edits: EditMix
    colors: ClassColors

    def guide(self, lab: FloatArray, labels: ByteArray, lender: FloatArray, rng: np.random.Generator) -> GuidedSample:
        """Draw what this artist might give for a picture, and the answer that it asks for.

        Parameters
        ----------
        lab : (H, W, 3) float32
            The coloured picture.
        labels : (H, W) uint8
            Its semantic map; zeros where it has none.
        lender : (h, w, 3) float32
            Another coloured picture, to borrow colours from.
        """
        lightness = np.ascontiguousarray(lab[..., 0])
        ab = _planes(lab)[1:]
        exemplar = None
        if rng.random() < self.mix.exemplar:
            ab, source = _given_colors(lightness, ab, lender, self.mix, rng)
            exemplar = bent(source, self.mix.exemplar_side, rng)
        palette = np.zeros((0, 2), np.float32)
        if rng.random() < self.mix.palette:
            ab, source = _given_colors(lightness, ab, lender, self.mix, rng)
            palette = extract_palette(source[1:], int(rng.integers(3, PALETTE_SLOTS + 1)), rng)
        semantic = np.full_like(labels, IGNORE)
        if labels.any() and rng.random() < self.mix.semantic:
            now = np.concatenate((lightness[None], ab)).transpose(1, 2, 0)
            ab, semantic = change_map(now, labels, self.edits, self.colors, rng)
        hints = HintPainter(lightness.shape)
        if rng.random() < self.mix.hints:
            ab = paint_hints(lab, ab, self.inputs, hints, rng)
        palette_ab, palette_mask = pad_palette(rng.permutation(palette), PALETTE_SLOTS)
        return GuidedSample(
            lightness, ab, hints.ab, hints.mask, carried(lightness, hints.ab, hints.mask), palette_ab, palette_mask,
            exemplar, semantic,
        )  # fmt: skip


def carried(lightness: FloatArray, hint_ab: FloatArray, hint_mask: FloatArray) -> Spread:
    """The hints carried along the lightness, as the network takes them."""
    if not hint_mask.any():
        return no_spread(SPREADS, lightness.shape)
    smoothers = [FastGlobalSmoother(lightness, strength=strength, sigma=SPREAD_SIGMA) for strength in SPREAD_STRENGTHS]
    return spread_hints(smoothers, hint_ab, hint_mask)


def _given_colors(
    lightness: FloatArray, ab: FloatArray, lender: FloatArray, mix: GuidanceMix, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """New colours for the picture, (2, H, W), and the picture that shows them, (3, h, w) Lab."""
    chance = rng.random()
    if chance < mix.borrowed:
        other = _planes(lender)
        now = np.concatenate((lightness[None], ab))
        return match_colors(now, other)[1:], other
    if chance < mix.borrowed + mix.turned:
        ab = turn_colors(ab, rng)
    return ab, np.concatenate((lightness[None], ab))


def bent(lab: FloatArray, side: int, rng: np.random.Generator) -> FloatArray:
    """(3, H, W) Lab turned, mirrored, warped and scaled to (3, side, side): an exemplar with the same colours."""
    small = np.asarray(
        cv2.resize(np.ascontiguousarray(lab.transpose(1, 2, 0)), (side, side), interpolation=cv2.INTER_AREA), np.float32
    )
    places = spline(turn(grid((side, side)), rng), Warp(), rng)
    return np.ascontiguousarray(sample(small, places).transpose(2, 0, 1))


def _planes(lab: FloatArray) -> FloatArray:
    """(H, W, 3) to (3, H, W)."""
    return np.ascontiguousarray(lab.transpose(2, 0, 1))
