"""Section `faults`: engines and clients killed and stopped in the middle, races at the start, and files that lie."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from handtint.bench.caller import Caller
from handtint.bench.fault_disk import disk_row
from handtint.bench.fault_memory import memory_rows
from handtint.bench.fault_time import clock_row, suspended_rows
from handtint.bench.fault_weights import weight_rows
from handtint.bench.honest import answered_within, request
from handtint.bench.processes import SERVE, end_engine, engine_in, runs, until
from handtint.bench.reliability import Effort, Row
from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.wire import messages as m
from handtint.wire.connection import FILE_NAME, Connection, read_connection, write_connection

KILLS, RACES, RACERS = 5, 5, 4
_PATIENCE = 120.0
_LARGE_SIDE = 3000
"""An answer of this size does not fit into the system's buffers: a killed engine takes half of it along."""
STATES = ("while it starts", "while it is idle", "while it receives", "while it works", "while it answers")
"""When an engine is killed."""


def faults(effort: Effort) -> list[Row]:
    """All rows of the section."""
    return [
        *kill_rows(effort), client_row(effort), *race_rows(effort), stale_row(effort), disk_row(effort),
        *memory_rows(effort), clock_row(effort), *suspended_rows(effort), *weight_rows(effort),
    ]  # fmt: skip


def kill_rows(effort: Effort) -> Iterator[Row]:
    """kill -9 of the engine: the request that was asked must be answered all the same, by the next engine."""
    for state in STATES:
        effort.note(f"killing the engine {state}")
        times, seconds = effort.times(KILLS), []
        for index in range(times):
            seconds.append(_killed(effort.folder / f"{state} {index}".replace(" ", "-"), state))
        answered = sum(value > 0 for value in seconds)
        result = f"{answered} of {times} requests answered by the next engine, at most {max(seconds):.1f} s after"
        figures = {"times": times, "answered": answered, "longest": round(max(seconds), 2)}
        yield Row(f"kill -9 of the engine {state}", result, answered == times, figures)


def _killed(folder: Path, state: str) -> float:
    """Seconds from the kill to the answer; 0 where none came."""
    folder.mkdir(mode=0o700, parents=True)
    launcher = Launcher(list(SERVE), path=folder / FILE_NAME)
    with Engine("handtint bench", launcher=launcher) as engine:
        try:
            if state != "while it starts":
                engine.connect(timeout=_PATIENCE)
            asked = request(side=_LARGE_SIDE) if state == "while it answers" else request()
            id = engine.start(asked) if state != "while it is idle" else 0
            pid = _victim(engine, launcher, state)
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            until(lambda: not runs(pid))
            id = id or engine.start(asked)
            return time.monotonic() - killed if answered_within(engine, id) else 0.0
        finally:
            end_engine(engine, launcher)


def _victim(engine: Engine, launcher: Launcher, state: str) -> int:
    """Bring the engine into that state; its process."""
    if state == "while it starts":
        until(lambda: bool(engine.receive()) or launcher.alive())
        process = launcher.pid
        assert process is not None
        return process
    connection = launcher.find()
    assert connection is not None
    if state == "while it receives":
        os.kill(connection.pid, signal.SIGSTOP)  # it takes the bytes into its socket and does nothing with them
        until(lambda: bool(engine.receive()) or not engine.link.wants_write, 2.0)
    if state == "while it works":
        until(lambda: any(isinstance(message, m.Progress) for message in engine.receive()), 10.0)
    if state == "while it answers":
        until(lambda: bool(engine.receive()) or not engine.link.wants_write)
        with Caller(connection) as witness:  # while nobody takes the answer in
            until(lambda: any(use.answered for use in _status(witness).used))
    return connection.pid


