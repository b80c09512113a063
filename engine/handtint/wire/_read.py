"""Readers that turn what msgpack gave into messages.py's types, made from the type hints when a type is first met.

Standard library only. A reader raises ProtocolError that says where, what was expected and what came.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from handtint.errors import ProtocolError
from handtint.wire.limits import MAX_PLANE, range_of
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Transfer

_INT_LOW, _INT_HIGH = -(1 << 63), (1 << 63) - 1

Read = Callable[[Any, str, Sequence[memoryview]], Any]
"""Turns what msgpack gave into a value of one type: (raw, where it stands, plane frames)."""


@cache
def reader(hint: Any) -> Read:
    """The reader for a type hint; made once per hint, when it is first met."""
    if isinstance(hint, type) and not get_args(hint):
        return _reader_of_class(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _reader_of_union(arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _reader_of_array(reader(arguments[0]))
    raise TypeError(f"the codec has no reader for {hint}")


def _reader_of_class(kind: type) -> Read:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if issubclass(kind, Enum):
        return _reader_of_enum(kind)
    if kind is Plane:
        return _read_plane
    if issubclass(kind, tuple):
        return _reader_of_named_tuple(kind)
    return _reader_of_dataclass(kind)


def _reader_of_union(arguments: tuple[Any, ...]) -> Read:
    kinds = [argument for argument in arguments if argument is not type(None)]
    # The one union besides `X | None` is Picture; which of the three it is shows in its keys.
    inner = _read_picture if set(kinds) == {Plane, Known, Patch} else reader(kinds[0])
    if len(kinds) == len(arguments):
        return inner

    def read(raw: Any, where: str, planes: Sequence[memoryview]) -> Any:
        return None if raw is None else inner(raw, where, planes)

    return read


def _reader_of_array(item: Read) -> Read:
    def read(raw: Any, where: str, planes: Sequence[memoryview]) -> Any:
        if not isinstance(raw, list):
            raise _wrong(where, "an array", raw)
        return tuple(item(value, where, planes) for value in raw)

    return read


def _reader_of_named_tuple(kind: type) -> Read:
    hints = get_type_hints(kind)
    readers = [(name, reader(hint)) for name, hint in hints.items()]

    def read(raw: Any, where: str, planes: Sequence[memoryview]) -> Any:
        if not isinstance(raw, list) or len(raw) != len(readers):
            raise _wrong(where, f"an array of {len(readers)} ({', '.join(hints)})", raw)
        values = []
        for (name, read_item), item in zip(readers, raw, strict=True):
            values.append(read_item(item, f"{where}.{name}", planes))
            check_range(kind, name, values[-1], where)
        return kind(*values)

    return read


def _reader_of_dataclass(kind: type) -> Read:
    hints = get_type_hints(kind)
    known: Any = kind
    readers = [(field.name, reader(hints[field.name]), field.default is MISSING) for field in fields(known)]

    def read(raw: Any, where: str, planes: Sequence[memoryview]) -> Any:
        if not isinstance(raw, dict):
            raise _wrong(where, "a map", raw)
        values = {}
        for name, read_item, required in readers:
            if name in raw:
                values[name] = read_item(raw[name], f"{where}.{name}", planes)
                check_range(kind, name, values[name], where)
            elif required:
                raise ProtocolError(f"{where} needs the field {name!r}, got only {', '.join(map(str, raw))[:200]}")
        return kind(**values)

    return read


def _reader_of_enum(kind: type[Enum]) -> Read:
    members = {member.value: member for member in kind}

    def read(raw: Any, where: str, planes: Sequence[memoryview]) -> Any:
        member = members.get(raw) if isinstance(raw, str) else None
        if member is None:
            got = repr(raw[:40]) if isinstance(raw, str) else kind_of(raw)
            raise ProtocolError(f"{where} must be one of {', '.join(members)}, got {got}")
        return member

    return read


def _read_picture(raw: Any, where: str, planes: Sequence[memoryview]) -> Plane | Known | Patch:
    if isinstance(raw, dict) and "digest" in raw:
        return Known(_read_digest(raw["digest"], f"{where}.digest", planes))
    if isinstance(raw, dict) and "parent" in raw:
        _read_digest(raw["parent"], f"{where}.parent", planes)
        patch: Patch = _reader_of_patch()(raw, where, planes)
        return patch
    return _read_plane(raw, where, planes)


@cache
def _reader_of_patch() -> Read:
    return _reader_of_dataclass(Patch)


def _read_digest(raw: Any, where: str, planes: Sequence[memoryview]) -> str:
    if not isinstance(raw, str) or len(raw) != 32 or set(raw) - set("0123456789abcdef"):
        raise _wrong(where, "a digest of 32 lower-case hexadecimal digits", raw)
    return raw


def _read_plane(raw: Any, where: str, planes: Sequence[memoryview]) -> Plane:
    if not isinstance(raw, dict) or not raw.keys() >= {"format", "width", "height", "frame"}:
        raise _wrong(where, "a map with format, width, height and frame, with digest, or with parent", raw)
    frame = _read_int(raw["frame"], f"{where}.frame", planes)
    count = _read_int(raw.get("frames", 1), f"{where}.frames", planes)
    if not 0 <= frame < frame + count <= len(planes):
        raise ProtocolError(f"{where} names {count} plane frames from {frame} on, the message carries {len(planes)}")
    extent = reader(Extent)([raw["width"], raw["height"]], where, planes)
    transfer = reader(Transfer)(raw.get("transfer", Transfer.srgb.value), f"{where}.transfer", planes)
    pixel_format = reader(PixelFormat)(raw["format"], f"{where}.format", planes)
    return Plane(pixel_format, extent, _joined(planes[frame : frame + count], where), transfer)


def _joined(parts: Sequence[memoryview], where: str) -> memoryview:
    if len(parts) == 1:
        return parts[0]
    size = sum(part.nbytes for part in parts)
    if size > MAX_PLANE:
        raise ProtocolError(f"{where} has at most {MAX_PLANE} bytes, got {size}")
    return memoryview(b"".join(parts))


def _read_int(raw: Any, where: str, planes: Sequence[memoryview]) -> int:
    if not is_int(raw) or not _INT_LOW <= raw <= _INT_HIGH:
        raise _wrong(where, "an integer of 64 bits", raw)
    number: int = raw
    return number


def _read_float(raw: Any, where: str, planes: Sequence[memoryview]) -> float:
    if not (is_int(raw) or isinstance(raw, float)) or not math.isfinite(raw):
        raise _wrong(where, "a finite number", raw)
    return float(raw)


def _read_text(raw: Any, where: str, planes: Sequence[memoryview]) -> str:
    if not isinstance(raw, str):
        raise _wrong(where, "text", raw)
    return raw


def _read_bool(raw: Any, where: str, planes: Sequence[memoryview]) -> bool:
    if not isinstance(raw, bool):
        raise _wrong(where, "true or false", raw)
    return raw


_SIMPLE: dict[type, Read] = {int: _read_int, float: _read_float, str: _read_text, bool: _read_bool}


def is_int(raw: Any) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool)


def check_range(owner: type, name: str, value: Any, where: str = "") -> None:
    """The same check at both ends: a sender learns of its own mistake before anybody else does."""
    bounds = range_of(owner, name)
    if bounds is None or value is None:
        return
    measured = value if isinstance(value, (int, float)) else len(value)
    if not bounds.low <= measured <= bounds.high:
        of = "" if measured is value else " elements"
        raise ProtocolError(
            f"{where or owner.__name__}.{name} must be {bounds.low:g} to {bounds.high:g}{of}, got {measured}"
        )


def _wrong(where: str, expected: str, raw: Any) -> ProtocolError:
    return ProtocolError(f"{where} must be {expected}, got {kind_of(raw)}")


def kind_of(raw: Any) -> str:
    """What came, in a few characters, whatever it was."""
    text = repr(raw) if isinstance(raw, (int, float, type(None))) else ""
    return text[:40] or f"{type(raw).__name__} of {len(raw)}"
