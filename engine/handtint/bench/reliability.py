"""What can go wrong, done to real engines on purpose: sections of rows, each a thing that was done and how it went.

Each section is written with its own origin, so that one can be measured again without the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from handtint.bench.provenance import Origin


@dataclass(frozen=True)
class Row:
    """One thing that was done.

    Attributes
    ----------
    what, result : str
        Words for people; a figure of the README is the same words.
    held : bool
        Whether it went as it must.
    figures : mapping
        The numbers behind the words.
    """

    what: str
    result: str
    held: bool
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Effort:
    """How much is done.

    Attributes
    ----------
    scale : float
        1 for figures that are published; the tests do the same with less.
    folder : Path
        For engines, corpora and pictures; theirs alone.
    seed : int
    note : callable
        Told what is done next.
    """

    scale: float
    folder: Path
    seed: int = 0
    note: Callable[[str], None] = lambda text: None

    def times(self, count: int, least: int = 1) -> int:
        """So many at scale 1."""
        return max(least, round(count * self.scale))


@dataclass(frozen=True)
class Section:
    """What one section came to, and the seconds that it took."""

    name: str
    title: str
    rows: Sequence[Row]
    seconds: float


def write_section(section: Section, effort: Effort, origin: Origin, out: Path) -> Path:
    """Keep a section's rows as JSON, and make the page of all sections in the folder anew; returns the page."""
    out.mkdir(parents=True, exist_ok=True)
    values = {
        **asdict(origin),
        "section": section.name,
        "title": section.title,
        "scale": effort.scale,
        "seed": effort.seed,
        "seconds": round(section.seconds),
        "rows": [asdict(row) for row in section.rows],
    }
    (out / f"{section.name}.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    page = out / "reliability.md"
    page.write_text(reliability_markdown(out), encoding="utf-8")
    return page


def reliability_markdown(folder: Path) -> str:
    """The page of all sections in a folder."""
    parts = ["# Reliability", "What was done to real engines on purpose, and how it went."]
    for path in sorted(folder.glob("*.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        names = ("date", "commit", "hardware", "software", "command")
        origin = [f"- {name.capitalize()}: {values[name]}" for name in names]
        rows = [f"| {_cells(row)} |" for row in values["rows"]]
        table = ["| what was done | how it went |", "| --- | --- |", *rows]
        scale = f"- Scale: {values['scale']:g}" + (f", in {_minutes(values['seconds'])}" if "seconds" in values else "")
        parts += [f"## {values['title']}", "\n".join([*origin, scale]), "\n".join(table)]
    return "\n\n".join(parts) + "\n"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def overview_markdown(folder: Path, names: Sequence[str]) -> str:
    """One table of all rows, section by section, as the README shows it."""
    lines = ["| what was done | how it went |", "|---|---|"]
    for name in names:
        values = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        lines.append(f"| **{values['title']}** | *{values['date']}, scale {values['scale']:g}* |")
        lines += [f"| {_cells(row)} |" for row in values["rows"]]
    return "\n".join(lines)


def _cells(row: Mapping[str, str]) -> str:
    return f"{row['what']} | {row['result'] if row['held'] else 'BROKEN: ' + row['result']}"


def megabytes(nbytes: float) -> str:
    """A size in words."""
    return f"{nbytes / 2**20:.0f} MB"
