"""Figures of the global and local network on validation pictures, for its model card.

    python -m handtint.train.measure DATA --packed FOLDER

The network alone is measured: no exact correction, no upsampling.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from handtint.colorizers.global_local import load_net
from handtint.train.data import FloatArray, pack
from handtint.train.global_local import GlobalLocalTask, predict
from handtint.train.inputs import Sample, extract_palette, pad_palette
from handtint.train.run import build_task, read_recipe

HINT_COUNTS = (0, 1, 10, 50, 100)
CHOICES = 4
"""Palettes to choose from in the swap test, as in the paper's study with people."""


def measure(task: GlobalLocalTask, net: Callable[..., Tensor], *, progress: bool = True) -> dict[str, float]:
    """PSNR in dB at several numbers of hints without and with a palette of 4, and the swap test's share of 1."""
    figures = {"psnr gray": task.mean_psnr(lambda lightness, *_: lightness.repeat(1, 2, 1, 1) * 0.0, 0, False)}
    for palette in (False, True):
        for hints in tqdm(HINT_COUNTS, disable=not progress):
            name = f"psnr {hints} hints" + (" + palette" if palette else "")
            figures[name] = task.mean_psnr(net, hints, palette)
    figures["palette swap test"] = swap_test(task, net)
    return {name: round(value, 3) for name, value in figures.items()}


def swap_test(task: GlobalLocalTask, net: Callable[..., Tensor]) -> float:
    """Share of pictures whose palette is recognised among four from the colours of the answer.

    Each picture is coloured with one of four palettes, its own and those of three other pictures, in turn; the
    palette nearest to the answer (`palette_distance`) is the machine's guess. A network that ignores palettes
    scores 0.25.
    """
    pictures = min(task.validation_pictures, len(task.val))
    rng = np.random.default_rng((task.seed, 3))
    right = 0
    for index in range(pictures):
        others = rng.choice([i for i in range(pictures) if i != index], CHOICES - 1, replace=False)
        samples = [task.validation_sample(int(i), 0, True) for i in (index, *others)]
        palettes = [sample.palette_ab[sample.palette_mask > 0] for sample in samples]
        wanted = index % CHOICES
        answer = predict(net, with_palette(samples[0], palettes[wanted]))
        right += int(np.argmin([palette_distance(answer, palette) for palette in palettes])) == wanted
    return right / pictures


def with_palette(sample: Sample, palette: FloatArray) -> Sample:
    """The same picture and hints with another palette, (K, 2)."""
    return Sample(sample.lightness, sample.ab, sample.hint_ab, sample.hint_mask, *pad_palette(palette))


def palette_distance(ab: FloatArray, palette: FloatArray) -> float:
    """How far a picture is from a palette, in ab units.

    The mean distance of the pixels to their nearest palette colour, plus the mean distance of the palette's
    colours to the nearest of the picture's own main colours; so neither a gray picture nor one with a single
    colour of the palette is near.

    Parameters
    ----------
    ab : (2, H, W) float32
    palette : (K, 2) float32
    """
    pixels = ab.reshape(2, -1).T[::7]
    own = extract_palette(ab, len(palette), np.random.default_rng(0))

    def nearest(points: FloatArray, centers: FloatArray) -> float:
        return float(np.linalg.norm(points[:, None] - centers[None], axis=2).min(axis=1).mean())

    return nearest(pixels, palette) + nearest(palette, own)


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--packed", type=click.Path(path_type=Path), required=True, help="Folder of the decoded pictures.")
@click.option("--pictures", type=int, default=200, show_default=True)
def main(data: Path, packed: Path, pictures: int) -> None:
    """Measure the shipped weights on the validation pictures of a data folder."""
    recipe = read_recipe("global_local")
    task = build_task(recipe, pack(data, packed, short_side=recipe["short_side"]), validation_pictures=pictures)
    with torch.inference_mode():
        for name, value in measure(task, load_net()).items():
            click.echo(f"{name}: {value}")


if __name__ == "__main__":
    main()
