"""Figures of networks that take hints and palettes, on validation pictures, for their model cards.

The network alone is measured: no exact correction, no upsampling.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from handtint.bench.controls import Weighted, swap_choice
from handtint.train.data import FloatArray
from handtint.train.global_local import CHOICES, GlobalLocalTask, predict
from handtint.train.inputs import Sample, pad_palette

HINT_COUNTS = (0, 1, 10, 50, 100)


def measure_guided(task: GlobalLocalTask, net: Callable[..., Tensor]) -> dict[str, float]:
    """PSNR in dB at several numbers of hints without and with a palette of 4, and the swap test's share of 1."""
    figures = measure_hints(task, net)
    for hints in HINT_COUNTS:
        figures[f"psnr {hints} hints + palette"] = round(task.mean_psnr(net, hints, True), 3)
    return figures | {"palette swap test": round(swap_test(task, net), 3)}


def measure_hints(task: GlobalLocalTask, net: Callable[..., Tensor]) -> dict[str, float]:
    """PSNR in dB of gray, and at several numbers of hints."""
    figures = {"psnr gray": task.mean_psnr(lambda lightness, *_: lightness.repeat(1, 2, 1, 1) * 0.0, 0, False)}
    for hints in HINT_COUNTS:
        figures[f"psnr {hints} hints"] = task.mean_psnr(net, hints, False)
    return {name: round(value, 3) for name, value in figures.items()}


def swap_test(task: GlobalLocalTask, net: Callable[..., Tensor]) -> float:
    """Share of pictures whose palette is recognised among four from the colours of the answer.

    Each picture is coloured with one of four palettes, its own and those of three other pictures, in turn; the
    palette nearest to the answer by `swap_choice` is the machine's guess. A network that ignores palettes scores
    0.25. Each colour counts as much as there is of it in the palette's own picture, which the network is not told:
    with all alike, half of the photographs themselves would not be recognised by their own palettes.
    """
    pictures = min(task.validation_pictures, len(task.val))
    rng = np.random.default_rng((task.seed, 3))
    right = 0
    for index in range(pictures):
        others = rng.choice([i for i in range(pictures) if i != index], CHOICES - 1, replace=False)
        samples = [task.validation_sample(int(i), 0, True) for i in (index, *others)]
        palettes = [palette_with_shares(sample) for sample in samples]
        wanted = index % CHOICES
        answer = predict(net, with_palette(samples[0], palettes[wanted].ab.astype(np.float32)))
        right += swap_choice(answer, palettes) == wanted
    return right / pictures


def palette_with_shares(sample: Sample) -> Weighted:
    """A sample's palette with the shares of its picture's pixels that are nearest to each colour."""
    colors = sample.palette_ab[sample.palette_mask > 0].astype(np.float64)
    pixels = sample.ab.reshape(2, -1).T
    nearest = np.linalg.norm(pixels[:, None] - colors[None], axis=2).argmin(axis=1)
    return Weighted(colors, np.bincount(nearest, minlength=len(colors)) / len(pixels))


def with_palette(sample: Sample, palette: FloatArray) -> Sample:
    """The same picture and hints with another palette, (K, 2)."""
    slots = pad_palette(palette, len(sample.palette_mask))
    return Sample(sample.lightness, sample.ab, sample.hint_ab, sample.hint_mask, *slots)
