"""Single trials of `handtint bench control`: one picture and one method in, named figures out.

Knows the calls of the methods, nothing of files or of how many pictures there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from handtint.bench.baselines import Answer
from handtint.bench.controls import (
    Weighted,
    earth_movers_distance,
    edit_effect,
    hint_reach,
    histogram_intersection,
    main_colors,
    palette_coverage,
    palette_distance,
    palette_emd,
    swap_choice,
)
from handtint.bench.hints import HintFile, Mark, covered_pixels, draw_stroke, find_segments
from handtint.bench.ledger import Figures
from handtint.bench.metrics import adherence, delta_e_ab, psnr, to_rgb
from handtint.bench.pictures import BenchPicture
from handtint.color.hints import painted_points
from handtint.color.lab import rgb_to_lab
from handtint.color.palette import Palette
from handtint.color.upsample import area_size, shrink_area
from handtint.colorizers.base import Colorizer, Guidance

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

HINT_KINDS = ("true", "jittered", "adversarial")
CHOICES = 4
"""Palettes to choose from in the swap test, as in the study with people of Xiao et al. 2019."""
SCALES = (256, 384, 512)
_JITTER = 5.0
_SEGMENTS = 3
_LEAST_SHARE = 0.02
_LARGEST_SHARE = 0.5
_CLASSES = 59
"""Of PASCAL-Context, the numbers that every semantic method knows."""
_VISIBLE = 3.0

PaletteCall = Callable[[FloatArray, Palette], FloatArray]
"""Lightness and palette to ab."""
ExemplarCall = Callable[[FloatArray, FloatArray], FloatArray]
"""Lightness and exemplar, (3, h, w) Lab, to ab."""
SemanticCall = Callable[[FloatArray, IntArray], FloatArray]
"""Lightness and semantic map to ab."""


def random_color(rng: np.random.Generator) -> tuple[float, float]:
    """ab of a random sRGB color with a chroma of at least 15: a color that a monitor can show."""
    while True:
        rgb = rng.uniform(0.0, 1.0, (3, 1, 1))
        _, a, b = rgb_to_lab(_tensor(rgb)).reshape(3).tolist()
        if np.hypot(a, b) >= 15.0:
            return float(a), float(b)


def _tensor(values: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))


def recolored(file: HintFile, kind: str, rng: np.random.Generator) -> HintFile:
    """The same marks in their true colors, in jittered ones (5 ab units), or in random ones."""

    def color(mark: Mark) -> tuple[float, float]:
        if kind == "true":
            return mark.ab
        if kind == "jittered":
            a, b = np.array(mark.ab) + rng.normal(0.0, _JITTER, 2)
            return float(a), float(b)
        return random_color(rng)

    return replace(file, marks=tuple(replace(mark, ab=color(mark)) for mark in file.marks))


def adherence_trial(picture: BenchPicture, answer: Answer, file: HintFile, count: int) -> Figures:
    """Delta E00 at the painted pixels in the answer at the picture's own size."""
    hints = file.painted(count)
    ab = answer(Guidance(hints=painted_points(*hints)))
    met = adherence(picture.lightness, ab, hints.ab, hints.mask)
    return {"mean": met.mean, "p95": met.p95, "max": met.largest}


