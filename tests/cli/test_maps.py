"""Semantic maps as files: numbers, sorted palettes, painted pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handtint.cli.files import read_index_map, write_index_map
from handtint.cli.maps import semantic_plane
from handtint.cli.segment import Present, classes_in
from handtint.errors import GuidanceError, PictureError
from handtint.weights import read_classes
from handtint.wire.messages import Color, SemanticClass
from handtint.wire.pixels import PixelFormat

COLORS = np.array([entry.color for entry in read_classes()], np.uint8)
MAP = np.array([[0, 47, 47], [53, 53, 78]], np.uint8)


def numbers(path: Path) -> list[list[int]]:
    plane = semantic_plane(path, (2, 3))
    assert plane.format is PixelFormat.index8
    return np.frombuffer(plane.data, np.uint8).reshape(2, 3).tolist()


def test_a_map_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    write_index_map(tmp_path / "map.png", MAP, COLORS)
    with Image.open(tmp_path / "map.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image.convert("RGB")), COLORS[MAP])
    assert numbers(tmp_path / "map.png") == MAP.tolist()


def test_a_palette_that_an_editor_sorted_anew_means_the_same(tmp_path: Path) -> None:
    used, indices = np.unique(MAP, return_inverse=True)
    write_index_map(tmp_path / "map.png", indices.reshape(2, 3).astype(np.uint8), COLORS[used])
    assert numbers(tmp_path / "map.png") == MAP.tolist()


def test_numbers_count_where_the_palette_is_another(tmp_path: Path) -> None:
    write_index_map(tmp_path / "map.png", MAP, np.arange(237, dtype=np.uint8).reshape(79, 3))
    assert numbers(tmp_path / "map.png") == MAP.tolist()
    Image.fromarray(MAP).save(tmp_path / "gray.png")
    assert numbers(tmp_path / "gray.png") == MAP.tolist()


def test_a_painted_picture_travels_as_it_is(tmp_path: Path) -> None:
    Image.fromarray(COLORS[MAP]).save(tmp_path / "map.png")
    assert read_index_map(tmp_path / "map.png") is None
    plane = semantic_plane(tmp_path / "map.png", (2, 3))
    assert plane.format is PixelFormat.rgba8
    pixels = np.frombuffer(plane.data, np.uint8).reshape(2, 3, 4)
    assert np.array_equal(pixels[..., :3], COLORS[MAP])
    assert (pixels[..., 3] == 255).all()


@pytest.mark.parametrize("painted", [False, True])
def test_a_map_of_another_size_is_refused(tmp_path: Path, painted: bool) -> None:
    Image.fromarray(COLORS[MAP] if painted else MAP).save(tmp_path / "map.png")
    with pytest.raises(GuidanceError, match="picture's size 9x9, got 3x2"):
        semantic_plane(tmp_path / "map.png", (9, 9))


def test_a_map_has_to_be_a_png(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"ending in \.png"):
        write_index_map(tmp_path / "map.jpg", MAP, COLORS)


def test_classes_that_occur_are_listed_by_their_shares() -> None:
    classes = tuple(SemanticClass(i, f"class {i}", Color(i / 255, 0.0, 1.0)) for i in range(79))
    found = classes_in(MAP, classes)
    assert [entry.index for entry in found] == [47, 53, 0, 78]
    assert found[0] == Present(47, "class 47", "#2f00ff", round(1 / 3, 4))
    assert sum(entry.share for entry in found) == pytest.approx(1.0, abs=1e-3)
