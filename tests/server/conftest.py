"""A whole engine in this process with a colorizer that waits to be let go on, and clients that speak to it."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from handtint.color.upsample import shrink_area
from handtint.colorizers.base import Control, Guidance, check_cancelled
from handtint.errors import Cancelled
from handtint.server.cache import Cache
from handtint.server.engine import Engine, Settings
from handtint.server.service import Service
from handtint.wire import messages as m
from handtint.wire.codec import decode, encode
from handtint.wire.connection import USERNAME, Connection
from handtint.wire.pixels import Extent, PixelFormat, Plane

PATIENCE = 30.0
"""Seconds after which a test gives up on an engine that does not answer."""


@dataclass(frozen=True)
class Kept:
    """What the test colorizer keeps of a picture."""

    lightness: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.lightness.nbytes

    def lightness_at(self, size: tuple[int, int]) -> np.ndarray:
        return shrink_area(self.lightness, size)


class GatedColorizer:
    """Says when it starts on a picture and goes on when it is let; colors everything with (10, -20).

    Attributes
    ----------
    started, called_off : Queue
        The gray value (0-255) of each picture that is begun, and of each that was called off on the way.
    permits : Semaphore
        One is used up by each picture that is finished.
    """

    name = "gated"
    controls = frozenset({Control.hints, Control.palette})

    def __init__(self) -> None:
        self.started: queue.Queue[int] = queue.Queue()
        self.called_off: queue.Queue[int] = queue.Queue()
        self.permits = threading.Semaphore(0)
        self.prepared = 0
        self.failures: list[BaseException] = []

    def prepare(self, lightness: np.ndarray) -> Kept:
        self.prepared += 1
        return Kept(lightness)

    def colorize(
        self,
        prepared: Kept,
        guidance: Guidance,
        *,
        size: tuple[int, int] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> np.ndarray:
        gray = gray_of(float(prepared.lightness[0, 0]))
        self.started.put(gray)
        try:
            while not self.permits.acquire(timeout=0.005):
                check_cancelled(cancelled)
        except Cancelled:
            self.called_off.put(gray)
            raise
        if self.failures:
            raise self.failures.pop()
        ab = np.empty((2, *(size or prepared.lightness.shape)), np.float32)
        ab[0], ab[1] = 10, -20
        return ab


def gray_of(lightness: float) -> int:
    """The 8-bit gray of an L*."""
    y = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
    return round(255 * (1.055 * y ** (1 / 2.4) - 0.055 if y > 0.0031308 else 12.92 * y))


class Peer:
    """A client over libzmq: sends messages, and takes answers in the order in which they come."""

    def __init__(self, connection: Connection, *, read_ahead: int = 1000) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.rcvhwm = read_ahead
        self.socket.linger = 0
        self.socket.plain_username = USERNAME.encode()
        self.socket.plain_password = connection.token.encode()
        self.ids = itertools.count(1)
        self.progress: list[m.Progress] = []
        self.address = f"tcp://{connection.host}:{connection.port}"
        self.socket.connect(self.address)

    def next_id(self) -> int:
        return next(self.ids)

    def send(self, message: m.Message) -> int:
        self.socket.send_multipart(encode(message))
        return message.id

    def send_raw(self, *frames: bytes) -> None:
        self.socket.send_multipart(frames)

    def receive(self, seconds: float = PATIENCE) -> m.Message:
        """The next answer that is no Progress (those are kept aside)."""
        while True:
            assert self.socket.poll(seconds * 1000), f"no answer in {seconds} s"
            message = decode(self.socket.recv_multipart())
            if not isinstance(message, m.Progress):
                return message
            self.progress.append(message)

    def call(self, message: m.Message) -> Any:
        id = self.send(message)
        answer = self.receive()
        assert answer.id == id
        return answer

    def hello(self) -> m.Welcome:
        welcome = self.call(m.Hello(self.next_id(), "test"))
        assert isinstance(welcome, m.Welcome)
        return welcome

    def close(self) -> None:
        self.context.destroy(linger=0)


def gray_plane(value: int, width: int = 8, height: int = 6) -> Plane:
    """A flat gray8 picture."""
    return Plane(PixelFormat.gray8, Extent(width, height), bytes([value]) * (width * height))


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Running:
    """An engine on a thread of this process."""

    def __init__(self, folder: Path, colorizer: GatedColorizer, **settings: Any) -> None:
        self.clock = Clock()
        self.colorizer = colorizer
        values = {"device": "cpu", "idle_exit": None, "memory_budget": 1 << 24, "path": folder / "engine.json"}
        self.engine = Engine(Settings(**{**values, **settings}), self._service, self.clock)
        self._thread = threading.Thread(target=self.engine.run, name="engine under test")
        self._thread.start()
        self._peers: list[Peer] = []

    def _service(self, cache: Cache) -> Service:
        return Service(device="cpu", cache=cache, load=lambda name, device: self.colorizer, threads=1)

    def peer(self, **options: Any) -> Peer:
        self._peers.append(Peer(self.engine.connection, **options))
        return self._peers[-1]

    def ended(self, seconds: float = PATIENCE) -> bool:
        """Whether the loop comes to its end."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def close(self) -> None:
        self.engine.stop()
        assert self.ended()
        for peer in self._peers:
            peer.close()
        self.engine.close()


@pytest.fixture
def colorizer() -> GatedColorizer:
    return GatedColorizer()


@pytest.fixture
def start(tmp_path: Path, colorizer: GatedColorizer) -> Iterator[Callable[..., Running]]:
    """Starts engines with other settings; ends them after the test."""
    running: list[Running] = []

    def begin(**settings: Any) -> Running:
        running.append(Running(tmp_path, colorizer, **settings))
        return running[-1]

    yield begin
    for each in running:
        each.close()


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


@pytest.fixture
def peer(running: Running) -> Peer:
    return running.peer()


@pytest.fixture
def request_for() -> Callable[..., m.Colorize]:
    """Makes Colorize requests for flat gray pictures: (peer, document, gray value, changes)."""

    def make(peer: Peer, document: str, value: int, **changes: Any) -> m.Colorize:
        values: dict[str, Any] = {"base": gray_plane(value), "method": "gated", "output": PixelFormat.abf32}
        return m.Colorize(peer.next_id(), document, **{**values, **changes})

    return make


@pytest.fixture
def connect() -> Iterator[Callable[..., Peer]]:
    """Makes clients of any engine."""
    peers: list[Peer] = []

    def make(connection: Connection) -> Peer:
        peers.append(Peer(connection))
        return peers[-1]

    yield make
    for each in peers:
        each.close()
