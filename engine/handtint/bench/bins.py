"""What the parts around the network of `bins` are worth: upsampling, temperature, suggestions, uncertainty.

    python -m handtint.bench.bins --data DATA --limit 40

Prints tables for the model card. Automatic colours throughout: no hints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import click
import cv2
import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from handtint.bench.metrics import ColorEdges, FloatArray, delta_e_ab, psnr, to_rgb
from handtint.bench.pictures import BenchPicture, find_pictures, read_picture
from handtint.color.bins import TEMPERATURE, annealed_mean, undo_rebalancing
from handtint.color.colorfulness import colorfulness
from handtint.color.lab import normalize_lightness
from handtint.color.suggest import expected_error, suggest_colors
from handtint.color.upsample import KERNEL, Kernel, area_size, shrink_area, upsample
from handtint.colorizers.bins import JBU, NAME, SCALE, UNDONE, WORKING_SIDE
from handtint.colorizers.trained import load_net
from handtint.nets.bins import BinsNet

_PLACES = 12
"""Cells of each picture for which colours are suggested."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TEMPERATURES = (1.0, 0.77, 0.58, 0.29, 0.2, 0.1)
Up = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
"""(ab, small lightness, lightness) to ab at the size of the lightness."""


class Answer(NamedTuple):
    """What the network says of a picture.

    Attributes
    ----------
    picture : BenchPicture
    logits : Tensor, shape (1, 313, h, w)
    working : (4h, 4w) float32
        L* 0-100 that it saw.
    lightness : (h, w) float32
        Of the cells.
    rarity : Tensor, shape (313,)
        How much each bin counted in training.
    """

    picture: BenchPicture
    logits: Tensor
    working: FloatArray
    lightness: FloatArray
    rarity: Tensor

    def colors(self, temperature: float = TEMPERATURE, undone: float = UNDONE) -> FloatArray:
        """(2, h, w) ab of the cells; by default what the method takes."""
        logits = undo_rebalancing(self.logits, self.rarity, undone)
        return np.asarray(annealed_mean(logits, temperature)[0].numpy(), np.float32)

    def truth(self) -> FloatArray:
        """(2, h, w) ab of the cells: the picture's own."""
        return np.stack([shrink_area(plane, self.lightness.shape) for plane in self.picture.ab])

    def shares(self, undone: float) -> FloatArray:
        """(N, 313): how likely each bin is in each cell."""
        logits = undo_rebalancing(self.logits, self.rarity, undone)
        return np.asarray(torch.softmax(logits[0].flatten(1), dim=0).T.numpy(), np.float32)


