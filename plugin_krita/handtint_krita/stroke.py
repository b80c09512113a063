"""Where the last stroke was: a pixel in the middle of what changed in a layer. Knows neither Qt nor Krita."""

from __future__ import annotations

from typing import NamedTuple

from handtint.client.hints import changed_rect, cut
from handtint.wire.pixels import Plane, Rect


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


def _middle_of_first_run(old: Plane, new: Plane, line: Rect) -> int:
    """Of the pixels that differ in a row: the middle of those that lie together from the first one on."""
    pixel = new.format.pixel_bytes
    before, after = (bytes(cut(plane, line).data) for plane in (old, new))
    differs = [before[at : at + pixel] != after[at : at + pixel] for at in range(0, len(after), pixel)]
    run = differs.index(False) if False in differs else len(differs)
    return line.x + run // 2
