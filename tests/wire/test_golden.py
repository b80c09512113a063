"""Golden frames: what stands here is what version 1.0 is on the wire. A line may be added, never changed."""

from __future__ import annotations

import pytest

from handtint.wire.codec import decode, encode
from handtint.wire.messages import (
    REPLIES,
    REQUESTS,
    Cancel,
    CancelDone,
    Color,
    Colorize,
    Colorized,
    ExtractedPalette,
    ExtractPalette,
    Failure,
    GetStatus,
    Hello,
    MappedUncertainty,
    MapUncertainty,
    Message,
    MethodInfo,
    MethodUse,
    Palette,
    Progress,
    RecommendedThemes,
    RecommendThemes,
    Segment,
    Segmented,
    SemanticClass,
    Shutdown,
    Status,
    Stopping,
    Suggest,
    Suggested,
    Welcome,
)
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Rect, Transfer

A = "0123456789abcdef" * 2
USE = MethodUse("bins", 1, 0, 0.5, 0.75)
GRAY = Plane(PixelFormat.gray8, Extent(2, 1), b"\x00\xff")
RGB = Plane(PixelFormat.rgb8, Extent(1, 1), b"rgb", Transfer.linear)
RGBA = Plane(PixelFormat.rgba8, Extent(1, 2), b"rgbaRGBA")
INDEX = Plane(PixelFormat.index8, Extent(2, 1), b"\x01\x02")

