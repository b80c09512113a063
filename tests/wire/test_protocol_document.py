"""PROTOCOL.md and the code say the same: version, messages, fields with types, ranges and defaults, codes, example."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import MISSING, fields
from enum import Enum
from importlib.resources import files

import pytest

import handtint.wire
from handtint.wire import limits
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, decode, encode
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane

TEXT = files(handtint.wire).joinpath("PROTOCOL.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^### `?(\w+)`?\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
MESSAGES = (*m.REQUESTS, *m.REPLIES)


def rows(text: str) -> list[list[str]]:
    """Cells of the table in this text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def type_name(hint: object) -> str:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [argument for argument in arguments if argument is not type(None)]
        name = "Picture" if set(kinds) == {Plane, Known, Patch} else type_name(kinds[0])
        return name if len(kinds) == len(arguments) else f"{name} or null"
    if typing.get_origin(hint) is tuple:
        return f"array of {type_name(arguments[0])}"
    return {int: "integer", float: "number", str: "text", bool: "bool"}.get(hint) or hint.__name__


def default_name(default: object) -> str:
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (int, float)):
        return f"{default:g}"
    return {MISSING: "required", None: "null", (): "empty", "": "empty"}[default]


def range_name(owner: type, name: str) -> str:
    bounds = limits.range_of(owner, name)
    if bounds is None:
        return ""
    return f"{bounds.low:g} to {'2^63 - 1' if bounds.high == limits.MAX_ID else format(bounds.high, 'g')}"


def expected_rows(owner: type) -> list[list[str]]:
    hints = typing.get_type_hints(owner)
    return [
        [field.name, type_name(hints[field.name]), range_name(owner, field.name), default_name(field.default)]
        for field in fields(owner)
        if field.name != "id"
    ]


def test_version():
    assert re.findall(r"^\*\*Version (\d+)\.(\d+)\*\*$", TEXT, re.MULTILINE) == [tuple(map(str, m.PROTOCOL))]
    assert f"handtint/{m.PROTOCOL[0]}".encode() == MAGIC
    changes = rows(TEXT.split("## 12. Changes")[1])
    assert changes[0][0] == "{}.{}".format(*m.PROTOCOL)


def test_every_message_is_there_and_no_other():
    nested = {"Palette", "MethodInfo", "SemanticClass", "MethodUse"}
    assert set(PARTS) - nested == {message.type for message in MESSAGES}
    requests = TEXT[TEXT.index("## 6.") : TEXT.index("## 7.")]
    assert {message.type for message in m.REQUESTS} == set(re.findall(r"^### `(\w+)`", requests, re.MULTILINE))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_fields_of_messages(message):
    assert [row[:4] for row in rows(PARTS[message.type])] == expected_rows(message)


@pytest.mark.parametrize("part", [m.Palette, m.MethodInfo, m.SemanticClass, m.MethodUse])
def test_fields_of_parts(part):
    assert [row[:4] for row in rows(PARTS[part.__name__])] == expected_rows(part)


def test_failure_codes():
    section = TEXT[TEXT.index("## 8.") : TEXT.index("## 9.")]
    documented = [row[0] for row in rows(section)]
    stated = re.search(r"Codes: ([\w,\s]+)\.", m.Failure.__doc__ or "")
    assert stated is not None
    assert documented == re.split(r",\s+", stated[1])


def test_pixel_formats():
    section = TEXT[TEXT.index("| format | channels") : TEXT.index("8 and 16 are")]
    expected = [[f"`{f.value}`", str(f.channels), str(f.sample_bytes), str(f.pixel_bytes)] for f in PixelFormat]
    assert rows(section) == expected


def test_bounds():
    section = TEXT[TEXT.index("## 10.") : TEXT.index("## 11.")]
    numbers = [int(row[1].split()[0]) for row in rows(section)]
    assert numbers == [
        limits.MAX_HEADER, limits.MAX_PART, limits.MAX_DEPTH, limits.MAX_TEXT, limits.MAX_ITEMS,
        limits.MAX_PLANES, limits.MAX_FRAMES, limits.MAX_PLANE,
    ]  # fmt: skip


def test_the_example_is_what_it_says():
    section = TEXT[TEXT.index("For example") : TEXT.index("## 4.")]
    blocks = re.findall(r"frame \d:\n\n((?:    [0-9a-f ]+\n)+)", section)
    frames = [bytes.fromhex(block) for block in blocks]
    message = decode(frames)
    assert message == m.Suggest(7, "d", Plane(PixelFormat.gray8, Extent(2, 1), b"\x00\xff"), 1, 0, 3)
    assert [bytes(frame) for frame in encode(message)] == frames
