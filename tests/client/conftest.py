"""A real libzmq ROUTER in a thread, for the client to talk to. Leaves nothing open behind it, or the test fails."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import zmq
from zmq.auth.thread import ThreadAuthenticator

from handtint.errors import ProtocolError
from handtint.wire import messages as m
from handtint.wire.codec import decode, encode
from handtint.wire.connection import USERNAME, Connection, write_connection

Frames = list[bytes]
Handler = Callable[[Frames], list[Frames]]


class Router:
    """ROUTER on a loopback port; `handler` turns the frames of a message into the messages to answer with."""

    def __init__(self, handler: Handler, *, port: int = 0, token: str = "", ping: int = 0) -> None:
        self.handler = handler
        self.received: list[Frames] = []
        self.failure: BaseException | None = None
        self._context = zmq.Context()
        self._authenticator = ThreadAuthenticator(self._context) if token else None
        if self._authenticator is not None:
            self._authenticator.start()
            self._authenticator.configure_plain(domain="*", passwords={USERNAME: token})
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.maxmsgsize = -1
        if token:
            self._socket.plain_server = True
        if ping:
            self._socket.heartbeat_ivl = ping
            self._socket.heartbeat_timeout = ping * 10
        self._socket.bind(f"tcp://127.0.0.1:{port or '*'}")
        self.port = int(self._socket.last_endpoint.rsplit(b":", 1)[1])
        self._stop = self._context.socket(zmq.PAIR)
        self._stop.linger = 0
        address = f"inproc://stop-{id(self)}"
        self._stop.bind(address)
        self._thread = threading.Thread(target=self._run, args=(address,), name="router")
        self._thread.start()

    def _run(self, address: str) -> None:
        stopped = self._context.socket(zmq.PAIR)
        stopped.connect(address)
        poller = zmq.Poller()
        poller.register(stopped, zmq.POLLIN)
        poller.register(self._socket, zmq.POLLIN)
        try:
            while stopped not in dict(poller.poll()):
                peer, *frames = self._socket.recv_multipart()
                self.received.append(frames)
                for answer in self.handler(frames):
                    self._socket.send_multipart([peer, *answer], copy=False)
        except BaseException as error:
            self.failure = error
        finally:
            stopped.close(0)
            self._socket.close(0)

    def close(self) -> None:
        if self._context.closed:
            return
        self._stop.send(b"")
        self._thread.join(30)
        self._stop.close(0)
        if self._authenticator is not None:
            self._authenticator.stop()
        self._context.destroy(linger=0)
        assert not self._thread.is_alive()
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def router() -> Iterator[Callable[..., Router]]:
    """Makes routers and closes them after the test."""
    made: list[Router] = []

    def make(handler: Handler = lambda frames: [frames], **options: object) -> Router:
        made.append(Router(handler, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name == "router"]


@dataclass
class Script:
    """An engine's side of the protocol: remembers planes by digest as an engine does, and answers as it is told."""

    answer: Callable[[m.Message], list[m.Message]]
    seen: list[m.Message] = field(default_factory=list)

    def __call__(self, frames: Frames) -> list[Frames]:
        try:
            message = decode(frames)
        except ProtocolError as error:
            return [encode(error.failure())]
        self.seen.append(message)
        if isinstance(message, m.Hello):
            return [encode(m.Welcome(message.id, "0", "cpu", ()))]
        return [encode(answer) for answer in self.answer(message)]

    def of(self, kind: type[m.Message]) -> list[m.Message]:
        return [message for message in self.seen if isinstance(message, kind)]


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def announce(tmp_path: Path) -> Callable[..., Path]:
    """Writes a connection file for a router; returns its path."""
    path = tmp_path / "run" / "engine.json"

    def write(port: int, token: str, pid: int) -> Path:
        write_connection(path, Connection("127.0.0.1", port, pid, "1.0", token, "0"))
        return path

    return write


@pytest.fixture
def raw_listener() -> Iterator[int]:
    """A port where something listens that is no engine, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            try:
                while True:
                    peer, _ = listener.accept()
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    peer.close()
            except OSError:
                return  # The test is over: the listener was shut down.

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(30)
