"""The engine as a process of its own, started by the command, found through the connection file."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.errors import EngineFailed
from handtint.server import planes
from handtint.server.lock import Lock
from handtint.server.pixelmath import Bands
from handtint.wire import messages as m
from handtint.wire.connection import Connection, read_connection, write_connection
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Rect, Transfer

PATIENCE = 60.0


class Process:
    """One `handtint serve`; its log is read on a thread, so that waiting for a line is waiting for an event."""

    def __init__(self, runtime: Path, *arguments: str) -> None:
        command = arguments or ("-m", "handtint", "serve", "--device", "cpu")
        environment = {**os.environ, "HANDTINT_RUNTIME": str(runtime)}
        self.path = runtime / "engine.json"
        self._process = subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.log: list[str] = []
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._grown:
                self.log.append(line)
                self._grown.notify_all()
        with self._grown:
            self.log.append("END")
            self._grown.notify_all()

    def says(self, words: str) -> bool:
        """Whether these words come in its log."""
        with self._grown:
            said = lambda: any(words in line for line in self.log)  # noqa: E731
            self._grown.wait_for(lambda: said() or "END" in self.log, PATIENCE)
            return said()

    def connection(self) -> Connection:
        assert self.says("listens on"), self.log
        connection = read_connection(self.path)
        assert connection is not None
        return connection

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def exit_code(self) -> int:
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stderr is not None
        self._process.stderr.close()


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def serve(runtime: Path) -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def begin(*command: str) -> Process:
        processes.append(Process(runtime, *command))
        return processes[-1]

    yield begin
    for each in processes:
        each.close()


def picture(width: int = 96, height: int = 64) -> tuple[Plane, Plane, np.ndarray]:
    """A dark and a light half with noise, a red and a neutral hint, and where the hints are."""
    gray = np.full((height, width), 90, np.uint8)
    gray[:, width // 2 :] = 170
    gray += np.random.default_rng(0).integers(0, 5, gray.shape, np.uint8)
    hints = np.zeros((height, width, 4), np.uint8)
    hints[20:26, 10:22] = (150, 70, 60, 255)
    hints[40:46, 60:72] = (128, 128, 128, 255)
    base = Plane(PixelFormat.gray8, Extent(width, height), gray.tobytes())
    return base, Plane(PixelFormat.rgba8, base.extent, hints.tobytes()), hints[..., 3] > 0


def test_scribble_from_start_to_colors(serve: Callable[[], Process], connect: Callable[..., Any]) -> None:
    process = serve()
    connection = process.connection()
    assert connection.pid == process.pid
    peer = connect(connection)
    assert [each.name for each in peer.hello().methods if not each.missing][-1] == "scribble"
    base, hints, painted = picture()
    request = m.Colorize(peer.next_id(), "d", base, "scribble", hints, output=PixelFormat.abf32, reach=1.0)
    answer = peer.call(request)
    ab = planes.pixels(answer.plane)
    wanted = planes.hints(hints).layer().ab.transpose(1, 2, 0)
    assert np.abs(ab - wanted)[painted].max() < 0.5
    assert ab[:, :40, 0].min() > 10
    assert np.abs(ab[:, 56:]).max() < 5

    linear = m.Colorize(
        peer.next_id(), "d", Known(base.digest()), "scribble", Known(hints.digest()),
        output=PixelFormat.rgba16, linear=True, reach=1.0,
    )  # fmt: skip
    linear_answer = peer.call(linear)
    assert linear_answer.plane.transfer is Transfer.linear
    lab = planes.picture_lab(linear_answer.plane)
    assert np.abs(lab[1:].transpose(1, 2, 0) - ab).max() < 0.1
    whole = peer.call(m.GetStatus(peer.next_id()))
    assert (whole.pid, whole.loaded[-1], whole.served) == (process.pid, "scribble", 2)


def test_connection_file_is_private_and_goes_with_the_engine(serve: Callable[[], Process], runtime: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        process = serve()
        process.connection()
        assert process.path.stat().st_mode & 0o777 == 0o600
        assert runtime.stat().st_mode & 0o777 == 0o700
        process.signal(number)
        assert process.exit_code() == 0
        assert not process.path.exists()


STUBBORN = """
import sys, threading
import handtint.colorizers.registry as registry

class Stubborn:
    def prepare(self, lightness):
        print("working", file=sys.stderr, flush=True)
        threading.Event().wait()

