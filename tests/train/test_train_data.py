"""Packing: the split is kept, the colours survive, what is done is not done again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.color import rgb2lab

from handtint.errors import PictureError
from handtint.train.data import bytes_to_lab, lab_to_bytes, load_packed, pack


def test_splits_are_disjoint_and_complete(data_folder: Path, tmp_path: Path) -> None:
    packed = pack(data_folder, tmp_path / "packed", short_side=48)
    train, val = (load_packed(packed, split, short_side=48) for split in ("train", "val"))
    assert (len(train), len(val)) == (10, 4)
    assert not set(train.names) & set(val.names)


def test_pictures_that_are_left_out_are_gone(data_folder: Path, tmp_path: Path) -> None:
    packed = pack(data_folder, tmp_path / "packed", short_side=48)
    every, some = (load_packed(packed, "train", short_side=48, without=w) for w in ((), ("0.png", "4.png")))
    assert set(every.names) - set(some.names) == {"0.png", "4.png"}
    assert np.array_equal(some.picture(0), every.picture(1))


def test_packed_colors_are_the_pictures_lab(data_folder: Path, tmp_path: Path) -> None:
    train = load_packed(pack(data_folder, tmp_path / "packed", short_side=200), "train", short_side=200)
    rgb = cv2.imread(str(data_folder / "3.png"))[..., ::-1]  # type: ignore[index]
    lab = bytes_to_lab(train.picture(3))
    assert lab.shape == rgb.shape  # smaller than 200 px: kept
    assert np.abs(lab - rgb2lab(rgb)).max() < 1.0


def test_large_pictures_shrink_to_the_short_side(data_folder: Path, tmp_path: Path) -> None:
    train = load_packed(pack(data_folder, tmp_path / "packed", short_side=32), "train", short_side=32)
    assert {min(train.picture(i).shape[:2]) for i in range(len(train))} == {32}


def test_packing_twice_keeps_the_first(data_folder: Path, tmp_path: Path) -> None:
    packed = pack(data_folder, tmp_path / "packed", short_side=32)
    (data_folder / "0.png").unlink()
    assert len(load_packed(pack(data_folder, packed, short_side=32), "train", short_side=32)) == 10


def test_bytes_round_trip() -> None:
    lab = np.array([[0.0, -100.0, 90.0], [100.0, 0.0, 0.0], [51.0, 12.0, -7.0]], np.float32)
    assert np.abs(bytes_to_lab(lab_to_bytes(lab)) - lab).max() <= 0.5


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"manifest\.csv"):
        pack(tmp_path, tmp_path / "packed")
    (tmp_path / "manifest.csv").write_text("file,split\ngone.png,train\n", encoding="utf-8")
    with pytest.raises(PictureError, match=r"gone\.png"):
        pack(tmp_path, tmp_path / "packed")
    with pytest.raises(PictureError, match="'val'"):
        load_packed(tmp_path / "packed", "val")
