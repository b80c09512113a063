"""Plots of a summary as PNG, and sheets of pictures next to their answers, which are for local eyes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handtint.bench.metrics import ByteArray, FloatArray, to_rgb
from handtint.bench.pictures import BenchPicture
from handtint.bench.quality import Score
from handtint.bench.summary import Summary
from handtint.color.hints import Hints

_DPI = 120
_CELL = 192
_COLORS = 10
"""Of the usual palette, before they come again."""


def plot_psnr(summary: Summary, path: Path) -> None:
    """PSNR over hints, one line per method; the axis is log2(1 + hints)."""
    _plot_curves(summary, "psnr", "PSNR (dB)", path)


def plot_bleeding(summary: Summary, path: Path) -> None:
    """Retention of color edges over hints: 1 = kept, 0 = washed out."""
    _plot_curves(summary, "retention", "retention of color edges", path)


def _plot_curves(summary: Summary, metric: str, label: str, path: Path) -> None:
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.add_subplot()
    if len(summary.cells) > _COLORS:
        axes.set_prop_cycle(color=colormaps["tab20"].colors)  # type: ignore[attr-defined]
    counts = sorted({count for cells in summary.cells.values() for count in cells})
    for index, (method, cells) in enumerate(summary.cells.items()):
        # The intervals of all methods would lie on top of each other: the same pictures are hard for all of them.
        _curve(axes, method, {count: cell.figures[metric] for count, cell in cells.items()}, counts, band=index == 0)
    axes.set_xticks(np.log2(1.0 + np.array(counts)), [str(count) for count in counts])
    axes.set_xlabel("hints")
    axes.set_ylabel(label)
    _finish(figure, axes, path, f"{summary.pictures} pictures; 95 % bootstrap interval of the first method")


def _curve(
    axes: Axes, method: str, figures: Mapping[int, Sequence[float]], counts: Sequence[int], *, band: bool
) -> None:
    if len(figures) == 1:  # takes no hints: the same at every number
        mean = next(iter(figures.values()))[0]
        axes.plot(np.log2(1.0 + np.array([counts[0], counts[-1]])), [mean, mean], "--", label=method)
        return
    place = np.log2(1.0 + np.array(list(figures)))
    mean, low, high = np.array(list(figures.values())).T
    (line,) = axes.plot(place, mean, marker="o", markersize=3.5, label=method)
    if band:
        axes.fill_between(place, low, high, alpha=0.12, color=line.get_color())


def _finish(figure: Figure, axes: Axes, path: Path, title: str) -> None:
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=_DPI)


def worst_pictures(scores: Sequence[Score], method: str, count: int, number: int) -> list[str]:
    """Names of the pictures with the largest mean Delta E00, worst first; the first draw of hints decides."""
    found = [score for score in scores if (score.method, score.hints, score.seed) == (method, count, 0)]
    return [score.picture for score in sorted(found, key=lambda score: -score.delta_e)[:number]]


def gallery(
    pictures: Sequence[BenchPicture], hints: Sequence[Hints], colored: Sequence[Mapping[str, FloatArray]]
) -> ByteArray:
    """Rows of pictures: truth, gray with its hints, then each method's answer; (H, W, 3) sRGB."""
    rows = []
    for picture, marks, answers in zip(pictures, hints, colored, strict=True):
        lightness = picture.lightness
        shown = (picture.ab, marks.ab, *answers.values())
        rows.append(np.concatenate([_cell(to_rgb(lightness, ab)) for ab in shown], axis=1))
    names = ("truth", "hints", *colored[0])
    return np.concatenate([_captions(names), *rows])


def _cell(rgb: ByteArray) -> ByteArray:
    """A picture in a white square."""
    scale = _CELL / max(rgb.shape[:2])
    size = [max(1, round(scale * side)) for side in rgb.shape[1::-1]]
    cell = np.full((_CELL + 4, _CELL + 4, 3), 255, np.uint8)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    top, left = (_CELL + 4 - small.shape[0]) // 2, (_CELL + 4 - small.shape[1]) // 2
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cell


def _captions(names: Sequence[str]) -> ByteArray:
    line = np.full((24, len(names) * (_CELL + 4), 3), 255, np.uint8)
    for index, name in enumerate(names):
        place = (index * (_CELL + 4) + 6, 16)
        cv2.putText(line, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return line


class Bar(NamedTuple):
    """One thing that was timed on one engine: `series` names the engine, times in seconds."""

    action: str
    series: str
    megapixels: float
    middle: float
    high: float


def plot_latency(bars: Sequence[Bar], path: Path) -> None:
    """A panel for each action, over the size of the picture: bars of the median, a line up to the 95th percentile."""
    actions = list(dict.fromkeys(bar.action for bar in bars))
    figure = Figure(figsize=(9.0, 3.4 * ((len(actions) + 1) // 2)), layout="constrained")
    panels = figure.subplots((len(actions) + 1) // 2, 2, squeeze=False).reshape(-1)
    for axes, action in zip(panels, actions, strict=False):
        _latency_panel(axes, [bar for bar in bars if bar.action == action])
        axes.set_title(action, fontsize="medium")
    for axes in panels[len(actions) :]:
        axes.set_axis_off()
    panels[0].legend(fontsize="small")
    figure.savefig(path, dpi=_DPI)


def _latency_panel(axes: Axes, bars: Sequence[Bar]) -> None:
    sizes = sorted({bar.megapixels for bar in bars})
    series = list(dict.fromkeys(bar.series for bar in bars))
    width = 0.8 / len(series)
    for index, name in enumerate(series):
        own = [bar for bar in bars if bar.series == name]
        place = [sizes.index(bar.megapixels) - 0.4 + (index + 0.5) * width for bar in own]
        middle = 1e3 * np.array([bar.middle for bar in own])
        above = 1e3 * np.array([bar.high for bar in own]) - middle
        axes.bar(place, middle, width, yerr=[np.zeros_like(above), above], capsize=2, label=name)
    axes.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
    axes.set_xlabel("megapixels")
    axes.set_ylabel("ms, median to p95")
    axes.grid(axis="y", alpha=0.3)


def plot_reach(curves: Mapping[str, Sequence[tuple[float, float, float]]], path: Path) -> None:
    """How far a surprising hint colours its own segment, and how much of the rest: (reach, inside, leaked), shares."""
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for method, points in curves.items():
        reach, inside, leaked = np.array(sorted(points)).T
        (line,) = axes.plot(reach, inside, marker="o", markersize=3.5, label=f"{method}: own segment")
        axes.plot(reach, leaked, "--", marker="x", markersize=4, color=line.get_color(), label=f"{method}: elsewhere")
    axes.set_xlabel("reach")
    axes.set_ylabel("share within Delta E00 < 10 of the hint")
    _finish(figure, axes, path, "one surprising stroke")


def plot_cards(curves: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """Share of a colour step that is kept, over the contrast of the edge that carries it, in L* units."""
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, points in curves.items():
        contrast, kept = np.array(sorted(points)).T
        axes.plot(contrast, kept, marker="o", markersize=3.5, label=name)
    axes.set_xlabel("contrast of the edge (L*)")
    axes.set_ylabel("share of the color step that is kept")
    _finish(figure, axes, path, "synthetic edge cards")
