"""From the scores of single pictures to means with intervals, and those as JSON and as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from handtint.bench.metrics import area_under_curve
from handtint.bench.provenance import Origin, shortened
from handtint.bench.quality import Plan, Score
from handtint.bench.statistics import Interval, bootstrap, paired_bootstrap

METRICS = (
    "psnr", "ssim", "delta_e", "colorfulness", "retention", "edge_delta_e", "off_edge_delta_e",
    "hint_mean", "hint_p95", "hint_max", "seconds",
)  # fmt: skip


class Cell(NamedTuple):
    """Means of one method at one number of hints.

    Attributes
    ----------
    figures : mapping of metric to Interval
    gain : Interval
        PSNR above the first method's, paired by picture.
    colorfulness_off : Interval
        Mean distance of the colorfulness from the truth's; the distance of the means is in the table.
    """

    figures: dict[str, Interval]
    gain: Interval
    colorfulness_off: Interval


@dataclass(frozen=True)
class Summary:
    """All means.

    Attributes
    ----------
    pictures : int
    true_colorfulness : float
    cells : mapping of method to number of hints to Cell
    area : mapping of method to Interval
        Mean height of PSNR over log2(1 + hints), dB; for methods that were measured at all counts.
    """

    pictures: int
    true_colorfulness: float
    cells: dict[str, dict[int, Cell]]
    area: dict[str, Interval]


def summarize(scores: Iterable[Score], plan: Plan) -> Summary:
    """Means over the pictures; draws of the same picture are averaged first, as they are not independent."""
    table = list(scores)
    by_cell: dict[tuple[str, int], list[Score]] = {}
    for score in table:
        by_cell.setdefault((score.method, score.hints), []).append(score)
    names = sorted({score.picture for score in table})
    curves = {key: _per_picture(found, "psnr", names) for key, found in by_cell.items()}
    cells: dict[str, dict[int, Cell]] = {method: {} for method in plan.methods}
    for (method, count), found in sorted(by_cell.items(), key=lambda item: item[0][1]):
        figures = {metric: bootstrap(_per_picture(found, metric, names)) for metric in METRICS}
        reference = curves.get((plan.methods[0], count))
        gain = paired_bootstrap(curves[method, count], reference) if reference else bootstrap([])
        off = bootstrap([abs(score.colorfulness - score.true_colorfulness) for score in found])
        cells[method][count] = Cell(figures, gain, off)
    area = {method: bootstrap(_areas(method, plan.counts, curves)) for method in plan.methods}
    truth = float(np.mean([score.true_colorfulness for score in table]))
    return Summary(len(names), truth, cells, area)


def _per_picture(scores: Sequence[Score], metric: str, names: Sequence[str]) -> list[float]:
    """One value per picture, in the order of `names`: the mean over its draws; NaN where there is none."""
    values: dict[str, list[float]] = {name: [] for name in names}
    for score in scores:
        values[score.picture].append(getattr(score, metric))
    return [float(np.mean(found)) if found else float("nan") for found in values.values()]


def _areas(method: str, counts: Sequence[int], curves: dict[tuple[str, int], list[float]]) -> list[float]:
    if len(counts) < 2 or any((method, count) not in curves for count in counts):
        return []
    columns = np.array([curves[method, count] for count in counts])  # (counts, pictures)
    return [area_under_curve(counts, column.tolist()) for column in columns.T]


def to_json(summary: Summary, plan: Plan, origin: Origin) -> dict[str, Any]:
    """Everything as plain values; an interval is [mean, low, high]."""
    return {
        **asdict(origin),
        "plan": {**asdict(plan), "data": shortened(plan.data), "sampler": plan.sampler.value},
        "pictures": summary.pictures,
        "true_colorfulness": round(summary.true_colorfulness, 3),
        "area": {method: _values(interval) for method, interval in summary.area.items()},
        "methods": {
            method: {
                str(count): {
                    **{metric: _values(interval) for metric, interval in cell.figures.items()},
                    "gain": _values(cell.gain),
                    "colorfulness_off": _values(cell.colorfulness_off),
                }
                for count, cell in cells.items()
            }
            for method, cells in summary.cells.items()
        },
    }


def _values(interval: Interval) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 4) for value in interval]


def to_markdown(summary: Summary, plan: Plan, origin: Origin) -> str:
    """The tables, with their origin on top."""
    first = plan.methods[0]
    parts = [
        "# Quality",
        _origin(summary, plan, origin),
        "![PSNR over hints](psnr.png)",
        "## PSNR (dB) over hints",
        "Mean over the pictures [95 % bootstrap interval]; *area* is the mean height over log2(1 + hints).",
        _table(plan, summary, lambda cell: _interval(cell.figures["psnr"], 2), summary.area),
        f"## PSNR above {first} (dB), paired by picture",
        _table(plan, summary, lambda cell: _interval(cell.gain, 2, sign=True)),
        "## Mean Delta E00",
        _table(plan, summary, lambda cell: _number(cell.figures["delta_e"].mean, 2)),
        "## SSIM",
        _table(plan, summary, lambda cell: _number(cell.figures["ssim"].mean, 4)),
        f"## Colorfulness (the truth has {summary.true_colorfulness:.1f}), and its mean distance from the truth's",
        _table(plan, summary, _colorfulness),
        "## Color edges: retention, and Delta E00 next to edges / elsewhere",
        "![Retention over hints](bleeding.png)",
        _table(plan, summary, _edges),
        "## Delta E00 at the painted pixels: mean / 95th percentile / largest, each a mean over the pictures",
        _table(plan, summary, _adherence),
        "## Seconds per answer, one after the other on a machine that may have been busy; for orientation",
        _table(plan, summary, lambda cell: _number(cell.figures["seconds"].mean, 3)),
    ]
    return "\n\n".join(parts) + "\n"


def _origin(summary: Summary, plan: Plan, origin: Origin) -> str:
    shape = f"{plan.side} x {plan.side} px" if plan.sampler.square else f"longest side {plan.side} px"
    lines = {
        "Date": origin.date,
        "Commit": origin.commit,
        "Hardware": origin.hardware,
        "Software": origin.software,
        "Data": f"{summary.pictures} pictures of {shortened(plan.data)}, {shape}",
        "Hints": f"sampler {plan.sampler.value} ({plan.sampler.name}), {plan.seeds} draw(s) per picture",
        "Command": f"`{origin.command}`",
    }
    return "\n".join(f"- {name}: {value}" for name, value in lines.items())


def _table(plan: Plan, summary: Summary, show: Callable[[Cell], str], area: dict[str, Interval] | None = None) -> str:
    head = ["method", *(f"@{count}" for count in plan.counts), *(["area"] if area else [])]
    rows = [head, ["---"] * len(head)]
    for method in plan.methods:
        cells = summary.cells[method]
        row = [show(cells[count]) if count in cells else "" for count in plan.counts]
        rows.append([method, *row, *([_interval(area[method], 2)] if area else [])])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _interval(interval: Interval, digits: int, *, sign: bool = False) -> str:
    if np.isnan(interval.mean):
        return ""
    form = f"{'+' if sign else ''}.{digits}f"
    return f"{interval.mean:{form}} [{interval.low:{form}}, {interval.high:{form}}]"


def _number(value: float, digits: int) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def _colorfulness(cell: Cell) -> str:
    return f"{cell.figures['colorfulness'].mean:.1f}, {cell.colorfulness_off.mean:.1f}"


def _edges(cell: Cell) -> str:
    retention, near, far = (cell.figures[name].mean for name in ("retention", "edge_delta_e", "off_edge_delta_e"))
    return f"{retention:.3f}, {near:.2f} / {far:.2f}"


def _adherence(cell: Cell) -> str:
    figures = [cell.figures[name].mean for name in ("hint_mean", "hint_p95", "hint_max")]
    return "" if np.isnan(figures[0]) else " / ".join(f"{value:.2f}" for value in figures)
