"""Simulated artists: from a coloured picture to the hints and the palette that somebody might have given.

Everything here is numpy in Lab units and draws its randomness from a generator that comes in; knows nothing of
networks or files.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.color.transport import match_colors
from handtint.train.data import FloatArray, lab_to_bytes

SLOTS = 5
"""Colours of a padded palette, where nothing else is said."""


@dataclass(frozen=True)
class InputMix:
    """Which inputs a training sample gets; shares of 1.

    The paper has 5 % palette only, 5 % hints only, 90 % both, and never none (`PAPER_MIX`). A product that also
    colours by itself needs the four combinations alike, as in the authors' arXiv paper of 2018.

    Attributes
    ----------
    none, palette, hints, both : float
        The four combinations; they sum to 1.
    recolored : float
        Of the samples with hints: one region gets another colour, in the picture and in the hints, so that a
        surprising hint is obeyed.
    shifted : float
        Of the samples with a palette: all colours are turned, so that a surprising palette is obeyed.
    strokes : float
        Of the samples with hints: strokes instead of patches.
    most_hints : int
        Upper end of the number of patches.
    ordered : bool
        Palettes keep their order, the most frequent colour first; else it is random.
    borrowed : float
        Of the samples with a palette, where another picture is at hand: the colours move to where that picture has
        its own, and its palette is given, so that a palette made for something else is obeyed.
    """

    none: float = 0.25
    palette: float = 0.25
    hints: float = 0.25
    both: float = 0.25
    recolored: float = 0.15
    shifted: float = 0.4
    strokes: float = 0.3
    most_hints: int = 100
    ordered: bool = False
    borrowed: float = 0.0


PAPER_MIX = InputMix(
    none=0.0, palette=0.05, hints=0.05, both=0.9, recolored=0.0, shifted=0.0, strokes=0.0, most_hints=50
)


@dataclass(frozen=True)
class Sample:
    """One picture with simulated guidance, all in Lab units.

    Attributes
    ----------
    lightness : (H, W) float32
    ab : (2, H, W) float32
        The answer.
    hint_ab, hint_mask : (2, H, W), (H, W) float32
        Zero where nothing is painted.
    palette_ab, palette_mask : (K, 2), (K,) float32
        Zero in empty slots.
    source : (2, h, w) float32, optional
        The picture that the palette was taken from, where that is another one.
    """

    lightness: FloatArray
    ab: FloatArray
    hint_ab: FloatArray
    hint_mask: FloatArray
    palette_ab: FloatArray
    palette_mask: FloatArray
    source: FloatArray | None = None


def simulate(
    lab: FloatArray,
    mix: InputMix,
    rng: np.random.Generator,
    *,
    slots: int = SLOTS,
    lender: FloatArray | None = None,
) -> Sample:
    """Draw what an artist might have given for this picture.

    Parameters
    ----------
    lab : (H, W, 3) float32
        The coloured picture.
    slots : int
        Most colours of a palette.
    lender : (h, w, 3) float32, optional
        Another coloured picture, for `mix.borrowed`.
    """
    combination = rng.choice(4, p=(mix.none, mix.palette, mix.hints, mix.both))
    with_palette, with_hints = combination in (1, 3), combination in (2, 3)
    ab = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
    source = None  # of the palette, where that is not the picture itself
    if with_palette and lender is not None and rng.random() < mix.borrowed:
        source = np.ascontiguousarray(lender[..., 1:].transpose(2, 0, 1))
        ab = match_colors(ab, source)
    elif with_palette and rng.random() < mix.shifted:
        ab = turn_colors(ab, rng)
    hints = HintPainter(ab.shape[1:])
    if with_hints:
        ab = paint_hints(lab, ab, mix, hints, rng)
    palette = np.zeros((0, 2), np.float32)
    if with_palette:
        palette = extract_palette(ab if source is None else source, int(rng.integers(3, slots + 1)), rng)
    if not mix.ordered:
        # A palette is a set: its order must not matter to the network.
        palette = rng.permutation(palette)
    palette_ab, palette_mask = pad_palette(palette, slots)
    return Sample(lab[..., 0], ab, hints.ab, hints.mask, palette_ab, palette_mask, source)


class HintPainter:
    """A hint layer that is painted mark by mark; a later mark covers an earlier one."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.ab: FloatArray = np.zeros((2, *shape), np.float32)
        self.mask: FloatArray = np.zeros(shape, np.float32)

    def patch(self, truth: FloatArray, y: int, x: int, side: int) -> None:
        """A square mark with its corner at (y, x), cut at the border, in the mean colour of what it covers."""
        window = np.s_[y : y + side, x : x + side]
        self.ab[(slice(None), *window)] = truth[(slice(None), *window)].mean(axis=(1, 2))[:, None, None]
        self.mask[window] = 1.0

    def stroke(self, truth: FloatArray, points: NDArray[np.int32], thickness: int) -> None:
        """A stroke along (n, 2) points (x, y), in the mean colour of what it covers."""
        covered = np.zeros(self.mask.shape, np.uint8)
        cv2.polylines(covered, [points.reshape(-1, 1, 2)], False, 1, thickness)
        inside = covered > 0
        self.ab[:, inside] = truth[:, inside].mean(axis=1)[:, None]
        self.mask[inside] = 1.0


