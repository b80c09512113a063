"""The engine process from start to end: one per user, found through the connection file, ended by a signal or idleness.

torch is imported on the worker's thread only, so that the port answers at once.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handtint import __version__
from handtint.errors import EngineRefused, HandtintError, InputError
from handtint.server.cache import Cache, is_plane
from handtint.server.describe import method_infos, semantic_classes
from handtint.server.desk import Desk, Facts
from handtint.server.doors import HOST, Address, Doors, parse_address
from handtint.server.keys import Keys, read_keys
from handtint.server.mailbox import Job, Mailbox
from handtint.server.memory import resident
from handtint.server.router import Limits, Router
from handtint.server.standing import alone_at, say_who_runs, stopped_by_signals
from handtint.server.wake import Wake
from handtint.server.worker import Worker
from handtint.wire.connection import Connection, connection_path, remove_connection, write_connection
from handtint.wire.messages import PROTOCOL, Message

if TYPE_CHECKING:
    from handtint.server.service import Service

MEMORY_BUDGET = 2 << 30
TOKEN_BYTES = 32
_HEAD_START = 0.5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How the engine runs.

    Attributes
    ----------
    device : str
        "auto", "cpu" or "cuda".
    idle_exit : float, optional
        Seconds without a message after which it ends; never where None.
    memory_budget : int
        Bytes for planes and prepared pictures, and again for pictures in waiting requests.
    path : Path
        The connection file; the lock lies beside it.
    listen : Address, optional
        Where else to listen, for other machines where there are keys; instead of a free port where there are none.
    keys : Keys, optional
        CURVE keys: the engine's own and those of its clients on other machines.
    """

    device: str
    idle_exit: float | None
    memory_budget: int
    path: Path
    listen: Address | None = None
    keys: Keys | None = None


