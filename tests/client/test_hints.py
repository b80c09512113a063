"""What changed in a hints layer: the smallest rectangle, found in every kind of buffer, and patches that add up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handtint.client.hints import HintsTracker, changed_rect, cut, painted_rect
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Rect, blank_digest

EXTENT = Extent(300, 200)
EVERYTHING = Rect(0, 0, 300, 200)


def plane(data: bytes | bytearray | memoryview, pixel_format: PixelFormat = PixelFormat.rgba8) -> Plane:
    return Plane(pixel_format, EXTENT, data)


def painted(*pixels: tuple[int, int], pixel_bytes: int = 4) -> bytearray:
    data = bytearray(300 * 200 * pixel_bytes)
    for x, y in pixels:
        data[(y * 300 + x + 1) * pixel_bytes - 1] = 255
    return data


def box(pixels: list[tuple[int, int]]) -> Rect:
    xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
    return Rect(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)


points = st.tuples(st.integers(0, 299), st.integers(0, 199))


@given(st.lists(points, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_rectangle_is_the_smallest(pixels):
    assert changed_rect(plane(painted()), plane(painted(*pixels)), EVERYTHING) == box(pixels)


@pytest.mark.parametrize("old", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("new", [bytes, bytearray, memoryview])
def test_every_kind_of_buffer(old, new):
    before, after = plane(old(painted((5, 5)))), plane(new(painted((7, 6), (5, 5))))
    assert changed_rect(before, after, EVERYTHING) == Rect(7, 6, 1, 1)
    assert changed_rect(before, before, EVERYTHING) is None


@pytest.mark.parametrize("pixel_format", [PixelFormat.rgba16, PixelFormat.rgbaf32])
def test_wider_pixels(pixel_format):
    size = pixel_format.pixel_bytes
    old = plane(painted(pixel_bytes=size), pixel_format)
    new = plane(painted((299, 0), (290, 199), pixel_bytes=size), pixel_format)
    assert changed_rect(old, new, EVERYTHING) == Rect(290, 0, 10, 200)


def test_only_the_area_is_looked_at():
    old, new = plane(painted()), plane(painted((10, 10), (20, 20), (200, 100)))
    assert changed_rect(old, new, Rect(5, 5, 20, 20)) == Rect(10, 10, 11, 11)
    assert changed_rect(old, new, Rect(11, 11, 5, 5)) is None


def test_cut_takes_the_rows_of_the_rectangle():
    rows = b"".join(bytes([y]) * 1200 for y in range(200))
    piece = cut(plane(rows), Rect(3, 7, 2, 3))
    assert piece == Plane(PixelFormat.rgba8, Extent(2, 3), b"\7" * 8 + b"\x08" * 8 + b"\x09" * 8)


def test_the_first_state_is_a_patch_of_a_blank_layer_then_of_what_was_then_known():
    tracker = HintsTracker()
    first = tracker.update(plane(painted((1, 1))))
    blank = blank_digest(PixelFormat.rgba8, EXTENT)
    assert first == Patch(blank, 1, 1, Plane(PixelFormat.rgba8, Extent(1, 1), b"\0\0\0\xff"))
    second = plane(painted((1, 1), (9, 4), (12, 8)))
    patch = tracker.update(second)
    assert isinstance(patch, Patch)
    assert (patch.parent, patch.x, patch.y, patch.plane.extent) == (first.digest(), 9, 4, Extent(4, 5))
    assert tracker.whole == {patch.digest(): second}
    assert tracker.update(plane(painted((1, 1), (9, 4), (12, 8)))) == Known(patch.digest())
    third = tracker.update(plane(painted()))
    assert isinstance(third, Patch)
    assert third.parent == patch.digest()


def test_an_empty_layer_is_a_patch_of_nothing():
    nothing = Patch(
        blank_digest(PixelFormat.rgba8, EXTENT), 0, 0, Plane(PixelFormat.rgba8, Extent(1, 1), bytes(4))
    )  # fmt: skip
    assert HintsTracker().update(plane(painted())) == nothing


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@given(pixels=st.lists(points, max_size=6))
@settings(max_examples=30, deadline=None)
def test_what_is_painted_is_found_in_every_kind_of_buffer(kind, pixels):
    assert painted_rect(plane(kind(painted(*pixels)))) == (box(pixels) if pixels else None)


def test_a_row_larger_than_a_block_is_compared_as_well():
    wide = Plane(PixelFormat.rgbaf32, Extent(5000, 2), bytearray(2 * 80_000))
    assert painted_rect(wide) is None
    wide.data[80_000 + 79_999] = 1
    assert painted_rect(wide) == Rect(4999, 1, 1, 1)


def test_a_large_change_another_size_and_another_format_travel_without_the_past():
    tracker = HintsTracker()
    tracker.update(plane(painted()))
    large = plane(painted((0, 0), (299, 150)))
    assert tracker.update(large) is large
    assert tracker.whole == {large.digest(): large}
    for extent, pixel_format in ((EXTENT, PixelFormat.rgba16), (Extent(20, 20), PixelFormat.rgba16)):
        data = bytes(extent.width * extent.height * pixel_format.pixel_bytes)
        begun = tracker.update(Plane(pixel_format, extent, data))
        assert isinstance(begun, Patch)
        assert begun.parent == blank_digest(pixel_format, extent)


def test_a_dirty_rectangle_is_clipped_to_the_picture_and_trusted():
    tracker = HintsTracker()
    first = plane(painted())
    tracker.update(first)
    patch = tracker.update(plane(painted((0, 0), (290, 190))), Rect(-10, -10, 20, 20))
    assert isinstance(patch, Patch)
    assert (patch.x, patch.y, patch.plane.extent) == (0, 0, Extent(1, 1))
    assert tracker.update(plane(painted((0, 0), (290, 190))), Rect(400, 0, 5, 5)) == Known(patch.digest())
