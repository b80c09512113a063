"""Pixels to point at: the middle of the last stroke, the place where a hint helps most. Knows neither Qt nor Krita."""

from __future__ import annotations

from typing import NamedTuple

from handtint.client.hints import changed_rect, cut
from handtint.wire.pixels import Extent, Plane, Rect


class Spot(NamedTuple):
    """A pixel of a picture."""

    x: int
    y: int


def middle_of_change(old: Plane, new: Plane) -> Spot | None:
    """A pixel that differs, near the middle of all that do; None where nothing does or the planes are not alike."""
    if (old.format, old.extent, old.transfer) != (new.format, new.extent, new.transfer):
        return None
    area = changed_rect(old, new, Rect(0, 0, *new.extent))
    if area is None:
        return None
    row = area.y + area.height // 2
    line = Rect(area.x, row, area.width, 1)
    changed = changed_rect(old, new, line)
    if changed is None:  # two strokes at once, above and below the middle
        row, line = area.y, Rect(area.x, area.y, area.width, 1)
        changed = changed_rect(old, new, line)
    assert changed is not None, "the first row of what changed has changed"
    return Spot(_middle_of_first_run(old, new, changed), row)


def best_place(plane: Plane, extent: Extent) -> Spot:
    """The pixel of a picture of `extent` around which a hint would help most: the middle of the least sure block."""
    width, height = plane.extent
    data, side = bytes(plane.data), max(1, min(width, height) // 12)
    rows = range(0, max(1, height - side + 1), side)
    columns = range(0, max(1, width - side + 1), side)
    blocks = ((_sum(data, width, x, top, side), x, top) for top in rows for x in columns)
    _, x, y = max(blocks, key=lambda block: block[0])
    return Spot(
        min(extent[0] - 1, int((x + side / 2) * extent[0] / width)),
        min(extent[1] - 1, int((y + side / 2) * extent[1] / height)),
    )


def _sum(data: bytes, width: int, x: int, top: int, side: int) -> int:
    return sum(sum(data[row * width + x : row * width + x + side]) for row in range(top, top + side))


def _middle_of_first_run(old: Plane, new: Plane, line: Rect) -> int:
    """Of the pixels that differ in a row: the middle of those that lie together from the first one on."""
    pixel = new.format.pixel_bytes
    before, after = (bytes(cut(plane, line).data) for plane in (old, new))
    differs = [before[at : at + pixel] != after[at : at + pixel] for at in range(0, len(after), pixel)]
    run = differs.index(False) if False in differs else len(differs)
    return line.x + run // 2
