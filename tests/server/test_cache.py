from __future__ import annotations

import numpy as np
import pytest

from handtint.errors import PictureError
from handtint.server.cache import Cache, Planes, UnknownPlanes, apply_patch, fits
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Rect, Transfer, blank_digest


def rgba(seed: int, width: int = 7, height: int = 5) -> Plane:
    data = np.random.default_rng(seed).integers(0, 256, width * height * 4, np.uint8).tobytes()
    return Plane(PixelFormat.rgba8, Extent(width, height), data)


def test_the_longest_unused_leaves_first() -> None:
    cache = Cache(30)
    for name in "abc":
        cache.put(name, name.upper(), 10)
    assert cache.get("a") == "A"
    cache.put("d", "D", 10)
    assert [cache.get(name) for name in "abcd"] == ["A", None, "C", "D"]
    assert cache.nbytes == 30


def test_budget_is_never_exceeded() -> None:
    cache = Cache(100)
    rng = np.random.default_rng(0)
    for name in range(200):
        cache.put(int(rng.integers(20)), name, int(rng.integers(1, 60)))
        assert cache.nbytes <= 100
    cache.put("huge", "", 101)
    assert cache.get("huge") is None


def test_a_thing_that_has_grown_counts_anew() -> None:
    cache = Cache(100)
    cache.put("a", "A", 10)
    cache.put("b", "B", 10)
    cache.put("b", "B", 95)
    assert cache.get("a") is None
    assert cache.nbytes == 95


def test_a_plane_is_known_by_its_digest_afterwards() -> None:
    planes = Planes(Cache(1 << 20))
    plane = rgba(1)
    digest, found = planes.find(plane)
    assert found is plane
    assert planes.find(Known(digest)).plane is plane
    assert len(planes) == 1


def test_unknown_digest_is_named() -> None:
    with pytest.raises(UnknownPlanes) as caught:
        Planes(Cache(100)).find(Known("0" * 32))
    assert caught.value.missing == ("0" * 32,)


def test_unknown_parent_is_named() -> None:
    patch = Patch("1" * 32, 0, 0, rgba(1, 2, 2))
    with pytest.raises(UnknownPlanes) as caught:
        Planes(Cache(100)).find(patch)
    assert caught.value.missing == ("1" * 32,)


def test_forgotten_plane_is_unknown_again() -> None:
    planes = Planes(Cache(200))
    first = planes.find(rgba(1)).digest
    planes.find(rgba(2))
    with pytest.raises(UnknownPlanes):
        planes.find(Known(first))


def test_patched_plane_equals_the_whole_and_can_be_patched_again() -> None:
    planes = Planes(Cache(1 << 20))
    parent, new = rgba(1), rgba(2, 3, 2)
    patch = Patch(planes.find(parent).digest, 4, 3, new)
    whole = np.frombuffer(parent.data, np.uint8).reshape(5, 7, 4).copy()
    whole[3:5, 4:7] = np.frombuffer(new.data, np.uint8).reshape(2, 3, 4)
    digest, patched = planes.find(patch)
    assert bytes(patched.data) == whole.tobytes()
    assert bytes(parent.data) == bytes(rgba(1).data)
    assert digest == patch.digest()
    again = planes.find(Patch(digest, 0, 0, rgba(3, 1, 1)))
    whole[0, 0] = np.frombuffer(rgba(3, 1, 1).data, np.uint8)
    assert bytes(again.plane.data) == whole.tobytes()
    assert planes.find(Known(digest)).plane is patched


def test_a_patch_of_a_blank_plane_needs_no_parent() -> None:
    extent, patch = Extent(7, 5), rgba(2, 3, 2)
    blank = Patch(blank_digest(PixelFormat.rgba8, extent), 4, 1, patch)
    found = Planes(Cache(1 << 20)).find(blank, extent).plane
    expected = apply_patch(Plane(PixelFormat.rgba8, extent, bytes(140)), blank)
    assert (bytes(found.data), found.extent) == (bytes(expected.data), extent)
    with pytest.raises(UnknownPlanes):
        Planes(Cache(1 << 20)).find(blank, Extent(5, 7))


def test_patch_of_wide_pixels() -> None:
    parent = Plane(PixelFormat.grayf32, Extent(3, 2), np.arange(6, dtype="<f4").tobytes())
    patch = Patch("", 1, 1, Plane(PixelFormat.grayf32, Extent(2, 1), np.array([8, 9], "<f4").tobytes()))
    assert np.frombuffer(apply_patch(parent, patch).data, "<f4").tolist() == [0, 1, 2, 3, 8, 9]


@pytest.mark.parametrize(
    "patch",
    [
        Patch("", 6, 0, rgba(1, 2, 1)),
        Patch("", 0, 4, rgba(1, 1, 2)),
        Patch("", 0, 0, Plane(PixelFormat.bgra8, Extent(1, 1), bytes(4))),
        Patch("", 0, 0, Plane(PixelFormat.rgba8, Extent(1, 1), bytes(4), Transfer.linear)),
    ],
    ids=["right", "bottom", "format", "transfer"],
)
def test_patch_that_does_not_fit(patch: Patch) -> None:
    with pytest.raises(PictureError, match="expected a patch"):
        apply_patch(rgba(0), patch)


def test_fits() -> None:
    assert fits(Rect(0, 0, 4, 3), 4, 3)
    assert not fits(Rect(1, 0, 4, 3), 4, 3)
    assert not fits(Rect(0, -1, 4, 3), 4, 3)
    assert not fits(Rect(0, 0, 0, 3), 4, 3)
