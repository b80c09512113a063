"""A client that sends what no honest client would: any frames, any number of requests at once, answers in any order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

import zmq

from handtint.errors import EngineGone
from handtint.server.keys import Keys
from handtint.wire.codec import decode, encode
from handtint.wire.connection import USERNAME, Connection
from handtint.wire.messages import Message, Progress
from handtint.wire.pixels import Buffer

_PATIENCE = 300.0


class Caller:
    """One connection to an engine over libzmq; by the door for other machines where it comes with a painter's keys."""

    def __init__(self, connection: Connection, keys: Keys | None = None) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        if keys is None:
            self.socket.plain_username, self.socket.plain_password = USERNAME.encode(), connection.token.encode()
        else:
            self.socket.curve_publickey, self.socket.curve_secretkey = keys.public, keys.secret
            (self.socket.curve_serverkey,) = keys.known.values()
        self.socket.connect(f"tcp://{connection.host}:{connection.port}")
        self._ids = itertools.count(1)

    def __enter__(self) -> Caller:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.destroy(linger=0)

    def send(self, message: Message) -> int:
        """Send a request under the next id, and return that."""
        id = next(self._ids)
        self.send_frames(encode(replace(message, id=id)))
        return id

    def send_frames(self, frames: Sequence[Buffer]) -> None:
        self.socket.send_multipart(list(frames))

    def receive(self, seconds: float = _PATIENCE) -> Message:
        """The next answer that is no Progress."""
        while self.socket.poll(round(seconds * 1000)):
            message = decode(self.socket.recv_multipart())
            if not isinstance(message, Progress):
                return message
        raise EngineGone(f"an answer within {seconds:g} s was expected, none came")

    def waiting(self) -> list[Message]:
        """Answers that are here already, without Progress."""
        answers = []
        while self.socket.poll(0):
            message = decode(self.socket.recv_multipart())
            if not isinstance(message, Progress):
                answers.append(message)
        return answers

    def call(self, message: Message) -> Message:
        """Send a request and wait for the answer."""
        self.send(message)
        return self.receive()
