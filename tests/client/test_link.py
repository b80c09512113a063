"""The link against a ROUTER that speaks the protocol: waiting, planes that travel once, lost planes, lost engines."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handtint.client.delivery import spared
from handtint.client.hints import HintsTracker
from handtint.client.launcher import Launcher
from handtint.client.link import EngineLink, LinkState
from handtint.errors import EngineGone, ProtocolError
from handtint.wire import messages as m
from handtint.wire.codec import encode
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Rect, blank_digest

PATIENCE = 30.0
EXTENT = Extent(16, 8)
BASE = Plane(PixelFormat.gray8, EXTENT, bytes(range(128)))


def turn(link: EngineLink, until: Callable[[list[m.Message]], bool]) -> list[m.Message]:
    """Pump as an editor would, until the answers so far are what is waited for."""
    got: list[m.Message] = []
    end = time.monotonic() + PATIENCE
    while True:
        now = time.monotonic()
        got += link.pump(now)
        if until(got):
            return got
        assert now < end, f"{link.state} {link.text} {got}"
        wake = link.wake(now)
        handle = link.fileno()
        handles = [] if handle is None else [handle]
        select.select(handles, handles if link.wants_write else [], [], 0.5 if wake is None else min(wake, 0.5))


def answers(count: int) -> Callable[[list[m.Message]], bool]:
    return lambda got: len([message for message in got if not isinstance(message, m.Progress)]) >= count


def colored(request: m.Colorize) -> m.Colorized:
    plane = Plane(PixelFormat.rgba8, Extent(1, 1), b"abcd")
    return m.Colorized(request.id, plane, Rect(0, 0, 1, 1), Extent(1, 1), "scribble")


def as_told(message: m.Message) -> list[m.Message]:
    """The plainest engine."""
    if isinstance(message, m.Colorize):
        return [m.Progress(message.id, 0.5, "half"), colored(message)]
    if isinstance(message, m.Cancel):
        return [m.CancelDone(message.id, message.target, found=False)]
    return [m.Failure(message.id, "not_available", f"{message.type} is not here")]


class Forgetful:
    """Keeps planes as an engine does, and says which are missing; one before protocol 1.4 knows no blank ones."""

    def __init__(self, *, knows_blank: bool = True) -> None:
        self.planes: set[str] = set()
        self.blank = blank_digest(PixelFormat.rgba8, EXTENT) if knows_blank else ""

    def __call__(self, message: m.Message) -> list[m.Message]:
        assert isinstance(message, m.Colorize)
        missing = []
        for picture in (message.base, message.hints):
            if isinstance(picture, Plane):
                self.planes.add(picture.digest())
            elif isinstance(picture, Known) and picture.digest not in self.planes:
                missing.append(picture.digest)
            elif isinstance(picture, Patch):
                if picture.parent in {*self.planes, self.blank}:
                    self.planes.add(picture.digest())
                else:
                    missing.append(picture.parent)
        if missing:
            return [m.Failure(message.id, "unknown_plane", "forgotten", tuple(missing))]
        return [colored(message)]


@pytest.fixture
def link_to(router, announce, tmp_path) -> Iterator[Callable[..., EngineLink]]:
    """Makes links to an engine that is a script; starts nothing."""
    made: list[EngineLink] = []

    def make(handler: Callable[..., object], *, token: str = "secret", asked: str = "secret") -> EngineLink:
        path = announce(router(handler, token=token).port, asked, os.getpid())
        made.append(EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False))
        return made[-1]

    yield make
    for link in made:
        link.close()


def request(link: EngineLink, **fields: object) -> m.Colorize:
    return m.Colorize(link.next_id(), "doc", **{"base": BASE, **fields})


def test_a_message_sent_early_waits_and_hello_goes_first(link_to, script):
    engine = script(as_told)
    link = link_to(engine)
    assert link.state is LinkState.offline
    message = request(link)
    link.send(message)
    got = turn(link, answers(1))
    assert [type(seen) for seen in engine.seen] == [m.Hello, m.Colorize]
    assert [type(answer) for answer in got] == [m.Progress, m.Colorized]
    assert {answer.id for answer in got} == {message.id}
    assert link.state is LinkState.ready
    assert link.welcome == m.Welcome(link.welcome.id, "0", "cpu", ())
    assert link.unanswered == ()


def test_what_is_pushed_goes_without_a_turn_and_its_answer_waits_for_one(link_to, script):
    there = threading.Event()

    def told(message: m.Message) -> list[m.Message]:
        there.set()
        return as_told(message)

    link = link_to(script(told))
    link.open()
    turn(link, lambda _: link.state is LinkState.ready)
    message = request(link)
    link.send(message)
    link.push(0.0)
    assert there.wait(60)
    while link.unanswered:
        select.select([link.fileno()], [], [], 1.0)
        link.push(0.0)
    assert link.wake(0.0) == 0.0
    assert [answer.id for answer in link.pump(0.0)] == [message.id, message.id]


def test_nothing_happens_before_it_is_wanted(link_to, script):
    engine = script(as_told)
    link = link_to(engine)
    link.pump(0.0)
    assert link.fileno() is None
    assert link.wake(0.0) is None
    link.open()
    turn(link, lambda _: link.state is LinkState.ready)
    assert [type(seen) for seen in engine.seen] == [m.Hello]


def test_a_plane_travels_once(link_to, script):
    engine = script(Forgetful())
    link = link_to(engine)
    for _ in range(3):
        link.send(request(link, hints=Plane(PixelFormat.rgba8, EXTENT, bytes(512))))
        assert isinstance(turn(link, answers(1))[0], m.Colorized)
    sent = engine.of(m.Colorize)
    assert [type(message.base) for message in sent] == [Plane, Known, Known]
    assert [type(message.hints) for message in sent] == [Plane, Known, Known]
    assert sent[1].base == Known(BASE.digest())


def test_a_forgotten_plane_is_sent_whole_unnoticed(link_to, script):
    memory = Forgetful()
    engine = script(memory)
    link = link_to(engine)
    link.send(request(link))
    turn(link, answers(1))
    memory.planes.clear()
    link.send(request(link))
    got = turn(link, answers(1))
    assert [type(answer) for answer in got] == [m.Colorized]
    assert [type(message.base) for message in engine.of(m.Colorize)] == [Plane, Known, Plane]


def test_a_forgotten_parent_of_a_patch_is_replaced_by_the_whole_and_patches_go_on(link_to, script):
    memory = Forgetful()
    engine = script(memory)
    link = link_to(engine)
    tracker = HintsTracker()
    pixels = bytearray(512)
    kinds = []
    for stroke in range(5):
        pixels[stroke * 64] = 255
        picture = tracker.update(Plane(PixelFormat.rgba8, EXTENT, bytes(pixels)))
        if stroke == 2:
            memory.planes.clear()
        before = len(engine.of(m.Colorize))
        link.send(request(link, hints=picture), tracker.whole)
        assert isinstance(turn(link, answers(1))[0], m.Colorized)
        kinds.append([type(message.hints) for message in engine.of(m.Colorize)[before:]])
    assert kinds == [[Patch], [Patch], [Patch, Plane], [Patch], [Patch]]


def test_an_engine_that_knows_no_blank_layers_gets_them_whole_once(link_to, script):
    engine = script(Forgetful(knows_blank=False))
    link = link_to(engine)
    kinds = []
    for stroke in range(2):
        tracker = HintsTracker()  # as for another layer
        pixels = bytearray(512)
        pixels[stroke * 64] = 255
        picture = tracker.update(Plane(PixelFormat.rgba8, EXTENT, bytes(pixels)))
        before = len(engine.of(m.Colorize))
        link.send(request(link, hints=picture), tracker.whole)
        assert isinstance(turn(link, answers(1))[0], m.Colorized)
        kinds.append([type(message.hints) for message in engine.of(m.Colorize)[before:]])
    assert kinds == [[Patch, Plane], [Plane]]


def test_what_another_connection_may_have_brought_is_named_first(link_to, script):
    memory = Forgetful()
    engine = script(memory)
    named, whole = Known(BASE.digest()), {BASE.digest(): BASE}
    for kinds in ([Known, Plane], [Known]):
        link = link_to(engine)
        before = len(engine.of(m.Colorize))
        link.send(request(link, base=named), whole)
        assert [type(answer) for answer in turn(link, answers(1))] == [m.Colorized]
        assert [type(message.base) for message in engine.of(m.Colorize)[before:]] == kinds


def test_what_need_not_travel_is_spared():
    base = Plane(PixelFormat.gray8, Extent(1024, 1024), bytes(range(256)) * 4096)
    hints = Plane(PixelFormat.rgba8, Extent(1024, 1024), bytes(4096) + b"\1\2\3\xff" + bytes((1 << 22) - 4100))
    message, whole = spared(m.Colorize(0, "d", base, hints=hints, selection=BASE))
    dot = Plane(PixelFormat.rgba8, Extent(1, 1), b"\1\2\3\xff")
    patch = Patch(blank_digest(PixelFormat.rgba8, hints.extent), 0, 1, dot)
    assert message == m.Colorize(0, "d", Known(base.digest()), hints=patch, selection=BASE)
    assert whole == {base.digest(): base, patch.digest(): hints}


def test_a_plane_that_nobody_has_is_told(link_to, script):
    engine = script(Forgetful())
    link = link_to(engine)
    link.send(request(link, base=Known("0" * 32)))
    failure = turn(link, answers(1))[0]
    assert isinstance(failure, m.Failure)
    assert failure.code == "unknown_plane"
    assert failure.missing == ("0" * 32,)


def test_a_token_that_is_not_accepted(link_to, script):
    link = link_to(script(as_told), asked="guess")
    link.send(request(link))
    failure = turn(link, answers(1))[0]
    assert isinstance(failure, m.Failure)
    assert failure.code == "refused"
    assert link.state is LinkState.refused
    assert "does not let us in" in link.text


def test_another_major_version_is_refused_with_both_names(link_to):
    text = "this end speaks handtint/2, the message is handtint/1"
    link = link_to(lambda frames: [encode(m.Failure(1, "protocol", text))])
    link.open()
    turn(link, lambda _: link.state is LinkState.refused)
    assert link.text == text


def test_an_older_engine_is_refused(link_to):
    """It would not understand planes in parts."""
    link = link_to(lambda frames: [encode(m.Welcome(1, "0", "cpu", (), minor=m.OLDEST_MINOR - 1))])
    link.open()
    turn(link, lambda _: link.state is LinkState.refused)
    assert "handtint stop" in link.text


def test_an_answer_that_is_no_message_is_refused(link_to):
    link = link_to(lambda frames: [[b"handtint/1", b"\xc1"]])
    link.send(request(link))
    assert turn(link, answers(1))[0].code == "refused"
    assert "could not be read" in link.text


def test_no_engine_and_none_may_be_started(tmp_path):
    link = EngineLink("test", launcher=Launcher([], path=tmp_path / "run" / "engine.json", environ={}), start=False)
    message = request(link)
    link.send(message)
    assert link.pump(0.0) == [m.Failure(message.id, "gone", "no engine runs: start it with `handtint serve`")]
    assert link.state is LinkState.failed
    link.close()


def test_after_a_failure_the_next_request_tries_again(router, script, announce, tmp_path):
    path = tmp_path / "run" / "engine.json"
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    link.send(request(link))
    assert turn(link, answers(1))[0].code == "gone"
    announce(router(script(as_told), token="t").port, "t", os.getpid())
    link.send(request(link))
    assert isinstance(turn(link, answers(1))[-1], m.Colorized)
    link.close()


def test_a_request_of_a_lost_engine_is_sent_to_the_next_one_whole(router, script, announce, tmp_path):
    """The first engine takes the request in and never answers; then another stands in its place."""
    silent = script(lambda message: [])
    first = router(silent, token="one")
    path = announce(first.port, "one", os.getpid())
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    message = request(link)
    link.send(message)
    turn(link, lambda _: len(silent.of(m.Colorize)) == 1)
    second = script(as_told)
    announce(router(second, token="two").port, "two", os.getpid())
    first.close()
    assert isinstance(turn(link, answers(1))[-1], m.Colorized)
    assert second.of(m.Colorize) == [message]
    link.close()


def test_a_request_made_when_the_engine_has_just_gone_unnoticed(router, script, announce):
    """The end of the connection and the next request are seen in the same turn."""
    first = router(script(as_told), token="one")
    path = announce(first.port, "one", os.getpid())
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    link.send(request(link))
    turn(link, answers(1))
    second = script(as_told)
    announce(router(second, token="two").port, "two", os.getpid())
    first.close()
    assert select.select([link.fileno()], [], [], PATIENCE)[0]
    message = request(link)
    link.send(message)
    assert isinstance(turn(link, answers(1))[-1], m.Colorized)
    assert second.of(m.Colorize) == [message]
    link.close()


def test_a_request_that_ends_two_engines_is_not_sent_to_a_third(router, script, announce):
    scripts = [script(lambda message: []) for _ in range(3)]
    routers = [router(each, token=f"t{number}") for number, each in enumerate(scripts)]
    path = announce(routers[0].port, "t0", os.getpid())
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    message = request(link)
    link.send(message)
    for number in (0, 1):
        turn(link, lambda _, n=number: len(scripts[n].of(m.Colorize)) == 1)
        announce(routers[number + 1].port, f"t{number + 1}", os.getpid())
        routers[number].close()
    failure = turn(link, answers(1))[0]
    assert isinstance(failure, m.Failure)
    assert (failure.id, failure.code) == (message.id, "gone")
    assert "twice" in failure.text
    assert not scripts[2].of(m.Colorize)
    link.close()


def test_shutdown_and_cancel_end_with_the_engine(router, script, announce):
    silent = script(lambda message: [])
    engine = router(silent, token="t")
    path = announce(engine.port, "t", os.getpid())
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    work = request(link)
    stop = m.Shutdown(link.next_id())
    link.send(work)
    link.send(stop)
    turn(link, lambda _: len(silent.seen) == 3)
    cancel = m.Cancel(link.next_id(), work.id)
    link.send(cancel)
    turn(link, lambda _: len(silent.seen) == 4)
    path.unlink()
    engine.close()
    got = {message.id: message for message in turn(link, answers(3))}
    assert got[stop.id] == m.Stopping(stop.id)
    assert got[work.id].code == "cancelled"
    assert got[cancel.id] == m.CancelDone(cancel.id, work.id, found=False)
    assert link.state is LinkState.offline
    link.close()


def test_an_engine_that_is_about_to_end_is_left_for_the_next(router, script, announce):
    leaving = script(lambda message: [m.Failure(message.id, "stopping", "ending")])
    first = router(leaving, token="one")
    path = announce(first.port, "one", os.getpid())
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    link.send(request(link))
    turn(link, lambda _: len(leaving.of(m.Colorize)) == 1)
    second = script(as_told)
    announce(router(second, token="two").port, "two", os.getpid())
    first.close()
    assert isinstance(turn(link, answers(1))[-1], m.Colorized)
    link.close()


def test_a_request_called_off_before_it_was_sent(link_to, script):
    engine = script(as_told)
    link = link_to(engine)
    message = request(link)
    link.send(message)
    cancel = m.Cancel(link.next_id(), message.id)
    link.send(cancel)
    got = turn(link, answers(2))
    assert [(type(answer), answer.id) for answer in got] == [(m.Failure, message.id), (m.CancelDone, cancel.id)]
    assert got[0].code == "cancelled"
    assert engine.of(m.Colorize) == []


def test_calling_off_what_is_over_starts_no_engine(tmp_path):
    launcher = Launcher(["/nowhere/handtint"], path=tmp_path / "run" / "engine.json", environ={})
    link = EngineLink("test", launcher=launcher)
    cancel = m.Cancel(link.next_id(), 99)
    link.send(cancel)
    assert link.pump(0.0) == [m.CancelDone(cancel.id, 99, found=False)]
    assert link.state is LinkState.offline
    link.close()


def test_a_connection_file_of_something_else_is_stale(raw_listener, announce):
    path = announce(raw_listener, "t", os.getpid())
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    link.send(request(link))
    assert turn(link, answers(1))[0].code == "gone"
    link.close()


@pytest.mark.parametrize("heard", [b"", b"READY"], ids=["at once", "when it has just been let in"])
def test_an_engine_that_hangs_up_too_soon_is_called_again(router, script, announce, hanging_up, heard: bytes) -> None:
    """It has a crowd at its door. To take it for dead would end it, and start another one for nothing."""
    door = hanging_up(router(script(as_told), token="t").port, 2, heard)
    link = EngineLink(
        "test", launcher=Launcher([], path=announce(door.port, "t", os.getpid()), environ={}), start=False
    )
    link.send(request(link))
    assert isinstance(turn(link, answers(1))[-1], m.Colorized)
    assert door.calls == 3
    link.close()


def test_one_that_never_lets_us_in_is_given_up(router, script, announce, hanging_up, monkeypatch) -> None:
    monkeypatch.setattr("handtint.client.link.REDIALS", 2)
    door = hanging_up(router(script(as_told), token="t").port, 99)
    link = EngineLink(
        "test", launcher=Launcher([], path=announce(door.port, "t", os.getpid()), environ={}), start=False
    )
    link.send(request(link))
    assert turn(link, answers(1))[0].code == "gone"
    assert door.calls == 3
    link.close()


def test_an_id_is_used_once_and_a_closed_link_takes_nothing(link_to, script):
    link = link_to(script(as_told))
    message = request(link)
    link.send(message)
    with pytest.raises(ProtocolError, match="id of its own"):
        link.send(replace(message))
    link.close()
    with pytest.raises(EngineGone, match="closed"):
        link.send(request(link))
    assert link.pump(0.0) == []


def test_a_request_that_cannot_be_written_fails_alone(link_to, script):
    link = link_to(script(as_told))
    wrong, right = request(link, reach=2.0), request(link)
    link.send(wrong)
    link.send(right)
    got = {message.id: message for message in turn(link, answers(2)) if not isinstance(message, m.Progress)}
    assert got[wrong.id].code == "bad_request"
    assert "reach" in got[wrong.id].text
    assert isinstance(got[right.id], m.Colorized)


def test_a_file_that_others_can_read_is_refused(router, script, announce, tmp_path: Path):
    path = announce(router(script(as_told), token="t").port, "t", os.getpid())
    path.chmod(0o644)
    link = EngineLink("test", launcher=Launcher([], path=path, environ={}), start=False)
    link.send(request(link))
    assert turn(link, answers(1))[0].code == "refused"
    assert "644" in link.text
    link.close()
