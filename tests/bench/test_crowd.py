"""The short form of the crowds: they may stay and they may come again, and an engine that bears none is seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from handtint.bench.crowd import DOORS, crowd_row, here
from handtint.server.lobby import MOST, UNSEEN

_OPEN_HOUSE = """
import sys
import handtint.server.doors as doors
import handtint.server.lobby as lobby
doors.MAX_OPEN, lobby.MOST = 512, 1 << 20
from handtint.server.engine import serve
sys.exit(serve(device="cpu", idle_exit=600.0))
"""
"""An engine that hangs up on nobody, with as many files as fewer callers than ours take up."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc"),
]


@pytest.mark.parametrize("name", DOORS)
def test_a_crowd_at_a_door_keeps_nobody_out(name: str, tmp_path: Path) -> None:
    with DOORS[name](tmp_path / "door") as door:
        row = crowd_row(door, 1_000)
    assert row.held, row.result
    assert row.figures["connections"] == 1_000
    assert int(row.figures["ended"]) > 700


def test_nor_does_one_that_comes_again_and_again(tmp_path: Path) -> None:
    with here(tmp_path / "door") as door:
        row = crowd_row(door, 1_000, again=True)
    assert row.held, row.result
    assert int(row.figures["ended"]) > 1_000
    assert int(row.figures["files"]) < MOST + 2 * UNSEEN + 200, "libzmq lets in more than has been seen"


def test_an_engine_that_lets_them_wait_is_found_out(tmp_path: Path) -> None:
    with here(tmp_path / "door", [sys.executable, "-c", _OPEN_HOUSE]) as door:
        row = crowd_row(door, 1_000)
    assert not row.held
    assert "all 512 files were open" in row.result or "internal" in row.result, row.result
