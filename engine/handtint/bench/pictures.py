"""The pictures that are measured on: a data folder's validation split, any folder, or those shipped with scikit-image.

Knows nothing of methods.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data as shipped
from skimage.transform import resize

from handtint.bench.metrics import FloatArray, to_lab
from handtint.errors import PictureError

ByteArray = NDArray[np.uint8]

SKIMAGE = "skimage"
"""Stands for the seven color photographs inside the scikit-image package, instead of a folder."""
_SHIPPED = ("astronaut", "coffee", "chelsea", "rocket", "retina", "hubble_deep_field", "stereo_motorcycle")
_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True)
class BenchPicture:
    """A picture at the size that is colored.

    Attributes
    ----------
    name : str
    rgb : (H, W, 3) uint8
    lab : (3, H, W) float32
    """

    name: str
    rgb: ByteArray
    lab: FloatArray

    @property
    def lightness(self) -> FloatArray:
        """(H, W)."""
        return np.asarray(self.lab[0])

    @property
    def ab(self) -> FloatArray:
        """(2, H, W): the truth."""
        return np.asarray(self.lab[1:])


def find_pictures(data: str, limit: int | None = None) -> list[str]:
    """Names of the pictures to measure on.

    Parameters
    ----------
    data : str
        A folder with manifest.csv (the rows with split = val), another folder of pictures, or "skimage".
    limit : int, optional
        At most so many. Always the same ones; a larger limit holds those of a smaller one.
    """
    names = list(_SHIPPED) if data == SKIMAGE else _in_folder(Path(data))
    if not names:
        raise PictureError(f"expected pictures to measure on in {data}, found none")
    if limit is None or limit >= len(names):
        return names
    # By hash: neither the first folder of a data set nor a new draw each time.
    return sorted(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:limit])


def _in_folder(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise PictureError(f"expected a folder of pictures or '{SKIMAGE}', got {folder}")
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        return sorted(path.name for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    with manifest.open(newline="", encoding="utf-8") as lines:
        return sorted(row["file"] for row in csv.DictReader(lines) if row["split"] == "val")


def read_picture(data: str, name: str, *, side: int, square: bool) -> BenchPicture:
    """One of the pictures that `find_pictures` found.

    Parameters
    ----------
    side : int
        Both sides of the result in px where `square` is set (the aspect is lost, as in the papers), else the
        longest side; then a smaller picture keeps its size.
    """
    rgb = fit(_read(data, name), side=side, square=square)
    return BenchPicture(name, rgb, to_lab(rgb))


def _read(data: str, name: str) -> ByteArray:
    if data == SKIMAGE:
        picture = getattr(shipped, name)()
        picture = picture[0] if isinstance(picture, tuple) else picture  # a stereo pair
        return np.asarray(picture[..., :3], np.uint8)
    bgr = cv2.imread(str(Path(data) / name), cv2.IMREAD_COLOR)
    if bgr is None:
        raise PictureError(f"expected a picture that can be decoded, got {Path(data) / name}")
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def read_labels(data: str, name: str, size: tuple[int, int]) -> NDArray[np.int64] | None:
    """The label map of a picture at a size (height, width), 0 = not said; None where the data has none for it."""
    manifest = Path(data) / "manifest.csv"
    if not manifest.is_file():
        return None
    with manifest.open(newline="", encoding="utf-8") as lines:
        label = next((row.get("label") for row in csv.DictReader(lines) if row["file"] == name), None)
    if not label:
        return None
    with Image.open(Path(data) / label) as picture:
        indices = np.asarray(picture)
    if indices.ndim != 2:
        raise PictureError(f"expected an index picture with one number for each pixel, got {label} of {indices.shape}")
    height, width = size
    nearest = cv2.resize(indices.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(nearest, np.int64)


def fit(rgb: ByteArray, *, side: int, square: bool) -> ByteArray:
    """Scale (H, W, 3) uint8 to a square of `side`, or down to a longest side of `side`."""
    height, width = rgb.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (side, side) if square else (max(1, round(height * scale)), max(1, round(width * scale)))
    if size == (height, width):
        return np.array(rgb)
    scaled = resize(rgb, size, anti_aliasing=True)  # type: ignore[no-untyped-call]
    return np.asarray(np.clip(np.rint(scaled * 255.0), 0, 255), np.uint8)
