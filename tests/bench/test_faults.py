"""The short form of the faults: each once, with real processes; no time is asserted. And what breaks is seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from handtint.bench import fault_weights, faults
from handtint.bench.fault_disk import left_behind
from handtint.bench.fault_memory import METHOD, STEPS, CrowdedGpu, crowded, need
from handtint.bench.fault_time import Trial, clock_row, clock_verdict, suspended_verdict
from handtint.bench.fault_weights import DAMAGES, weight_rows
from handtint.bench.faults import STATES, client_row, disk_row, kill_rows, race_rows, stale_row
from handtint.bench.reliability import Effort
from handtint.wire.messages import Status

slow = pytest.mark.slow


@slow
def test_a_killed_engine_is_replaced_in_every_state(tmp_path: Path) -> None:
    rows = list(kill_rows(Effort(0.2, tmp_path)))
    assert len(rows) == len(STATES)
    assert [row.result for row in rows if not row.held] == []


@slow
def test_the_work_of_a_killed_client_is_dropped(tmp_path: Path) -> None:
    row = client_row(Effort(0.4, tmp_path))
    assert row.held, row.result
    assert row.figures["times"] == 2


@slow
def test_racing_engines_and_stale_files(tmp_path: Path) -> None:
    (race,) = race_rows(Effort(0.2, tmp_path))
    assert race.held, race.result
    stale = stale_row(Effort(0.2, tmp_path))
    assert stale.held, stale.result


@slow
def test_a_request_that_is_not_answered_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "STATES", ("while it is idle",))
    monkeypatch.setattr(faults, "answered_within", lambda engine, id: False)
    (row,) = kill_rows(Effort(0.2, tmp_path))
    assert not row.held


@slow
def test_a_clock_that_is_set_does_not_matter(tmp_path: Path) -> None:
    row = clock_row(Effort(0.01, tmp_path))
    assert row.held, row.result


def status(pid: int, uptime: float) -> Status:
    return Status(1, "0", pid, "cpu", uptime, ())


@pytest.mark.parametrize(
    ("answered", "statuses", "years"),
    [
        (1, [status(7, 1.0), status(7, 2.0)], {"1986", "2026"}),  # one request without its answer
        (2, [status(7, 1.0), status(8, 2.0)], {"1986", "2026"}),  # another engine
        (2, [status(7, 2.0), status(7, 1.0)], {"1986", "2026"}),  # an uptime that falls
        (2, [status(7, 1.0), status(7, 2.0)], {"2026"}),  # a clock that was never wrong
    ],
)
def test_a_clock_that_mattered_is_seen(answered: int, statuses: list[Status], years: set[str]) -> None:
    assert clock_verdict(2, 2, [status(7, 1.0), status(7, 2.0)], {"1986", "2026"}).held
    assert not clock_verdict(2, answered, statuses, years).held


def test_a_suspended_engine_that_was_not_noticed_or_not_replaced_is_seen() -> None:
    assert suspended_verdict([Trial(6.0, 7.0, same=True)], woken=True).held
    assert suspended_verdict([Trial(6.0, 40.0, same=False)], woken=False).held
    for trial in (Trial(0.0, 0.0, same=True), Trial(6.0, 0.0, same=True), Trial(6.0, 7.0, same=False)):
        assert not suspended_verdict([trial], woken=True).held


@slow
def test_broken_weights_are_refused_by_name_and_others_go_on(tmp_path: Path) -> None:
    start, later = weight_rows(Effort(0.1, tmp_path))
    assert start.held, start.result
    assert later.held, later.result
    assert later.figures["kinds"] == len(DAMAGES)


@slow
def test_weights_that_are_not_refused_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_weights, "DAMAGES", {"nothing at all": lambda data, own: data})
    assert "expected a refusal that names the file, got 'colors'" in list(
        fault_weights.before_the_start(tmp_path / "own", "nothing at all")
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    row = disk_row(Effort(0.05, tmp_path))
    assert row.held, row.result
    assert row.figures["times"] == 40


def test_what_a_full_disk_left_is_seen(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    assert left_behind(target, None) == []
    target.write_bytes(b"half")
    (tmp_path / ".out.png.abc").write_bytes(b"")
    assert left_behind(target, b"of before") == [".out.png.abc is left", "what was there has changed"]


@slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("times", "place", "note"),
    [(1, "cuda", ""), (2, "cuda/2", "half the size"), (3, "cpu", "CPU")],
    ids=["freed", "halved", "full"],
)
def test_a_gpu_without_room(tmp_path: Path, step: str, times: int, place: str, note: str) -> None:
    assert list(crowded(tmp_path, CrowdedGpu(step, times), place, note)) == []


@slow
def test_a_gpu_with_room_for_half_the_size(tmp_path: Path) -> None:
    """What the layers make is counted: the half fits where the whole does not, and is not only said to."""
    whole, half = need(METHOD, 1), need(METHOD, 2)
    assert half < 0.3 * whole
    assert list(crowded(tmp_path / "half", CrowdedGpu(room=(whole + half) // 2), "cuda/2", "half the size")) == []
    assert list(crowded(tmp_path / "none", CrowdedGpu(room=half // 2), "cpu", "CPU")) == []


def test_a_gpu_that_was_not_left_for_the_cpu_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handtint.server.worker._is_out_of_memory", lambda error: False)
    assert "expected colors, got Failure" in "".join(crowded(tmp_path, CrowdedGpu("coloring", 3), "cpu", "CPU"))
