"""Which classes a semantic layer shows, seen at some ten thousand of its pixels. Writes nothing, knows no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from handtint.wire.messages import SemanticClass
from handtint.wire.pixels import Extent
from handtint_krita.document import Document
from handtint_krita.view import Present

SAMPLES = 128
"""Rows and columns that are looked at: a stroke of a hundredth of the picture's width is not missed."""
SAME = 4
"""Steps of 8 bits within which a color is a class's own, as the engine has it."""
_LEAST = 2
"""Samples of no class's color from which we speak of it, for each that has one in a hundred: edges are always mixed."""


def present_classes(document: Document, layer: str, classes: Sequence[SemanticClass]) -> Present:
    """What is painted on a semantic layer."""
    if not classes or not document.has(layer) or document.is_empty(layer):
        return Present()
    pixels, extent = _sampled(document.read(layer), document.extent)
    seen = Counter(_painted(document.as_srgb(layer, pixels, extent)))
    found: Counter[SemanticClass] = Counter()
    unknown = 0
    for color, count in seen.items():
        known = next((entry for entry in classes if entry.index and _is(entry, color)), None)
        if known is None:
            unknown += count
        else:
            found[known] += count
    shown = tuple(entry for entry, _ in found.most_common())
    return Present(shown, unknown > _LEAST + sum(found.values()) // 5)


def _sampled(pixels: Any, extent: Extent) -> tuple[bytes, Extent]:
    """Pixels at the crossings of evenly spaced rows and columns."""
    data = memoryview(pixels).cast("B")
    width, height = extent
    size = len(data) // (width * height)
    columns, rows = _spaced(width), _spaced(height)
    starts = (row * width * size for row in rows)
    picked = b"".join(bytes(data[start + x * size : start + (x + 1) * size]) for start in starts for x in columns)
    return picked, Extent(len(columns), len(rows))


def _spaced(length: int) -> Sequence[int]:
    count = min(length, SAMPLES)
    return [(2 * at + 1) * length // (2 * count) for at in range(count)]


def _painted(bgra: bytes) -> list[tuple[int, int, int]]:
    """Red, green and blue of the pixels that are at least half opaque."""
    return [(bgra[at + 2], bgra[at + 1], bgra[at]) for at in range(0, len(bgra), 4) if bgra[at + 3] > 127]


def _is(entry: SemanticClass, color: tuple[int, int, int]) -> bool:
    return all(abs(round(255 * own) - seen) <= SAME for own, seen in zip(entry.color, color, strict=True))
