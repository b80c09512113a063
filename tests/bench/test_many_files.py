"""The short form of folders: killed, gone on with, and spread over two workers. And that a loss is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from handtint.bench import many_files as section
from handtint.bench.many_files import many_files
from handtint.bench.reliability import Effort


@pytest.mark.slow
def test_two_dozen_pictures_survive_it_all(tmp_path: Path) -> None:
    rows = many_files(Effort(0.01, tmp_path))
    assert [row.result for row in rows if not row.held] == []
    assert [row.figures["pictures"] for row in rows] == [24, 24, 24]


def test_lost_and_changed_pictures_are_seen() -> None:
    expected = {"1.png": b"one", "2.png": b"two"}
    assert section._differences(expected, expected) == []
    assert section._differences({"1.png": b"one"}, expected) == ["2.png differs"]
    assert section._differences({**expected, "2.png": b"six", "3.png": b""}, expected) == [
        "2.png differs",
        "3.png differs",
    ]
