"""What is fuzzed: bytes in, and a Broken where something happens that must not. Needs no fuzzer and opens no socket.

Each target takes any bytes. The seeds are honest messages in the layout that the target reads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from handtint.client import _framing as framing
from handtint.client.zmtp import Dealer, DealerState
from handtint.errors import ProtocolError
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, MessageError, decode, encode
from handtint.wire.pixels import Buffer, Extent, Known, Patch, PixelFormat, Plane, Rect

CODES = {
    "bad_request", "unknown_type", "unknown_method", "unknown_plane", "not_available", "protocol", "bad_picture",
    "bad_guidance", "cancelled", "superseded", "too_large",
}  # fmt: skip
"""Failures that a message may be answered with; `internal` and `out_of_memory` would be the engine's own fault."""
MAX_FRAME = 1 << 16
_MAX_FRAMES = 20
_PEER_SAYS = (
    b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"PLAIN".ljust(20, b"\0") + b"\x01" + bytes(31)
    + framing.command("WELCOME") + framing.command("READY", framing.properties([("Socket-Type", b"ROUTER")]))
)  # fmt: skip
"""All that a ROUTER says until messages may come."""


class Broken(Exception):  # noqa: N818 - what a fuzzer looks for
    """Something happened that no input may cause."""


# Targets ------------------------------------------------------------------------------------------------------


def read_message(data: bytes) -> str:
    """The codec: a message or a MessageError with a code, and what was read can be written."""
    try:
        message = decode(split(data))
    except MessageError as error:
        if error.code not in CODES or not str(error):
            raise Broken(f"a refusal without a known code or a sentence: {error.code!r}, {error}") from error
        if decode(encode(error.failure())) != error.failure():
            raise Broken("a refusal that cannot be sent") from error
        return error.code
    try:
        again = encode(message)
    except ProtocolError as error:
        raise Broken(f"a message that was read and cannot be written: {error}") from error
    # Bytes are compared, not messages: NaN cannot be in a message, but -0.0 and 0 are equal.
    if encode(decode(again))[1] != again[1]:
        raise Broken("a message that changes when it is written and read again")
    return "read"


def hear_peer(data: bytes) -> str:
    """The client's socket: whatever the peer says, `pump` returns, and what it keeps is bounded."""
    if len(data) < 2:
        return "short"
    said = (_PEER_SAYS if data[0] & 1 else b"") + data[2:]
    peer: Any = _Peer(said, step=1 + data[1], ends=bool(data[0] & 2))
    dealer = Dealer(
        "127.0.0.1", 1, username="u", password="p", max_frame=MAX_FRAME, max_frames=_MAX_FRAMES, reconnect=False,
        make_socket=lambda *_: peer,
    )  # fmt: skip
    messages: list[list[Buffer]] = []
    turns = 0
    while not peer.done and dealer.state is not DealerState.closed:
        messages += dealer.pump(0.0)
        turns += 1
        if turns > len(said) + 10:
            raise Broken("the client reads and reads and gets no further")
    if sum(memoryview(frame).nbytes for message in messages for frame in message) > len(said):
        raise Broken("more came out than went in")
    for message in messages:
        _refuse_or_read(message)
    dealer.close()
    return f"{len(messages)} messages" if messages else "nothing"


def ask_engine(data: bytes) -> str:
    """The engine behind its socket: every message is answered, with its reply or a Failure of a known code."""
    from handtint.server.mailbox import Job, Mailbox
    from handtint.server.worker import failure

    try:
        message = decode(split(data))
    except MessageError as error:
        return error.code
    mailbox = Mailbox(max_bytes=1 << 20)
    replies = [reply for _, reply in _desk(mailbox).take_in(b"fuzz", message, len(data))]
    job = mailbox.take(0.0)
    if isinstance(job, Job):
        try:
            replies.append(_service().answer(job))
        except Exception as error:
            replies.append(failure(error, job))
    return _check_replies(message, replies)


TARGETS: dict[str, Callable[[bytes], str]] = {"codec": read_message, "client": hear_peer, "engine": ask_engine}


# Seeds --------------------------------------------------------------------------------------------------------


def seeds(target: str) -> list[bytes]:
    """Honest inputs of a target, always the same."""
    honest = [[bytes(frame) for frame in encode(message)] for message in honest_messages()]
    if target != "client":
        return [join(frames) for frames in honest]
    streams = [b"".join(bytes(buffer) for buffer in framing.message(frames)) for frames in honest]
    ping = framing.command("PING", b"\x00\x0aabc")
    late = [b"\x01\xff" + stream for stream in (*streams, ping, framing.command("ERROR", b"\x02no"))]
    return [b"\x00\x07" + _PEER_SAYS, b"\x02\x01" + _PEER_SAYS[:70], b"\x03\x03" + streams[0][:9], *late]


