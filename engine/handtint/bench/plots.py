"""Plots of a summary as PNG, and sheets of pictures next to their answers, which are for local eyes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handtint.bench.metrics import ByteArray, FloatArray, to_rgb
from handtint.bench.pictures import BenchPicture
from handtint.bench.quality import Score
from handtint.bench.summary import Summary
from handtint.color.hints import Hints

_DPI = 120
_CELL = 192


def plot_psnr(summary: Summary, path: Path) -> None:
    """PSNR over hints, one line per method; the axis is log2(1 + hints)."""
    _plot_curves(summary, "psnr", "PSNR (dB)", path)


def plot_bleeding(summary: Summary, path: Path) -> None:
    """Retention of color edges over hints: 1 = kept, 0 = washed out."""
    _plot_curves(summary, "retention", "retention of color edges", path)


def _plot_curves(summary: Summary, metric: str, label: str, path: Path) -> None:
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.add_subplot()
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


def plot_latency(rows: Sequence[tuple[str, float, float]], path: Path) -> None:
    """Bars of the median with the 95th percentile as a line on top: label, p50, p95 in seconds."""
    figure = Figure(figsize=(7.0, 0.6 + 0.32 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    place = np.arange(len(rows))
    middle, high = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    axes.barh(place, 1e3 * middle, xerr=[0 * middle, 1e3 * (high - middle)], capsize=3, label="median, to p95")
    axes.set_yticks(place, [row[0] for row in rows], fontsize="small")
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds")
    _finish(figure, axes, path, "from asking to the answer")
