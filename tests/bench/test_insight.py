"""The short form of knowing what happens: status counts right, the log keeps secrets, the doctor finds what broke."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from handtint.bench.insight import BROKEN, doctor_row, doctor_verdict, log_row, log_verdict, miscounted, status_row
from handtint.bench.reliability import Effort
from handtint.wire.connection import Connection


@pytest.mark.slow
def test_status_log_and_doctor_say_what_is(tmp_path: Path) -> None:
    for measure in (status_row, log_row, doctor_row):
        row = measure(Effort(0.002, tmp_path))
        assert row.held, row.result


USE = {"name": "scribble", "answered": 2, "failed": 0, "median": 0.1, "high": 0.2}
SAID = {"used": [USE], "served": 2, "waiting": 0, "pid": 7, "uptime": 1.0, "memory": 9, "cached_bytes": 1}
HERE = Connection("127.0.0.1", 1, 7, "1.0", "x", "0")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"used": [{**USE, "answered": 3}]},
        {"used": [{**USE, "median": 0.0}]},
        {"served": 3},
        {"pid": 8},
        {"memory": 0},
        {"cached_bytes": 11},
    ],
)
def test_a_status_that_is_wrong_is_seen(change: dict[str, object]) -> None:
    said = {**SAID, "memory_budget": 10, **change}
    assert bool(list(miscounted(said, Counter({("scribble", "answered"): 2}), HERE))) == bool(change)


def test_a_secret_in_the_log_and_a_log_without_end_are_seen() -> None:
    files = {Path("engine.log"): b"hello", Path("engine.log.1"): b"aunt-emma.kra"}
    assert log_verdict(1, files, ["token"]).held
    assert "aunt-emma.kra stand there" in log_verdict(1, files, ["aunt-emma.kra"]).result
    assert not log_verdict(1, {Path("engine.log"): bytes(5 << 20)}, ["token"]).held
    assert not log_verdict(1, {}, ["token"]).held


def test_a_doctor_who_overlooks_something_is_seen() -> None:
    found = dict.fromkeys(BROKEN, "do this")
    assert doctor_verdict({"editors": "install"}, found).held
    assert not doctor_verdict({}, {**found, "engine": ""}).held
    assert not doctor_verdict({"weights": "do that"}, found).held