def ask(net: BinsNet, picture: BenchPicture, side: int) -> Answer:
    """The network's answer at a working size whose sides are multiples of its stride."""
    size = area_size(picture.lightness.shape, side, net.stride)
    height, width = (max(net.stride, n // net.stride * net.stride) for n in size)
    working = shrink_area(picture.lightness, (height, width))
    gray = normalize_lightness(torch.from_numpy(working)[None, None])
    with torch.inference_mode():
        logits = net(gray).colors
    return Answer(picture, logits, working, shrink_area(working, (height // SCALE, width // SCALE)), net.rarity)


def ways(factor: float) -> Mapping[str, tuple[Kernel | None, int]]:
    """Kernels and numbers of back-projections; no kernel means bilinear.

    Parameters
    ----------
    factor : float
        Pixels of the picture per cell, along one side.
    """
    return {
        "bilinear": (None, 0),
        "JBU, sigma_s 3 px of the small picture": (JBU, 0),
        "the same, then 2 back-projections": (JBU, 2),
        "JBU, sigma_s 3 px of the large picture": (JBU._replace(space=JBU.space / factor, taps=4), 0),
        "JBU as everywhere here, without back-projection": (KERNEL, 0),
        "JBU as everywhere here, 2 back-projections": (KERNEL, 2),
    }


def enlarge(ab: FloatArray, answer: Answer, kernel: Kernel | None, back_projections: int) -> FloatArray:
    """Colours of the cells at the picture's size."""
    lightness = answer.picture.lightness
    if kernel is None:
        size = lightness.shape[::-1]
        return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in ab]).astype(np.float32)
    return upsample(ab, answer.lightness, lightness, kernel=kernel, back_projections=back_projections)


def as_shipped(ab: FloatArray, answer: Answer) -> FloatArray:
    """What the method does: the paper's kernel to the working size, from there as every method."""
    working = upsample(ab, answer.lightness, answer.working, kernel=JBU, back_projections=0)
    return upsample(working, answer.working, answer.picture.lightness)


def judge(picture: BenchPicture, edges: ColorEdges, ab: FloatArray) -> tuple[float, ...]:
    """PSNR in dB, colourfulness, Delta E00 next to the colour edges of the truth, and how much of them is kept."""
    rgb = to_rgb(picture.lightness, ab)
    bleeding = edges.bleeding(ab, delta_e_ab(picture.lightness, ab, picture.ab))
    return psnr(rgb, picture.rgb), colorfulness(rgb), bleeding.edge, bleeding.retention


def compare_ways(answers: list[Answer]) -> dict[str, FloatArray]:
    """For each way of enlarging: figures of the network's colours, then of the truth's own."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    for answer in answers:
        picture, edges = answer.picture, ColorEdges(answer.picture.ab)
        factor = float(np.sqrt(picture.lightness.size / answer.lightness.size))
        own, true = answer.colors(), answer.truth()
        enlarged = {name: [enlarge(ab, answer, *way) for ab in (own, true)] for name, way in ways(factor).items()}
        enlarged["as the method does"] = [as_shipped(ab, answer) for ab in (own, true)]
        for name, pair in enlarged.items():
            rows.setdefault(name, []).append(tuple(value for ab in pair for value in judge(picture, edges, ab)))
    return {name: np.nanmean(values, axis=0) for name, values in rows.items()}


def compare_shares(answers: list[Answer]) -> dict[str, FloatArray]:
    """For shares of the rebalancing that are undone, and temperatures: PSNR in dB, colourfulness, the truth's."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    for answer in answers:
        picture = answer.picture
        for undone, temperature in (*((share, TEMPERATURE) for share in SHARES), *((UNDONE, t) for t in TEMPERATURES)):
            rgb = to_rgb(picture.lightness, as_shipped(answer.colors(temperature, undone), answer))
            figures = psnr(rgb, picture.rgb), colorfulness(rgb), colorfulness(picture.rgb)
            rows.setdefault(f"{undone:g}, {temperature:g}", []).append(figures)
    return {name: np.mean(values, axis=0) for name, values in rows.items()}


def compare_suggestions(answers: list[Answer]) -> dict[str, FloatArray]:
    """How far the nearest of the first 1, 3 and 9 suggestions is from the truth, in ab units, at random cells.

    From the distribution as it was learned, and with the rebalancing undone; above them gray and the method's answer.
    """
    rng = np.random.default_rng(0)
    rows: dict[str, list[list[float]]] = {}
    for answer in answers:
        true, own = (ab.reshape(2, -1).T for ab in (answer.truth(), answer.colors()))
        kinds = {"suggestions as learned": answer.shares(0.0), "suggestions": answer.shares(1.0)}
        for place in rng.integers(0, len(true), _PLACES):
            rows.setdefault("gray", []).append([float(np.linalg.norm(true[place]))] * 3)
            rows.setdefault("the method's own answer", []).append([float(np.linalg.norm(own[place] - true[place]))] * 3)
            for name, shares in kinds.items():
                found = suggest_colors(shares[place], float(answer.lightness.flat[place]), 9).ab
                off = np.linalg.norm(found - true[place], axis=1)
                rows.setdefault(name, []).append([float(off[:count].min()) for count in (1, 3, 9)])
    return {name: np.mean(values, axis=0) for name, values in rows.items()}


def compare_uncertainties(answers: list[Answer]) -> dict[str, FloatArray]:
    """Rank correlation between how unsure a cell is and how wrong it is: mean over pictures, and over all cells."""
    found: dict[str, list[tuple[FloatArray, FloatArray]]] = {}
    for answer in answers:
        own = answer.colors().reshape(2, -1).T
        wrong = np.linalg.norm(own - answer.truth().reshape(2, -1).T, axis=1)
        for name, undone in (("as learned", 0.0), ("rebalancing undone", 1.0)):
            shares = answer.shares(undone)
            entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1)
            expected = expected_error(shares, own, answer.lightness.reshape(-1))
            for measure, unsure in (("entropy", entropy), ("expected error", expected)):
                found.setdefault(f"{measure}, {name}", []).append((unsure, wrong))
    rows = {}
    for name, pairs in found.items():
        each = [agreement(unsure, wrong) for unsure, wrong in pairs]
        over_all = agreement(np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs]))
        rows[name] = np.array([np.nanmean(each), over_all], np.float32)
    return rows


def agreement(unsure: FloatArray, wrong: FloatArray) -> float:
    """Spearman's rank correlation."""
    return float(spearmanr(unsure, wrong).statistic)


def table(title: str, columns: tuple[str, ...], rows: Mapping[str, FloatArray]) -> str:
    """Markdown."""
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join(
        lines + [f"| {name} | " + " | ".join(f"{v:.2f}" for v in row) + " |" for name, row in rows.items()]
    )


@click.command()
@click.option("--data", required=True, help="Data folder with manifest.csv, or any folder of pictures.")
@click.option("--limit", type=int, default=40, show_default=True, help="How many pictures.")
@click.option("--side", type=int, default=384, show_default=True, help="Longest side of the pictures, px.")
@click.option("--working", type=int, default=WORKING_SIDE, show_default=True, help="Longest side that is seen, px.")
def main(data: str, limit: int, side: int, working: int) -> None:
    """Compare what is around the network on validation pictures."""
    net = load_net(NAME, BinsNet)
    pictures = [read_picture(data, name, side=side, square=False) for name in find_pictures(data, limit)]
    answers = [ask(net, picture, working) for picture in pictures]
    four = ("PSNR", "colorfulness", "edge Delta E00", "retention")
    columns = (*four, *(f"{name}, true colours" for name in four))
    click.echo(table("way", columns, compare_ways(answers)))
    click.echo()
    click.echo(table("undone, temperature", ("PSNR", "colorfulness", "of the truth"), compare_shares(answers)))
    click.echo()
    click.echo(table("ab units off", ("the first", "of 3", "of 9"), compare_suggestions(answers)))
    click.echo()
    click.echo(table("unsure by", ("in a picture", "over all"), compare_uncertainties(answers)))


if __name__ == "__main__":
    main()
