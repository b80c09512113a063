"""What the status says of the work so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handtint.server.usage import Usage
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane

Make = Callable[..., m.Colorize]


def test_counts_and_times_by_kind() -> None:
    usage = Usage()
    for seconds in range(101):
        usage.answered("scribble", float(seconds))
    usage.failed("scribble")
    usage.failed("themes")
    assert usage.all() == (m.MethodUse("scribble", 101, 1, 50.0, 95.0), m.MethodUse("themes", 0, 1))


def test_only_the_latest_times_count() -> None:
    usage = Usage()
    for seconds in [9.0] * 600 + [1.0] * 512:
        usage.answered("scribble", seconds)
    assert usage.all() == (m.MethodUse("scribble", 1112, 0, 1.0, 1.0),)


def test_an_engine_tells_what_it_did(peer: Any, colorizer: Any, request_for: Make) -> None:
    colorizer.permits.release(2)
    assert isinstance(peer.call(request_for(peer, "d", 1)), m.Colorized)
    source = Plane(PixelFormat.rgb8, Extent(1, 1), b"\xff\x00\x00")
    peer.call(m.ExtractPalette(peer.next_id(), source, 1))
    # Names that a client makes up, and planes that it is asked for again, are not kept.
    assert peer.call(request_for(peer, "d", 1, method="x" * 1000, base=Known("0" * 32))).code == "unknown_plane"
    peer.call(m.ExtractPalette(peer.next_id(), source, 256))
    status = peer.call(m.GetStatus(peer.next_id()))
    assert {use.name: (use.answered, use.failed) for use in status.used} == {"gated": (1, 0), "palette": (1, 1)}
    assert status.memory > 1 << 20
