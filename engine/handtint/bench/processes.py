"""Engines as processes of their own, for benches that kill, stop and starve them, and what the system says of them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.errors import EngineError, EngineGone
from handtint.wire.connection import FILE_NAME, Connection
from handtint.wire.messages import Shutdown

_PATIENCE = 120.0
_TURN = 0.05
SERVE = (sys.executable, "-m", "handtint", "serve", "--device", "cpu", "--idle-exit", "10")


@contextlib.contextmanager
def engine_in(folder: Path, command: Sequence[str] = SERVE) -> Iterator[tuple[Engine, Connection]]:
    """An engine of that folder alone, started; its process is gone afterwards, whatever happened."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    launcher = Launcher(list(command), path=folder / FILE_NAME)
    with Engine("handtint bench", launcher=launcher) as engine:
        engine.connect(timeout=_PATIENCE)
        connection = launcher.find()
        if connection is None:
            raise EngineGone("the engine that has just answered has no connection file")
        try:
            yield engine, connection
        finally:
            end_engine(engine, launcher)


def end_engine(engine: Engine, launcher: Launcher) -> None:
    """Ask the engine of a folder to end, kill it where it does not."""
    connection = launcher.find()
    if connection is None:
        return
    with contextlib.suppress(EngineError):
        engine.call(Shutdown(0), timeout=10.0)
    if not until(lambda: not runs(connection.pid), 10.0):
        os.kill(connection.pid, signal.SIGKILL)
        until(lambda: not runs(connection.pid), _PATIENCE)


def until(done: Callable[[], bool], seconds: float = _PATIENCE) -> bool:
    """Look again and again, for so long at most; whether it came about."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= end:
            return False
        time.sleep(_TURN)
    return True


def runs(pid: int) -> bool:
    """Is there a process with this number that has not ended?"""
    stat = Path(f"/proc/{pid}/stat")
    try:
        state = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def resident_memory(pid: int) -> int:
    """Bytes of a process that are in memory now; 0 where the system does not say (no /proc)."""
    pages = Path(f"/proc/{pid}/statm")
    return int(pages.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.is_file() else 0
