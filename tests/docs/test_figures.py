"""The figures of the README are those of docs/bench, word for word."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from handtint.bench.latency import percentiles
from handtint.bench.reliability_sections import SECTIONS

ROOT = Path(__file__).parents[2]
METHOD, THREADS, SIZES = "unified", 2, (4.0, 24.0)
ROWS = {
    "first color of a new picture, as a preview (p95)": "cold picture, preview",
    "a stroke, to its preview (p95)": "stroke, preview",
    "full size (p95)": "commit, full size",
}


@pytest.mark.parametrize("words", ROWS)
def test_latencies_of_the_readme_are_measured_ones(words: str) -> None:
    sizes: list[dict[str, Any]] = read("latency/latency.json")["sizes"]
    engines = {(e["method"], e["threads"], e["megapixels"]): e["seconds"] for e in sizes if e["device"] == "cpu"}
    high = (percentiles(engines[METHOD, THREADS, size][ROWS[words]])[1] for size in SIZES)
    expected = f"| {words} | {' | '.join(f'{1e3 * value:.0f}' for value in high)} |"
    assert expected in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def read(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((ROOT / "docs" / "bench" / name).read_text(encoding="utf-8"))
    return values


def readme_table(start: str) -> list[list[str]]:
    """Cells of the README's table whose first line begins so; without head and rule."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(start))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_qualities_of_the_readme_are_measured_ones() -> None:
    quality = read("validation-Z/quality.json")
    rows = readme_table("| PSNR (dB)")
    assert len(rows) >= 4
    for method, *cells in rows:
        measured = quality["methods"][method.strip("`")]
        expected = [
            f"{measured[count]['psnr'][0]:.2f}" if count in measured else "" for count in ("0", "1", "10", "100")
        ]
        assert cells == expected, method


def test_the_readme_shows_every_row_of_the_reliability_bench() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert script().BEGIN in text
    assert script().with_table(text) == text, "the README is behind: run python docs/figures.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_figures", ROOT / "docs" / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_section_of_the_reliability_bench_is_published_and_held() -> None:
    sections = {
        path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs/bench/reliability").glob("*.json")
    }
    assert sections.keys() == SECTIONS.keys()
    assert [row["what"] for section in sections.values() for row in section["rows"] if not row["held"]] == []


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]), ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
