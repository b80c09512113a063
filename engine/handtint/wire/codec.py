"""Messages to frames and back: [protocol, msgpack header, plane, plane, ...].

Plane bytes are never copied, but for the large ones of a request: they travel in parts, and the reader joins these.

Standard library and msgpack only. Driven by the dataclasses of messages.py, so that a new message needs no code here.
Opens no socket. PROTOCOL.md is the specification.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from handtint.errors import ProtocolError
from handtint.wire._msgpack import packb, unpackb
from handtint.wire._read import check_range, is_int, kind_of, reader
from handtint.wire.limits import (
    MAX_DEPTH,
    MAX_FRAMES,
    MAX_HEADER,
    MAX_ID,
    MAX_ITEMS,
    MAX_PART,
    MAX_PLANE,
    MAX_PLANES,
    MAX_TEXT,
)
from handtint.wire.messages import PROTOCOL, REPLIES, REQUESTS, Failure, Message
from handtint.wire.pixels import Buffer, Plane

MAGIC = f"handtint/{PROTOCOL[0]}".encode()
"""The first frame of every message."""
_NAME = b"handtint/"


class MessageError(ProtocolError):
    """Frames that cannot be taken as a message, and how to answer them.

    Attributes
    ----------
    code : str
        Failure code for the answer.
    id : int
        Id of the message where it could be read, else 0.
    """

    def __init__(self, text: str, *, code: str = "bad_request", id: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.id = id

    def failure(self) -> Failure:
        """The answer to whoever sent those frames."""
        return Failure(self.id, self.code, str(self))


class UnknownType(MessageError):  # noqa: N818
    """A message of this protocol's major version, of a type that this end does not know."""


class OtherProtocol(MessageError):  # noqa: N818
    """A message of another major version."""


# Encoding -----------------------------------------------------------------------------------------------------


class _Planes:
    """Plane frames of a message that is being written.

    Parameters
    ----------
    part : int
        Bytes of one frame at most.
    """

    def __init__(self, part: int) -> None:
        self.frames: list[memoryview] = []
        self.count = 0
        self._part = part

    def add(self, data: memoryview) -> tuple[int, int]:
        """Put a plane behind the others; where it starts, and in how many frames it is."""
        start = len(self.frames)
        self.count += 1
        self.frames += [data[at : at + self._part] for at in range(0, data.nbytes, self._part)]
        return start, len(self.frames) - start


def encode(message: Message) -> list[Buffer]:
    """The frames of a message. The planes are views of the message's own buffers."""
    is_request = isinstance(message, REQUESTS)
    planes = _Planes(MAX_PART if is_request else MAX_PLANE)
    header: dict[str, Any] = {"type": message.type}
    header |= _write_fields(message, planes)
    if planes.count > MAX_PLANES:
        raise ProtocolError(f"a message has at most {MAX_PLANES} planes, got {planes.count}")
    if len(planes.frames) > MAX_FRAMES:
        raise ProtocolError(f"a request has at most {MAX_FRAMES * MAX_PART} bytes of planes: send smaller pictures")
    try:
        packed: bytes = packb(header)
    except (ValueError, TypeError, OverflowError) as error:
        raise ProtocolError(f"a {message.type} message that msgpack can write was expected: {error}") from error
    most = MAX_PART if is_request else MAX_HEADER
    if len(packed) > most:
        raise ProtocolError(f"a header has at most {most} bytes, got {len(packed)}: send shorter texts")
    return [MAGIC, packed, *planes.frames]


def _write_fields(value: Any, planes: _Planes) -> dict[str, Any]:
    owner = type(value)
    written = {}
    for field in fields(value):
        item = getattr(value, field.name)
        check_range(owner, field.name, item)
        written[field.name] = _write(item, planes)
    return written


def _write(value: Any, planes: _Planes) -> Any:
    if isinstance(value, Plane):
        return _write_plane(value, planes)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        raise ProtocolError(f"a finite number was expected, got {value}")
    if isinstance(value, tuple):
        for name, item in zip(getattr(value, "_fields", ()), value, strict=False):
            check_range(type(value), name, item)
        return [_write(item, planes) for item in value]
    if is_dataclass(value):
        return _write_fields(value, planes)
    return value


