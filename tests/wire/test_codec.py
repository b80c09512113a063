"""The codec: every message there and back, and whatever else comes is refused with words and never with a crash."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import get_type_hints

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtint.errors import ProtocolError
from handtint.wire import limits
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, MessageError, OtherProtocol, UnknownType, decode, encode
from handtint.wire.pixels import Extent, Known, Patch, Picture, PixelFormat, Plane, Rect, Transfer

GRAY = Plane(PixelFormat.gray8, Extent(2, 1), b"\x00\xff")
DIGEST = "0123456789abcdef" * 2

# Every message, built from the types and ranges that the specification gives ----------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=30)
unit = st.floats(0, 1)
colors = st.builds(m.Color, unit, unit, unit)
digests = st.text("0123456789abcdef", min_size=32, max_size=32)
counts = st.integers(1, 256)
integers = st.integers(-(1 << 63), (1 << 63) - 1)
ids = st.integers(0, limits.MAX_ID)
sides = st.integers(1, limits.MAX_SIDE)
offsets = st.integers(0, limits.MAX_SIDE)


@st.composite
def planes(draw: st.DrawFn) -> Plane:
    pixel_format = draw(st.sampled_from(PixelFormat))
    extent = Extent(draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    size = extent.width * extent.height * pixel_format.pixel_bytes
    data = draw(st.binary(min_size=size, max_size=size))
    kind = draw(st.sampled_from([bytes, bytearray, memoryview]))
    return Plane(pixel_format, extent, kind(data), draw(st.sampled_from(Transfer)))


pictures = st.one_of(planes(), st.builds(Known, digests), st.builds(Patch, digests, offsets, offsets, planes()))
palettes = st.builds(
    m.Palette,
    st.lists(colors, min_size=1, max_size=8).map(tuple),
    st.lists(unit, max_size=8).map(tuple),
    texts,
)
BY_TYPE: dict[object, st.SearchStrategy[object]] = {
    int: integers,
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: texts,
    bool: st.booleans(),
    Plane: planes(),
    Picture: pictures,
    Picture | None: st.none() | pictures,
    m.Palette: palettes,
    m.Palette | None: st.none() | palettes,
    PixelFormat: st.sampled_from(PixelFormat),
    Extent: st.builds(Extent, sides, sides),
    Extent | None: st.none() | st.builds(Extent, sides, sides),
    Rect: st.builds(Rect, offsets, offsets, sides, sides),
    Rect | None: st.none() | st.builds(Rect, offsets, offsets, sides, sides),
    tuple[str, ...]: st.lists(texts, max_size=4).map(tuple),
    tuple[m.Color, ...]: st.lists(colors, max_size=4).map(tuple),
    tuple[m.Palette, ...]: st.lists(palettes, max_size=3).map(tuple),
    tuple[m.MethodInfo, ...]: st.lists(
        st.builds(m.MethodInfo, texts, texts, texts, st.lists(texts, max_size=4).map(tuple), texts), max_size=3
    ).map(tuple),
    tuple[m.MethodUse, ...]: st.lists(st.builds(m.MethodUse, texts, integers, integers, unit, unit), max_size=3).map(
        tuple
    ),
    tuple[m.SemanticClass, ...]: st.lists(
        st.builds(m.SemanticClass, st.integers(0, 255), texts, colors), max_size=4
    ).map(tuple),
}


def strategy_of(kind: type[m.Message], name: str, hint: object) -> st.SearchStrategy[object]:
    bounds = limits.range_of(kind, name)
    if bounds is None:
        return BY_TYPE[hint]
    if hint is int:
        return st.integers(int(bounds.low), int(bounds.high))
    return st.floats(bounds.low, bounds.high)


def strategy_for(kind: type[m.Message]) -> st.SearchStrategy[m.Message]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: strategy_of(kind, f.name, hints[f.name]) for f in fields(kind)})


any_message = st.one_of([strategy_for(kind) for kind in (*m.REQUESTS, *m.REPLIES)])


@given(any_message)
@settings(max_examples=300, deadline=None)
def test_there_and_back(message):
    frames = encode(message)
    assert frames[0] == b"handtint/1"
    assert decode([bytes(frame) for frame in frames]) == message


@given(any_message, st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_message_is_read_or_refused(message, data):
    frames = [bytearray(bytes(frame)) for frame in encode(message)]
    frame = frames[data.draw(st.integers(0, len(frames) - 1))]
    position = data.draw(st.integers(0, len(frame)))
    frame[position : position + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    read_or_refuse(frames)


@given(st.lists(st.binary(max_size=60), max_size=4))
@settings(max_examples=200, deadline=None)
def test_garbage_is_refused(frames):
    read_or_refuse(frames)
    read_or_refuse([MAGIC, *frames])


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | texts | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from([*m.REQUESTS, *m.REPLIES]), st.data())
@settings(max_examples=300, deadline=None)
def test_fields_of_any_kind_are_read_or_refused(kind, data):
    names = data.draw(st.lists(st.sampled_from([field.name for field in fields(kind)]), unique=True))
    header = {"type": kind.type, "id": 1} | {name: data.draw(json_like) for name in names}
    read_or_refuse([MAGIC, msgpack.packb(header), b"\x00\xff"])


def read_or_refuse(frames):
    try:
        message = decode(frames)
    except MessageError as error:
        refused = error
    else:
        assert isinstance(message, m.Message)
        return
    assert refused.code in {"bad_request", "unknown_type", "protocol", "too_large"}
    assert str(refused)
    assert decode(encode(refused.failure())) == refused.failure()


# Known answers ------------------------------------------------------------------------------------------------


def frames_of(header: object, *planes: bytes) -> list[bytes]:
    return [MAGIC, msgpack.packb(header), *planes]


def colorize(**changed: object) -> dict[str, object]:
    base = {"format": "gray8", "width": 2, "height": 1, "frame": 0}
    return {"type": "colorize", "id": 5, "document": "d", "base": base} | changed


def refusal(header: object, *planes: bytes) -> MessageError:
    with pytest.raises(MessageError) as caught:
        decode(frames_of(header, *(planes or (b"\x00\xff",))))
    return caught.value


def test_missing_fields_take_their_defaults():
    assert decode(frames_of(colorize(), b"\x00\xff")) == m.Colorize(5, "d", GRAY)


def test_unknown_fields_and_frames_are_ignored_at_every_level():
    base = {"format": "gray8", "width": 2, "height": 1, "frame": 0, "new": [1, {"a": 2}]}
    palette = {"colors": [[1, 0, 0]], "new": None}
    header = colorize(base=base, palette=palette, new={"frame": 1})
    assert decode(frames_of(header, b"\x00\xff", b"more")) == m.Colorize(
        5, "d", GRAY, palette=m.Palette((m.Color(1.0, 0.0, 0.0),))
    )


def test_planes_are_views_both_ways():
    data = bytearray(b"\x00\xff")
    frames = encode(m.Segment(1, "d", replace(GRAY, data=data)))
    assert memoryview(frames[2]).obj is data
    message = decode([frames[0], frames[1], data])
    assert message.base.data.obj is data


def test_integers_are_read_where_numbers_are_asked_for():
    message = decode(frames_of({"type": "progress", "id": 1, "fraction": 1}))
    assert type(message.fraction) is float


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"document": 7}, "colorize.document must be text, got 7", id="type"),
        pytest.param({"document": None}, "colorize.document must be text, got None", id="null"),
        pytest.param({"linear": 1}, "colorize.linear must be true or false, got 1", id="bool"),
        pytest.param({"reach": True}, "colorize.reach must be a finite number, got True", id="bool as number"),
        pytest.param({"reach": math.nan}, "colorize.reach must be a finite number, got nan", id="nan"),
        pytest.param({"reach": math.inf}, "colorize.reach must be a finite number, got inf", id="infinity"),
        pytest.param({"reach": 1.5}, "colorize.reach must be 0 to 1, got 1.5", id="range"),
        pytest.param({"id": -1}, "id must be 0 to", id="negative id"),
        pytest.param({"output": "cmyk"}, "colorize.output must be one of gray8", id="enum"),
        pytest.param({"size": [1]}, "colorize.size must be an array of 2 (width, height), got list of 1", id="tuple"),
        pytest.param({"size": [0, 1]}, "colorize.size.width must be 1 to", id="no pixels"),
        pytest.param({"region": [-1, 0, 1, 1]}, "colorize.region.x must be 0 to", id="outside"),
        pytest.param({"palette": {}}, "colorize.palette needs the field 'colors'", id="missing"),
        pytest.param({"palette": {"colors": []}}, "must be 1 to 256 elements, got 0", id="no colours"),
        pytest.param({"palette": {"colors": [[0, 0, 0]] * 257}}, "must be 1 to 256 elements, got 257", id="colours"),
        pytest.param({"palette": {"colors": 5}}, "colorize.palette.colors must be an array, got 5", id="array"),
        pytest.param({"base": "x"}, "colorize.base must be a map with format", id="picture"),
        pytest.param({"hints": {"digest": "12"}}, "colorize.hints.digest must be a digest", id="digest"),
        pytest.param({"hints": {"digest": DIGEST.upper()}}, "must be a digest of 32 lower-case", id="upper case"),
        pytest.param({"hints": {"parent": DIGEST, "x": 0, "y": 0}}, "needs the field 'plane'", id="patch"),
        pytest.param(
            {"hints": {"format": "rgba8", "width": 1, "height": 1, "frame": 1}},
            "colorize.hints names 1 plane frames from 1 on, the message carries 1",
            id="no such plane",
        ),
        pytest.param(
            {"hints": {"format": "rgba8", "width": 1, "height": 1, "frame": 0, "frames": 2}},
            "colorize.hints names 2 plane frames from 0 on, the message carries 1",
            id="no such part",
        ),
        pytest.param(
            {"hints": {"format": "rgba8", "width": 1, "height": 1, "frame": 0, "frames": 0}},
            "colorize.hints names 0 plane frames from 0 on",
            id="no part",
        ),
        pytest.param(
            {"hints": {"format": "rgba8", "width": 1, "height": 1, "frame": 0, "frames": "2"}},
            "colorize.hints.frames must be an integer",
            id="parts that are no number",
        ),
        pytest.param(
            {"hints": {"format": "rgba8", "width": 1, "height": 1, "frame": 0}},
            "a rgba8 plane of 1x1 needs 4 bytes, got 2",
            id="size of a plane",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changed, expected):
    error = refusal(colorize(**changed))
    assert expected in str(error)
    assert error.code == "bad_request"
    assert error.id == (0 if "id" in changed else 5)


def test_a_missing_required_field_is_named():
    header = colorize()
    del header["base"]
    assert "colorize needs the field 'base'" in str(refusal(header))


def test_an_unknown_type_is_told_apart_and_keeps_its_id():
    error = refusal({"type": "dream", "id": 9})
    assert isinstance(error, UnknownType)
    assert error.failure() == m.Failure(9, "unknown_type", str(error))
    assert "'dream'" in str(error)


@pytest.mark.parametrize("header", [msgpack.packb({"type": "hello", "id": 3}), msgpack.packb({"id": 3, "x": [0] * 9})])
def test_another_major_version_is_told_apart_and_names_both(header):
    with pytest.raises(OtherProtocol) as caught:
        decode([b"handtint/2", header])
    assert (caught.value.code, caught.value.id) == ("protocol", 3)
    assert "handtint/1" in str(caught.value)
    assert "handtint/2" in str(caught.value)


@pytest.mark.parametrize("rest", [[], [b"\xc1"], [b"[]"], [bytes(limits.MAX_HEADER + 1)]])
def test_another_major_version_is_told_apart_even_if_nothing_else_can_be_read(rest):
    with pytest.raises(OtherProtocol) as caught:
        decode([b"handtint/2", *rest])
    assert caught.value.id == 0


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([], "protocol"),
        ([MAGIC], "protocol"),
        ([b"GET / HTTP/1.1", b""], "protocol"),
        ([b"GET / HTTP/1.1", msgpack.packb({})], "protocol"),
        ([MAGIC, b""], "bad_request"),
        ([MAGIC, msgpack.packb([1])], "bad_request"),
        ([MAGIC, msgpack.packb({"id": 1})], "bad_request"),
        ([MAGIC, msgpack.packb({"type": 1, "id": 1})], "bad_request"),
        ([MAGIC, msgpack.packb({"type": "status", "id": 1}) + b"\x00"], "bad_request"),
        ([MAGIC, bytes(limits.MAX_HEADER + 1)], "too_large"),
        ([MAGIC, msgpack.packb({"type": "status", "id": 1}), *[b""] * (limits.MAX_FRAMES + 1)], "too_large"),
        ([MAGIC, b"\x81\xa1x" + b"\x91" * 40 + b"\xc0"], "bad_request"),
        ([MAGIC, b"\x81\xa1x" + b"\x91" * 100_000 + b"\xc0"], "bad_request"),
        ([MAGIC, b"\x81\xa1x\xdd\xff\xff\xff\xff"], "bad_request"),
        ([MAGIC, msgpack.packb({"x": "x" * (limits.MAX_TEXT + 1)})], "bad_request"),
        ([MAGIC, msgpack.packb({"x": [0] * (limits.MAX_ITEMS + 1)})], "bad_request"),
        ([MAGIC, msgpack.packb({"x": msgpack.ExtType(1, b"x")})], "bad_request"),
        ([MAGIC, msgpack.packb({1: 2})], "bad_request"),
    ],
)
def test_frames_that_are_no_message(frames, code):
    with pytest.raises(MessageError) as caught:
        decode(frames)
    assert caught.value.code == code


def test_sixteen_planes_and_sixteen_levels_are_allowed():
    nested: object = None
    for _ in range(limits.MAX_DEPTH - 1):
        nested = [nested]
    assert decode([MAGIC, msgpack.packb({"type": "status", "id": 1, "x": nested}), *[b""] * 16]) == m.GetStatus(1)


@pytest.mark.parametrize(
    "message",
    [
        m.Progress(1, math.nan),
        m.Progress(1, 2.0),
        m.Cancel(-1, 0),
        m.Suggested(1, (m.Color(math.inf, 0, 0),)),
        m.Failure(1, "internal", "\ud800"),
        m.Failure(1, "internal", "x" * (limits.MAX_HEADER + 1)),
        m.ExtractedPalette(1, m.Palette(())),
        m.Cancel(1, 1 << 64),
        m.Colorize(1, "d", GRAY, size=Extent(0, 1)),
        m.Segment(1, "d", Plane(PixelFormat.gray8, Extent(2, 1), memoryview(b"abcd")[::2])),
    ],
)
def test_a_sender_learns_of_its_own_mistake(message):
    with pytest.raises(ProtocolError):
        encode(message)


@pytest.mark.parametrize("size", [limits.MAX_PART - 4, limits.MAX_PART, limits.MAX_PART + 4, 3 * limits.MAX_PART + 8])
def test_large_planes_of_a_request_travel_in_parts(size):
    data = (bytes(range(251)) * (size // 251 + 1))[:size]  # no part is like its neighbour
    base = Plane(PixelFormat.rgba8, Extent(size // 4, 1), data)
    frames = encode(m.Colorize(1, "d", base, hints=GRAY, exemplar=base))
    assert max(memoryview(frame).nbytes for frame in frames) == min(size, limits.MAX_PART)
    count = -(-size // limits.MAX_PART)
    assert len(frames) == 2 + 2 * count + 1
    assert all(memoryview(frame).obj is data for frame in frames[2 : 2 + count]), "they are views of the plane"
    read = decode([bytes(frame) for frame in frames])
    assert (read.base, read.hints, read.exemplar) == (base, GRAY, base)


def test_planes_of_a_reply_travel_whole():
    size = 3 * limits.MAX_PART
    plane = Plane(PixelFormat.rgb8, Extent(limits.MAX_PART, 1), bytes(size))
    frames = encode(m.Colorized(1, plane, Rect(0, 0, limits.MAX_PART, 1), plane.extent, "bins"))
    assert [memoryview(frame).nbytes for frame in frames[2:]] == [size]
    assert decode([bytes(frame) for frame in frames]).plane == plane


def test_parts_that_are_not_all_there_are_refused():
    base = Plane(PixelFormat.gray8, Extent(limits.MAX_PART, 2), bytes(2 * limits.MAX_PART))
    frames = [bytes(frame) for frame in encode(m.Colorize(1, "d", base))]
    with pytest.raises(MessageError, match="names 2 plane frames from 0 on, the message carries 1"):
        decode(frames[:-1])
    with pytest.raises(MessageError, match=f"needs {2 * limits.MAX_PART} bytes"):
        decode([*frames[:-1], frames[-1][1:]])


def test_a_request_with_a_header_that_the_engine_would_not_read_is_refused():
    with pytest.raises(ProtocolError, match="shorter texts"):
        encode(m.Colorize(1, "x" * limits.MAX_PART, GRAY))