GOLDEN: list[tuple[Message, bytes, list[bytes]]] = [
    (
        Hello(1, "handtint_krita 0.1.0", 1, 1),
        b"\x85\xa4type\xa5hello\xa2id\x01\xa6client\xb4handtint_krita 0.1.0\xa5major\x01\xa5minor\x01",
        [],
    ),
    (
        Colorize(2, "doc", GRAY),
        b"\xde\x00\x12\xa4type\xa8colorize\xa2id\x02\xa8document\xa3doc\xa4base\x85\xa6format\xa5gray8"
        b"\xa5width\x02\xa6height\x01\xa8transfer\xa4srgb\xa5frame\x00\xa6method\xa0\xa5hints\xc0\xa7pa"
        b"lette\xc0\xa8semantic\xc0\xa8exemplar\xc0\xa9selection\xc0\xa5reach\xcb?\xe0\x00\x00\x00\x00"
        b"\x00\x00\xa8softness\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa8strength\xcb?\xf0\x00\x00\x00\x00"
        b"\x00\x00\xa6output\xa5rgba8\xa6linear\xc2\xa4size\xc0\xa6region\xc0\xa6detail\xc0",
        [b"\x00\xff"],
    ),
    (
        Colorize(
            3,
            "doc",
            Known(A),
            "unified",
            Patch(A, 4, 5, RGBA),
            Palette((Color(1.0, 0.5, 0.0),), (1.0,), "warm"),
            INDEX,
            RGB,
            GRAY,
            0.25,
            0.5,
            0.75,
            PixelFormat.bgra16,
            True,
            Extent(640, 480),
            Rect(0, 1, 2, 3),
            Extent(320, 240),
        ),
        b"\xde\x00\x12\xa4type\xa8colorize\xa2id\x03\xa8document\xa3doc\xa4base\x81\xa6digest\xd9 01234"
        b"56789abcdef0123456789abcdef\xa6method\xa7unified\xa5hints\x84\xa6parent\xd9 0123456789abcdef0"
        b"123456789abcdef\xa1x\x04\xa1y\x05\xa5plane\x85\xa6format\xa5rgba8\xa5width\x01\xa6height\x02"
        b"\xa8transfer\xa4srgb\xa5frame\x00\xa7palette\x83\xa6colors\x91\x93\xcb?\xf0\x00\x00\x00\x00"
        b"\x00\x00\xcb?\xe0\x00\x00\x00\x00\x00\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa7weights\x91"
        b"\xcb?\xf0\x00\x00\x00\x00\x00\x00\xa4name\xa4warm\xa8semantic\x85\xa6format\xa6index8\xa5widt"
        b"h\x02\xa6height\x01\xa8transfer\xa4srgb\xa5frame\x01\xa8exemplar\x85\xa6format\xa4rgb8\xa5wid"
        b"th\x01\xa6height\x01\xa8transfer\xa6linear\xa5frame\x02\xa9selection\x85\xa6format\xa5gray8"
        b"\xa5width\x02\xa6height\x01\xa8transfer\xa4srgb\xa5frame\x03\xa5reach\xcb?\xd0\x00\x00\x00"
        b"\x00\x00\x00\xa8softness\xcb?\xe0\x00\x00\x00\x00\x00\x00\xa8strength\xcb?\xe8\x00\x00\x00"
        b"\x00\x00\x00\xa6output\xa6bgra16\xa6linear\xc3\xa4size\x92\xcd\x02\x80\xcd\x01\xe0\xa6region"
        b"\x94\x00\x01\x02\x03\xa6detail\x92\xcd\x01@\xcc\xf0",
        [b"rgbaRGBA", b"\x01\x02", b"rgb", b"\x00\xff"],
    ),
    (
        Segment(4, "doc", Known(A)),
        b"\x86\xa4type\xa7segment\xa2id\x04\xa8document\xa3doc\xa4base\x81\xa6digest\xd9 0123456789abcd"
        b"ef0123456789abcdef\xa6output\xa6index8\xa6linear\xc2",
        [],
    ),
    (
        ExtractPalette(5, RGB, 3),
        b"\x84\xa4type\xa7palette\xa2id\x05\xa6source\x85\xa6format\xa4rgb8\xa5width\x01\xa6height\x01"
        b"\xa8transfer\xa6linear\xa5frame\x00\xa5count\x03",
        [b"rgb"],
    ),
    (
        RecommendThemes(6, "doc", Known(A), 4, 2),
        b"\x86\xa4type\xa6themes\xa2id\x06\xa8document\xa3doc\xa4base\x81\xa6digest\xd9 0123456789abcde"
        b"f0123456789abcdef\xa6colors\x04\xa5count\x02",
        [],
    ),
    (
        Suggest(7, "doc", Known(A), 300, 2, 9),
        b"\x87\xa4type\xa7suggest\xa2id\x07\xa8document\xa3doc\xa4base\x81\xa6digest\xd9 0123456789abcd"
        b"ef0123456789abcdef\xa1x\xcd\x01,\xa1y\x02\xa5count\t",
        [],
    ),
    (
        MapUncertainty(10, "doc", Known(A), Extent(640, 480)),
        b"\x85\xa4type\xabuncertainty\xa2id\n\xa8document\xa3doc\xa4base\x81\xa6digest\xd9 0123456789"
        b"abcdef0123456789abcdef\xa4size\x92\xcd\x02\x80\xcd\x01\xe0",
        [],
    ),
    (
        GetStatus(8),
        b"\x82\xa4type\xa6status\xa2id\x08",
        [],
    ),
    (
        Cancel(9, 2),
        b"\x83\xa4type\xa6cancel\xa2id\t\xa6target\x02",
        [],
    ),
    (
        Shutdown(10),
        b"\x82\xa4type\xa8shutdown\xa2id\n",
        [],
    ),
    (
        Welcome(1, "0.1.0", "cpu", (MethodInfo("scribble", "Scribble", "Colour by hints", ("hints",)),), 1, 1),
        b"\x88\xa4type\xa7welcome\xa2id\x01\xa7version\xa50.1.0\xa6device\xa3cpu\xa7methods\x91\x87\xa4"
        b"name\xa8scribble\xa5title\xa8Scribble\xa4help\xafColour by hints\xa8controls\x91\xa5hints\xa7"
        b"missing\xa0\xacpalette_size\x00\xa5needs\x90\xa5major\x01\xa5minor\x01\xa7classes\x90",
        [],
    ),
    (
        Colorized(2, RGBA, Rect(0, 0, 1, 2), Extent(1, 2), "scribble", 0.5, ("Two hints were merged.",)),
        b"\x88\xa4type\xa9colorized\xa2id\x02\xa5plane\x85\xa6format\xa5rgba8\xa5width\x01\xa6height"
        b"\x02\xa8transfer\xa4srgb\xa5frame\x00\xa6region\x94\x00\x00\x01\x02\xa4size\x92\x01\x02\xa6me"
        b"thod\xa8scribble\xa7seconds\xcb?\xe0\x00\x00\x00\x00\x00\x00\xa5notes\x91\xb6Two hints were m"
        b"erged.",
        [b"rgbaRGBA"],
    ),
    (
        Segmented(4, INDEX, (SemanticClass(2, "sky", Color(0.5, 0.75, 1.0)),)),
        b"\x84\xa4type\xa9segmented\xa2id\x04\xa5plane\x85\xa6format\xa6index8\xa5width\x02\xa6height"
        b"\x01\xa8transfer\xa4srgb\xa5frame\x00\xa7classes\x91\x83\xa5index\x02\xa4name\xa3sky\xa5color"
        b"\x93\xcb?\xe0\x00\x00\x00\x00\x00\x00\xcb?\xe8\x00\x00\x00\x00\x00\x00\xcb?\xf0\x00\x00\x00"
        b"\x00\x00\x00",
        [b"\x01\x02"],
    ),
    (
        ExtractedPalette(5, Palette((Color(0.0, 0.0, 0.0),))),
        b"\x83\xa4type\xadpalette_found\xa2id\x05\xa7palette\x83\xa6colors\x91\x93\xcb\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa7w"
        b"eights\x90\xa4name\xa0",
        [],
    ),
    (
        RecommendedThemes(6, (Palette((Color(0.0, 1.0, 0.0),), (), "green"),)),
        b"\x83\xa4type\xacthemes_found\xa2id\x06\xa6themes\x91\x83\xa6colors\x91\x93\xcb\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\xcb?\xf0\x00\x00\x00\x00\x00\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa7"
        b"weights\x90\xa4name\xa5green",
        [],
    ),
    (
        Suggested(7, (Color(1.0, 1.0, 1.0),), 0.125),
        b"\x84\xa4type\xa9suggested\xa2id\x07\xa6colors\x91\x93\xcb?\xf0\x00\x00\x00\x00\x00\x00\xcb?"
        b"\xf0\x00\x00\x00\x00\x00\x00\xcb?\xf0\x00\x00\x00\x00\x00\x00\xabuncertainty\xcb?\xc0\x00\x00"
        b"\x00\x00\x00\x00",
        [],
    ),
    (
        MappedUncertainty(10, GRAY),
        b"\x83\xa4type\xb1uncertainty_found\xa2id\n\xa5plane\x85\xa6format\xa5gray8\xa5width\x02\xa6height"
        b"\x01\xa8transfer\xa4srgb\xa5frame\x00",
        [b"\x00\xff"],
    ),
    (
        Status(8, "0.1.0", 4242, "cuda:0", 12.5, (), ("unified",), 1, 2, 3000000000, 4000000000, 5, 6, 7, (USE,)),
        b"\xde\x00\x10\xa4type\xa9status_is\xa2id\x08\xa7version\xa50.1.0\xa3pid\xcd\x10\x92\xa6device\xa6cuda:"
        b"0\xa6uptime\xcb@)\x00\x00\x00\x00\x00\x00\xa7methods\x90\xa6loaded\x91\xa7unified\xa9document"
        b"s\x01\xadcached_planes\x02\xaccached_bytes\xce\xb2\xd0^\x00\xadmemory_budget\xce\xeek(\x00"
        b"\xa7waiting\x05\xa6served\x06\xa6memory\x07\xa4used\x91\x85\xa4name\xa4bins\xa8answered\x01\xa6failed\x00"
        b"\xa6median\xcb?\xe0\x00\x00\x00\x00\x00\x00\xa4high\xcb?\xe8\x00\x00\x00\x00\x00\x00",
        [],
    ),
    (
        CancelDone(9, 2, True),
        b"\x84\xa4type\xabcancel_done\xa2id\t\xa6target\x02\xa5found\xc3",
        [],
    ),
    (
        Stopping(10),
        b"\x82\xa4type\xa8stopping\xa2id\n",
        [],
    ),
    (
        Progress(2, 0.5, "Colouring…"),
        b"\x84\xa4type\xa8progress\xa2id\x02\xa8fraction\xcb?\xe0\x00\x00\x00\x00\x00\x00\xa4text\xacCo"
        b"louring\xe2\x80\xa6",
        [],
    ),
    (
        Failure(6, "unknown_plane", "The engine does not have that picture.", (A,)),
        b"\x85\xa4type\xa7failure\xa2id\x06\xa4code\xadunknown_plane\xa4text\xd9&The engine does not ha"
        b"ve that picture.\xa7missing\x91\xd9 0123456789abcdef0123456789abcdef",
        [],
    ),
]
NAMES = [f"{message.type}-{message.id}" for message, _, _ in GOLDEN]


@pytest.mark.parametrize(("message", "header", "planes"), GOLDEN, ids=NAMES)
def test_encodes_to_the_golden_frames(message, header, planes):
    frames = [bytes(frame) for frame in encode(message)]
    assert frames == [b"handtint/1", header, *planes]


@pytest.mark.parametrize(("message", "header", "planes"), GOLDEN, ids=NAMES)
def test_decodes_from_the_golden_frames(message, header, planes):
    assert decode([b"handtint/1", header, *planes]) == message


def test_every_message_has_a_golden_frame():
    assert {type(message) for message, _, _ in GOLDEN} == {*REQUESTS, *REPLIES}