def client_row(effort: Effort) -> Row:
    """kill -9 of clients in the middle of a request: the engine drops their work and serves the others."""
    effort.note("killing clients")
    times = effort.times(KILLS)
    with engine_in(effort.folder / "of-killed-clients") as (_, connection), Caller(connection) as witness:
        for index in range(times):
            client = subprocess.Popen(
                [sys.executable, "-c", _CLIENT, str(effort.folder / "of-killed-clients" / FILE_NAME), str(index)],
                stdout=subprocess.PIPE,
            )
            assert client.stdout is not None
            client.stdout.readline()
            client.kill()
            client.wait()
            client.stdout.close()
        answer = witness.call(replace(request(), id=0))
        drained = until(lambda: _status(witness).waiting == 0)
    held = isinstance(answer, m.Colorized) and drained
    result = (
        f"{times} killed, {'nothing of theirs waits' if drained else 'their work waits still'}, the next one served"
    )
    return Row("kill -9 of a client in the middle of a request", result, held, {"times": times})


_CLIENT = """
import sys
from pathlib import Path
from handtint.bench.caller import Caller
from handtint.bench.honest import request
from handtint.wire.connection import read_connection
with Caller(read_connection(Path(sys.argv[1]))) as caller:
    for _ in range(3):
        caller.send(request())
    caller.socket.poll()
    print("asked", flush=True)
    while True:
        caller.receive()
        caller.send(request())
"""


def race_rows(effort: Effort) -> Iterator[Row]:
    """Engines and clients that start at the same moment: one engine serves all."""
    effort.note("racing engines")
    times, alone = effort.times(RACES), 0
    for index in range(times):
        folder = effort.folder / f"race-{index}"
        folder.mkdir(mode=0o700, parents=True)
        environment = {**os.environ, "HANDTINT_RUNTIME": str(folder)}
        racers = [subprocess.Popen(SERVE, env=environment, stderr=subprocess.DEVNULL) for _ in range(RACERS)]
        until(lambda racers=racers: sum(racer.poll() is None for racer in racers) == 1)  # type: ignore[misc]
        connection = read_connection(folder / FILE_NAME)
        left = [racer for racer in racers if racer.poll() is None]
        alone += len(left) == 1 and connection is not None and connection.pid == left[0].pid
        for racer in left:
            racer.terminate()
        for racer in racers:
            racer.wait(_PATIENCE)
    result = f"{alone} of {times} times one served and the others left"
    yield Row(f"{RACERS} engines started at once", result, alone == times, {"times": times, "alone": alone})


def stale_row(effort: Effort) -> Row:
    """Connection files of a dead process, of another program's port, and half of one: each is replaced."""
    effort.note("leaving stale connection files")
    lies: dict[str, Callable[[Path, int], None]] = {
        "a dead process": lambda path, port: write_connection(
            path, Connection("127.0.0.1", port, 2**22 + 1, "1.0", "x", "0")
        ),
        "another program's port": lambda path, port: write_connection(
            path, Connection("127.0.0.1", port, os.getpid(), "1.0", "x", "0")
        ),
        "half of one": lambda path, port: _half(path),
    }
    found = []
    for name, lie in lies.items():
        folder = effort.folder / name.replace(" ", "-").replace("'", "")
        folder.mkdir(mode=0o700, parents=True)
        with socket.create_server(("127.0.0.1", 0)) as other:
            lie(folder / FILE_NAME, other.getsockname()[1])
            with engine_in(folder) as (engine, connection):
                answer = engine.call(request(), timeout=_PATIENCE)
                if isinstance(answer, m.Colorized) and connection.port != other.getsockname()[1]:
                    found.append(name)
    result = f"replaced where it names {', '.join(found)}"
    return Row("a stale connection file", result, len(found) == len(lies), {"kinds": len(found)})


def _half(path: Path) -> None:
    path.write_text('{"host": "127.0')
    path.chmod(0o600)


def _status(witness: Caller) -> m.Status:
    status = witness.call(m.GetStatus(0))
    assert isinstance(status, m.Status)
    return status
