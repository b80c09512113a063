"""When an engine is asked for a sign of life, when it is taken to be suspended, and when it is given up."""

from __future__ import annotations

import pytest

from handtint.client.heartbeat import Heartbeat, Pulse

ASK, SILENT, LOST = 3.0, 6.0, 30.0


@pytest.fixture
def beat() -> Heartbeat:
    return Heartbeat(ask=ASK, silent=SILENT, lost=LOST)


def looks(beat: Heartbeat, start: float, end: float, *, moved: int = 0, waiting: bool = True) -> list[Pulse]:
    """One look each second; each pulse once, in the order in which they came."""
    found: list[Pulse] = []
    now = start
    while now <= end:
        pulse = beat.look(now, moved, waiting=waiting)
        if pulse not in found:
            found.append(pulse)
        now += 1.0
    return found


def test_silence_is_asked_about_once_then_told_then_given_up(beat: Heartbeat) -> None:
    assert looks(beat, 100.0, 102.0) == [Pulse.well]
    assert beat.look(103.0, 0, waiting=True) is Pulse.ask
    assert beat.look(104.0, 0, waiting=True) is Pulse.well
    assert beat.look(106.0, 0, waiting=True) is Pulse.silent
    assert looks(beat, 107.0, 129.0) == [Pulse.silent]
    assert beat.look(130.0, 0, waiting=True) is Pulse.lost


def test_any_byte_is_a_sign_of_life(beat: Heartbeat) -> None:
    for second in range(100):
        assert beat.look(100.0 + second, second // 2, waiting=True) is Pulse.well
    assert looks(beat, 200.0, 206.0, moved=49) == [Pulse.well, Pulse.ask, Pulse.silent]
    assert beat.look(207.0, 50, waiting=True) is Pulse.well


def test_an_engine_without_work_may_be_silent(beat: Heartbeat) -> None:
    assert looks(beat, 100.0, 200.0, waiting=False) == [Pulse.well]
    assert beat.wake(200.0) is None
    assert beat.look(201.0, 0, waiting=True) is Pulse.well


@pytest.mark.parametrize("jump", [3600.0, -50.0])
def test_a_pause_of_our_own_is_not_the_engines(beat: Heartbeat, jump: float) -> None:
    """The computer slept, the editor was busy, or the clock is one that can be set."""
    looks(beat, 100.0, 128.0)
    assert beat.look(128.0 + jump, 0, waiting=True) is Pulse.well
    assert looks(beat, 129.0 + jump, 157.0 + jump) == [Pulse.well, Pulse.ask, Pulse.silent]


def test_the_silence_of_one_engine_is_not_the_next_ones(beat: Heartbeat) -> None:
    """Not even where as many bytes went to both."""
    assert Pulse.lost in looks(beat, 100.0, 130.0, moved=500)
    beat.begin()
    assert looks(beat, 131.0, 133.0, moved=500) == [Pulse.well]


def test_who_sleeps_as_long_as_it_says_hears_all(beat: Heartbeat) -> None:
    now, found = 100.0, []
    while Pulse.lost not in found:
        found.append(beat.look(now, 0, waiting=True))
        pause = beat.wake(now)
        assert pause is not None
        assert 0.0 < pause <= ASK
        now += pause + 0.5  # nobody wakes up on time
        assert now < 200.0
    assert {Pulse.ask, Pulse.silent} < set(found)
