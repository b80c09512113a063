"""Hint layers: a stroke arrives as a patch of what is known, and only what is painted is kept."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.errors import PictureError
from handtint.server.cache import Cache, UnknownPlanes, is_plane
from handtint.server.layers import HintLayers
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, blank_digest


def layer(*painted: tuple[int, int]) -> Plane:
    """A layer of 6 x 4 pixels with opaque red ones at (row, column)."""
    pixels = np.zeros((4, 6, 4), np.uint8)
    for place in painted:
        pixels[place] = (200, 40, 40, 255)
    return Plane(PixelFormat.rgba8, Extent(6, 4), pixels.tobytes())


def dot(*, rows: int = 1, columns: int = 1, painted: bool = True) -> Plane:
    pixel = bytes((200, 40, 40, 255)) if painted else bytes(4)
    return Plane(PixelFormat.rgba8, Extent(columns, rows), pixel * rows * columns)


def test_a_patch_of_a_patch_is_the_layer_itself() -> None:
    layers = HintLayers(Cache(10_000))
    first = layer((0, 1), (3, 5))
    layers.find(first)
    stroke = Patch(first.digest(), 2, 1, dot(columns=2))
    layers.find(stroke)
    found = layers.find(Patch(stroke.digest(), 5, 3, dot(painted=False)))
    expected = HintLayers(Cache(10_000)).find(layer((0, 1), (1, 2), (1, 3)))
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


def test_a_known_layer_is_found_and_an_unknown_one_is_asked_for() -> None:
    layers = HintLayers(Cache(10_000))
    plane = layer((2, 2))
    assert layers.find(plane).pixels.tolist() == [2 * 6 + 2]
    assert layers.find(Known(plane.digest())).pixels.tolist() == [2 * 6 + 2]
    with pytest.raises(UnknownPlanes) as caught:
        layers.find(Patch("nothing", 0, 0, dot()))
    assert caught.value.missing == ("nothing",)


def test_a_blank_parent_is_known_by_its_name_where_its_extent_is() -> None:
    extent = Extent(6, 4)
    stroke = Patch(blank_digest(PixelFormat.rgba8, extent), 2, 1, dot(columns=2))
    found = HintLayers(Cache(10_000)).find(stroke, extent)
    expected = HintLayers(Cache(10_000)).find(layer((1, 2), (1, 3)))
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)
    for unknown in (Extent(4, 6), None):
        with pytest.raises(UnknownPlanes):
            HintLayers(Cache(10_000)).find(stroke, unknown)
    with pytest.raises(PictureError, match="inside its parent of 6x4"):
        HintLayers(Cache(10_000)).find(Patch(stroke.parent, 5, 1, dot(columns=2)), extent)


def test_a_patch_beyond_the_border_is_refused() -> None:
    layers = HintLayers(Cache(10_000))
    plane = layer((2, 2))
    layers.find(plane)
    with pytest.raises(PictureError, match="inside its parent of 6x4"):
        layers.find(Patch(plane.digest(), 5, 0, dot(columns=2)))


def test_memory_is_that_of_what_is_painted() -> None:
    cache = Cache(10_000)
    HintLayers(cache).find(layer((2, 2), (2, 3)))
    assert cache.nbytes == 2 * (8 + 2 * 4 + 4)
    assert cache.count(is_plane) == 1
