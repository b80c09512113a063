"""What a picture file says of itself before anything large is decoded, and refusals of what that cannot be.

Any file may lie: whatever a decoder raises becomes a PictureError here, in one sentence.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from handtint.errors import PictureError

MAX_PIXELS = 178_000_000
"""Pillow refuses more than this by itself, before it decodes."""
_PIXELS_OF_A_BYTE = 8 * 1100
"""Deflate makes at most 1032 bytes out of one, each of 8 pixels at most; JPEG gets nowhere near that."""
READABLE = {"PNG", "JPEG", "TIFF", "WEBP"}
_SILENCE = logging.NullHandler()


class Head(NamedTuple):
    """What the head of a file says.

    Attributes
    ----------
    kind : str
        One of READABLE.
    resolution : (float, float), optional
        Pixels per inch.
    """

    kind: str
    width: int
    height: int
    resolution: tuple[float, float] | None


@contextmanager
def damage(path: Path, kind: str) -> Iterator[None]:
    """Whatever a decoder raises at a file, as one sentence: damaged files make them raise all kinds of errors."""
    try:
        yield
    except PictureError:
        raise
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise PictureError(f"{path}: the {kind} file is damaged or of an unknown kind ({reason})") from error


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Pillow's view of a file; what it warns of is either refused here or no affair of the person's."""
    logging.getLogger("PIL").addHandler(_SILENCE)
    with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
        yield image


def read_head(path: Path) -> Head:
    """Kind and size of a PNG, JPEG, TIFF or WebP; PictureError at anything else."""
    try:
        with opened(path) as image:
            kind, (width, height), mode, dpi = image.format or "", image.size, image.mode, image.info.get("dpi")
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path}: {error}; scale it down") from error
    except (UnidentifiedImageError, OSError) as error:
        if path.suffix.lower() in (".tif", ".tiff"):  # tifffile knows kinds of TIFF that Pillow does not
            return _read_tiff_head(path)
        raise PictureError(f"{path}: expected a PNG, JPEG, TIFF or WebP picture, but it is none of them") from error
    except Exception as error:  # a damaged file makes Pillow raise all kinds of errors
        raise PictureError(f"{path}: the file is damaged ({error})") from error
    if kind not in READABLE:
        raise PictureError(f"{path}: expected a PNG, JPEG, TIFF or WebP picture, got {kind}")
    if mode in ("CMYK", "YCCK"):
        raise PictureError(f"{path}: expected gray or RGB, got {mode}; convert it to RGB first")
    return Head(kind, width, height, (float(dpi[0]), float(dpi[1])) if dpi and all(dpi) else None)


def _read_tiff_head(path: Path) -> Head:
    try:
        with quiet_tiff(path) as tiff:
            page = tiff.pages.first
            return Head("TIFF", int(page.imagewidth), int(page.imagelength), None)
    except Exception as error:  # here too
        raise PictureError(f"{path}: expected a TIFF picture, but it cannot be read ({error})") from error


def check_size(path: Path, head: Head) -> None:
    """Refuse a picture that is too large, or larger than its file can hold, before anything is decoded."""
    pixels, size = head.width * head.height, f"{head.width}x{head.height}"
    if pixels > MAX_PIXELS:
        raise PictureError(f"{path}: {size} pixels are more than {MAX_PIXELS // 10**6} million; scale it down")
    nbytes = path.stat().st_size
    if head.kind in ("PNG", "JPEG") and pixels > nbytes * _PIXELS_OF_A_BYTE:
        raise PictureError(f"{path}: the file is damaged: {size} pixels do not fit into its {nbytes} bytes")


@contextmanager
def quiet_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """A TIFF whose faults are told by exceptions alone: tifffile would also write them to the terminal."""
    logging.getLogger("tifffile").addHandler(_SILENCE)
    with tifffile.TiffFile(path) as tiff:
        yield tiff


def check_page(page: tifffile.TiffPage) -> None:
    """Refuse what could not be used before it is decoded: a head can claim any number and depth of samples."""
    kind = np.dtype(page.dtype or np.void)
    if kind not in (np.bool_, np.uint8, np.uint16, np.float16, np.float32, np.float64):
        raise ValueError(f"expected 8 or 16 bit integers or floats, got {kind}")
    if page.imagedepth != 1 or not 1 <= page.samplesperpixel <= 4 or min(page.imagewidth, page.imagelength) < 1:
        raise ValueError(f"expected one page of gray or RGB, got one of shape {page.shape}")