def reach_trial(picture: BenchPicture, answer: Answer, reach: float, rng: np.random.Generator) -> Figures:
    """One surprising stroke in each of up to three large segments: what it colors inside and outside."""
    labels = find_segments(picture.rgb)
    found = []
    for label in range(_SEGMENTS):
        region = labels == label
        if region.mean() < _LEAST_SHARE:
            break
        width = max(2, max(labels.shape) // 64)
        mark = Mark(draw_stroke(region, rng), width, random_color(rng))
        size = (labels.shape[0], labels.shape[1])
        hints = HintFile(picture.name, "U", 0, size, (mark,)).painted(1)
        ab = answer(Guidance(hints=painted_points(*hints), reach=reach))
        found.append(hint_reach(picture.lightness, ab, mark.ab, region & ~covered_pixels(mark.points, width, size)))
    if not found:
        return {"inside": float("nan"), "leaked": float("nan")}
    inside, leaked = np.mean(found, axis=0)
    return {"inside": float(inside), "leaked": float(leaked)}


def palette_trial(picture: BenchPicture, call: PaletteCall, palettes: Sequence[Palette], wanted: int) -> Figures:
    """The picture in the wanted one of several palettes: how near it is, and whether a program recognises it."""
    palette = palettes[wanted]
    ab = call(picture.lightness, palette)
    choices = [Weighted(p.lab[:, 1:].astype(np.float64), p.weights.astype(np.float64)) for p in palettes]
    return {
        "distance": palette_distance(ab, palette.lab[:, 1:]),
        "coverage": palette_coverage(ab, palette.lab[:, 1:]),
        "emd": palette_emd(ab, choices[wanted]),
        "recognised": float(swap_choice(ab, choices) == wanted),
    }


def exemplar_trial(
    picture: BenchPicture,
    call: ExemplarCall,
    exemplar: BenchPicture,
    other: BenchPicture | None,
    rng: np.random.Generator,
) -> Figures:
    """The colors of another picture, and the picture's own colors out of a bent copy of itself.

    Returns
    -------
    mapping
        "direction": 1 where the answer has more of its colors in common with its exemplar than with a third picture;
        "drawn": 1 where the exemplar has more in common with the answer to it than with the answer to that third
        picture (both NaN without one); "intersection", "emd": of the answer and its exemplar; "self psnr": in dB.
    """
    ab = call(picture.lightness, exemplar.lab)
    own = call(picture.lightness, bent(picture.lab, rng))
    common = histogram_intersection(ab, exemplar.ab)
    direction = drawn = float("nan")
    if other is not None:
        direction = float(common > histogram_intersection(ab, other.ab))
        drawn = float(common > histogram_intersection(call(picture.lightness, other.lab), exemplar.ab))
    return {
        "direction": direction,
        "drawn": drawn,
        "intersection": common,
        "emd": earth_movers_distance(main_colors(ab), main_colors(exemplar.ab)),
        "self psnr": psnr(to_rgb(picture.lightness, own), picture.rgb),
    }


def bent(planes: FloatArray, rng: np.random.Generator, *, amount: float = 0.12) -> FloatArray:
    """(C, H, W) warped smoothly: each of 3 x 3 places is moved by up to `amount` of the sides."""
    _, height, width = planes.shape
    moves = rng.uniform(-amount, amount, (3, 3, 2)) * (width, height)
    field = cv2.resize(moves.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    from_x, from_y = columns + field[..., 0], rows + field[..., 1]
    moved = [cv2.remap(plane, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for plane in planes]
    return np.stack(moved).astype(np.float32)


def semantic_trial(picture: BenchPicture, call: SemanticCall, labels: IntArray, rng: np.random.Generator) -> Figures:
    """One region of the map gets another class: how much changes in it, elsewhere, and whether that can be seen.

    NaN where no region has 2 to 50 % of the picture.
    """
    edit = _edit(labels, rng)
    if edit is None:
        return dict.fromkeys(("inside", "outside", "locality", "effect"), float("nan"))
    before = call(picture.lightness, labels)
    effect = edit_effect(before, call(picture.lightness, edit.labels), edit.region)
    visible = float(effect.inside > _VISIBLE)
    return {"inside": effect.inside, "outside": effect.outside, "locality": effect.locality, "effect": visible}


class _Edit(NamedTuple):
    """A map with another class in one region."""

    labels: IntArray
    region: NDArray[np.bool_]


def _edit(labels: IntArray, rng: np.random.Generator) -> _Edit | None:
    shares = np.bincount(labels.reshape(-1)) / labels.size
    fitting = [int(c) for c in np.flatnonzero((shares >= _LEAST_SHARE) & (shares <= _LARGEST_SHARE)) if c != 0]
    if not fitting:
        return None
    old = int(rng.choice(fitting))
    new = int(rng.choice([c for c in range(1, _CLASSES + 1) if c != old]))
    region = labels == old
    return _Edit(np.where(region, new, labels), region)


def together_trial(
    picture: BenchPicture,
    answer: Answer,
    guidance: Guidance,
    palettes: Sequence[Palette],
    wanted: int,
    other_exemplar: FloatArray,
    rng: np.random.Generator,
) -> Figures:
    """All four kinds of guidance at once: does each still show, the other three left as they are?

    Parameters
    ----------
    guidance : Guidance
        Hints, a semantic map and an exemplar; the palettes come one after the other.
    palettes, wanted
        As in `palette_trial`.
    other_exemplar : (3, h, w) float32
        Lab of a third picture.

    Returns
    -------
    mapping
        "hints": mean Delta E00 at the painted pixels; "palette": 1 where the wanted one is recognised; "map
        locality", "map shows": as in `semantic_trial`; "exemplar": 1 where the exemplar has more in common with the
        answer to it than with the answer to the other one, "exemplar moves": mean change between the two, ab units.
    """
    assert guidance.hints is not None
    assert guidance.semantic is not None
    assert guidance.exemplar is not None
    palette = palettes[wanted]
    everything = replace(guidance, palette_ab=palette.lab[:, 1:], palette_weights=palette.weights)
    ab = answer(everything)
    painted = guidance.hints.layer()
    choices = [Weighted(p.lab[:, 1:].astype(np.float64), p.weights.astype(np.float64)) for p in palettes]
    found = {
        "hints": adherence(picture.lightness, ab, painted.ab, painted.mask).mean,
        "palette": float(swap_choice(ab, choices) == wanted),
        "map locality": float("nan"),
        "map shows": float("nan"),
    }
    edit = _edit(guidance.semantic, rng)
    if edit is not None:
        # Where hints reach they go before the map.
        effect = edit_effect(ab, answer(replace(everything, semantic=edit.labels)), edit.region)
        found |= {"map locality": effect.locality, "map shows": float(effect.inside > _VISIBLE)}
    swapped = answer(replace(everything, exemplar=other_exemplar))
    own = guidance.exemplar[1:]
    return found | {
        "exemplar": float(histogram_intersection(ab, own) > histogram_intersection(swapped, own)),
        "exemplar moves": float(np.hypot(*(ab - swapped)).mean()),
    }


def consistency_trial(
    picture: BenchPicture, colorizer: Colorizer, file: HintFile | None, count: int, always: Guidance | None = None
) -> Figures:
    """Whether the preview looks like the final picture, one working size like another, one run like the next.

    Parameters
    ----------
    always : Guidance, optional
        What the method gets beside hints, because it refuses to work without.

    Returns
    -------
    mapping
        "preview": mean Delta E00 of a preview at half size against the final picture's area average; "scales": the
        largest mean Delta E00 between automatic answers for the picture at 256, 384 and 512 px; "repeats": 1 where
        a second run from nothing gave the same bits.
    """
    hints = file.painted(count) if file is not None else None
    always = always or Guidance()
    guidance = replace(always, hints=painted_points(*hints)) if hints is not None else always
    prepared = colorizer.prepare(picture.lightness)
    final = colorizer.colorize(prepared, guidance)
    half = area_size(picture.lightness.shape, max(picture.lightness.shape) // 2)
    preview = colorizer.colorize(prepared, guidance, size=half)
    light = shrink_area(picture.lightness, half)
    small = np.stack([shrink_area(plane, half) for plane in final])
    again = colorizer.colorize(colorizer.prepare(picture.lightness), guidance)
    return {
        "preview": float(delta_e_ab(light, preview, small).mean()),
        "scales": _between_scales(picture, colorizer, always),
        "repeats": float(np.array_equal(final, again)),
    }


def _between_scales(picture: BenchPicture, colorizer: Colorizer, guidance: Guidance) -> float:
    """Colors without hints at several sizes, compared at the smallest."""
    smallest = _resized(picture.lightness, SCALES[0])
    answers = []
    for side in SCALES:
        lightness = _resized(picture.lightness, side)
        ab = colorizer.colorize(colorizer.prepare(lightness), guidance)
        size = (smallest.shape[0], smallest.shape[1])
        answers.append(np.stack([shrink_area(np.ascontiguousarray(plane), size) for plane in ab]))
    pairs = [(one, other) for index, one in enumerate(answers) for other in answers[index + 1 :]]
    return max(float(delta_e_ab(smallest, one, other).mean()) for one, other in pairs)


def _resized(lightness: FloatArray, side: int) -> FloatArray:
    """(H, W) scaled up or down to a longest side."""
    scale = side / max(lightness.shape)
    size = [max(1, round(scale * length)) for length in lightness.shape[::-1]]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.clip(np.asarray(cv2.resize(lightness, size, interpolation=how), np.float32), 0.0, 100.0)
