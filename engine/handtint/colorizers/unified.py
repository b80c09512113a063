"""The method `unified`: our own network around whole pictures, every kind of guidance at once.

Knows nothing of files or editors.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from handtint.color.bands import aside
from handtint.color.fgs import FastGlobalSmoother, no_spread, spread_hints
from handtint.color.lab import denormalize_ab, normalize_ab, normalize_lightness
from handtint.color.transport import move_to_picture
from handtint.colorizers.base import Control, FloatArray, Guidance, IntArray
from handtint.colorizers.guided import draw_to_palette, palette_shares, palette_slots
from handtint.colorizers.semantic import map_at
from handtint.colorizers.spread import hint_share, steer
from handtint.colorizers.trained import Features, load_net
from handtint.colorizers.working import WorkingSizeColorizer, lightness_graph
from handtint.nets.lookup import Tokens
from handtint.nets.unified import (
    PALETTE_SLOTS,
    SPREAD_SIGMA,
    SPREAD_STRENGTHS,
    SPREADS,
    STRIDE,
    WIDE_CELL,
    Gray,
    Known,
    Marks,
    UnifiedNet,
    painted_cells,
)

WORKING_SIDE = 256
"""Longest side that the network sees, px."""
_EXEMPLAR_SIDE = 64
_MOST_CELLS = 256
_FARTHER = 1.25
"""How much farther a hint reaches than it does without a network that sees what belongs together: on 24 validation
pictures at a reach of 0.5 that gave 0.2 dB at one hint and 0.3 dB at ten. With 1.5 it is 0.1 dB more, and half of the
rest of the picture takes on a surprising stroke."""
_FEW, _MANY, _DENSE_SIGMA = 100, 350, 1.0
"""Where hints stand close, their own colors smoothed along finer edges say more than the network, which saw up to 150
marks: at 200 hints that gave 0.05 dB on 40 validation pictures, and kept 0.345 of the color edges instead of 0.334."""
_GRAY, _SMOOTHERS, _FAR = "unified.gray", "unified.smoothers", "unified.far"


@dataclass(frozen=True)
class Smoothers:
    """What carries the hints of one picture."""

    all: tuple[FastGlobalSmoother, ...]

    @property
    def nbytes(self) -> int:
        """Memory of their factors."""
        return sum(smoother.nbytes for smoother in self.all)


@dataclass(frozen=True)
class Far:
    """What is said of the whole picture, and its colours where no hint reaches: kept from stroke to stroke."""

    digest: bytes
    known: Known
    ab: FloatArray

    @property
    def nbytes(self) -> int:
        """Memory of the colours and of what the cells know; the pixels among that are those of the gray picture."""
        return self.ab.nbytes + self.known.query.nbytes + self.known.far.nbytes + self.known.near.nbytes


class UnifiedColorizer(WorkingSizeColorizer):
    """Colours by itself, follows hints, a palette, a semantic map and an exemplar, alone and together.

    Parameters
    ----------
    device : str
        "cpu" or "cuda".

    Raises
    ------
    WeightsError
        The weights are missing, damaged or of another network.
    """

    most_own = 0.8
    """How far hints that stand close speak for themselves, at most."""

    def __init__(self, device: str) -> None:
        super().__init__(name="unified", controls=frozenset(Control), working_side=WORKING_SIDE, multiple=STRIDE)
        self._device = torch.device(device)
        self._net = load_net("unified", UnifiedNet, self._device)

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`: with the hints where they reach, without them beyond."""
        with torch.inference_mode():
            gray = self._encoded(lightness, cache)
            far = self._far(gray, lightness, guidance, cache)
            if not hint_mask.any():
                return far.ab
            farther = replace(guidance, reach=min(1.0, _FARTHER * guidance.reach))
            lightness_graph(cache, lightness)  # made here: what goes on beside this thread only reads the cache
            reached = aside(functools.partial(hint_share, lightness, hint_mask, farther, cache))
            marks = self._marks(lightness, hint_ab, hint_mask, cache)
            near = self._answer(gray, far.known, marks)
        share = reached()
        blended = np.asarray(far.ab + share * (near - far.ab), np.float32)
        density = self.most_own * _density(hint_mask)
        if density == 0.0:
            return blended
        own = steer(blended, lightness, hint_ab, hint_mask, share, cache, sigma=_DENSE_SIGMA)
        return blended + density * (own - blended)

    def _encoded(self, lightness: FloatArray, cache: dict[str, object]) -> Gray:
        known = cache.get(_GRAY)
        if not isinstance(known, Features):
            planes = normalize_lightness(torch.from_numpy(lightness)[None, None]).to(self._device)
            known = cache[_GRAY] = Features(self._net.encode(planes))
        return Gray(*known.levels)

    def _far(self, gray: Gray, lightness: FloatArray, guidance: Guidance, cache: dict[str, object]) -> Far:
        """The answer without hints, made anew when something that is said of the whole picture has changed."""
        palette_ab, palette_mask = palette_slots(guidance, PALETTE_SLOTS)
        exemplar = None if guidance.exemplar is None else small_exemplar(guidance.exemplar)
        semantic = self._cells_of_map(lightness, guidance)
        digest = _digest(palette_ab, palette_mask, palette_shares(guidance, PALETTE_SLOTS), exemplar, semantic)
        known = cache.get(_FAR)
        if isinstance(known, Far) and known.digest == digest:
            return known
        palette = self._net.palette_tokens(
            normalize_ab(torch.from_numpy(palette_ab)[None]).to(self._device),
            torch.from_numpy(palette_mask)[None].to(self._device),
        )
        classes = torch.from_numpy(semantic)[None].to(self._device)
        knowledge = self._net.know(gray, palette, self._look_at(exemplar), classes)
        ab = self._answer(gray, knowledge, self._no_marks(lightness.shape))
        palette_colors, shares = palette_ab[palette_mask > 0], palette_shares(guidance, PALETTE_SLOTS)
        if len(palette_colors):
            ab = draw_to_palette(ab, lightness, palette_colors, shares, None)
        elif exemplar is not None:  # a palette says more than an exemplar, which then only says what goes where
            ab = move_to_picture(np.concatenate((lightness[None], ab)), exemplar)
        found = cache[_FAR] = Far(digest, knowledge, ab)
        return found

    def _answer(self, gray: Gray, known: Known, marks: Marks) -> FloatArray:
        """(2, h, w) ab."""
        output = self._net.color(known, marks, self._hint_tokens(gray, marks))
        result: FloatArray = denormalize_ab(output[0]).cpu().numpy()
        return result

    def _hint_tokens(self, gray: Gray, marks: Marks) -> Tokens:
        ab, cells, mask = painted_cells(marks, _MOST_CELLS)
        painted = max(1, int(mask.sum()))  # they come first; what nobody painted need not be looked through
        tokens: Tokens = self._net.hint_tokens(gray, ab[:, :painted], cells[:, :painted], mask[:, :painted])
        return tokens

    def _look_at(self, exemplar: FloatArray | None) -> Tokens:
        there = torch.ones(1, device=self._device)
        if exemplar is None:
            nothing = torch.zeros(1, 3, STRIDE, STRIDE, device=self._device)
            shown: Tokens = self._net.look_at(nothing[:, :1], nothing[:, 1:], 0.0 * there)
            return shown
        planes = torch.from_numpy(exemplar)[None].to(self._device)
        shown = self._net.look_at(normalize_lightness(planes[:, :1]), normalize_ab(planes[:, 1:]), there)
        return shown

    def _cells_of_map(self, lightness: FloatArray, guidance: Guidance) -> IntArray:
        """Class of each cell of 8 x 8 working pixels, (h/8, w/8); 0 = not said."""
        height, width = lightness.shape
        if guidance.semantic is None:
            return np.zeros((height // WIDE_CELL, width // WIDE_CELL), np.int64)
        said = map_at(guidance.semantic, lightness.shape, self.working_side, self._net.classes.num_embeddings)
        return np.ascontiguousarray(said[WIDE_CELL // 2 :: WIDE_CELL, WIDE_CELL // 2 :: WIDE_CELL])

    def _marks(
        self, lightness: FloatArray, hint_ab: FloatArray, hint_mask: FloatArray, cache: dict[str, object]
    ) -> Marks:
        known = cache.get(_SMOOTHERS)
        if not isinstance(known, Smoothers):
            made = (
                FastGlobalSmoother(lightness, strength=strength, sigma=SPREAD_SIGMA) for strength in SPREAD_STRENGTHS
            )
            known = cache[_SMOOTHERS] = Smoothers(tuple(made))
        spread = spread_hints(known.all, hint_ab, hint_mask)
        return Marks(
            ab=normalize_ab(self._planes(hint_ab)),
            mask=self._planes(hint_mask[None]),
            spread=normalize_ab(self._planes(spread.ab)),
            arrived=self._planes(spread.arrived),
        )

    def _no_marks(self, shape: tuple[int, ...]) -> Marks:
        nothing = no_spread(SPREADS, shape)
        empty = np.zeros((3, *shape), np.float32)
        return Marks(*(self._planes(planes) for planes in (empty[:2], empty[2:], *nothing)))

    def _planes(self, planes: FloatArray) -> Tensor:
        return torch.from_numpy(planes)[None].to(self._device)


def _density(hint_mask: FloatArray) -> float:
    """How close the hints stand: 0 below `_FEW` painted cells, 1 above `_MANY`."""
    height, width = hint_mask.shape
    cells = hint_mask.reshape(height // WIDE_CELL, WIDE_CELL, width // WIDE_CELL, WIDE_CELL).max(axis=(1, 3))
    painted = int(np.count_nonzero(cells))
    return float(np.clip((painted - _FEW) / (_MANY - _FEW), 0.0, 1.0))


def small_exemplar(exemplar: FloatArray) -> FloatArray:
    """An exemplar as the network sees it, its sides scaled apart; (3, S, S) Lab."""
    planes = torch.from_numpy(np.ascontiguousarray(exemplar, np.float32))[None]
    small: FloatArray = F.adaptive_avg_pool2d(planes, _EXEMPLAR_SIDE)[0].numpy()
    return small


def _digest(*parts: FloatArray | IntArray | None) -> bytes:
    """Of arrays, present or not."""
    digest = hashlib.blake2b()
    for part in parts:
        digest.update(b"-" if part is None else repr(part.shape).encode() + part.tobytes())
    return digest.digest()
