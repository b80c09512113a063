"""Puts the table of the reliability bench into the README: `python docs/figures.py`. A test says when it is due."""

from __future__ import annotations

from pathlib import Path

from handtint.bench.reliability import overview_markdown
from handtint.bench.reliability_sections import SECTIONS

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- reliability: made by docs/figures.py -->\n\n", "\n\n<!-- end of reliability -->"


def with_table(readme: str) -> str:
    """The README with the rows that docs/bench/reliability has now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{overview_markdown(ROOT / 'docs/bench/reliability', tuple(SECTIONS))}{END}{after}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
