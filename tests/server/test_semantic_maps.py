"""Semantic maps as planes: numbers, painted colors of every format, soft edges, and colors of no class."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.errors import GuidanceError, PictureError
from handtint.server import planes
from handtint.server.composite import Look
from handtint.server.pixelmath import Bands
from handtint.server.semantic import SAME, ReadMap, read_map, segmented
from handtint.weights import ClassEntry, read_classes
from handtint.wire.pixels import Extent, PixelFormat, Plane

CLASSES = (
    ClassEntry(0, "unlabelled", (0, 0, 0)),
    ClassEntry(1, "sky", (40, 90, 200)),
    ClassEntry(2, "grass", (50, 160, 40)),
    ClassEntry(3, "mud", (45, 125, 120)),
)
"""The color of mud is what a soft brush makes between sky and grass."""
BANDS = Bands(1)


def painted(rows: list[list[tuple[int, int, int, int]]]) -> Plane:
    return Plane(PixelFormat.rgba8, Extent(len(rows[0]), len(rows)), np.array(rows, np.uint8).tobytes())


def read(plane: Plane) -> ReadMap:
    return read_map(plane, lambda: CLASSES, BANDS)


def test_numbers_are_taken_as_they_are() -> None:
    def nobody() -> tuple[ClassEntry, ...]:
        raise AssertionError("numbers need no classes")

    got = read_map(Plane(PixelFormat.index8, Extent(2, 1), bytes([3, 255])), nobody, BANDS)
    assert got.classes.dtype == np.int64
    assert (got.classes.tolist(), got.notes) == ([[3, 255]], ())


def test_colors_become_classes_and_what_is_transparent_none() -> None:
    got = read(painted([[(40, 90, 200, 255), (50, 160, 40, 128), (50, 160, 40, 127), (44, 94, 196, 255)]]))
    assert (got.classes.tolist(), got.notes) == ([[1, 2, 0, 1]], ())


def test_an_empty_layer_is_a_map_that_says_nothing() -> None:
    got = read(painted([[(0, 0, 0, 0)] * 3]))
    assert (got.classes.tolist(), got.notes) == ([[0, 0, 0]], ())


def test_a_soft_edge_belongs_to_its_two_classes_and_not_to_a_third() -> None:
    sky, grass = (40, 90, 200, 255), (50, 160, 40, 255)
    mixed = [tuple(round(s + (g - s) * t) for s, g in zip(sky, grass, strict=True)) for t in (0.2, 0.4, 0.6, 0.8)]
    got = read(painted([[*[sky] * 6, *mixed, *[grass] * 6]] * 3))  # type: ignore[list-item]
    assert got.classes.tolist() == [[1] * 8 + [2] * 8] * 3
    assert got.notes == ()


def test_another_color_is_taken_for_the_nearest_and_said() -> None:
    got = read(painted([[(40, 90, 200, 255)] * 2 + [(255, 255, 255, 0)] * 9 + [(60, 180, 60, 255)] * 2]))
    assert got.classes.tolist() == [[1] * 2 + [0] * 9 + [2] * 2]
    assert len(got.notes) == 1
    assert "nearest color" in got.notes[0]


def test_formats_that_cannot_say_where_something_is_painted_are_refused() -> None:
    with pytest.raises(GuidanceError, match="index8 or in a format with alpha, got rgb8"):
        read(Plane(PixelFormat.rgb8, Extent(1, 1), bytes(3)))
    with pytest.raises(PictureError, match="got rgb8"):
        segmented(1, np.zeros((1, 1), np.int64), CLASSES, Look(PixelFormat.rgb8), BANDS)


PAINTED = [name for name in PixelFormat if planes.family(name) in ("rgba", "bgra", "laba")]


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("name", PAINTED)
def test_a_painted_map_of_every_class_reads_back_exactly(name: PixelFormat, linear: bool) -> None:
    classes = read_classes()
    wanted = np.arange(len(classes) + 1)[None] % len(classes)
    answer = segmented(7, wanted, classes, Look(name, linear), BANDS)
    assert (answer.id, answer.plane.format, answer.plane.extent) == (7, name, Extent(len(classes) + 1, 1))
    assert [info.name for info in answer.classes] == [entry.name for entry in classes]
    got = read_map(answer.plane, lambda: classes, BANDS)
    assert np.array_equal(got.classes, wanted)
    assert got.notes == ()
    assert not planes.pixels(answer.plane)[0, 0].any(), "what nobody has named is not painted"


def test_numbers_come_back_as_numbers() -> None:
    answer = segmented(7, np.array([[2, 0]]), CLASSES, Look(PixelFormat.index8), BANDS)
    assert bytes(answer.plane.data) == b"\x02\x00"


def test_no_two_classes_are_as_close_as_rounding() -> None:
    colors = np.array([entry.color for entry in read_classes()], int)
    apart = np.abs(colors[:, None] - colors[None]).max(axis=2)
    assert (apart + 1000 * np.eye(len(colors)) > 2 * SAME).all()
