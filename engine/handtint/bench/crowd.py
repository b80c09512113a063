"""Rows of section `bytes`: connections that say nothing, as many and as fast as a client opens them, at every door."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from handtint.bench.caller import Caller
from handtint.bench.honest import request
from handtint.bench.processes import SERVE, engine_in
from handtint.bench.reliability import Effort, Row
from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.errors import EngineError
from handtint.server.doors import parse_address
from handtint.server.keys import make_keys, read_keys
from handtint.wire.connection import FILE_NAME, Connection, read_connection
from handtint.wire.messages import Colorized, GetStatus, Message, Status

CALLERS = 2_000
NEW_METHOD = "global_local"
"""It has weights, and nobody has used it before the crowd comes."""
_PATIENCE = 60.0
_LOOK = 0.01
_OPEN_FILES = re.compile(r"^Max open files\s+(\d+)", re.MULTILINE)
_CROWD = """
import json, resource, select, socket, sys
host, port, count, again = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "again"
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
callers, calls, ended, poll = {}, 0, 0, select.poll()
poll.register(sys.stdin, select.POLLIN)
def call():
    caller = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    caller.setblocking(False)
    caller.connect_ex((host, port))
    callers[caller.fileno()] = caller
    poll.register(caller, select.POLLIN)
for calls in range(1, count + 1):
    call()
print("all", flush=True)
while True:
    for number, what in poll.poll():
        if number == sys.stdin.fileno():
            print(json.dumps({"calls": calls, "ended": ended}), flush=True)
            sys.exit()
        try:
            gone = not callers[number].recv(4096)
        except OSError:
            gone = True
        if gone:
            poll.unregister(number)
            callers.pop(number).close()
            ended += 1
            if again:
                calls += 1
                call()
"""
"""Opens connections and says nothing by any of them, until it is told to end."""


class Door(NamedTuple):
    """Where a crowd comes, and who comes there besides.

    Attributes
    ----------
    name : str
    address : (str, int)
    pid : int
        Of the process whose door it is.
    ask : callable
        What an honest client that was there before gets for a request.
    come : callable
        Lets another honest client come and ask for a status.
    """

    name: str
    address: tuple[str, int]
    pid: int
    ask: Callable[[Message], Message]
    come: Callable[[], Message]


@contextlib.contextmanager
def here(folder: Path, command: Sequence[str] = SERVE) -> Iterator[Door]:
    with engine_in(folder, command) as (engine, connection):
        yield _door("this machine's door", folder, engine, connection)


@contextlib.contextmanager
def _relay(folder: Path) -> Iterator[Door]:
    with _listening(folder) as (address, keys):
        command = [sys.executable, "-m", "handtint", "relay", address, "--curve-keys", str(keys)]
        with engine_in(folder / "relay", command) as (engine, connection):
            yield _door("a relay's door", folder / "relay", engine, connection)


def _door(name: str, folder: Path, engine: Engine, connection: Connection) -> Door:
    """Where the editors' own client comes in, with the token."""

    def come() -> Message:
        with Engine("handtint bench", launcher=Launcher(path=folder / FILE_NAME), start=False) as another:
            return another.call(GetStatus(0), timeout=_PATIENCE)

    address = connection.host, connection.port
    return Door(name, address, connection.pid, lambda message: engine.call(message, timeout=_PATIENCE), come)


@contextlib.contextmanager
def _far(folder: Path) -> Iterator[Door]:
    with _listening(folder) as (address, keys):
        host, port = parse_address(address)
        here = read_connection(folder / "engine" / FILE_NAME)
        assert here is not None
        there = replace(here, host=host, port=port)

        def come() -> Message:
            with Caller(there, read_keys(keys)) as another:
                return another.call(GetStatus(0))

        with Caller(there, read_keys(keys)) as caller:
            yield Door("the door for other machines", (host, port), here.pid, caller.call, come)


@contextlib.contextmanager
def _listening(folder: Path) -> Iterator[tuple[str, Path]]:
    """An engine that listens for other machines; where, and the folder of a painter's keys."""
    folder.mkdir(mode=0o700, parents=True)
    of_engine, of_painter = make_keys(folder / "keys", "painter")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with engine_in(folder / "engine", [*SERVE, "--listen", address, "--curve-keys", str(of_engine)]):
        yield address, of_painter


DOORS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Door]]] = {
    "here": here,
    "far": _far,
    "relay": _relay,
}


def crowd_rows(effort: Effort) -> Iterator[Row]:
    """A crowd that stays, at each door; and one whose callers come again as often as they are hung up on."""
    for index, (name, again) in enumerate([*((name, False) for name in DOORS), ("here", True)]):
        effort.note(f"holding connections open at {name}{', again and again' if again else ''}")
        with DOORS[name](effort.folder / f"crowd-{index}") as door:
            yield crowd_row(door, effort.times(CALLERS, 20), again=again)


def crowd_row(door: Door, count: int, *, again: bool = False) -> Row:
    """So many at one door, all called before an honest client comes."""
    with _Files(door.pid) as files, _crowd(door.address, count, again=again) as crowd:
        came = time.monotonic()
        wrong = list(_faults(door))
        seconds = time.monotonic() - came
    if files.most >= files.limit:
        wrong.append(f"all {files.limit} files were open")
    result = (
        f"{crowd.calls:,} opened, {crowd.ended:,} hung up on, at most {files.most:,} of {files.limit:,} files open; "
        f"meanwhile a client was let in, requests were answered and a method was loaded, in {seconds:.1f} s"
    )
    kind = f"{count:,} connections that say nothing" + (", each made again when it is ended" if again else "")
    figures: dict[str, float] = {
        "connections": crowd.calls,
        "ended": crowd.ended,
        "files": files.most,
        "limit": files.limit,
    }
    figures["seconds"] = round(seconds, 2)
    return Row(f"{kind}, at {door.name}", "; ".join(wrong) or result, not wrong, figures)


def _faults(door: Door) -> Iterator[str]:
    """What does not go as without the crowd: for a client that comes now, and for one that was there before."""
    try:
        if _status(door.come()).pid != (before := _status(door.ask(GetStatus(0)))).pid:
            yield "another engine answered"
        if NEW_METHOD in before.loaded:
            yield f"{NEW_METHOD} was loaded before"
        for method in ("scribble", NEW_METHOD):
            answer = door.ask(replace(request(side=64), method=method))
            if not isinstance(answer, Colorized):
                yield f"{method}: expected colors, got {answer}"
    except EngineError as error:
        yield str(error)


def _status(message: Message) -> Status:
    assert isinstance(message, Status)
    return message


class _Files:
    """Looks at the files of a process again and again, until the end of the block.

    Attributes
    ----------
    limit, most : int
        So many it may open, and so many were open at once.
    """

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}/fd")
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
        found = _OPEN_FILES.search(limits)
        assert found is not None
        self.limit, self.most = int(found[1]), 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="files")

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            self.most = max(self.most, len(os.listdir(self._folder)))

    def __enter__(self) -> _Files:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@dataclass
class _Crowd:
    """How many connections were made, and how many of them the engine has ended; known at the end."""

    calls: int = 0
    ended: int = 0


@contextlib.contextmanager
def _crowd(address: tuple[str, int], count: int, *, again: bool) -> Iterator[_Crowd]:
    """So many connections from another process, all called for before the block begins."""
    found = _Crowd()
    command = [sys.executable, "-c", _CROWD, address[0], str(address[1]), str(count), "again" if again else ""]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield found
        process.stdin.close()
        said = json.loads(process.stdout.readline())
    found.calls, found.ended = said["calls"], said["ended"]
