"""Connections that have not shown who they are: so many may wait, and then the oldest of them is hung up on.

libzmq accepts whoever calls, up to the last file that the process may open. Knows nothing of tokens or messages.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import zmq

MOST = 256
"""Connections of one door that may wait: libzmq keeps at most one frame of each."""
UNSEEN = 1_001
"""Connections that libzmq accepts before it waits for us to look: what its queue of events holds, at the least."""
_EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED
_EVENT = struct.Struct("=HI")
_SECONDS = 60.0
_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    """One that waits: its file, and the other end, by which a file that was given to somebody else is told."""

    file: int
    peer: object


class Lobby:
    """Who has come in by one door and said nothing yet that it passed on, the longest waiting first.

    libzmq tells of each connection in a queue that is bounded and that it never drops anything from: while it is full
    it does nothing else, accepting the next included. So at a look there are MOST + UNSEEN at the most, however fast
    they come, and while those that it ends are being closed no more than UNSEEN new ones.

    Parameters
    ----------
    door : zmq.Socket
        Before it listens; no other may watch its events.
    name : str
        Of this one alone in the door's context.
    clock : callable
        Seconds, monotonic.
    """

    def __init__(self, door: zmq.Socket[bytes], name: str, clock: Callable[[], float] = time.monotonic) -> None:
        address = f"inproc://lobby-{name}"
        door.monitor(address, _EVENTS)
        self.socket: zmq.Socket[bytes] = door.context.socket(zmq.PAIR)
        self.socket.linger = 0
        self.socket.rcvhwm = 1
        self.socket.connect(address)
        self._waiting: dict[int, _Waiting] = {}
        self._clock = clock
        self._hung_up = 0
        self._told = float("-inf")

    def __len__(self) -> int:
        return len(self._waiting)

    def look(self) -> None:
        """See who has come and gone, and hang up on the oldest where too many wait."""
        self._catch_up()
        while len(self._waiting) > MOST:
            self._hang_up(self._waiting.pop(next(iter(self._waiting))))
        if self._hung_up and self._clock() - self._told >= _SECONDS:
            self._told = self._clock()
            _log.warning("%d connections that said nothing were ended: %d at most may wait", self._hung_up, MOST)
            self._hung_up = 0

    def admit(self, file: int) -> None:
        """A message came by this connection, so the door has let it in: it waits no more."""
        self._catch_up()  # libzmq has told of the connection before it passed the message on
        self._waiting.pop(file, None)

    def close(self) -> None:
        self.socket.close(linger=0)

    def _catch_up(self) -> None:
        for _ in range(2 * UNSEEN):  # more than there can be now: who goes on coming is seen at the next look
            try:
                event, _where = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            kind, file = _EVENT.unpack(event)
            # In the order in which it happened: a file is given back, and said to be, before it is another's.
            self._waiting.pop(file, None)
            if kind == zmq.EVENT_ACCEPTED:
                self._waiting[file] = _Waiting(file, _peer(file))

    def _hang_up(self, waiting: _Waiting) -> None:
        """End the connection; its file stays libzmq's, who closes it then."""
        self._hung_up += 1
        with contextlib.suppress(OSError), _borrowed(waiting.file) as connection:
            if connection.getpeername() == waiting.peer:
                connection.shutdown(socket.SHUT_RDWR)


def _peer(file: int) -> object:
    """The other end of a connection; None where it has gone already."""
    try:
        with _borrowed(file) as connection:
            return connection.getpeername()
    except OSError:
        return None


@contextlib.contextmanager
def _borrowed(file: int) -> Iterator[socket.socket]:
    """libzmq's socket as Python's, without taking it over."""
    connection = socket.socket(fileno=file)
    try:
        yield connection
    finally:
        connection.detach()
