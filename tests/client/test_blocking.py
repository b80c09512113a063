"""Waiting for the engine: answers, progress, failures as exceptions, cancelling, time limits; use without waiting."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from handtint.client.blocking import Engine, wait
from handtint.client.launcher import Launcher
from handtint.errors import Cancelled, EngineFailed, EngineGone, EngineRefused
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, PixelFormat, Plane

PATIENCE = 30.0
BASE = Plane(PixelFormat.gray8, Extent(2, 1), b"\x00\xff")


@pytest.fixture
def engine_of(router, script, announce) -> Iterator[Callable[..., Engine]]:
    """Makes an engine that answers as it is told, and the client's end of it."""
    made: list[Engine] = []

    def make(answer: Callable[[m.Message], list[m.Message]], **options: object) -> Engine:
        path = announce(router(script(answer), token="t").port, "t", os.getpid())
        made.append(Engine("test", launcher=Launcher([], path=path, environ={}), start=False, **options))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def test_a_call_returns_its_answer_and_shows_progress(engine_of):
    engine = engine_of(lambda r: [m.Progress(r.id, 0.25, "a"), m.Progress(r.id, 0.5, "b"), m.Stopping(r.id)])
    seen: list[tuple[float, str]] = []
    answer = engine.call(m.Shutdown(0), timeout=PATIENCE, on_progress=lambda p: seen.append((p.fraction, p.text)))
    assert isinstance(answer, m.Stopping)
    assert answer.id != 0
    assert seen == [(0.25, "a"), (0.5, "b")]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("bad_picture", EngineFailed),
        ("internal", EngineFailed),
        ("superseded", Cancelled),
        ("cancelled", Cancelled),
        ("protocol", EngineRefused),
    ],
)
def test_failures_are_raised(engine_of, code, error):
    engine = engine_of(lambda request: [m.Failure(request.id, code, "why it is so")])
    with pytest.raises(error, match="why it is so") as caught:
        engine.call(m.GetStatus(0), timeout=PATIENCE)
    assert getattr(caught.value, "code", code) == code


def test_connect_gives_the_welcome_and_twice_is_no_harm(engine_of):
    engine = engine_of(lambda request: [])
    assert engine.connect(timeout=PATIENCE).device == "cpu"
    assert engine.connect(timeout=PATIENCE).device == "cpu"


def test_called_off_the_engine_is_told(engine_of, script):
    heard: list[m.Message] = []

    def answer(request: m.Message) -> list[m.Message]:
        heard.append(request)
        if isinstance(request, m.Cancel):
            return [m.Failure(request.target, "cancelled", "off"), m.CancelDone(request.id, request.target, True)]
        return [m.Stopping(request.id)] if isinstance(request, m.Shutdown) else []

    engine = engine_of(answer)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.extend(message.id for message in heard)
        return bool(asked)

    with pytest.raises(Cancelled):
        engine.call(m.Segment(0, "d", BASE), timeout=PATIENCE, cancelled=cancelled)
    assert isinstance(engine.call(m.Shutdown(0), timeout=PATIENCE), m.Stopping)
    assert [type(message) for message in heard] == [m.Segment, m.Cancel, m.Shutdown]
    assert heard[1].target == heard[0].id
    assert engine.receive() == []


def test_time_runs_out_by_the_clock_that_was_given(engine_of):
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    engine = engine_of(lambda request: [], clock=clock)
    with pytest.raises(EngineGone, match="within 5 s"):
        engine.call(m.GetStatus(0), timeout=5.0)


def test_without_waiting(engine_of):
    engine = engine_of(lambda request: [m.Progress(request.id, 0.5), m.Stopping(request.id)])
    first, second = engine.start(m.Shutdown(0)), engine.start(m.Shutdown(0))
    got: list[m.Message] = []
    end = time.monotonic() + PATIENCE
    while len(got) < 4:
        got += engine.receive()
        assert time.monotonic() < end
        wait(engine.link, time.monotonic(), 0.5)
    assert [message.id for message in got if isinstance(message, m.Stopping)] == [first, second]


def test_answers_to_others_are_kept_for_receive(engine_of):
    engine = engine_of(lambda request: [m.Stopping(request.id)])
    other = engine.start(m.Shutdown(0))
    answer = engine.call(m.Shutdown(0), timeout=PATIENCE)
    assert answer.id != other
    assert [message.id for message in engine.receive()] == [other]


def test_no_engine_and_none_to_be_started(tmp_path):
    launcher = Launcher([], path=tmp_path / "run" / "engine.json", environ={})
    with Engine("test", launcher=launcher, start=False) as engine, pytest.raises(EngineGone, match="handtint serve"):
        engine.connect(timeout=PATIENCE)
