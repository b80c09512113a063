"""The client against the real engine in a process of its own: started, killed, forgetful, shut; none is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handtint.cli import engine as engine_commands
from handtint.cli.main import run
from handtint.client.blocking import Engine, wait
from handtint.client.heartbeat import Heartbeat
from handtint.client.hints import HintsTracker
from handtint.client.launcher import Launcher
from handtint.client.link import EngineLink, LinkState
from handtint.errors import Cancelled, EngineFailed, EngineGone, EngineRefused
from handtint.wire import messages as m
from handtint.wire.connection import Connection, read_connection, write_connection
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane, Rect

PATIENCE = 120.0
EXTENT = Extent(32, 24)
BASE = Plane(PixelFormat.gray8, EXTENT, bytes((x * 3 + y * 5) % 256 for y in range(24) for x in range(32)))


def hints(row: int) -> Plane:
    """A red mark of one row."""
    pixels = bytearray(32 * 24 * 4)
    pixels[row * 128 : row * 128 + 128] = b"\xd0\x20\x20\xff" * 32
    return Plane(PixelFormat.rgba8, EXTENT, bytes(pixels))


def colorize(**fields: object) -> m.Colorize:
    return m.Colorize(0, "doc", **{"base": BASE, "method": "scribble", "hints": hints(4), **fields})


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "handtint", "serve", "--device", "cpu", "--idle-exit", "5", *options]


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """The connection file's place; whatever engine it names at the end of the test is ended."""
    path = tmp_path / "run" / "engine.json"
    yield path
    connection = read_connection(path)
    if connection is not None and connection.pid != os.getpid():
        end(connection.pid)


def end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def pid_of(path: Path) -> int:
    connection = read_connection(path)
    assert connection is not None
    return connection.pid


def turn(link: EngineLink, until: Callable[[list[m.Message]], bool], got: list[m.Message] | None = None) -> None:
    got = [] if got is None else got
    deadline = time.monotonic() + PATIENCE
    while True:
        got += link.pump(time.monotonic())
        if until(got):
            return
        assert time.monotonic() < deadline, link.text
        wait(link, time.monotonic(), 1.0)


def test_the_first_call_starts_the_engine_and_gets_colors(path):
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        seen: list[m.Progress] = []
        answer = engine.call(colorize(), timeout=PATIENCE, on_progress=seen.append)
        assert isinstance(answer, m.Colorized)
        assert answer.size == EXTENT
        pixel = bytes(answer.plane.data)[4 * 128 : 4 * 128 + 4]
        assert pixel[0] > pixel[2]
        assert "scribble" in [method.name for method in engine.connect(timeout=PATIENCE).methods]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_engine_that_was_killed_is_started_again_and_asked_again(path):
    link = EngineLink("test", launcher=Launcher(command(), path=path))
    try:
        link.open()
        turn(link, lambda _: link.state is LinkState.ready)
        first = pid_of(path)
        # Stopped, it takes the request into its socket and does nothing with it.
        os.kill(first, signal.SIGSTOP)
        request = replace(colorize(), id=link.next_id())
        link.send(request)
        turn(link, lambda _: not link.wants_write)
        assert link.unanswered == (request.id,)
        end(first)
        got: list[m.Message] = []
        turn(link, lambda got: any(isinstance(message, m.Colorized) for message in got), got)
        assert [message.id for message in got if isinstance(message, m.Colorized)] == [request.id]
        assert pid_of(path) != first
    finally:
        link.close()


@pytest.fixture
def suspended(path: Path) -> Iterator[tuple[EngineLink, int]]:
    """A link with a request in the hands of an engine that was then stopped, and the engine's process."""
    link = EngineLink("test", launcher=Launcher(command(), path=path), heartbeat=Heartbeat(ask=0.3, silent=0.6, lost=5))
    try:
        link.open()
        turn(link, lambda _: link.state is LinkState.ready)
        os.kill(pid_of(path), signal.SIGSTOP)
        link.send(replace(colorize(), id=link.next_id()))
        turn(link, lambda _: link.state is LinkState.silent)
        yield link, pid_of(path)
    finally:
        link.close()


def test_a_suspended_engine_is_told_of_and_goes_on_when_it_is_woken(suspended, path):
    link, pid = suspended
    assert "suspended" in link.text
    os.kill(pid, signal.SIGCONT)
    turn(link, lambda got: any(isinstance(message, m.Colorized) for message in got))
    assert (link.state, link.text) == (LinkState.ready, "Ready.")
    assert pid_of(path) == pid


def test_an_engine_that_stays_suspended_is_replaced(suspended, path):
    link, pid = suspended
    asked = link.unanswered
    got = []
    turn(link, lambda got: any(isinstance(message, m.Colorized) for message in got), got)
    assert tuple(message.id for message in got if not isinstance(message, m.Progress)) == asked
    assert pid_of(path) != pid


def test_who_comes_to_a_suspended_engine_gets_another(path):
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        engine.connect(timeout=PATIENCE)
    pid = pid_of(path)
    os.kill(pid, signal.SIGSTOP)
    link = EngineLink("other", launcher=Launcher(command(), path=path), connect_patience=0.5)
    try:
        link.open()
        turn(link, lambda _: link.state is LinkState.ready)
        assert pid_of(path) != pid
    finally:
        link.close()