def honest_messages() -> list[m.Message]:
    """One of every type, and every way to name a picture."""
    gray = Plane(PixelFormat.gray8, Extent(4, 3), bytes(range(12)))
    hints = Plane(PixelFormat.rgba8, Extent(4, 3), bytes(44) + b"\xff\x00\x00\xff")
    digest = gray.digest()
    palette = m.Palette((m.Color(1.0, 0.5, 0.0), m.Color(0.0, 0.0, 1.0)), (0.7, 0.3), "two")
    info = m.MethodInfo("scribble", "Scribble", "spreads hints", ("hints",), palette_size=5, needs=("hints",))
    kind = m.SemanticClass(1, "sky", m.Color(0.2, 0.4, 0.9))
    full = m.Colorize(
        2, "d", gray, "scribble", hints, palette, gray, hints, gray, 0.25, 0.5, 0.75, PixelFormat.bgra8, True,
        Extent(2, 2), Rect(0, 0, 1, 1),
    )  # fmt: skip
    return [
        m.Hello(1, "fuzz"),
        full,
        m.Colorize(3, "d", Known(digest), hints=Patch(digest, 1, 1, Plane(PixelFormat.gray8, Extent(1, 1), b"x"))),
        m.Colorize(4, "d", Plane(PixelFormat.grayf32, Extent(2, 1), struct.pack("<ff", 0.5, 1.0)), "scribble"),
        m.Segment(5, "d", gray, PixelFormat.rgba8, True),
        m.ExtractPalette(6, hints, 2),
        m.RecommendThemes(7, "d", gray, 3, 2),
        m.Suggest(8, "d", gray, 1, 2, 3),
        m.MapUncertainty(9, "d", gray, Extent(2, 2)),
        m.GetStatus(10),
        m.Cancel(11, 2),
        m.Welcome(13, "1", "cpu", (info,), classes=(kind,)),
        m.Colorized(14, gray, Rect(0, 0, 4, 3), Extent(4, 3), "scribble", 0.5, ("a note",)),
        m.Segmented(15, gray, (kind,)),
        m.ExtractedPalette(16, palette),
        m.RecommendedThemes(17, (palette,)),
        m.Suggested(18, (m.Color(0.0, 1.0, 0.0),), 0.5),
        m.MappedUncertainty(19, gray),
        m.Status(20, "1", 1, "cpu", 2.0, (info,), ("scribble",)),
        m.CancelDone(21, 2, True),
        m.Stopping(22),
        m.Progress(23, 0.5, "coloring"),
        m.Failure(24, "unknown_plane", "which?", (digest,)),
    ]


def join(frames: Sequence[bytes]) -> bytes:
    """Frames as one input: how many there are but the first two, each behind its length, then the header."""
    header, *planes = frames[1:]
    return bytes([len(planes)]) + b"".join(struct.pack(">H", len(plane)) + plane for plane in planes) + header


def split(data: bytes) -> list[bytes]:
    """The frames of an input, for any bytes; the first frame is always the protocol's name."""
    planes, at = [], 1
    for _ in range(min(data[0], _MAX_FRAMES) if data else 0):
        size = int.from_bytes(data[at : at + 2], "big")
        planes.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return [MAGIC, data[at:], *planes]


# The parts behind the targets ---------------------------------------------------------------------------------


class _Peer:
    """What a Dealer takes for its socket: gives out what the peer is to say, `step` bytes at a time."""

    def __init__(self, said: bytes, *, step: int, ends: bool) -> None:
        self._said, self._step, self._ends = said, step, ends
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._said)

    def recv_into(self, room: memoryview) -> int:
        if self.done and not self._ends:
            raise BlockingIOError
        part = self._said[self._at : self._at + min(self._step, len(room))]
        room[: len(part)] = part
        self._at += len(part)
        return len(part)

    def sendmsg(self, buffers: Sequence[memoryview]) -> int:
        return sum(buffer.nbytes for buffer in buffers)

    def connect_ex(self, address: object) -> int:
        return 0

    def getsockopt(self, *_: int) -> int:
        return 0

    def getpeername(self) -> object:
        return "peer"

    def getsockname(self) -> object:
        return "self"

    def setblocking(self, flag: bool) -> None: ...

    def setsockopt(self, *_: int) -> None: ...

    def close(self) -> None: ...


@cache
def _service() -> Any:
    """A service with one network, that which suggests colors; for the other methods hints are spread."""
    from handtint.colorizers.registry import find_method, load
    from handtint.server.cache import Cache
    from handtint.server.service import Service

    def build(name: str, device: str) -> Any:
        return load(name if find_method(name).suggests else "scribble", device)

    return Service(device="cpu", cache=Cache(1 << 20), load=build, threads=1)


def _desk(mailbox: Any) -> Any:
    from handtint.server.desk import Desk, Facts

    facts = Facts(
        device=lambda: "cpu", methods=tuple, classes=tuple, loaded=tuple, cached_planes=lambda: 0,
        cached_bytes=lambda: 0, memory_budget=1 << 20, uptime=lambda: 0.0, memory=lambda: 0, used=tuple,
    )  # fmt: skip
    return Desk(mailbox, facts)


def _check_replies(message: m.Message, replies: Sequence[m.Message]) -> str:
    if [reply.id for reply in replies] != [message.id] and not isinstance(message, m.Shutdown):
        raise Broken(f"expected one answer to '{message.type}' {message.id}, got {[r.type for r in replies]}")
    for reply in replies:
        if decode([bytes(frame) for frame in encode(reply)]).type != reply.type:
            raise Broken(f"a '{reply.type}' that cannot be read again")
        if isinstance(reply, m.Failure) and reply.code not in CODES:
            raise Broken(f"a '{message.type}' ended in {reply.code}: {reply.text}")
    return replies[0].code if isinstance(replies[0], m.Failure) else replies[0].type


def _refuse_or_read(frames: Sequence[Buffer]) -> None:
    try:
        decode(frames)
    except MessageError as error:
        if error.code not in CODES:
            raise Broken(f"a refusal with the code {error.code!r}") from error
