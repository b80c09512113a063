"""`handtint themes` through a real engine: colors that `--palette` takes, as a table and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from handtint.cli.main import EXIT_INPUT, run
from handtint.cli.palette import parse_hex

from .conftest import Photograph

LINE = re.compile(r"(#[0-9a-f]{6}(?:,#[0-9a-f]{6})*)  ((?:\s*\d+%)+)")


@pytest.mark.usefixtures("runtime")
def test_each_line_is_a_palette_with_its_shares(photograph: Photograph, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["themes", str(photograph.gray_file), "-k", "4", "--count", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) == 3
    for line in lines:
        match = LINE.fullmatch(line)
        assert match is not None, line
        assert len(parse_hex(match[1]).colors) == len(match[2].split()) == 4
        assert sum(int(share.rstrip("%")) for share in match[2].split()) == pytest.approx(100, abs=2)


@pytest.mark.usefixtures("runtime")
def test_json_and_the_engine_and_this_process_say_the_same(
    photograph: Photograph, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for where in ([], ["--no-engine"]):
        assert run(["themes", str(photograph.gray_file), "--json", *where]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert [len(theme) for theme in answers[0]] == [5] * 4
    assert set(answers[0][0][0]) == {"color", "share"}
    assert all(sum(row["share"] for row in theme) == pytest.approx(1.0, abs=1e-3) for theme in answers[0])


def test_a_missing_picture_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["themes", str(tmp_path / "no.png")]) == EXIT_INPUT
    assert "no such file" in capsys.readouterr().err
