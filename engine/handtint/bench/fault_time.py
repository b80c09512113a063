"""Rows of section `faults`: clocks that are set while an engine works, and engines that are suspended."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from handtint.bench.honest import answered_within, request
from handtint.bench.processes import SERVE, end_engine, engine_in, until
from handtint.bench.reliability import Effort, Row
from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.client.link import LinkState
from handtint.wire import messages as m
from handtint.wire.connection import FILE_NAME

_PATIENCE = 120.0
_REQUESTS, _TIMES = 200, 3
_DAY = 86_400.0
JUMPS = {
    "an hour forward": _DAY / 24,
    "a day back": -_DAY,
    "ten years forward": 3650 * _DAY,
    "40 years back": -14600 * _DAY,
}
"""Seconds by which the clock on the wall is wrong."""
_WRONG_CLOCK = """
import os, sys, time
from pathlib import Path
wrong = Path(sys.argv.pop(1))
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + float(wrong.read_text())
time.time_ns = lambda: real_ns() + int(float(wrong.read_text()) * 1e9)
from handtint.__main__ import main
main()
"""
"""An engine whose clock on the wall is wrong by what a file says at any moment."""


def clock_row(effort: Effort) -> Row:
    """Set the clock of client and engine while requests are under way."""
    effort.note("setting the clock")
    requests = effort.times(_REQUESTS, 2 * len(JUMPS))
    folder = effort.folder / "clock"
    folder.mkdir(mode=0o700, parents=True)
    wrong = folder / "wrong"
    wrong.write_text("0")
    command = [sys.executable, "-c", _WRONG_CLOCK, str(wrong), *SERVE[3:]]
    answered, statuses = 0, []
    with engine_in(folder / "runtime", command) as (engine, _):
        for index, seconds in enumerate(itertools.islice(itertools.cycle(JUMPS.values()), requests)):
            id = engine.start(request(index))
            with _clock_wrong_by(seconds, wrong):
                answered += answered_within(engine, id)
                statuses.append(_status_for_another(folder / "runtime" / FILE_NAME))
    log = (folder / "runtime" / "engine.log").read_text(encoding="utf-8")
    return clock_verdict(requests, answered, statuses, {line[:4] for line in log.splitlines()})


def clock_verdict(requests: int, answered: int, statuses: Sequence[m.Status], years: Collection[str]) -> Row:
    """Held where all was answered by one engine whose uptime rose, and the years of its log show the jumps."""
    uptimes = [status.uptime for status in statuses]
    steady = len({status.pid for status in statuses}) == 1 and uptimes == sorted(uptimes)
    result = (
        f"{answered} of {requests} requests answered by {'one engine' if steady else 'engines that came and went'}; "
        f"its log is dated {min(years)} to {max(years)}"
    )
    held = answered == requests and steady and len(years) > 1
    return Row(f"the clock set {', '.join(JUMPS)} during requests", result, held, {"requests": requests})


@contextlib.contextmanager
def _clock_wrong_by(seconds: float, file: Path) -> Iterator[None]:
    """For an engine that reads the file, and for this process."""
    right = time.time

    def wrong() -> float:
        return right() + seconds

    file.write_text(str(seconds))
    with mock.patch("time.time", wrong):
        yield
    file.write_text("0")


def _status_for_another(path: Path) -> m.Status:
    """A client that comes anew, which the engine's log notes."""
    with Engine("handtint bench", launcher=Launcher(path=path), start=False) as other:
        status = other.call(m.GetStatus(0), timeout=_PATIENCE)
    assert isinstance(status, m.Status)
    return status


def suspended_rows(effort: Effort) -> Iterator[Row]:
    """An engine that is stopped with a request in its hands: noticed and told; woken, or given up for another."""
    for woken in (True, False):
        effort.note(f"suspending an engine, to be {'woken' if woken else 'left so'}")
        times = effort.times(_TIMES)
        kind = "woken" if woken else "left"
        trials = [_suspended(effort.folder / f"suspended-{kind}-{index}", woken=woken) for index in range(times)]
        yield suspended_verdict(trials, woken=woken)


class Trial(NamedTuple):
    """One suspended engine: seconds until it was noticed and until the answer came (0 for never), and by whom."""

    noticed: float
    answered: float
    same: bool


def suspended_verdict(trials: Sequence[Trial], *, woken: bool) -> Row:
    """Held where each was noticed, and answered by the same engine if it was woken and by another if not."""
    held = [trial.noticed > 0.0 and trial.answered > 0.0 and trial.same == woken for trial in trials]
    by = "by it once it is woken" if woken else "by the next engine"
    slowest = max(trial.answered for trial in trials)
    noticed = max(trial.noticed for trial in trials)
    result = f"{sum(held)} of {len(trials)} times told within {noticed:.0f} s and answered {by}"
    figures = {"times": len(trials), "held": sum(held), "longest": round(slowest, 2)}
    what = "an engine suspended in the middle of a request, " + ("then woken" if woken else "for good")
    return Row(what, result if woken else f"{result}, {slowest:.0f} s after", all(held), figures)


def _suspended(folder: Path, *, woken: bool) -> Trial:
    folder.mkdir(mode=0o700, parents=True)
    launcher = Launcher(list(SERVE), path=folder / FILE_NAME)
    with Engine("handtint bench", launcher=launcher) as engine:
        try:
            engine.connect(timeout=_PATIENCE)
            connection = launcher.find()
            assert connection is not None
            os.kill(connection.pid, signal.SIGSTOP)
            stopped = time.monotonic()
            id = engine.start(request(0))
            if not until(lambda: bool(engine.receive()) or engine.link.state is LinkState.silent):
                return Trial(0.0, 0.0, same=True)
            noticed = time.monotonic() - stopped
            if woken:
                os.kill(connection.pid, signal.SIGCONT)
            answered = time.monotonic() - stopped if answered_within(engine, id) else 0.0
            return Trial(noticed, answered, launcher.find() == connection)
        finally:
            end_engine(engine, launcher)
