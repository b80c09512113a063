"""Finds what changed between two states of a hints layer, so that a stroke travels as a small rectangle.

Standard library and handtint.wire only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from handtint.wire.pixels import Buffer, Extent, Known, Patch, Picture, Plane, Rect, blank_digest

_BLOCK = 1 << 16
"""Bytes that are compared in one go while the first difference is looked for."""
_WORTH = 0.5
"""A rectangle larger than this share of the plane travels as the whole plane."""

_Same = Callable[[int, int], bool]
"""Are both the same from one byte to another?"""


class HintsTracker:
    """The hints layer of one document, state after state.

    Parameters
    ----------
    digest_of : callable
        Names a plane. With `EngineLink.digest_of` a plane that travels whole is hashed once and not twice.

    Attributes
    ----------
    whole : dict of str to Plane
        The newest state by the digest of the picture that was returned for it: what `EngineLink.send` takes.
    """

    def __init__(self, digest_of: Callable[[Plane], str] = Plane.digest) -> None:
        self._digest_of = digest_of
        self._plane: Plane | None = None
        self._digest = ""
        self.whole: dict[str, Plane] = {}

    def update(self, plane: Plane, dirty: Rect | None = None) -> Picture:
        """The newest state as it should travel: a Known where nothing changed, a Patch where little did.

        `dirty`, where it is known, holds every change since the last call; without it the planes are compared.
        `plane.data` is kept and must not change any more.
        """
        old = self._plane
        if old is None or (old.format, old.extent, old.transfer) != (plane.format, plane.extent, plane.transfer):
            return self._begin(plane)
        area = _clip(dirty, plane.extent) if dirty is not None else Rect(0, 0, *plane.extent)
        changed = changed_rect(old, plane, area) if area is not None else None
        if changed is None:
            return self._keep(plane, self._digest, Known(self._digest))
        return self._patch(plane, self._digest, changed)

    def _begin(self, plane: Plane) -> Picture:
        """Nothing is known of the layer: where little is painted, that is a change of a blank one."""
        blank = blank_digest(plane.format, plane.extent, plane.transfer)
        return self._patch(plane, blank, painted_rect(plane) or Rect(0, 0, 1, 1))

    def _patch(self, plane: Plane, parent: str, changed: Rect) -> Picture:
        if changed.width * changed.height > _WORTH * plane.extent.width * plane.extent.height:
            return self._keep(plane, self._digest_of(plane), plane)
        patch = Patch(parent, changed.x, changed.y, cut(plane, changed))
        return self._keep(plane, patch.digest(), patch)

    def _keep(self, plane: Plane, digest: str, picture: Picture) -> Picture:
        self._plane, self._digest = plane, digest
        self.whole = {digest: plane}
        return picture


def changed_rect(old: Plane, new: Plane, area: Rect) -> Rect | None:
    """The smallest rectangle inside `area` with every pixel that differs, None where none does.

    Both planes have the same extent and format.
    """
    return _differing_rect(_comparer(old.data, new.data), new, area)


def painted_rect(plane: Plane) -> Rect | None:
    """The smallest rectangle with every pixel that has a byte other than 0, None where there is none."""
    return _differing_rect(_blank_comparer(plane), plane, Rect(0, 0, *plane.extent))


def _differing_rect(same: _Same, new: Plane, area: Rect) -> Rect | None:
    pixel, stride = new.format.pixel_bytes, new.extent.width * new.format.pixel_bytes
    top, bottom = area.y, area.y + area.height
    left, right = area.x * pixel, (area.x + area.width) * pixel
    if area.width == new.extent.width:
        span = _span(same, top * stride, bottom * stride)
        if span is None:
            return None
        top, bottom = span[0] // stride, (span[1] - 1) // stride + 1
    found: tuple[int, int, int, int] | None = None
    for row in range(top, bottom):
        start = row * stride
        # Only what lies outside the bytes that are known to have changed can still widen them.
        if found is None:
            span = _span(same, start + left, start + right)
            if span is not None:
                found = (row, row + 1, span[0] - start, span[1] - start)
            continue
        y0, y1, x0, x1 = found
        before = _first_difference(same, start + left, start + x0)
        after = _span(same, start + x1, start + right)
        inside = before is not None or after is not None or not same(start + x0, start + x1)
        found = (
            y0,
            row + 1 if inside else y1,
            x0 if before is None else before - start,
            x1 if after is None else after[1] - start,
        )
    if found is None:
        return None
    y0, y1, x0, x1 = found
    x, end = x0 // pixel, -(-x1 // pixel)
    return Rect(x, y0, end - x, y1 - y0)


def cut(plane: Plane, rect: Rect) -> Plane:
    """The pixels of a rectangle as a plane of its own."""
    data = memoryview(plane.data).cast("B")
    pixel, stride = plane.format.pixel_bytes, plane.extent.width * plane.format.pixel_bytes
    starts = range(rect.y * stride + rect.x * pixel, (rect.y + rect.height) * stride, stride)
    rows = [data[start : start + rect.width * pixel] for start in starts]
    return replace(plane, extent=rect.extent, data=b"".join(rows))


def _comparer(old: Buffer, new: Buffer) -> _Same:
    """Compares a range of bytes of both. `startswith` compares in place, with memcmp; a slice would be copied."""
    one, other = (new, old) if isinstance(new, (bytes, bytearray)) else (old, new)
    other_bytes = memoryview(other).cast("B")
    if isinstance(one, (bytes, bytearray)):
        text = one
        return lambda start, end: text.startswith(other_bytes[start:end], start)
    one_bytes = memoryview(one).cast("B")
    return lambda start, end: one_bytes[start:end].tobytes().startswith(other_bytes[start:end])


def _blank_comparer(plane: Plane) -> _Same:
    """Compares with zeros, of which there need not be as many: nobody asks for more than a block or a row."""
    data = memoryview(plane.data).cast("B")
    zeros = bytes(max(_BLOCK, plane.extent.width * plane.format.pixel_bytes))
    return lambda start, end: zeros.startswith(data[start:end])


def _first_difference(same: _Same, start: int, end: int) -> int | None:
    """Position of the first byte that differs in [start, end)."""
    while start < end:
        stop = min(start + _BLOCK, end)
        if not same(start, stop):
            break
        start = stop
    else:
        return None
    while stop - start > 1:
        middle = (start + stop) // 2
        if same(start, middle):
            start = middle
        else:
            stop = middle
    return start


def _last_difference(same: _Same, first: int, end: int) -> int:
    """Position of the last byte that differs in [first, end), where `first` does."""
    stop = end
    while stop - _BLOCK > first and same(stop - _BLOCK, stop):
        stop -= _BLOCK
    start = max(first, stop - _BLOCK)
    while stop - start > 1:
        middle = (start + stop) // 2
        if same(middle, stop):
            stop = middle
        else:
            start = middle
    return start


def _span(same: _Same, start: int, end: int) -> tuple[int, int] | None:
    first = _first_difference(same, start, end)
    return None if first is None else (first, _last_difference(same, first, end) + 1)


def _clip(rect: Rect, extent: Extent) -> Rect | None:
    x0, y0 = max(0, rect.x), max(0, rect.y)
    x1, y1 = min(extent.width, rect.x + rect.width), min(extent.height, rect.y + rect.height)
    return Rect(x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None
