"""The bench of the filter in GIMP: its figures, and a short run in the real GIMP."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from handtint.bench.gimp import STEPS, GimpPlan, GimpTimes, gimp_markdown
from handtint.bench.provenance import Origin


def test_all_but_the_engine_is_in_the_table() -> None:
    seconds = {
        "call": [2.0, 9.0, 1.5], "engine": [1.0, 0.5, 0.75], "start": [0.1], "reach": [0.2], "read": [0.3],
        "wire": [0.4], "write": [0.5], "end": [0.6],
    }  # fmt: skip
    times = GimpTimes(4.0, "again", seconds)
    assert times.overhead == 1.0, "of each call its own engine's work"
    origin = Origin("2026-01-01", "abc", "a machine", "versions", "handtint bench gimp")
    page = gimp_markdown([times], GimpPlan("scribble", (4.0,), 3), origin)
    assert "| 4 | once more | 2.00 | 0.75 | 0.10 | 0.20 | 0.30 | 0.40 | 0.50 | 0.60 | 1.00 |" in page
    assert "Commit: abc" in page


@pytest.mark.gimp
def test_a_short_run_in_the_real_gimp(editors: Any, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "handtint", "bench", "gimp", "--sizes", "0.1,0.2", "--rounds", "1", "--out"]
    home = tmp_path / "home"
    home.mkdir()
    editors.run([*argv, str(tmp_path / "out")], env={"HOME": str(home)}, timeout=240, log=tmp_path / "bench.log")
    found = json.loads((tmp_path / "out" / "gimp.json").read_text())
    sizes = [(size["megapixels"], size["kind"]) for size in found["sizes"]]
    assert sizes == [(0.1, "new"), (0.1, "again"), (0.2, "new"), (0.2, "again")]
    for size in found["sizes"]:
        assert set(size["seconds"]) == set(STEPS)
        assert all(len(values) == 1 and values[0] > 0 for values in size["seconds"].values())
        parts = sum(values[0] for step, values in size["seconds"].items() if step != "call")
        assert parts == pytest.approx(size["seconds"]["call"][0]), "no part of a call is left out"
    assert "all but the engine" in (tmp_path / "out" / "gimp.md").read_text()