def test_stop_ends_a_suspended_engine_and_no_other_program(path, monkeypatch, capsys):
    monkeypatch.setenv("HANDTINT_RUNTIME", str(path.parent))
    monkeypatch.setattr(engine_commands, "_ANSWER_SECONDS", 0.5)
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        engine.connect(timeout=PATIENCE)
    pid = pid_of(path)
    os.kill(pid, signal.SIGSTOP)
    assert run(["stop"]) == 0
    assert "was ended" in capsys.readouterr().out
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        write_connection(path, Connection("127.0.0.1", 1, bystander.pid, "1.0", "old", "0"))
        assert run(["stop"]) == 0
        assert "no engine" in capsys.readouterr().out
        bystander.communicate(b"\n")
        assert bystander.returncode == 0


def test_planes_that_the_engine_let_go_are_sent_again_unnoticed(path):
    """64 MB of memory and planes of 40 MB: by the third of them the first hints are gone."""
    with Engine("test", launcher=Launcher(command("--memory", "64"), path=path)) as engine:
        tracker = HintsTracker()
        first = engine.call(colorize(hints=tracker.update(hints(4))), timeout=PATIENCE, whole=tracker.whole)
        for value in range(3):
            big = Plane(PixelFormat.gray8, Extent(8000, 5000), bytes([value]) * 40_000_000)
            with pytest.raises(EngineFailed, match="8000"):  # It does not fit the base, and is kept all the same.
                engine.call(colorize(hints=None, selection=big), timeout=PATIENCE)
        # The picture went with every request, so that only its hints can be gone.
        with Engine("other", launcher=Launcher(path=path)) as other, pytest.raises(EngineFailed) as gone:
            other.call(colorize(hints=Known(hints(4).digest())), timeout=PATIENCE)
        assert gone.value.code == "unknown_plane"
        patched = colorize(hints=tracker.update(hints(5)))
        second = engine.call(patched, timeout=PATIENCE, whole=tracker.whole)
        again = engine.call(colorize(hints=hints(5)), timeout=PATIENCE)
    assert bytes(second.plane.data) == bytes(again.plane.data)
    assert bytes(second.plane.data) != bytes(first.plane.data)


def test_a_wrong_token_is_refused_in_words(path, tmp_path):
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        engine.connect(timeout=PATIENCE)
    other = tmp_path / "other" / "engine.json"
    connection = read_connection(path)
    assert connection is not None
    write_connection(other, replace(connection, token="guess"))
    launcher = Launcher(command(), path=other)
    with Engine("test", launcher=launcher) as engine, pytest.raises(EngineRefused, match="does not let us in"):
        engine.call(m.GetStatus(0), timeout=PATIENCE)


def test_a_connection_file_where_nobody_listens_leads_to_a_new_engine(path):
    write_connection(path, Connection("127.0.0.1", 1, os.getpid(), "1.0", "old", "0"))
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        status = engine.call(m.GetStatus(0), timeout=PATIENCE)
    assert isinstance(status, m.Status)
    assert status.pid == pid_of(path)


def test_two_editors_that_start_at_once_share_one_engine(path):
    write_connection(path, Connection("127.0.0.1", 1, os.getpid(), "1.0", "old", "0"))
    links = [EngineLink(name, launcher=Launcher(command(), path=path)) for name in ("krita", "gimp")]
    launched = []
    try:
        for link in links:
            link.open()
            link.pump(time.monotonic())
        for link in links:
            turn(link, lambda _, link=link: link.state is LinkState.ready)
            launched.append(link._launcher._process.pid)
            link.send(m.GetStatus(link.next_id()))
        pids = []
        for link in links:
            got: list[m.Message] = []
            turn(link, lambda got: bool(got), got)
            pids.append(got[0].pid)
        assert pids[0] == pids[1]
    finally:
        for link in links:
            link.close()
        for pid in set(launched) - {pid_of(path)}:
            end(pid)


def test_shutdown_ends_it_and_starts_none(path):
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        engine.connect(timeout=PATIENCE)
        pid = pid_of(path)
    with Engine("test", launcher=Launcher(command(), path=path), start=False) as engine:
        assert isinstance(engine.call(m.Shutdown(0), timeout=PATIENCE), m.Stopping)
    assert os.waitpid(pid, 0)[0] == pid
    assert not path.exists()
    launcher = Launcher(command(), path=path)
    with Engine("test", launcher=launcher, start=False) as engine, pytest.raises(EngineGone, match="handtint serve"):
        engine.call(m.GetStatus(0), timeout=PATIENCE)


def test_a_call_that_is_called_off(path):
    with Engine("test", launcher=Launcher(command(), path=path)) as engine:
        engine.connect(timeout=PATIENCE)
        with pytest.raises(Cancelled):
            engine.call(colorize(), timeout=PATIENCE, cancelled=lambda: True)
        answer = engine.call(colorize(region=Rect(0, 0, 2, 2)), timeout=PATIENCE)
        assert answer.region == Rect(0, 0, 2, 2)


def test_an_engine_that_cannot_start_says_why(tmp_path):
    words = [sys.executable, "-c", "import sys; sys.exit('no such device')"]
    launcher = Launcher(words, path=tmp_path / "run" / "engine.json")
    with Engine("test", launcher=launcher) as engine, pytest.raises(EngineGone, match="no such device"):
        engine.call(m.GetStatus(0), timeout=PATIENCE)


def test_a_command_that_is_not_there_is_named(tmp_path):
    launcher = Launcher(["/nowhere/handtint", "serve"], path=tmp_path / "run" / "engine.json")
    with Engine("test", launcher=launcher) as engine, pytest.raises(EngineGone, match="/nowhere/handtint"):
        engine.connect(timeout=PATIENCE)
