"""The short form of the section: every bad request to a real engine, every hostile file, a few hundred damaged ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from handtint.bench import bad_pictures
from handtint.bench.bad_pictures import Case, case_row, cases, file_rows
from handtint.bench.hostile import damaged_files, honest_files
from handtint.bench.reliability import Effort
from handtint.cli.files import read_picture


@pytest.mark.slow
def test_every_bad_request_gets_its_own_code(tmp_path: Path) -> None:
    row = case_row(Effort(1.0, tmp_path), large=False)
    assert row.held, row.result
    assert row.figures["kinds"] == len(list(cases(large=False)))


def test_an_answer_that_was_not_expected_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(*, large: bool) -> Iterator[Case]:
        yield Case("nothing", [b"handtint/1", b"\x80"], "colorized")

    monkeypatch.setattr(bad_pictures, "cases", one)
    row = case_row(Effort(1.0, tmp_path), large=False)
    assert (row.held, row.result) == (False, "nothing: expected colorized, got bad_request")


@pytest.mark.slow
def test_no_file_does_more_than_be_refused(tmp_path: Path) -> None:
    hostile, damaged = file_rows(Effort(0.01, tmp_path))
    assert hostile.held, hostile.result
    assert damaged.held, damaged.result
    # Honest ones among the damaged: else nothing but heads would have been tried.
    assert float(damaged.figures["read"]) >= 20


def test_a_reader_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bad_pictures, "_READER", "import os; os.abort()")
    (tmp_path / "files").mkdir()
    row = bad_pictures._files_row("files", [tmp_path / "files" / "one.png"])
    assert not row.held
    assert "ended with" in row.result


def test_the_files_that_are_damaged_are_honest_before(tmp_path: Path) -> None:
    for name, data in honest_files().items():
        (tmp_path / name).write_bytes(data)
        assert read_picture(tmp_path / name).size == (16, 12), name


def test_damage_is_the_same_for_the_same_seed() -> None:
    assert list(damaged_files(30, 5)) == list(damaged_files(30, 5))
    assert list(damaged_files(30, 5)) != list(damaged_files(30, 6))
