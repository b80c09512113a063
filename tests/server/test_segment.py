"""Segment and maps over a real service with the shipped networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from skimage import data

from handtint.colorizers.registry import load
from handtint.server import planes
from handtint.server.cache import Cache
from handtint.server.mailbox import Job
from handtint.server.service import Service
from handtint.weights import read_classes
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane

SIDE = 120
GRASS = next(entry.index for entry in read_classes() if entry.name == "grass")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    made = Service(device="cpu", cache=Cache(64 << 20), load=load, threads=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def base() -> Plane:
    gray = np.ascontiguousarray(data.camera()[::4, ::4][:SIDE, :SIDE])
    return Plane(PixelFormat.gray8, Extent(SIDE, SIDE), gray.tobytes())


def segment(service: Service, **changes: object) -> m.Segmented:
    answer = service.answer(Job(b"", "", m.Segment(3, "d", **changes)))  # type: ignore[arg-type]
    assert isinstance(answer, m.Segmented)
    return answer


def colorize(service: Service, base: Plane, semantic: Plane | None) -> tuple[np.ndarray, tuple[str, ...]]:
    request = m.Colorize(4, "d", base, "semantic", semantic=semantic, output=PixelFormat.abf32)
    answer = service.answer(Job(b"", "", request))
    assert isinstance(answer, m.Colorized)
    return planes.pixels(answer.plane), answer.notes


def test_a_map_has_the_size_of_the_picture_and_names_its_numbers(service: Service, base: Plane) -> None:
    answer = segment(service, base=base)
    assert answer.plane.format is PixelFormat.index8
    assert answer.plane.extent == base.extent
    numbers = np.unique(planes.pixels(answer.plane))
    assert set(numbers.tolist()) <= {entry.index for entry in answer.classes}
    assert len(answer.classes) == 79


def test_a_known_picture_travels_no_more_and_has_the_same_map(service: Service, base: Plane) -> None:
    first = segment(service, base=base)
    again = segment(service, base=Known(base.digest()))
    assert bytes(first.plane.data) == bytes(again.plane.data)


def test_a_painted_map_given_back_means_the_same(service: Service, base: Plane) -> None:
    numbers = segment(service, base=base).plane
    painted = segment(service, base=base, output=PixelFormat.bgra8).plane
    wanted, no_notes = colorize(service, base, numbers)
    got, notes = colorize(service, base, painted)
    assert np.array_equal(wanted, got)
    assert notes == no_notes == ()


def test_an_edited_map_changes_the_colors(service: Service, base: Plane) -> None:
    numbers = planes.pixels(segment(service, base=base).plane)[..., 0].copy()
    numbers[80:] = GRASS
    edited = Plane(PixelFormat.index8, base.extent, numbers.astype(np.uint8).tobytes())
    before, _ = colorize(service, base, None)
    after, _ = colorize(service, base, edited)
    change = (after - before).mean(axis=1)
    assert np.hypot(*change[90:].mean(axis=0)) > 3.0
    assert np.hypot(*change[:60].mean(axis=0)) < 1.0
