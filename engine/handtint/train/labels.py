"""Label maps beside the packed pictures: a class for each of their pixels, 0 where nobody said one.

Knows nothing of networks, nor of what a class is called.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from handtint.errors import PictureError
from handtint.train.data import (
    ByteArray,
    FloatArray,
    PackedPictures,
    bytes_to_lab,
    cut,
    draw_window,
    load_packed,
    read_splits,
)

IGNORE = 0
"""The class of pixels that have no label; losses and figures leave them out."""
_NONE = -1


@dataclass(frozen=True)
class LabelledPictures:
    """The pictures of one split with their label maps, where they have any.

    Attributes
    ----------
    pictures : PackedPictures
    pixels : (P,) uint8
        All label maps behind each other, row by row.
    offsets : tuple of int
        Where the map of each picture begins in `pixels`; negative where it has none.
    sets : tuple of str
        The data set that each picture is from.
    """

    pictures: PackedPictures
    pixels: ByteArray
    offsets: tuple[int, ...]
    sets: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Numbers of the pictures that have a map."""
        return np.flatnonzero(np.array(self.offsets) != _NONE)

    def picture(self, index: int) -> ByteArray:
        """(H, W, 3) uint8 packed Lab of one picture; a view."""
        return self.pictures.picture(index)

    def labels(self, index: int) -> ByteArray:
        """(H, W) uint8 classes of one picture, all 0 where it has no map."""
        _, height, width = self.pictures.shapes[index]
        offset = self.offsets[index]
        if offset == _NONE:
            return np.full((height, width), IGNORE, np.uint8)
        return self.pixels[offset : offset + height * width].reshape(height, width)

    def crop(self, index: int, crop: int, widest: float, rng: np.random.Generator) -> tuple[ByteArray, ByteArray]:
        """The same random square of picture and map, as `random_crop` cuts them."""
        return random_crop(self.picture(index), self.labels(index), crop, widest, rng)

    def spread(self, count: int) -> NDArray[np.int64]:
        """Up to so many of `labelled`, from all sets alike."""
        labelled = self.labelled
        places = np.linspace(0, len(labelled) - 1, min(count, len(labelled)))
        return np.asarray(labelled[np.unique(places.astype(int))])

    def scaled(self, index: int, short_side: int, multiple: int) -> tuple[FloatArray, NDArray[np.int64]]:
        """One picture as (H, W, 3) Lab and its classes (H, W), scaled to sides that are multiples of `multiple`."""
        picture, labels = self.picture(index), self.labels(index)
        scale = short_side / min(labels.shape)
        width, height = (max(multiple, round(scale * n / multiple) * multiple) for n in labels.shape[::-1])
        lab = cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=cv2.INTER_AREA)
        return bytes_to_lab(np.asarray(lab, np.uint8)), resize_classes(labels, height, width).astype(np.int64)

    def shares(self, times: Mapping[str, float]) -> NDArray[np.float64]:
        """Chance of each picture in `labelled`, one from a set in `times` counting so often as another.

        Raises
        ------
        PictureError
            No picture has a map.
        """
        if len(self.labelled) == 0:
            raise PictureError(
                "expected pictures with a map of what is what, got none; name their maps in the column 'label' of"
                " manifest.csv"
            )
        chances = np.array([times.get(self.sets[i], 1.0) for i in self.labelled])
        return np.asarray(chances / chances.sum())


def random_crop(
    picture: ByteArray, labels: ByteArray, crop: int, widest: float, rng: np.random.Generator
) -> tuple[ByteArray, ByteArray]:
    """The same square of a randomly scaled, perhaps mirrored picture and of its label map.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    labels : (H, W) uint8

    Returns
    -------
    (crop, crop, 3) uint8, (crop, crop) uint8
    """
    window = draw_window(labels.shape, widest, rng)
    return cut(picture, window, crop), cut(labels, window, crop, classes=True)


def pack_labels(data: Path, packed: Path, *, short_side: int = 192) -> Path:
    """Put the label maps of a data folder beside its packed pictures, at their size, by nearest neighbour.

    Parameters
    ----------
    data : Path
        Folder with `manifest.csv`; of its columns `label` (an index PNG, or empty) and `set` are used.
    packed : Path
        Folder that `pack` has filled from the same data at the same `short_side`.

    Returns
    -------
    Path
        `packed`. What is already there is kept.
    """
    rows = _read_rows(data)
    for split in sorted(read_splits(data)):
        stem = _stem(packed, split, short_side)
        if not stem.with_suffix(".json").exists():
            _pack_split(data, rows, load_packed(packed, split, short_side=short_side), stem)
    return packed


def load_labelled(
    packed: Path, split: str, *, short_side: int = 192, without: Collection[str] = ()
) -> LabelledPictures:
    """The packed pictures of a split with their maps, memory-mapped; `without` as `load_packed` has it."""
    pictures = load_packed(packed, split, short_side=short_side, without=without)
    stem = _stem(packed, split, short_side)
    if not stem.with_suffix(".json").is_file():
        raise PictureError(f"no packed label maps of split '{split}' in {packed}; pack the labels first")
    index = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    pixels = np.load(stem.with_suffix(".npy"), mmap_mode="r")
    offsets = tuple(index["offsets"].get(name, _NONE) for name in pictures.names)
    return LabelledPictures(pictures, pixels, offsets, tuple(index["sets"].get(name, "") for name in pictures.names))


def read_labels(path: Path, height: int, width: int) -> ByteArray:
    """One label map at a size, by nearest neighbour; (height, width) uint8."""
    # Pillow, as OpenCV turns an index PNG into its colours.
    from PIL import Image

    try:
        with Image.open(path) as image:
            indexed, values = image.mode in ("P", "L"), np.asarray(image)
    except OSError as error:
        raise PictureError(f"expected a label map that can be decoded, got {path}: {error}") from error
    if not indexed:
        raise PictureError(f"expected an index PNG of 8 bit, got {path}, a picture of colours")
    return resize_classes(values, height, width)


def resize_classes(labels: ByteArray, height: int, width: int) -> ByteArray:
    """A label map at another size by nearest neighbour: its numbers must not be mixed."""
    resized = cv2.resize(np.ascontiguousarray(labels), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(resized, np.uint8)


def _stem(packed: Path, split: str, short_side: int) -> Path:
    return packed / f"{split}-labels-{short_side}"


def _read_rows(data: Path) -> dict[str, dict[str, str]]:
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        return {row["file"]: row for row in csv.DictReader(lines)}


def _pack_split(data: Path, rows: Mapping[str, Mapping[str, str]], pictures: PackedPictures, stem: Path) -> None:
    maps, offsets, offset = [np.zeros(0, np.uint8)], {}, 0
    for name, (_, height, width) in zip(
        tqdm(pictures.names, desc=f"packing {stem.name}"), pictures.shapes, strict=True
    ):
        label = rows[name].get("label")
        if label:
            maps.append(read_labels(data / label, height, width).ravel())
            offsets[name] = offset
            offset += height * width
    np.save(stem.with_suffix(".npy"), np.concatenate(maps))
    sets = {name: rows[name].get("set") or "" for name in pictures.names}
    # The index is written last: where it exists, the maps are complete.
    stem.with_suffix(".json").write_text(json.dumps({"offsets": offsets, "sets": sets}), encoding="utf-8")
