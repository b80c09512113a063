"""The short form of the faults: each once, with real processes; no time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from handtint.bench import faults
from handtint.bench.faults import STATES, client_row, kill_rows, race_rows, stale_row
from handtint.bench.reliability import Effort

pytestmark = pytest.mark.slow


def test_a_killed_engine_is_replaced_in_every_state(tmp_path: Path) -> None:
    rows = list(kill_rows(Effort(0.2, tmp_path)))
    assert len(rows) == len(STATES)
    assert [row.result for row in rows if not row.held] == []


def test_the_work_of_a_killed_client_is_dropped(tmp_path: Path) -> None:
    row = client_row(Effort(0.4, tmp_path))
    assert row.held, row.result
    assert row.figures["times"] == 2


def test_racing_engines_and_stale_files(tmp_path: Path) -> None:
    (race,) = race_rows(Effort(0.2, tmp_path))
    assert race.held, race.result
    stale = stale_row(Effort(0.2, tmp_path))
    assert stale.held, stale.result


def test_a_request_that_is_not_answered_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "STATES", ("while it is idle",))
    monkeypatch.setattr(faults, "_answered", lambda engine, id: False)
    (row,) = kill_rows(Effort(0.2, tmp_path))
    assert not row.held
