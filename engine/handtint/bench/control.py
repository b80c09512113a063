"""How well every kind of guidance is obeyed: the trials over many pictures, kept as they are made, and their tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from handtint.bench.ledger import Figures, Key, Ledger
from handtint.bench.pictures import find_pictures
from handtint.bench.plots import plot_cards, plot_reach
from handtint.bench.provenance import Origin, shortened
from handtint.bench.statistics import Interval, bootstrap
from handtint.bench.subject import ControlPlan, Subject, Trial

LEDGER = "control.jsonl"
HEADINGS = {
    "adherence": "Hints met: Delta E00 at the painted pixels, at full size",
    "reach": "One surprising stroke: shares of its segment, and of the rest, within Delta E00 < 10 of its color",
    "palette": "Palettes: distance, coverage and EMD in ab units; share recognised among four",
    "exemplar": "Exemplars: shares nearer to it than to another, and drawn nearer by it than by another; common "
    "histogram; EMD in ab units; PSNR (dB) from a bent copy of the picture itself",
    "semantic": "One region of the map edited: mean change in ab units inside and outside, locality, share that shows",
    "together": "All four kinds of guidance at once: Delta E00 at the hints; share of palettes recognised; locality of "
    "a map's edit and share that shows; share drawn nearer by its exemplar than by another, and the change in ab units",
    "consistency": "Consistency: Delta E00 of preview and of scales; share of bit-exact repeats",
    "cards": "Edge cards: share of the color step that is kept at an edge of that contrast in L* units",
}

_PLOTS = {"reach": "reach.png", "cards": "cards.png"}

Row = tuple[str, str]
"""Method and setting."""
Table = dict[str, dict[Row, dict[str, Interval]]]
"""Section to row to figure to its mean over the pictures."""


def run_control(plan: ControlPlan, out: Path, *, device: str = "cpu", progress: bool = True) -> Table:
    """Make the trials that are not in `out` yet; the means of all that belong to the plan."""
    ledger = Ledger(out / LEDGER)
    names = find_pictures(plan.data, plan.limit)
    found: dict[str, dict[Row, list[Figures]]] = {section: {} for section in HEADINGS}
    with tqdm(total=len(plan.methods) * (len(names) + 1), unit="picture", disable=not progress) as bar:
        for method in plan.methods:
            subject = Subject(method, plan, names, device)
            for trials in (subject.card_trials(), *(subject.picture_trials(name) for name in names)):
                for trial in trials:
                    if plan.sections and trial.section not in plan.sections:
                        continue
                    figures = ledger.get(_key(plan, subject, trial), trial.make)
                    found[trial.section].setdefault((method, trial.setting), []).append(figures)
                bar.update()
    return {section: {row: _means(entries) for row, entries in rows.items()} for section, rows in found.items() if rows}


def _key(plan: ControlPlan, subject: Subject, trial: Trial) -> Key:
    place = f"{plan.data} {plan.side} px, seed {plan.seed}, {plan.strokes} strokes"
    return trial.section, subject.name, subject.version, place, trial.picture, trial.setting


def _means(entries: list[Figures]) -> dict[str, Interval]:
    names = dict.fromkeys(name for figures in entries for name in figures)
    return {name: bootstrap([figures[name] for figures in entries if name in figures]) for name in names}


def write_control(table: Table, plan: ControlPlan, origin: Origin, out: Path) -> Path:
    """Write the tables as JSON and Markdown; returns the Markdown file."""
    pictures = len(find_pictures(plan.data, plan.limit))
    values = control_json(table, plan, origin)
    (out / "control.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    _plot(table, out)
    tables = out / "control.md"
    tables.write_text(control_markdown(table, plan, origin, pictures), encoding="utf-8")
    return tables


def _plot(table: Table, out: Path) -> None:
    """Reach and leakage, and the edge cards, where they were measured."""
    reach: dict[str, list[tuple[float, float, float]]] = {}
    for (method, setting), figures in table.get("reach", {}).items():
        place = float(setting.removeprefix("reach "))
        reach.setdefault(method, []).append((place, figures["inside"].mean, figures["leaked"].mean))
    if reach:
        plot_reach(reach, out / _PLOTS["reach"])
    cards = {
        f"{method}, {setting}": [(float(contrast), interval.mean) for contrast, interval in figures.items()]
        for (method, setting), figures in table.get("cards", {}).items()
    }
    if cards:
        plot_cards(cards, out / _PLOTS["cards"])


def control_json(table: Table, plan: ControlPlan, origin: Origin) -> dict[str, Any]:
    """Everything as plain values; an interval is [mean, low, high]."""
    sections = {
        section: [
            {"method": method, "setting": setting, **{name: _values(interval) for name, interval in figures.items()}}
            for (method, setting), figures in rows.items()
        ]
        for section, rows in table.items()
    }
    return {**asdict(origin), "plan": {**asdict(plan), "data": shortened(plan.data)}, "sections": sections}


def _values(interval: Interval) -> list[float | None]:
    return [None if value != value else round(value, 4) for value in interval]


def control_markdown(table: Table, plan: ControlPlan, origin: Origin, pictures: int) -> str:
    """The tables, with their origin on top."""
    lines = {
        "Date": origin.date,
        "Commit": origin.commit,
        "Hardware": origin.hardware,
        "Software": origin.software,
        "Data": f"{pictures} pictures of {shortened(plan.data)}, longest side at most {plan.side} px",
        "Command": f"`{origin.command}`",
    }
    parts = ["# Control", "\n".join(f"- {name}: {value}" for name, value in lines.items())]
    parts.append("Mean over the pictures [95 % bootstrap interval].")
    for section, rows in table.items():
        parts += [f"## {HEADINGS[section]}", *([f"![{section}]({_PLOTS[section]})"] if section in _PLOTS else [])]
        parts.append(_section(rows))
    return "\n\n".join(parts) + "\n"


def _section(rows: dict[Row, dict[str, Interval]]) -> str:
    # Figures that were added later are missing where a method was measured before.
    names = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    lines = [["method", "setting", *names], ["---"] * (2 + len(names))]
    for row, figures in rows.items():
        lines.append([*row, *(_words(figures[name]) if name in figures else "" for name in names)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _words(interval: Interval) -> str:
    mean, low, high = interval
    if mean != mean:
        return ""
    return f"{mean:.3g}" if low == high else f"{mean:.3g} [{low:.3g}, {high:.3g}]"
