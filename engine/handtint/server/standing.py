"""What an engine and a relay have in common as processes: one of them for each user, a log, and an end by signals.

Knows nothing of what they do in between.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from handtint.errors import EngineGone
from handtint.server.doors import limit_open_files
from handtint.server.lock import Lock
from handtint.server.logs import logging_to
from handtint.server.wake import Wake
from handtint.wire.connection import Connection, make_runtime_folder, read_connection

_RIVAL_SECONDS = 10.0
_LOOK_AGAIN = 0.05
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def alone_at(path: Path, clock: Callable[[], float]) -> Iterator[Connection | None]:
    """Be the one that clients find by this connection file; yields the connection of another that already is.

    Until the end of the block there is a log beside the file, and files enough for what comes in.

    Raises
    ------
    EngineGone
        Another is there and does not say where it listens.
    """
    make_runtime_folder(path.parent)
    with logging_to(path.parent, sys.stderr):
        limit_open_files()
        lock = Lock(path.with_suffix(".lock"))
        other = _take_place(lock, path, clock)
        try:
            yield other
        finally:
            lock.release()


def say_who_runs(other: Connection) -> None:
    """For the log of one that is not needed."""
    _log.info("an engine runs already (pid %d, port %d): nothing to do", other.pid, other.port)


def _take_place(lock: Lock, path: Path, clock: Callable[[], float]) -> Connection | None:
    """Take the lock; None then, else the connection of the one that has it."""
    deadline = clock() + _RIVAL_SECONDS
    while not lock.take():
        # Whoever holds the lock is starting (the file comes in a moment), runs, or ends (the lock comes free).
        connection = read_connection(path)
        if connection is not None:
            return connection
        if clock() > deadline:
            raise EngineGone(f"another engine holds {lock.path} but does not say where it listens; end it first")
        time.sleep(_LOOK_AGAIN)
    return None


@contextlib.contextmanager
def stopped_by_signals(stop: Callable[[], None], wake: Wake) -> Iterator[None]:
    """SIGTERM and SIGINT stop it cleanly; on another than the main thread Python allows no handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stop()) for number in numbers]
    # libzmq's poll starts anew after a signal; the byte that Python writes here ends it.
    bell = signal.set_wakeup_fd(wake.signal_fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(bell)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
