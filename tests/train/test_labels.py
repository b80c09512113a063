"""Label maps: packed at the pictures' size, cut with them, and sampled as asked for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from handtint.errors import PictureError
from handtint.train.data import pack
from handtint.train.labels import load_labelled, pack_labels, random_crop, read_labels


def write_index_map(path: Path, classes: np.ndarray) -> None:
    image = Image.fromarray(classes.astype(np.uint8), mode="P")
    image.putpalette(list(range(256)) * 3)
    image.save(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures of 64 x 96 px, red on the left and blue on the right; two have maps that say so."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :48, 2] = picture[:, 48:, 0] = 200
    classes = np.where(np.arange(96) < 48, 7, 9) * np.ones((64, 1), int)
    rows = ["file,label,set,split"]
    for number, (label, name) in enumerate((("a.png", "street"), ("", "street"), ("c.png", "coco"))):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), picture)
        if label:
            write_index_map(tmp_path / label, classes)
        rows.append(f"{number}.jpg,{label},{name},train")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_maps_lie_at_the_size_of_the_packed_pictures(data: Path, tmp_path: Path) -> None:
    packed = pack_labels(data, pack(data, tmp_path / "packed", short_side=32), short_side=32)
    pictures = load_labelled(packed, "train", short_side=32)
    assert len(pictures) == 3
    assert pictures.labelled.tolist() == [0, 2]
    assert pictures.labels(2).shape == pictures.picture(2).shape[:2] == (32, 48)
    assert pictures.labels(2)[5].tolist() == [7] * 24 + [9] * 24
    assert not pictures.labels(1).any()


def test_pictures_left_out_take_their_maps_with_them(data: Path, tmp_path: Path) -> None:
    packed = pack_labels(data, pack(data, tmp_path / "packed", short_side=32), short_side=32)
    pictures = load_labelled(packed, "train", short_side=32, without=["0.jpg"])
    assert pictures.labelled.tolist() == [1]
    assert pictures.labels(1)[0, 0] == 7


def test_a_set_can_come_more_often(data: Path, tmp_path: Path) -> None:
    packed = pack_labels(data, pack(data, tmp_path / "packed", short_side=32), short_side=32)
    pictures = load_labelled(packed, "train", short_side=32)
    assert pictures.shares({"coco": 3.0}).tolist() == [0.25, 0.75]


def test_where_no_picture_has_a_map_it_is_said_how_to_name_one(data: Path, tmp_path: Path) -> None:
    manifest = data / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("a.png", "").replace("c.png", ""))
    packed = pack_labels(data, pack(data, tmp_path / "packed", short_side=32), short_side=32)
    with pytest.raises(PictureError, match=r"column 'label' of manifest\.csv"):
        load_labelled(packed, "train", short_side=32).shares({})


def test_picture_and_map_are_cut_alike(data: Path, tmp_path: Path) -> None:
    packed = pack_labels(data, pack(data, tmp_path / "packed", short_side=64), short_side=64)
    pictures = load_labelled(packed, "train", short_side=64)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(20):
        picture, labels = pictures.crop(0, 24, 2.0, rng)
        assert picture.shape == (24, 24, 3)
        assert set(np.unique(labels)) <= {7, 9}
        is_red = picture[..., 2] > 128 + 20  # b* of this red is +67, that of the blue is negative
        assert (is_red == (labels == 7)).mean() > 0.95
        seen.add((labels[0, 0], labels[0, -1]))
    assert {(7, 9), (9, 7)} <= seen  # mirrored and not


def test_cutting_follows_its_generator() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (40, 50, 3), np.uint8)
    labels = picture[..., 0]
    first = random_crop(picture, labels, 16, 1.6, np.random.default_rng(5))
    again = random_crop(picture, labels, 16, 1.6, np.random.default_rng(5))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_map_of_colors_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "map.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(PictureError, match="expected an index PNG"):
        read_labels(tmp_path / "map.png", 4, 4)


def test_labels_that_were_never_packed_are_asked_for(data: Path, tmp_path: Path) -> None:
    packed = pack(data, tmp_path / "packed", short_side=32)
    with pytest.raises(PictureError, match="pack the labels first"):
        load_labelled(packed, "train", short_side=32)