def paint_hints(
    lab: FloatArray, ab: FloatArray, mix: InputMix, hints: HintPainter, rng: np.random.Generator
) -> FloatArray:
    """Paint marks, and return the answer, which differs from `ab` where a region was recoloured."""
    region = find_region(lab, rng) if rng.random() < mix.recolored else None
    if region is not None:
        ab = recolor_region(ab, region, rng)
    if rng.random() < mix.strokes:
        for _ in range(rng.integers(1, 9)):
            hints.stroke(ab, random_walk(ab, rng), int(rng.integers(1, 5)))
    else:
        paint_patches(hints, ab, draw_count(mix.most_hints, rng), rng)
    if region is not None:
        ys, xs = np.nonzero(region)
        pick = rng.integers(len(ys))
        hints.patch(ab, int(ys[pick]), int(xs[pick]), int(rng.integers(1, 4)))
    return ab


def draw_count(most: int, rng: np.random.Generator) -> int:
    """Number of patches: half geometric with mean 8 (Zhang et al. 2017), half uniform in 1 to `most`."""
    if rng.random() < 0.5:
        return int(min(rng.geometric(0.125), most))
    return int(rng.integers(1, most + 1))


def paint_patches(hints: HintPainter, ab: FloatArray, count: int, rng: np.random.Generator) -> None:
    """Square marks at uniform places, side 1 to 9 px; up to 4 px where there are many."""
    height, width = hints.mask.shape
    largest = 9 if count <= 12 else 4
    for _ in range(count):
        hints.patch(ab, int(rng.integers(height)), int(rng.integers(width)), int(rng.integers(1, largest + 1)))


def random_walk(
    ab: FloatArray, rng: np.random.Generator, *, most: int = 14, tolerance: float = 12.0
) -> NDArray[np.int32]:
    """A bent stroke from a random place that ends where the colour changes; (n, 2) int32 of (x, y), n >= 2."""
    _, height, width = ab.shape
    y, x = rng.uniform(0, height - 1), rng.uniform(0, width - 1)
    start = ab[:, int(y), int(x)]
    # The first point stands twice, as a line of one point is not drawn.
    direction, points = rng.uniform(0.0, 2.0 * np.pi), [(int(x), int(y))] * 2
    for turn in rng.normal(0.0, 0.4, int(rng.integers(1, most))):
        direction += turn
        x, y = x + 3.0 * np.cos(direction), y + 3.0 * np.sin(direction)
        outside = not (0 <= x < width and 0 <= y < height)
        if outside or np.abs(ab[:, int(y), int(x)] - start).max() > tolerance:
            break
        points.append((int(x), int(y)))
    return np.array(points, np.int32)


def find_region(lab: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_] | None:
    """A connected region of like colour around a random place, or None where it is a speck or nearly everything."""
    smooth = cv2.GaussianBlur(lab_to_bytes(lab), (0, 0), 1.5)
    height, width = lab.shape[:2]
    filled = np.zeros((height + 2, width + 2), np.uint8)
    seed = (int(rng.integers(width)), int(rng.integers(height)))
    tolerance = float(rng.uniform(3.0, 8.0))
    cv2.floodFill(
        smooth,
        filled,
        seed,
        0,
        (2 * tolerance, tolerance, tolerance),
        (2 * tolerance, tolerance, tolerance),
        4 | cv2.FLOODFILL_MASK_ONLY,
    )
    region = cv2.morphologyEx(filled[1:-1, 1:-1], cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    return region if 0.01 < region.mean() < 0.6 else None


def recolor_region(ab: FloatArray, region: NDArray[np.bool_], rng: np.random.Generator) -> FloatArray:
    """Move the mean colour of a region to a random one, its own variation kept; (2, H, W)."""
    angle, chroma = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(10.0, 60.0)
    wanted = chroma * np.array((np.cos(angle), np.sin(angle)), np.float32)
    move = wanted - ab[:, region].mean(axis=1)
    weight = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 0.7)
    return np.asarray(np.clip(ab + weight * move[:, None, None], -100.0, 100.0), np.float32)


def turn_colors(ab: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Turn all hues by one angle, scale the chroma, move the white a little; (2, H, W)."""
    angle, gain = rng.uniform(-np.pi, np.pi), rng.uniform(0.6, 1.6)
    turn = gain * np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    turned = np.einsum("ij,jhw->ihw", turn, ab) + rng.normal(0.0, 6.0, (2, 1, 1))
    return np.asarray(np.clip(turned, -100.0, 100.0), np.float32)


def extract_palette(ab: FloatArray, colors: int, rng: np.random.Generator) -> FloatArray:
    """The picture's main colours by k-means in ab, the most frequent first; (K, 2) float32.

    The paper says k-means of "the most frequently appearing colors"; its public code clusters RGB. ab is what
    the network gets, so ab is clustered.
    """
    pixels = ab.reshape(2, -1).T
    picked = np.ascontiguousarray(pixels[rng.integers(len(pixels), size=512)])
    cv2.setRNGSeed(int(rng.integers(2**31)))
    unused = np.zeros((0, 1), np.int32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, labels, centers = cv2.kmeans(picked, colors, unused, criteria, 1, cv2.KMEANS_PP_CENTERS)
    counts = np.bincount(np.asarray(labels).ravel(), minlength=colors)
    return np.asarray(centers, np.float32)[np.argsort(-counts, kind="stable")]


def pad_palette(palette: FloatArray, slots: int = SLOTS) -> tuple[FloatArray, FloatArray]:
    """(K, 2) to (slots, 2) and its mask (slots,)."""
    padded, mask = np.zeros((slots, 2), np.float32), np.zeros(slots, np.float32)
    padded[: len(palette)], mask[: len(palette)] = palette, 1.0
    return padded, mask
