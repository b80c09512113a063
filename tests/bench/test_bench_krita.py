"""The bench of a stroke in Krita: its figures, and a short run in the real Krita."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from handtint.bench.krita import STEPS, KritaPlan, KritaTimes, krita_markdown, run_krita
from handtint.bench.provenance import Origin
from handtint.errors import InputError


def test_each_step_and_what_never_came_are_in_the_table() -> None:
    times = KritaTimes({step: [0.1, 0.2, 0.3] for step in STEPS}, late=2)
    origin = Origin("2026-01-01", "abc", "a machine", "versions", "handtint bench krita")
    page = krita_markdown(times, KritaPlan("", 4.0, 5), origin)
    assert "| release to a changed picture | 200 | 290 | 300 | 3 |" in page
    assert "The color of 2 more did not come" in page
    assert "`the default method` in Live on 4 MP" in page
    assert "Commit: abc" in page


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "Xvfb" else f"/usr/bin/{name}")
    with pytest.raises(InputError, match="Xvfb not found, install"):
        run_krita(KritaPlan("scribble", 0.5, 1), tmp_path)


@pytest.mark.krita
def test_a_short_run_in_the_real_krita(editors: Any, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "handtint", "bench", "krita", "--method", "scribble", "--size", "0.5", "--strokes"]
    home = tmp_path / "home"
    home.mkdir()
    editors.run(
        [*argv, "2", "--out", str(tmp_path / "out")], env={"HOME": str(home)}, timeout=240, log=tmp_path / "log"
    )
    found = json.loads((tmp_path / "out" / "krita.json").read_text())
    assert set(found["seconds"]) == set(STEPS)
    assert found["late"] == 0
    for stroke in range(2):
        step = {name: values[stroke] for name, values in found["seconds"].items()}
        assert 0 < step["engine"] < step["answer"]
        assert step["color"] == pytest.approx(step["stroke"] + step["answer"] + step["shown"])
        assert step["settled"] >= step["color"]
    assert "release to full size at rest" in (tmp_path / "out" / "krita.md").read_text()