def serve(
    *,
    device: str = "auto",
    idle_exit: float | None = None,
    memory_budget: int = MEMORY_BUDGET,
    listen: str | None = None,
    curve_keys: Path | None = None,
    path: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run the engine until it is told to end.

    Returns
    -------
    int
        0; also where another engine of this user runs already.

    Raises
    ------
    InputError
        An address that other machines can reach, and no keys to tell them apart by.
    """
    address = parse_address(listen) if listen is not None else None
    keys = read_keys(curve_keys) if curve_keys is not None else None
    check_listen(address, keys)
    settings = Settings(device, idle_exit, memory_budget, path or connection_path(), address, keys)
    with alone_at(settings.path, clock) as other:
        if other is None:
            return _run(settings, clock)
        if settings.listen is not None:
            raise EngineRefused(
                f"an engine runs already (pid {other.pid}): `handtint stop` it before one listens elsewhere"
            )
        say_who_runs(other)
    return 0


def check_listen(address: Address | None, keys: Keys | None) -> None:
    """InputError where other machines could come in without keys."""
    if address is None and keys is not None:
        raise InputError("expected an address to listen at with the keys: add --listen tcp://ADDRESS:PORT")
    if address is not None and keys is None and not address.is_local:
        raise InputError(
            f"other machines can reach {address}, so it is opened with CURVE keys only: make them with "
            "`handtint keys DIR` and add --curve-keys DIR/engine"
        )


class Engine:
    """All parts of an engine put together, listening but not yet serving.

    Parameters
    ----------
    make_service : callable
        Cache to Service; called on the worker's thread.
    """

    def __init__(
        self, settings: Settings, make_service: Callable[[Cache], Service], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.wake = Wake()
        self._greeted = threading.Event()
        cache = Cache(settings.memory_budget)
        mailbox = Mailbox(max_bytes=settings.memory_budget)
        self._worker = Worker(
            mailbox, lambda: self._begin(make_service, cache), self._deliver, ended=self.wake.ring, clock=clock
        )
        self._doors = Doors(self.token, settings.keys)
        self._router = Router(
            Desk(mailbox, _facts(settings, cache, self._worker, clock)),
            doors=self._doors,
            worker_alive=lambda: self._worker.alive,
            wake=self.wake,
            limits=Limits(idle_exit=settings.idle_exit, unread=settings.memory_budget // 2),
            answered=self._greeted.set,
            clock=clock,
        )
        try:
            here, self.far = _open(self._doors, settings)
        except EngineRefused:
            self.close()
            raise
        self.connection = Connection(
            here.host, here.port, os.getpid(), "{}.{}".format(*PROTOCOL), self.token, __version__
        )

    def run(self) -> None:
        """Serve until stopped, shut down or idle for too long."""
        self._worker.start()
        self._router.run()

    def stop(self) -> None:
        """Call all work off and end; from any thread or signal handler."""
        self._router.stop()

    @property
    def busy(self) -> bool:
        """Whether the worker still does something."""
        return self._worker.alive

    def close(self) -> None:
        self._doors.close()
        self.wake.close()

    def _begin(self, make_service: Callable[[Cache], Service], cache: Cache) -> Service:
        # Loading torch holds Python's lock for most of a second: whoever started the engine is greeted first.
        self._greeted.wait(_HEAD_START)
        return make_service(cache)

    def _deliver(self, job: Job, reply: Message) -> None:
        self._router.deliver(job, reply)


def _run(settings: Settings, clock: Callable[[], float]) -> int:
    engine = Engine(settings, lambda cache: make_service(settings.device, cache, clock), clock)
    try:
        with stopped_by_signals(engine.stop, engine.wake):
            write_connection(settings.path, engine.connection)
            _log.info("engine %s listens on %s:%d", __version__, engine.connection.host, engine.connection.port)
            if engine.far is not None and settings.keys is not None:
                names = ", ".join(settings.keys.known)
                _log.info("other machines come in at %s, with the keys of %s", engine.far, names)
            engine.run()
    finally:
        remove_connection(settings.path, engine.token)
        engine.close()
    if engine.busy:
        _log.warning("the work in hand does not end: leaving without it")
        logging.shutdown()
        # Python's own way out would take the interpreter from under the thread that still works, and crash.
        os._exit(0)
    _log.info("engine ended")
    return 0


def _open(doors: Doors, settings: Settings) -> tuple[Address, Address | None]:
    """Where the engine listens for this user, and for other machines."""
    if settings.listen is not None and settings.keys is not None:
        return doors.open_here(Address(HOST, 0)), doors.open_far(settings.listen)
    return doors.open_here(settings.listen or Address(HOST, 0)), None


def _facts(settings: Settings, cache: Cache, worker: Worker, clock: Callable[[], float]) -> Facts:
    started = clock()
    return Facts(
        device=lambda: worker.device or settings.device,
        methods=method_infos,
        classes=semantic_classes,
        loaded=lambda: worker.loaded,
        cached_planes=lambda: cache.count(is_plane),
        cached_bytes=lambda: cache.nbytes,
        memory_budget=settings.memory_budget,
        uptime=lambda: clock() - started,
        memory=resident,
        used=worker.usage.all,
    )


def make_service(device: str, cache: Cache, clock: Callable[[], float]) -> Service:
    """On the worker's thread: the heavy imports happen here."""
    # The editor works on the same cores: threads that spin while they wait for each other make both several times
    # slower. OpenMP reads this when torch loads it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from handtint.colorizers.registry import default_method, load
    from handtint.server.service import Service

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(_cores())
    _log.info("ready on %s with %d threads", device, torch.get_num_threads())
    service = Service(device=device, cache=cache, load=load, clock=clock, threads=_cores())
    try:
        service.warm_up(default_method().name)
    except HandtintError as error:
        _log.warning("the default method cannot be loaded: %s", error)
    except Exception:  # nobody asked for this picture; who asks for one is told
        _log.exception("the default method cannot be warmed up")
    return service


def _cores() -> int:
    """Cores that this process may use: a container or `taskset` may leave it fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
