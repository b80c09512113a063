"""An honest request, and whether its answer comes: what every fault is measured against."""

from __future__ import annotations

import time

import numpy as np

from handtint.client.blocking import Engine, wait
from handtint.wire.messages import Colorize, Colorized, Progress
from handtint.wire.pixels import Extent, PixelFormat, Plane

_SIDE = 600
_PATIENCE = 120.0


def request(seed: int = 0, side: int = _SIDE) -> Colorize:
    """A picture of noise with a red mark; another one for each seed."""
    rng = np.random.default_rng(seed)
    gray = rng.integers(0, 256, (side, side), np.uint8)
    hints = np.zeros((side, side, 4), np.uint8)
    hints[100:110, 100:200] = (200, 60, 40, 255)
    extent = Extent(side, side)
    base = Plane(PixelFormat.gray8, extent, gray.tobytes())
    return Colorize(0, "fault", base, "scribble", Plane(PixelFormat.rgba8, extent, hints.tobytes()))


def answered_within(engine: Engine, id: int, seconds: float = _PATIENCE) -> bool:
    """Whether this request gets its colors, and not a Failure or nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for message in engine.receive():
            if message.id == id and not isinstance(message, Progress):
                return isinstance(message, Colorized)
        wait(engine.link, time.monotonic(), 0.05)
    return False