def _write_plane(plane: Plane, planes: _Planes) -> dict[str, Any]:
    try:
        start, count = planes.add(memoryview(plane.data).cast("B"))
    except TypeError as error:
        raise ProtocolError(f"a plane needs bytes that lie one after another: {error}") from error
    written = {
        "format": plane.format.value,
        "width": plane.extent.width,
        "height": plane.extent.height,
        "transfer": plane.transfer.value,
        "frame": start,
    }
    return written if count == 1 else written | {"frames": count}


# Decoding -----------------------------------------------------------------------------------------------------


def decode(frames: Sequence[Buffer]) -> Message:
    """The message of these frames. Planes that came whole are views of them; raises MessageError and nothing else."""
    if len(frames) < 2:
        if frames:
            _check_magic(frames[0], 0)
        raise MessageError(f"a message has at least 2 frames, got {len(frames)}", code="protocol")
    header = _read_header(frames)
    id = _id_of(header)
    _check_magic(frames[0], id)
    kind = _type_of(header, id)
    if len(frames) - 2 > MAX_FRAMES:
        text = f"a message has at most {MAX_FRAMES} plane frames, got {len(frames) - 2}"
        raise MessageError(text, code="too_large", id=id)
    try:
        planes = [_flat(frame) for frame in frames[2:]]
        message: Message = reader(kind)(header, kind.type, planes)
    except ProtocolError as error:
        raise MessageError(str(error), id=id) from error
    return message


def _id_of(header: dict[str, Any]) -> int:
    number: int | None = header.get("id")
    return number if number is not None and is_int(number) and 0 <= number <= MAX_ID else 0


def _type_of(header: dict[str, Any], id: int) -> Any:
    name = header.get("type")
    if not isinstance(name, str):
        raise MessageError(f"a header names its type as text, got {kind_of(name)}", id=id)
    kind = _types().get(name)
    if kind is None:
        raise UnknownType(f"this end knows no message type {name[:80]!r}: update it", code="unknown_type", id=id)
    return kind


def _flat(frame: Buffer) -> memoryview:
    view = memoryview(frame).cast("B")
    if view.nbytes > MAX_PLANE:
        raise ProtocolError(f"a plane has at most {MAX_PLANE} bytes, got {view.nbytes}")
    return view


def _check_magic(frame: Buffer, id: int) -> None:
    magic = bytes(memoryview(frame).cast("B")[:32])
    if magic == MAGIC:
        return
    if magic.startswith(_NAME):
        other = magic.decode("ascii", "replace")
        raise OtherProtocol(
            f"this end speaks {MAGIC.decode()}, the message is {other}: update the older of plug-in and engine",
            code="protocol",
            id=id,
        )
    raise MessageError(f"the first frame must be {MAGIC!r}, got {magic!r}", code="protocol", id=id)


def _read_header(frames: Sequence[Buffer]) -> dict[str, Any]:
    """The header's map. Of another major version too, where it can be read: its id goes into the answer."""
    packed = memoryview(frames[1])
    try:
        if packed.nbytes > MAX_HEADER:
            raise MessageError(f"a header has at most {MAX_HEADER} bytes, got {packed.nbytes}", code="too_large")
        return _unpack(packed)
    except MessageError:
        # What is wrong with the protocol as a whole goes before what is wrong with this header.
        _check_magic(frames[0], 0)
        raise


def _unpack(packed: memoryview) -> dict[str, Any]:
    try:
        header = unpackb(
            packed, raw=False, strict_map_key=True, max_str_len=MAX_TEXT, max_bin_len=MAX_TEXT,
            max_array_len=MAX_ITEMS, max_map_len=MAX_ITEMS, max_ext_len=0,
        )  # fmt: skip
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        # StackError carries no text of its own.
        raise MessageError(f"a msgpack map was expected as header: {str(error) or type(error).__name__}") from error
    if not isinstance(header, dict):
        raise MessageError(f"a msgpack map was expected as header, got {kind_of(header)}")
    if _depth(header) > MAX_DEPTH:
        raise MessageError(f"a header is at most {MAX_DEPTH} levels deep, this one is deeper")
    return header


def _depth(value: Any) -> int:
    """Levels of maps and arrays, without recursion, no further than is asked for."""
    level, depth = [value], 0
    while depth <= MAX_DEPTH:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            break
        level, depth = inner, depth + 1
    return depth


@cache
def _types() -> dict[str, type[Message]]:
    return {message.type: message for message in (*REQUESTS, *REPLIES)}
