"""One method with the trials of `handtint bench control` that fit the guidance it takes; loaded when first tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import NamedTuple

import numpy as np

from handtint.bench.baselines import Answer, BenchMethod, FloatArray, match_histogram, nearest_luma, reinhard
from handtint.bench.cards import CONTRASTS, NOISES, card_retention, edge_card
from handtint.bench.hints import HintFile, Sampler, draw_hints
from handtint.bench.ledger import Figures
from handtint.bench.methods import find_contender
from handtint.bench.pictures import BenchPicture, read_labels, read_picture
from handtint.bench.trials import (
    CHOICES,
    HINT_KINDS,
    ExemplarCall,
    IntArray,
    PaletteCall,
    adherence_trial,
    consistency_trial,
    exemplar_trial,
    palette_trial,
    reach_trial,
    recolored,
    semantic_trial,
    together_trial,
)
from handtint.color.hints import painted_points
from handtint.color.palette import Palette, extract_palette
from handtint.colorizers.base import Colorizer, Control, Guidance
from handtint.colorizers.registry import METHODS, find_method, load

PALETTE_BASELINES: Mapping[str, PaletteCall] = {
    "nearest_luma": lambda lightness, palette: nearest_luma(lightness, palette.lab)
}
EXEMPLAR_BASELINES: Mapping[str, ExemplarCall] = {"reinhard": reinhard, "match_histogram": match_histogram}
REACHES = (0.0, 0.25, 0.5, 0.75, 1.0)
COLORS = 4
"""Of each palette."""
_FEW_STROKES, _SHORT_REACH = 3, 0.25
"""What is painted where all kinds of guidance are given at once: with more hardly anything is left to the others."""


@dataclass(frozen=True)
class ControlPlan:
    """What is tried.

    Attributes
    ----------
    data, limit
        As for `find_pictures`.
    methods : tuple of str
        Names of the registry, of peers, and of baselines that take hints, palettes or exemplars.
    side : int
        Longest side of the pictures, px; above a method's working size, so that upsampling is part of it.
    seed : int
    strokes : int
        Hints of the adherence trials.
    sections : tuple of str
        Only these trials; all where empty.
    """

    data: str
    methods: tuple[str, ...]
    side: int = 768
    limit: int | None = None
    seed: int = 0
    strokes: int = 10
    sections: tuple[str, ...] = ()


class Trial(NamedTuple):
    """One entry to be made: where it belongs, and how."""

    section: str
    picture: str
    setting: str
    make: Callable[[], Figures]


class Subject:
    """A method under trial.

    Parameters
    ----------
    name : str
    plan : ControlPlan
    names : sequence of str
        The pictures; the palettes and exemplars of each are those of its neighbors.
    device : str
        "cpu" or "cuda".
    """

    def __init__(self, name: str, plan: ControlPlan, names: Sequence[str], device: str) -> None:
        self.name, self._plan, self._names, self._device = name, plan, names, device
        self._registered = name in {method.name for method in METHODS}
        self.controls, self.version = _what_it_takes(name)
        self._palettes: dict[str, Palette] = {}
        self._read: tuple[str, BenchPicture] | None = None

    def card_trials(self) -> Iterator[Trial]:
        """Those that need no picture."""
        if Control.hints not in self.controls:
            return
        for reach, noise, contrast in product(REACHES[1:] if self._registered else REACHES[-1:], NOISES, CONTRASTS):
            make = partial(self._card, contrast, noise, reach)
            yield Trial("cards", f"contrast {contrast:g}", f"reach {reach:g}, noise {noise:g}", make)

    def picture_trials(self, name: str) -> Iterator[Trial]:
        """Those of one picture."""
        if Control.hints in self.controls:
            for kind in HINT_KINDS:
                yield Trial("adherence", name, kind, partial(self._adherence, name, kind))
            for reach in REACHES if self._registered else REACHES[-1:]:
                yield Trial("reach", name, f"reach {reach:g}", partial(self._reach, name, reach))
        if Control.palette in self.controls:
            yield Trial("palette", name, f"{COLORS} colors", partial(self._palette, name))
        if Control.exemplar in self.controls:
            yield Trial("exemplar", name, "another picture", partial(self._exemplar, name))
        if Control.semantic in self.controls:
            yield Trial("semantic", name, "one region", partial(self._semantic, name))
        if self.controls == frozenset(Control):
            setting = f"{_FEW_STROKES} strokes, reach {_SHORT_REACH:g}"
            yield Trial("together", name, setting, partial(self._together, name))
        if self._registered:
            yield Trial("consistency", name, f"{self._plan.strokes} strokes", partial(self._consistency, name))

    @cached_property
    def _method(self) -> BenchMethod:
        return find_contender(self.name).build(self._device)

    @cached_property
    def _colorizer(self) -> Colorizer:
        return load(self.name, self._device)

    def _adherence(self, name: str, kind: str) -> Figures:
        file = recolored(self._strokes(name), kind, self._rng(name, kind))
        return adherence_trial(self._picture(name), self._answer(name), file, self._plan.strokes)

    def _reach(self, name: str, reach: float) -> Figures:
        # The same strokes for every reach.
        return reach_trial(self._picture(name), self._answer(name), reach, self._rng(name, "reach"))

    def _palette(self, name: str) -> Figures:
        index = self._names.index(name)
        palettes = [self._palette_of(self._names[(index + i) % len(self._names)]) for i in range(CHOICES)]
        return palette_trial(self._picture(name), self._palette_call(), palettes, index % CHOICES)

    def _exemplar(self, name: str) -> Figures:
        rng = self._rng(name, "exemplar")
        following = self._following(name)
        others = [other for other in self._names if other not in (name, following)]
        other = self._other_picture(str(rng.choice(others))) if others else None
        picture, exemplar = self._picture(name), self._other_picture(following)
        return exemplar_trial(picture, self._exemplar_call(), exemplar, other, rng)

    def _semantic(self, name: str) -> Figures:
        def call(lightness: FloatArray, semantic: IntArray) -> FloatArray:
            return self._method(lightness)(Guidance(semantic=semantic))

        return semantic_trial(self._picture(name), call, self._labels(name), self._rng(name, "semantic"))

    def _together(self, name: str) -> Figures:
        rng = self._rng(name, "together")
        picture, index = self._picture(name), self._names.index(name)
        painted = recolored(self._strokes(name), "adversarial", rng).painted(_FEW_STROKES)
        guidance = Guidance(
            hints=painted_points(*painted),
            semantic=self._labels(name),
            exemplar=self._other_picture(self._names[(index + CHOICES) % len(self._names)]).lab,
            reach=_SHORT_REACH,
        )
        palettes = [self._palette_of(self._names[(index + i) % len(self._names)]) for i in range(CHOICES)]
        third = self._other_picture(self._names[(index + CHOICES + 1) % len(self._names)]).lab
        return together_trial(picture, self._answer(name), guidance, palettes, index % CHOICES, third, rng)

    def _labels(self, name: str) -> IntArray:
        """The true map of a picture, nothing said where there is none."""
        height, width = self._picture(name).rgb.shape[:2]
        labels = read_labels(self._plan.data, name, (height, width))
        return np.zeros((height, width), np.int64) if labels is None else labels

    def _consistency(self, name: str) -> Figures:
        hints = self._strokes(name) if Control.hints in self.controls else None
        always = None
        if Control.exemplar in find_method(self.name).needs:
            always = Guidance(exemplar=self._other_picture(self._following(name)).lab)
        return consistency_trial(self._picture(name), self._colorizer, hints, self._plan.strokes, always)

    def _card(self, contrast: float, noise: float, reach: float) -> Figures:
        card = edge_card(contrast, noise)
        guidance = Guidance(hints=painted_points(*card.hints), reach=reach)
        return {f"{contrast:g}": card_retention(card, self._method(card.lightness)(guidance))}

    def _palette_call(self) -> PaletteCall:
        if self.name in PALETTE_BASELINES:
            return PALETTE_BASELINES[self.name]

        def call(lightness: FloatArray, palette: Palette) -> FloatArray:
            guidance = Guidance(palette_ab=palette.lab[:, 1:], palette_weights=palette.weights)
            return self._method(lightness)(guidance)

        return call

    def _exemplar_call(self) -> ExemplarCall:
        if self.name in EXEMPLAR_BASELINES:
            return EXEMPLAR_BASELINES[self.name]
        return lambda lightness, exemplar: self._method(lightness)(Guidance(exemplar=exemplar))

    def _palette_of(self, name: str) -> Palette:
        if name not in self._palettes:
            picture = read_picture(self._plan.data, name, side=256, square=False)
            self._palettes[name] = extract_palette(picture.lab, COLORS, seed=self._plan.seed)
        return self._palettes[name]

    def _picture(self, name: str) -> BenchPicture:
        if self._read is None or self._read[0] != name:
            self._read = (name, read_picture(self._plan.data, name, side=self._plan.side, square=False))
        return self._read[1]

    def _following(self, name: str) -> str:
        """The picture that lends its colors."""
        return self._names[(self._names.index(name) + 1) % len(self._names)]

    def _other_picture(self, name: str) -> BenchPicture:
        return read_picture(self._plan.data, name, side=self._plan.side, square=False)

    def _answer(self, name: str) -> Answer:
        return self._method(self._picture(name).lightness)

    def _strokes(self, name: str) -> HintFile:
        picture = self._picture(name)
        most, seed = self._plan.strokes, self._plan.seed
        return draw_hints(name, picture.rgb, picture.ab, Sampler.strokes, seed=seed, most=most)

    def _rng(self, *words: str) -> np.random.Generator:
        """The same for every method."""
        return np.random.default_rng([self._plan.seed, *"/".join(words).encode()])


def _what_it_takes(name: str) -> tuple[frozenset[Control], str]:
    """The guidance that a method takes, and which weights it has ("-" for none)."""
    if name in PALETTE_BASELINES:
        return frozenset({Control.palette}), "-"
    if name in EXEMPLAR_BASELINES:
        return frozenset({Control.exemplar}), "-"
    contender = find_contender(name)
    return contender.controls, (contender.fingerprint or "-")[:12]
