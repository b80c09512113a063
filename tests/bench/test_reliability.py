"""The page of the reliability bench: sections come and go by themselves, and what did not hold cannot be overlooked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handtint.bench import reliability_sections
from handtint.bench.provenance import Origin
from handtint.bench.reliability import Effort, Row, Section, overview_markdown, write_section
from handtint.cli.main import run

ORIGIN = Origin("2026-01-02", "abc", "a machine", "handtint 0", "handtint bench reliability")


def test_a_section_measured_again_leaves_the_others(tmp_path: Path) -> None:
    effort = Effort(0.5, tmp_path / "work")
    seven, six = Row("one", "7 of 7", True, {"n": 7}), Row("one", "6 of 7", False, {"n": 6})
    write_section(Section("bytes", "Bad bytes", [seven], 119.4), effort, ORIGIN, tmp_path)
    write_section(Section("load", "Load", [Row("two", "slow", True)], 125.0), effort, ORIGIN, tmp_path)
    page = write_section(Section("bytes", "Bad bytes", [six], 119.4), effort, ORIGIN, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "| one | BROKEN: 6 of 7 |" in text
    assert "| two | slow |" in text
    assert "- Scale: 0.5, in 119 s\n" in text
    assert "- Scale: 0.5, in 2 min\n" in text
    overview = overview_markdown(tmp_path, ["load", "bytes"]).splitlines()
    assert overview[2:] == [
        "| **Load** | *2026-01-02, scale 0.5* |",
        "| two | slow |",
        "| **Bad bytes** | *2026-01-02, scale 0.5* |",
        "| one | BROKEN: 6 of 7 |",
    ]
    assert "7 of 7" not in text
    assert json.loads((tmp_path / "bytes.json").read_text())["rows"][0]["figures"] == {"n": 6}


def test_effort_scales_and_never_to_nothing(tmp_path: Path) -> None:
    assert Effort(0.1, tmp_path).times(1000) == 100
    assert Effort(1e-9, tmp_path).times(1000, 3) == 3


@pytest.mark.parametrize("held", [True, False])
def test_the_command_says_by_its_exit_code_whether_all_held(
    tmp_path: Path, held: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sections = {"one": ("One", lambda effort: [Row("a thing", f"at {effort.scale:g}", held)])}
    monkeypatch.setattr(reliability_sections, "SECTIONS", sections)
    assert run(["bench", "reliability", "--scale", "0.25", "--out", str(tmp_path)]) == (0 if held else 1)
    assert "at 0.25 |" in capsys.readouterr().out
    assert run(["bench", "reliability", "--sections", "nothing"]) == 2
