"""Moves the pixels of GEGL's buffers band by band: memory that is used again costs less than new memory.

Knows no layer and no image. `Any` is GEGL's own objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gi

gi.require_version("Gegl", "0.4")
from gi.repository import Gegl  # noqa: E402

from handtint.client.pages import pages  # noqa: E402
from handtint.wire.pixels import Buffer, Rect  # noqa: E402
from handtint_gimp import gegl  # noqa: E402

_BAND = 1 << 20
"""Bytes of a band, about."""


def read(buffer: Any, rect: Rect, babl: str, pixel_bytes: int, *, own: bool = False) -> memoryview:
    """The pixels of a rectangle; outside of the buffer there are zeros. `own`: the buffer is this process's own."""
    if not own:  # of those GEGL would put on disk what it must not keep
        gegl.keep_tiles(rect.width)
    stride = rect.width * pixel_bytes
    data = pages(rect.height * stride)
    for top, height in _bands(rect.height, stride):
        data[top * stride : (top + height) * stride] = _get(buffer, rect, top, height, babl)
    return data


def read_last(buffer: Any, rect: Rect, babl: str, channels: int) -> memoryview:
    """The last of several channels of 8 bits: GEGL takes ten times as long to give that one alone."""
    gegl.keep_tiles(rect.width)
    data = pages(rect.height * rect.width)
    for top, height in _bands(rect.height, channels * rect.width):
        last = _get(buffer, rect, top, height, babl)[channels - 1 :: channels]
        data[top * rect.width : (top + height) * rect.width] = last
    return data


def read_gray(buffer: Any, rect: Rect, babl: str, sample_bytes: int) -> memoryview | None:
    """One channel of a rectangle in a format with three, None where they are not everywhere the same."""
    gegl.keep_tiles(rect.width)
    stride = rect.width * sample_bytes
    data = pages(rect.height * stride)
    for top, height in _bands(rect.height, 3 * stride):
        gray = _one_channel(_get(buffer, rect, top, height, babl), sample_bytes)
        if gray is None:
            return None
        data[top * stride : (top + height) * stride] = gray
    return data


def write(buffer: Any, rect: Rect, babl: str, data: Buffer) -> None:
    """Fill a rectangle with these pixels and no fewer."""
    gegl.keep_tiles(rect.width)
    view = memoryview(data).cast("B")
    stride = view.nbytes // rect.height
    for top, height in _bands(rect.height, stride):
        # Only bytes go into a GEGL buffer fast: a memoryview takes forty times as long.
        band = bytes(view[top * stride : (top + height) * stride])
        buffer.set(Gegl.Rectangle.new(rect.x, rect.y + top, rect.width, height), babl, band)
    buffer.flush()


def is_all(data: Buffer, value: int) -> bool:
    """Is every byte this one? To compare is faster than to count."""
    view, block = memoryview(data).cast("B"), bytes([value]) * _BAND
    return all(block.startswith(view[start : start + _BAND]) for start in range(0, view.nbytes, _BAND))


def _bands(height: int, stride: int) -> Iterator[tuple[int, int]]:
    """First row and number of rows of each band."""
    rows = max(1, _BAND // stride)
    return ((top, min(rows, height - top)) for top in range(0, height, rows))


def _get(buffer: Any, rect: Rect, top: int, height: int, babl: str) -> bytes:
    band = Gegl.Rectangle.new(rect.x, rect.y + top, rect.width, height)
    data: bytes = buffer.get(band, 1.0, babl, Gegl.AbyssPolicy.NONE)
    return data


def _one_channel(data: bytes, sample_bytes: int) -> bytes | bytearray | None:
    """The first of three channels, None where another one differs; byte by byte, which Python does fast."""
    pixel, gray = 3 * sample_bytes, bytearray(len(data) // 3)
    for byte in range(sample_bytes):
        red = data[byte::pixel]
        if data[sample_bytes + byte :: pixel] != red or data[2 * sample_bytes + byte :: pixel] != red:
            return None
        if sample_bytes == 1:
            return red
        gray[byte::sample_bytes] = red
    return gray
