"""Simulated corrections of label maps: a region gets another class and, in the answer, that class's usual colours.

Everything here is numpy in Lab units and draws its randomness from a generator that comes in; knows nothing of
networks or files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.train.data import ByteArray, FloatArray, bytes_to_lab
from handtint.train.labels import IGNORE

BANDS = 8
"""Bands of lightness that a class's colours are kept for: a dark leaf is not a pale one darkened."""
_TRUSTED = 300.0
"""Pixels that the mean of a whole class counts for in one band, and that of all classes in one class."""
_MOST_VIVID = 1.5


@dataclass(frozen=True)
class EditMix:
    """How the maps of training samples are changed; shares of 1.

    Attributes
    ----------
    hidden : float
        Samples whose map is taken away.
    edited : float
        Of the others: one region gets another class and that class's usual colours, so that corrections are obeyed,
        and obeyed there alone. Without this the gray texture, which true maps never contradict, has the last word.
    least, most : float
        Share of the picture that such a region has.
    kept : float
        How much of its own variation of colour an edited region keeps.
    coarse : float
        Samples whose map is drawn roughly: its borders are off by some pixels, as those of quick strokes and of
        predicted maps are.
    """

    hidden: float = 0.15
    edited: float = 0.5
    least: float = 0.01
    most: float = 0.6
    kept: float = 0.3
    coarse: float = 0.25


@dataclass(frozen=True)
class ClassColors:
    """The usual ab of each class at each lightness, (C, BANDS, 2) float32."""

    table: FloatArray

    def at(self, label: int, lightness: FloatArray) -> FloatArray:
        """(2, n) ab of a class at (n,) lightness 0-100, between the bands linear."""
        centers = (np.arange(BANDS) + 0.5) * (100.0 / BANDS)
        return np.stack([np.interp(lightness, centers, self.table[label, :, axis]) for axis in (0, 1)]).astype(
            np.float32
        )


def learn_class_colors(samples: Iterable[tuple[ByteArray, ByteArray]], classes: int) -> ClassColors:
    """The usual colours of the classes.

    Means, made up to 1.5 times as strong where the members of a class differ in hue: the mean of red and blue cars
    is gray, and a car is not. A class without pixels has the mean of all.

    Parameters
    ----------
    samples : iterable of (n, 3) uint8 and (n,) uint8
        Packed Lab and classes of pixels.
    classes : int
        Numbers that a map can hold.
    """
    sums = np.zeros((classes, BANDS, 4))
    for pixels, labels in samples:
        lab = bytes_to_lab(pixels)
        cells = labels.astype(np.int64) * BANDS + np.minimum(lab[:, 0] * (BANDS / 100.0), BANDS - 1).astype(np.int64)
        values = np.stack((np.ones(len(lab)), lab[:, 1], lab[:, 2], np.hypot(lab[:, 1], lab[:, 2])))
        for axis, value in enumerate(values):
            sums[..., axis] += np.bincount(cells, value, minlength=classes * BANDS).reshape(classes, BANDS)
    sums[IGNORE] = 0.0
    everything = _mean(sums.sum(axis=(0, 1)), np.zeros(3))
    each = _mean(sums.sum(axis=1), everything)
    means = _mean(sums, each[:, None])
    strength = np.linalg.norm(means[..., :2], axis=2)
    vivid = np.clip(means[..., 2] / np.maximum(strength, 1e-3), 1.0, _MOST_VIVID)
    return ClassColors((means[..., :2] * vivid[..., None]).astype(np.float32))


def _mean(sums: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 4) count and sums to (..., 3) means, where few drawn towards a prior of that shape."""
    return np.asarray((sums[..., 1:] + _TRUSTED * prior) / (sums[..., :1] + _TRUSTED))


def change_map(
    lab: FloatArray, labels: ByteArray, mix: EditMix, colors: ClassColors, rng: np.random.Generator
) -> tuple[FloatArray, ByteArray]:
    """A map as an artist might have it, and the colours that it asks for.

    Parameters
    ----------
    lab : (H, W, 3) float32
    labels : (H, W) uint8

    Returns
    -------
    ab : (2, H, W) float32
    labels : (H, W) uint8
    """
    ab = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
    if rng.random() < mix.hidden:
        return ab, np.full_like(labels, IGNORE)
    region = find_region(labels, mix, rng) if rng.random() < mix.edited else None
    if region is not None:
        old = int(labels[region][0])
        new = int(rng.choice([label for label in range(1, len(colors.table)) if label != old]))
        labels = np.where(region, np.uint8(new), labels)
        ab = recolor(lab[..., 0], ab, region, new, mix.kept, colors)
    return ab, coarsen(labels, rng) if rng.random() < mix.coarse else labels


def find_region(labels: ByteArray, mix: EditMix, rng: np.random.Generator) -> NDArray[np.bool_] | None:
    """All pixels of one class or, as often, one connected piece of it; None where none has the wanted size."""
    shares = np.bincount(labels.ravel(), minlength=IGNORE + 2) / labels.size
    shares[IGNORE] = 0.0
    fitting = np.flatnonzero((shares >= mix.least) & (shares <= mix.most))
    if not len(fitting):
        return None
    region: NDArray[np.bool_] = labels == rng.choice(fitting)
    if rng.random() < 0.5:
        return region
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8))
    large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= mix.least * labels.size)
    large = large[large > 0]
    return np.asarray(pieces == rng.choice(large)) if len(large) else region


def recolor(
    lightness: FloatArray, ab: FloatArray, region: NDArray[np.bool_], label: int, kept: float, colors: ClassColors
) -> FloatArray:
    """Give a region a class's usual colours; (2, H, W)."""
    wanted = ab.copy()
    own = ab[:, region]
    wanted[:, region] = colors.at(label, lightness[region]) + kept * (own - own.mean(axis=1, keepdims=True))
    weight = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 0.7)
    return np.asarray(ab + weight * (wanted - ab), np.float32)


def coarsen(labels: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Borders moved by some pixels, smoothly; (H, W) uint8."""
    height, width = labels.shape
    size = (max(2, width // 12), max(2, height // 12))
    moves = rng.uniform(-4.0, 4.0, (size[1], size[0], 2)).astype(np.float32)
    field = np.asarray(cv2.resize(moves, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(labels, columns + field[..., 0], rows + field[..., 1], cv2.INTER_NEAREST)
    return np.asarray(moved, np.uint8)
