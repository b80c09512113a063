"""Pictures for training, decoded once: a folder with manifest.csv becomes one packed Lab array on disk.

Knows nothing of networks or of user inputs.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from handtint.errors import PictureError

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Store:
    """Where a training finds its pictures: the data folder itself, and the folder of its decoded pictures."""

    data: Path
    packed: Path


class Window(NamedTuple):
    """A square of a picture in its own px, perhaps seen in a mirror."""

    top: int
    left: int
    side: int
    mirrored: bool


@dataclass(frozen=True)
class PackedPictures:
    """The pictures of one split.

    Attributes
    ----------
    pixels : (P, 3) uint8
        All pictures behind each other, row by row: L * 2.55, a + 128, b + 128.
    shapes : tuple of (offset, height, width)
        Where each picture lies in `pixels`.
    names : tuple of str
        Files, as in the manifest.
    """

    pixels: ByteArray
    shapes: tuple[tuple[int, int, int], ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.shapes)

    def picture(self, index: int) -> ByteArray:
        """(H, W, 3) uint8 packed Lab of one picture; a view."""
        offset, height, width = self.shapes[index]
        return self.pixels[offset : offset + height * width].reshape(height, width, 3)


def pack(data: Path, out: Path, *, short_side: int = 192) -> Path:
    """Decode every picture of a data folder once.

    Parameters
    ----------
    data : Path
        Folder with `manifest.csv`, whose columns `file` and `split` (train, val) are used.
    out : Path
        Folder for the packed arrays; each split becomes a pair of files.
    short_side : int
        Short side of the packed pictures in px; smaller ones keep their size.

    Returns
    -------
    Path
        `out`. What is already packed at this size is kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    for split, files in sorted(read_splits(data).items()):
        stem = out / f"{split}-{short_side}"
        if not stem.with_suffix(".json").exists():
            _pack_split(data, files, stem, short_side)
    return out


def read_splits(data: Path) -> dict[str, list[str]]:
    """Files of each split, as the manifest has them."""
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        raise PictureError(f"expected a data folder with manifest.csv (columns file, split), got {data}")
    splits: dict[str, list[str]] = {}
    with manifest.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            splits.setdefault(row["split"], []).append(row["file"])
    return splits


def load_packed(packed: Path, split: str, *, short_side: int = 192, without: Collection[str] = ()) -> PackedPictures:
    """The packed pictures of a split, memory-mapped; those whose file name (no folder) is in `without` left out."""
    stem = packed / f"{split}-{short_side}"
    if not stem.with_suffix(".json").is_file():
        raise PictureError(f"no packed pictures of split '{split}' in {packed}; pack the data folder first")
    index = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    kept = [i for i, name in enumerate(index["names"]) if Path(name).name not in without]
    shapes = tuple((offset, height, width) for offset, height, width in (index["shapes"][i] for i in kept))
    pixels = np.load(stem.with_suffix(".npy"), mmap_mode="r")
    return PackedPictures(pixels, shapes, tuple(index["names"][i] for i in kept))


def draw_window(shape: tuple[int, ...], widest: float, rng: np.random.Generator) -> Window:
    """A random square of a picture, mirrored half the time: its side is the whole short side, or 1 / widest of it."""
    height, width = shape[:2]
    side = max(8, round(min(height, width) / rng.uniform(1.0, widest)))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    return Window(int(top), int(left), side, bool(rng.random() < 0.5))


def cut(picture: ByteArray, window: Window, crop: int, *, classes: bool = False) -> ByteArray:
    """A window of a picture or, where `classes` is set, of a label map, whose numbers must not be mixed.

    Parameters
    ----------
    picture : (H, W, 3) or (H, W) uint8

    Returns
    -------
    (crop, crop, 3) or (crop, crop) uint8
    """
    top, left, side, mirrored = window
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    smooth = cv2.INTER_AREA if side > crop else cv2.INTER_LINEAR
    result = cv2.resize(square, (crop, crop), interpolation=cv2.INTER_NEAREST_EXACT if classes else smooth)
    return np.ascontiguousarray(result[:, ::-1] if mirrored else result, np.uint8)


def _pack_split(data: Path, files: list[str], stem: Path, short_side: int) -> None:
    pictures, shapes, offset = [], [], 0
    for name in tqdm(files, desc=f"packing {stem.name}"):
        picture = read_lab_bytes(data / name, short_side)
        height, width = picture.shape[:2]
        shapes.append((offset, height, width))
        offset += height * width
        pictures.append(picture.reshape(-1, 3))
    np.save(stem.with_suffix(".npy"), np.concatenate(pictures))
    # The index is written last: where it exists, the pixels are complete.
    stem.with_suffix(".json").write_text(json.dumps({"shapes": shapes, "names": files}), encoding="utf-8")


def read_lab_bytes(path: Path, short_side: int) -> ByteArray:
    """One picture as (H, W, 3) uint8 packed Lab, its short side at most `short_side` px."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise PictureError(f"expected a picture that can be decoded, got {path}")
    scale = short_side / min(bgr.shape[:2])
    if scale < 1.0:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(bgr.astype(np.float32) / 255.0, cv2.COLOR_BGR2LAB)
    return lab_to_bytes(np.asarray(lab, np.float32))


_SCALE = np.array((2.55, 1.0, 1.0), np.float32)
_OFFSET = np.array((0.0, 128.0, 128.0), np.float32)


def lab_to_bytes(lab: FloatArray) -> ByteArray:
    """(..., 3) Lab (0-100, +-110) to uint8."""
    packed: ByteArray = np.clip(np.rint(lab * _SCALE + _OFFSET), 0, 255).astype(np.uint8)
    return packed


def bytes_to_lab(packed: ByteArray) -> FloatArray:
    """(..., 3) uint8 to Lab (0-100, +-110)."""
    lab: FloatArray = (packed.astype(np.float32) - _OFFSET) / _SCALE
    return lab
