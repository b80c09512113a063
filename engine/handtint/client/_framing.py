"""ZMTP 3.0 as bytes: greeting, commands, frames (https://rfc.zeromq.org/spec/23/). Knows no socket and no clock.

Standard library only. What breaks a rule or a bound raises ProtocolError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from handtint.client.pages import pages
from handtint.errors import ProtocolError
from handtint.wire.pixels import Buffer

MORE, LONG, COMMAND = 1, 2, 4
GREETING_BYTES = 64
MAX_COMMAND = 64 * 1024
_STAGING = 64 * 1024
_LIBZMQ_ERROR = b"\x5eRROR"
"""What libzmq 4.3 sends for ERROR: its source has "\\x05ERROR", and C takes the E as a digit of the number."""
_JOINED = 4096
"""Bodies up to this size are copied next to their frame header: one buffer is cheaper to send than two."""


class Greeting(NamedTuple):
    """What a peer says first."""

    major: int
    mechanism: str


class Frame(NamedTuple):
    """One frame; a command's name is still in front of its body."""

    flags: int
    body: Buffer


# Writing ------------------------------------------------------------------------------------------------------


def greeting(mechanism: str) -> bytes:
    """The 64 bytes that open a connection, for the side that is no server."""
    return b"\xff" + bytes(8) + b"\x7f\x03\x00" + mechanism.encode("ascii").ljust(20, b"\0") + bytes(32)


def command(name: str, body: bytes = b"") -> bytes:
    """A whole command frame."""
    data = bytes([len(name)]) + name.encode("ascii") + body
    if len(data) > 255:
        return bytes([COMMAND | LONG]) + struct.pack(">Q", len(data)) + data
    return bytes([COMMAND, len(data)]) + data


def properties(pairs: Sequence[tuple[str, bytes]]) -> bytes:
    """Metadata as READY and INITIATE carry it."""
    return b"".join(bytes([len(name)]) + name.encode("ascii") + struct.pack(">I", len(v)) + v for name, v in pairs)


def plain_hello(username: str, password: str) -> bytes:
    """HELLO of the PLAIN mechanism."""
    name, word = username.encode(), password.encode()
    if len(name) > 255 or len(word) > 255:
        raise ProtocolError("user name and password have at most 255 bytes each")
    return command("HELLO", bytes([len(name)]) + name + bytes([len(word)]) + word)


def message(frames: Sequence[Buffer]) -> list[memoryview]:
    """The buffers of a multipart message: small frames joined, large ones as views."""
    if not frames:
        raise ProtocolError("a message has at least one frame")
    buffers: list[memoryview] = []
    joined = bytearray()
    for index, frame in enumerate(frames):
        body = memoryview(frame).cast("B")
        more = MORE if index + 1 < len(frames) else 0
        size = body.nbytes
        joined += struct.pack(">BB", more, size) if size < 256 else struct.pack(">BQ", more | LONG, size)
        if size <= _JOINED:
            joined += body
        else:
            buffers += [memoryview(joined), body]
            joined = bytearray()
    if joined:
        buffers.append(memoryview(joined))
    return buffers


# Reading ------------------------------------------------------------------------------------------------------


class FrameReader:
    """Received bytes to greeting and frames. Bodies are received in place: `room` says where the next bytes go."""

    def __init__(self, max_frame: int) -> None:
        self._max_frame = max_frame
        self._staging = memoryview(bytearray(_STAGING))
        self._end = 0
        self._greeted = False
        self._flags = 0
        self._body: memoryview | None = None
        self._filled = 0

    def room(self) -> memoryview:
        """Where to receive to; never empty."""
        if self._body is not None:
            return self._body[self._filled :]
        return self._staging[self._end :]

    @property
    def within_frame(self) -> bool:
        """Whether a large frame has begun to come and is not whole yet."""
        return self._body is not None

    def fed(self, count: int) -> Iterator[Greeting | Frame]:
        """What is whole, now that `count` bytes stand in `room`."""
        if self._body is not None:
            self._filled += count
            if self._filled == self._body.nbytes:
                frame = Frame(self._flags, self._body)
                self._body = None
                yield frame
            return
        self._end += count
        yield from self._parse()

    def _parse(self) -> Iterator[Greeting | Frame]:
        at = 0
        try:
            if not self._greeted:
                if self._staging[0] != 0xFF or (self._end >= 10 and self._staging[9] != 0x7F):
                    raise ProtocolError("a ZeroMQ greeting was expected, got something else: no engine listens there")
                if self._end < GREETING_BYTES:
                    return
                self._greeted = True
                at = GREETING_BYTES
                yield _greeting_of(bytes(self._staging[:GREETING_BYTES]))
            while (head := self._head(at)) is not None:
                flags, size, start = head
                if start + size <= self._end:
                    at = start + size
                    yield Frame(flags, bytes(self._staging[start:at]))
                elif start + size <= _STAGING:
                    return  # The rest fits behind it once the bytes before it have gone.
                else:
                    self._begin_body(flags, size, start)
                    at = self._end
        finally:
            rest = bytes(self._staging[at : self._end])
            self._staging[: len(rest)] = rest
            self._end = len(rest)

    def _head(self, at: int) -> tuple[int, int, int] | None:
        """Flags, size and start of the frame at `at`, None where its header is not whole yet."""
        if self._end - at < 2:
            return None
        flags = self._staging[at]
        if flags > (MORE | LONG | COMMAND) or flags & (MORE | COMMAND) == (MORE | COMMAND):
            raise ProtocolError(f"a ZeroMQ frame was expected, got one with flags {flags:#x}")
        if not flags & LONG:
            return flags, self._staging[at + 1], at + 2
        if self._end - at < 9:
            return None
        size: int = struct.unpack_from(">Q", self._staging, at + 1)[0]
        limit = MAX_COMMAND if flags & COMMAND else self._max_frame
        if size > limit:
            raise ProtocolError(f"a frame of at most {limit} bytes was expected, got one of {size}")
        return flags, size, at + 9

    def _begin_body(self, flags: int, size: int, start: int) -> None:
        self._flags = flags
        self._body = pages(size)
        self._filled = self._end - start
        self._body[: self._filled] = self._staging[start : self._end]


def _greeting_of(data: bytes) -> Greeting:
    return Greeting(data[10], data[12:32].rstrip(b"\0").decode("ascii", "replace"))


def command_of(frame: Frame) -> tuple[str, bytes]:
    """Name and body of a command frame."""
    data = bytes(frame.body)
    if data.startswith(_LIBZMQ_ERROR):
        return "ERROR", data[len(_LIBZMQ_ERROR) :]
    size = data[0] if data else 0
    if not size or len(data) < 1 + size:
        raise ProtocolError("a ZeroMQ command with a name was expected, got an empty or cut one")
    return data[1 : 1 + size].decode("ascii", "replace"), data[1 + size :]


def error_text(body: bytes) -> str:
    """The reason inside an ERROR command."""
    return body[1 : 1 + body[0]].decode("utf-8", "replace") if body else ""
