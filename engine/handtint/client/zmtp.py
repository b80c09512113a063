"""A ZeroMQ DEALER of the standard library alone: ZMTP 3.0 over TCP, NULL or PLAIN, non-blocking, no thread, no timer.

The editors' own Python cannot load a compiled pyzmq. Time comes in as an argument, but for what a pump waits at most;
knows nothing of messages.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum

from handtint.client import _framing as framing
from handtint.client._framing import Frame, FrameReader, Greeting
from handtint.errors import EngineGone, EngineRefused, ProtocolError
from handtint.wire.pixels import Buffer

_METADATA = framing.properties([("Socket-Type", b"DEALER"), ("Identity", b"")])
_IN_PROGRESS = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, getattr(errno, "WSAEWOULDBLOCK", 0)}
_VECTOR = 64
"""Buffers in one sendmsg; systems allow at least 16 and mostly 1024."""
_MAX_COMMANDS = 1000


class DealerState(Enum):
    """Where a connection stands."""

    connecting = "connecting"
    handshake = "handshake"
    ready = "ready"
    closed = "closed"


class Dealer:
    """One connection to a ROUTER. Call `pump` whenever `fileno` is readable (or writable, if `wants_write`).

    A message that was begun when the connection broke is sent again from its start on the next one; one that had
    gone into the system's buffers may be lost, as with every ZeroMQ socket.

    Parameters
    ----------
    reconnect : bool
        Whether a lost connection is made again, until it is refused.
    redials : int
        Else how often a peer that hangs up before its first message is called again: an engine does that where
        there is a crowd at its door.
    linger : float
        Seconds for which `pump` waits, all in all, for the rest of a large frame that has begun to come: what takes
        milliseconds over the loopback interface would be late by a turn of the caller's loop for each of its parts.

    Attributes
    ----------
    connections : int
        How many times the peer has been reached; another number means another connection.
    refused : bool
        The peer does not let us in; it is not tried again.
    error : str
        Why the last connection ended.
    moved : int
        Bytes that came in, and bytes of messages that the peer's side took: signs that it lives.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        username: str = "",
        password: str = "",
        max_frame: int = 512 << 20,
        max_frames: int = 64,
        max_queue: int = 1 << 30,
        reconnect: bool = True,
        redials: int = 0,
        patience: float = 10.0,
        linger: float = 0.0,
        make_socket: Callable[..., socket.socket] = socket.socket,
    ) -> None:
        self._address = (host, port)
        self._login = (username, password)
        self._mechanism = "PLAIN" if username or password else "NULL"
        self._max_frame, self._max_frames, self._max_queue = max_frame, max_frames, max_queue
        self._reconnect, self._redials, self._patience = reconnect, redials, patience
        self._linger = linger
        self._make_socket = make_socket
        self._socket: socket.socket | None = None
        self._connected = self._heard = False
        self._reader = FrameReader(max_frame)
        self._queue: deque[tuple[int, list[memoryview]]] = deque()
        self._queued = 0
        self._commands: deque[bytes] = deque()
        self._writing: deque[memoryview] = deque()
        self._writing_message = False
        self._parts: list[Buffer] = []
        self._parts_bytes = 0
        self._inbox: list[list[Buffer]] = []
        self._retry_at = float("-inf")
        self._deadline = float("inf")
        self._backoff = 0.0
        self.state = DealerState.connecting
        self.connections = 0
        self.refused = False
        self.error = ""
        self.moved = 0

    # What a caller uses ---------------------------------------------------------------------------------------

    def send(self, frames: Sequence[Buffer]) -> None:
        """Queue a multipart message; its buffers must not change until `queued` is 0. Never blocks."""
        if self.state is DealerState.closed:
            raise EngineGone(f"the connection is closed: {self.error or 'it was closed here'}")
        size = sum(memoryview(frame).nbytes for frame in frames)
        if self._queued + size > self._max_queue and self._queue:
            raise EngineGone(f"the engine takes nothing in: {self._queued} bytes wait already, {size} more came")
        self._queue.append((size, framing.message(frames)))
        self._queued += size

    def pump(self, now: float, budget: int = 32 << 20) -> list[list[Buffer]]:
        """Move bytes both ways, as far as the socket allows and `budget` bytes each; returns whole messages."""
        if self.state is DealerState.closed:
            return []
        try:
            self._move(now, budget)
        except EngineRefused as error:
            self.refused = True
            self._lost(now, str(error))
        except (OSError, ProtocolError) as error:
            hung_up = self._connected and not self._heard and isinstance(error, ConnectionError)
            self._lost(now, str(error), hung_up=hung_up)
        inbox, self._inbox = self._inbox, []
        return inbox

    def ping(self) -> None:
        """Ask the peer for a sign of life: any ZeroMQ answers at once, however busy the program behind it is."""
        if self.state is DealerState.ready:
            self._commands.append(framing.command("PING", bytes(2)))

    def fileno(self) -> int | None:
        """What to watch, None while there is nothing to watch."""
        return self._socket.fileno() if self._socket is not None else None

    @property
    def wants_write(self) -> bool:
        """Is there something to do as soon as the socket takes bytes?"""
        if self._socket is None:
            return False
        ready = self.state is DealerState.ready
        return not self._connected or bool(self._writing or self._commands or (ready and self._queue))

    @property
    def queued(self) -> int:
        """Bytes of the messages that have not wholly gone to the system."""
        return self._queued

    def wake(self, now: float) -> float | None:
        """Seconds until `pump` has something to do even if the socket stays silent."""
        if self.state is DealerState.closed:
            return None
        at = self._retry_at if self._socket is None else self._deadline
        return None if at == float("inf") else max(0.0, at - now)

    def close(self) -> None:
        """Close at once; what is queued is dropped."""
        self._drop_socket()
        self._queue.clear()
        self._queued = 0
        self.state = DealerState.closed

    # Connecting -----------------------------------------------------------------------------------------------

    def _move(self, now: float, budget: int) -> None:
        if self._socket is None:
            if now < self._retry_at:
                return
            self._connect(now)
        if not self._connected and not self._finish_connect():
            self._check_patience(now)
            return
        try:
            self._write(budget)
        except ConnectionError:
            self._read(budget)  # What the peer said before it went: answers, or why it does not let us in.
            raise
        self._read(budget)
        self._write(budget)
        if self.state is DealerState.ready:
            self._backoff, self._deadline = 0.0, float("inf")
        else:
            self._check_patience(now)

    def _connect(self, now: float) -> None:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = self._make_socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline = now + self._patience
        self._connected = self._heard = False
        self._reader = FrameReader(self._max_frame)
        self._commands.append(framing.greeting(self._mechanism))
        code = self._socket.connect_ex(self._address)
        if code and code not in _IN_PROGRESS:
            raise OSError(code, os.strerror(code))

    def _finish_connect(self) -> bool:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        try:
            peer = self._socket.getpeername()
        except OSError as error:
            if error.errno in (errno.ENOTCONN, errno.EINVAL, getattr(errno, "WSAENOTCONN", errno.ENOTCONN)):
                return False
            raise
        if self._socket.getsockname() == peer:
            # TCP lets a socket reach itself when the system happens to give it the very port it calls.
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens there")
        self._connected = True
        self.state = DealerState.handshake
        return True

    def _check_patience(self, now: float) -> None:
        if now >= self._deadline:
            raise ProtocolError(f"a handshake within {self._patience:g} s was expected, got none")

    def _lost(self, now: float, text: str, *, hung_up: bool = False) -> None:
        self._drop_socket()
        self.error = text
        redial = hung_up and self._redials > 0
        self._redials -= redial
        if self.refused or not (self._reconnect or redial):
            self.state = DealerState.closed
            return
        self.state = DealerState.connecting
        self._backoff = min(5.0, self._backoff * 2 or 0.1)
        self._retry_at = now + self._backoff

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._connected = False
        self._commands.clear()
        self._writing.clear()
        self._writing_message = False
        self._parts, self._parts_bytes = [], 0

    # Writing --------------------------------------------------------------------------------------------------

    def _write(self, budget: int) -> None:
        while budget > 0 and (self._writing or self._next()):
            try:
                sent = self._send_some()
            except BlockingIOError:
                return
            budget -= sent
            self.moved += sent if self._writing_message else 0
            self._advance(sent)

    def _next(self) -> bool:
        """Take up what is to be written next. Commands go first, but never into the middle of a message."""
        if self._commands:
            self._writing.append(memoryview(self._commands.popleft()))
        elif self.state is DealerState.ready and self._queue:
            # The message stays in the queue until it is all written, to be sent again if the connection breaks.
            self._writing.extend(self._queue[0][1])
            self._writing_message = True
        return bool(self._writing)

    def _send_some(self) -> int:
        assert self._socket is not None
        if hasattr(self._socket, "sendmsg"):
            return self._socket.sendmsg([self._writing[i] for i in range(min(_VECTOR, len(self._writing)))])
        return self._socket.send(self._writing[0])  # Windows

    def _advance(self, sent: int) -> None:
        while sent:
            first = self._writing[0]
            if sent < first.nbytes:
                self._writing[0] = first[sent:]
                return
            sent -= first.nbytes
            self._writing.popleft()
        if not self._writing and self._writing_message:
            self._writing_message = False
            self._queued -= self._queue.popleft()[0]

    # Reading --------------------------------------------------------------------------------------------------

    def _read(self, budget: int) -> None:
        until = time.monotonic() + self._linger if self._linger else 0.0
        while budget > 0:
            try:
                count = self._receive(until)
            except (BlockingIOError, TimeoutError):
                return
            if not count:
                raise ConnectionResetError(errno.ECONNRESET, "the engine closed the connection")
            budget -= count
            self.moved += count
            for item in self._reader.fed(count):
                self._take(item)

    def _receive(self, until: float) -> int:
        """Bytes that came into the reader's room; BlockingIOError or TimeoutError where none did."""
        assert self._socket is not None
        try:
            return self._socket.recv_into(self._reader.room())
        except BlockingIOError:
            rest = until - time.monotonic() if self._linger and self._reader.within_frame else 0.0
            if rest <= 0.0:
                raise
        self._socket.settimeout(rest)
        try:
            return self._socket.recv_into(self._reader.room())
        finally:
            self._socket.setblocking(False)

    def _take(self, item: Greeting | Frame) -> None:
        if isinstance(item, Greeting):
            self._take_greeting(item)
        elif item.flags & framing.COMMAND:
            self._take_command(*framing.command_of(item))
        elif self.state is not DealerState.ready:
            raise ProtocolError("a handshake was expected, got a message before its end")
        else:
            self._take_part(item)

    def _take_greeting(self, greeting: Greeting) -> None:
        if greeting.major < 3:
            raise ProtocolError(f"ZMTP 3 was expected, got version {greeting.major}")
        if greeting.mechanism != self._mechanism:
            raise ProtocolError(f"the mechanism {self._mechanism} was expected, got {greeting.mechanism!r}")
        if self._mechanism == "PLAIN":
            self._commands.append(framing.plain_hello(*self._login))
        else:
            self._commands.append(framing.command("READY", _METADATA))

    def _take_command(self, name: str, body: bytes) -> None:
        if name == "ERROR":
            raise EngineRefused(f"the engine does not let us in (reason {framing.error_text(body)!r})")
        if name == "PING" and self.state is DealerState.ready:
            self._commands.append(framing.command("PONG", body[2:18]))
        elif name == "WELCOME" and self._mechanism == "PLAIN":
            self._commands.append(framing.command("INITIATE", _METADATA))
        elif name == "READY" and self.state is DealerState.handshake:
            self.state = DealerState.ready
            self.connections += 1
        elif self.state is not DealerState.ready:
            raise ProtocolError(f"a handshake was expected, got the command {name[:20]!r}")
        if len(self._commands) > _MAX_COMMANDS:
            raise ProtocolError("answers to pings pile up: the peer asks and does not read")

    def _take_part(self, frame: Frame) -> None:
        self._heard = True
        self._parts.append(frame.body)
        self._parts_bytes += memoryview(frame.body).nbytes
        if len(self._parts) > self._max_frames:
            raise ProtocolError(f"a message of at most {self._max_frames} frames was expected, got more")
        if self._parts_bytes > 2 * self._max_frame:
            raise ProtocolError(f"a message of at most {2 * self._max_frame} bytes was expected, got more")
        if not frame.flags & framing.MORE:
            self._inbox.append(self._parts)
            self._parts, self._parts_bytes = [], 0