registry.load = lambda name, device: Stubborn()
from handtint.server.engine import serve
sys.exit(serve(device="cpu"))
"""


def test_work_that_never_ends_does_not_keep_a_stopped_engine(
    serve: Callable[..., Process], connect: Callable[..., Any]
) -> None:
    process = serve("-c", STUBBORN)
    peer = connect(process.connection())
    peer.send(m.Colorize(peer.next_id(), "d", picture()[0]))
    assert process.says("working")
    process.signal(signal.SIGTERM)
    assert process.exit_code() == 0
    assert process.says("leaving without it")
    assert not process.path.exists()


def test_second_engine_finds_the_first(serve: Callable[[], Process], connect: Callable[..., Any]) -> None:
    first = serve()
    before = first.connection()
    second = serve()
    assert second.exit_code() == 0
    assert second.says(f"pid {first.pid}")
    assert read_connection(first.path) == before
    connect(before).hello()


def test_of_two_that_race_one_serves(serve: Callable[[], Process], connect: Callable[..., Any]) -> None:
    racers = [serve(), serve(), serve()]
    serving = [racer for racer in racers if racer.says("listens on")]
    assert len(serving) == 1
    assert [racer.exit_code() for racer in racers if racer is not serving[0]] == [0, 0]
    peer = connect(serving[0].connection())
    peer.hello()
    assert isinstance(peer.call(m.Shutdown(peer.next_id())), m.Stopping)
    assert serving[0].exit_code() == 0


def test_stale_file_of_a_dead_engine_is_replaced(serve: Callable[[], Process], connect: Callable[..., Any]) -> None:
    first = serve()
    stale = first.connection()
    first.signal(signal.SIGKILL)
    first.exit_code()
    assert read_connection(first.path) == stale
    fresh = serve().connection()
    assert fresh.token != stale.token
    connect(fresh).hello()


def test_file_that_names_another_programs_port_is_replaced(
    serve: Callable[[], Process], runtime: Path, connect: Callable[..., Any]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        # The pid is alive, but it is this test's and not an engine's.
        write_connection(runtime / "engine.json", Connection("127.0.0.1", port, os.getpid(), "1.0", "old", "0"))
        fresh = serve().connection()
        assert fresh.port != port
        connect(fresh).hello()


def test_damaged_file_is_replaced(serve: Callable[[], Process], runtime: Path) -> None:
    path = runtime / "engine.json"
    path.write_text("{ half of")
    path.chmod(0o600)
    written = json.loads(path.read_text() if serve().connection() else "")
    assert written["protocol"] == "{}.{}".format(*m.PROTOCOL)


def test_engine_leaves_a_file_that_is_not_its_own(serve: Callable[[], Process]) -> None:
    process = serve()
    process.connection()
    other = Connection("127.0.0.1", 9, 1, "1.0", "another", "0")
    write_connection(process.path, other)
    process.signal(signal.SIGTERM)
    assert process.exit_code() == 0
    assert read_connection(process.path) == other


def test_killed_client_does_not_disturb_others(serve: Callable[[], Process], connect: Callable[..., Any]) -> None:
    connection = serve().connection()
    victim = connect(connection)
    base, hints, _ = picture(800, 600)
    victim.send(m.Colorize(victim.next_id(), "d", base, "scribble", hints))
    victim.close()
    witness = connect(connection)
    base, hints, _ = picture()
    answer = witness.call(m.Colorize(witness.next_id(), "d", base, "scribble", hints))
    assert isinstance(answer, m.Colorized)


def test_lock_is_exclusive_and_free_again(tmp_path: Path) -> None:
    one, other = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert one.take()
    assert not other.take()
    one.release()
    assert other.take()
    other.release()


def test_the_editors_own_client(runtime: Path) -> None:
    """The standard library's client starts the engine, is known by digest from then on, and ends it."""
    command = [sys.executable, "-m", "handtint", "serve", "--device", "cpu"]
    launcher = Launcher(command, environ={**os.environ, "HANDTINT_RUNTIME": str(runtime)})
    base, hints, _ = picture()
    stroke = Patch(hints.digest(), 70, 5, Plane(PixelFormat.rgba8, Extent(4, 4), bytes((60, 90, 150, 255)) * 16))
    with Engine("test", launcher=launcher) as engine:
        assert engine.connect(timeout=PATIENCE).device in ("cpu", "auto")
        whole = m.Colorize(0, "d", base, "scribble", hints, output=PixelFormat.bgra8)
        first = engine.call(whole, timeout=PATIENCE)
        assert isinstance(first, m.Colorized)
        small = replace(whole, base=Known(base.digest()), hints=stroke, size=Extent(48, 32), region=Rect(35, 2, 2, 2))
        second = engine.call(small, timeout=PATIENCE)
        assert isinstance(second, m.Colorized)
        assert second.plane.extent == Extent(2, 2)
        blue, _, red, alpha = planes.pixels(second.plane)[1, 1].tolist()
        assert blue > red + 30
        assert alpha == 255
        with pytest.raises(EngineFailed, match="expected hints"):
            engine.call(replace(whole, hints=gray_half(base)), timeout=PATIENCE)
        assert isinstance(engine.call(m.Shutdown(0), timeout=PATIENCE), m.Stopping)
    drift = planes.lightness(first.plane, Bands(1)) - planes.lightness(base, Bands(1))
    assert np.abs(drift).max() < 0.5


def gray_half(base: Plane) -> Plane:
    """A hint layer of half the base's width."""
    extent = Extent(base.extent.width // 2, base.extent.height)
    return Plane(PixelFormat.rgba8, extent, bytes(extent.width * extent.height * 4))
