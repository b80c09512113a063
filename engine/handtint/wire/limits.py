"""How large and how deep a message may be, and which range each number has; PROTOCOL.md prints these tables.

Standard library only.
"""

from __future__ import annotations

from typing import NamedTuple

from handtint.wire import messages as m
from handtint.wire.pixels import Extent, Patch, Rect

MAX_PLANES = 16
"""Planes in one message."""
MAX_PART = 1 << 19
"""Bytes of one frame of a request. Until a peer has shown the token, one frame is all that it can make libzmq keep."""
MAX_FRAMES = 1 << 14
"""Plane frames in one message."""
MAX_HEADER = 1 << 20
"""Bytes of the header."""
MAX_DEPTH = 16
"""Maps and arrays inside each other in the header, unknown fields included."""
MAX_TEXT = 1 << 16
"""Bytes of one string."""
MAX_ITEMS = 4096
"""Elements of one array, and of one map."""
MAX_PLANE = 1 << 31
"""Bytes of one plane."""
MAX_SIDE = 1 << 20
"""Pixels along one side of a plane."""
MAX_ID = (1 << 63) - 1


class Range(NamedTuple):
    """Both ends belong to it. For text and arrays it is the length that is meant."""

    low: float
    high: float


RANGES: dict[tuple[type, str], Range] = {
    (m.Message, "id"): Range(0, MAX_ID),
    (m.Palette, "colors"): Range(1, 256),
    (m.Palette, "weights"): Range(0, 256),
    (m.Hello, "major"): Range(0, 65535),
    (m.Hello, "minor"): Range(0, 65535),
    (m.Colorize, "reach"): Range(0, 1),
    (m.Colorize, "softness"): Range(0, 1),
    (m.Colorize, "strength"): Range(0, 1),
    (m.ExtractPalette, "count"): Range(1, 256),
    (m.RecommendThemes, "colors"): Range(1, 256),
    (m.RecommendThemes, "count"): Range(1, 256),
    (m.Suggest, "x"): Range(0, MAX_SIDE),
    (m.Suggest, "y"): Range(0, MAX_SIDE),
    (m.Suggest, "count"): Range(1, 256),
    (m.Cancel, "target"): Range(0, MAX_ID),
    (m.MethodInfo, "palette_size"): Range(0, 256),
    (m.SemanticClass, "index"): Range(0, 255),
    (m.Progress, "fraction"): Range(0, 1),
    (Extent, "width"): Range(1, MAX_SIDE),
    (Extent, "height"): Range(1, MAX_SIDE),
    (Rect, "x"): Range(0, MAX_SIDE),
    (Rect, "y"): Range(0, MAX_SIDE),
    (Rect, "width"): Range(1, MAX_SIDE),
    (Rect, "height"): Range(1, MAX_SIDE),
    (Patch, "x"): Range(0, MAX_SIDE),
    (Patch, "y"): Range(0, MAX_SIDE),
}
"""Numbers without a row are any of their type, floats finite, integers of 64 bits with sign."""


def range_of(owner: type, name: str) -> Range | None:
    """The range of a field, looked up along the classes that `owner` is made of."""
    for base in owner.__mro__:
        found = RANGES.get((base, name))
        if found is not None:
            return found
    return None
