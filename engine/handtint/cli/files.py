"""Picture files of the command line: read with depth and metadata, write the same way and atomically.

Knows nothing of methods or the engine. RGB order throughout; color profiles are honoured, orientation is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from handtint.cli.heads import check_page, check_size, damage, opened, quiet_tiff, read_head
from handtint.errors import PictureError
from handtint.wire.whole import write_whole

Pixels = NDArray[Any]
_SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"}
_ICC_TAG = 34675
_OPENCV_OPTIONS = {
    # Color is our product: no chroma subsampling.
    "JPEG": [
        cv2.IMWRITE_JPEG_QUALITY, 95,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ],
    "WEBP": [cv2.IMWRITE_WEBP_QUALITY, 101],  # over 100 is lossless
}  # fmt: skip


@dataclass(frozen=True)
class PictureFile:
    """A decoded picture.

    Attributes
    ----------
    pixels : (H, W, C) uint8, uint16 or float32
        C is 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha), as stored: in the profile's own numbers.
    icc : bytes
        The file's color profile; empty where it has none.
    exif : bytes
        The file's EXIF block; empty where it has none.
    resolution : (float, float), optional
        Pixels per inch, x and y.
    """

    pixels: Pixels
    icc: bytes = b""
    exif: bytes = b""
    resolution: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def alpha(self) -> Pixels | None:
        """(H, W, 1), or None where the picture is opaque."""
        return self.pixels[..., -1:] if self.pixels.shape[2] in (2, 4) else None

    @property
    def color(self) -> Pixels:
        """(H, W, 1 or 3): all but alpha."""
        return self.pixels[..., :-1] if self.alpha is not None else self.pixels


def read_picture(path: Path) -> PictureFile:
    """Read PNG, JPEG, TIFF or WebP; PictureError says in a sentence what is wrong with anything else."""
    if not path.is_file():
        raise PictureError(f"{path}: expected a picture file, but there is no such file")
    head = read_head(path)
    check_size(path, head)
    with damage(path, head.kind):
        picture = _read_tiff(path) if head.kind == "TIFF" else _read_with_opencv(path)
    return replace(picture, resolution=head.resolution)


class IndexMap(NamedTuple):
    """An index PNG: its numbers, (H, W) uint8, and the (256, 3) uint8 colors that they stand for, if it has any."""

    indices: NDArray[np.uint8]
    colors: NDArray[np.uint8] | None


def read_index_map(path: Path) -> IndexMap | None:
    """The stored numbers of an index or 8 bit gray PNG; None for a picture of another kind."""
    head = read_head(path)
    check_size(path, head)
    with damage(path, head.kind), opened(path) as image:
        if image.mode not in ("P", "L"):
            return None
        stored, colors = image.getpalette("RGB") or [], np.zeros((256, 3), np.uint8)
        colors.reshape(-1)[: len(stored)] = stored
        return IndexMap(np.asarray(image, dtype=np.uint8), colors if stored else None)


def write_index_map(path: Path, indices: NDArray[np.uint8], colors: NDArray[np.uint8]) -> None:
    """Write an index PNG, whole or not at all; `colors` is (C, 3) uint8."""
    if path.suffix.lower() != ".png":
        raise PictureError(f"{path}: expected a name ending in .png for a map, got '{path.suffix}'")
    image = Image.fromarray(indices)
    image.putpalette(colors.tobytes())
    write_atomically(path, lambda stream: image.save(stream, "PNG"))


def write_picture(path: Path, picture: PictureFile) -> None:
    """Write a picture in the format of its suffix: whole or not at all."""
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise PictureError(f"{path}: expected a name ending in {', '.join(_SUFFIXES)}, got '{path.suffix}'")
    _check_depth(path, kind, picture)
    if not path.parent.is_dir():
        raise PictureError(f"{path}: expected an existing folder '{path.parent}', but there is none")
    data = _encode_tiff(picture) if kind == "TIFF" else _encode_with_opencv(path.suffix.lower(), kind, picture)
    write_atomically(path, lambda stream: stream.write(data))


def check_target(source: Path, target: Path, *, force: bool) -> None:
    """PictureError where something must not be written over, or there is no folder to write to."""
    if target.resolve() == source.resolve():
        raise PictureError(f"{target}: the output would overwrite the input; choose another name")
    if target.exists() and not force:
        raise PictureError(f"{target}: exists already; choose another name, or say --force")
    if not target.parent.is_dir():
        raise PictureError(f"{target}: expected an existing folder '{target.parent}', but there is none")


def write_atomically(path: Path, write: Callable[[Any], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place; on any error nothing is left behind."""
    try:
        write_whole(path, write, mode=0o666 & ~_umask())
    except OSError as error:
        raise PictureError(f"{path}: cannot be written ({error.strerror})") from error


def to_srgb(picture: PictureFile) -> Pixels:
    """The color channels as sRGB: as stored, or converted at 16 bit or float where the profile says otherwise.

    Returns
    -------
    (H, W, 1 or 3) uint8, uint16 or float32
    """
    if is_srgb(picture.icc):
        return picture.color
    deep = picture.color if picture.color.dtype != np.uint8 else picture.color.astype(np.uint16) * 257
    space = "gray" if _profile_space(picture.icc) == "GRAY" else "rgb"
    if (deep.shape[2] == 1) != (space == "gray"):
        return picture.color  # the profile does not belong to these channels: trust the numbers
    source = deep[..., 0] if space == "gray" else deep
    return _transform(source, picture.icc, _srgb_profile(), space, "rgb", deep.dtype)


def to_srgb_with_alpha(picture: PictureFile) -> Pixels:
    """As `to_srgb`, with the picture's alpha (if it has one) as the last channel at the same depth."""
    color = to_srgb(picture)
    if picture.alpha is None:
        return color
    return np.concatenate((color, _to_depth(picture.alpha, color.dtype)), axis=2)


def from_srgb(rgb: Pixels, like: PictureFile) -> PictureFile:
    """A colored sRGB picture with the depth, profile, alpha and metadata of the picture it came from.

    Parameters
    ----------
    rgb : (H, W, 3) uint8, uint16 or float32
        sRGB.
    like : PictureFile
        The gray original. A gray profile cannot hold color: sRGB takes its place.
    """
    icc = like.icc
    if not is_srgb(icc):
        if _profile_space(icc) == "RGB":
            rgb = _transform(rgb, _srgb_profile(), icc, "rgb", "rgb", rgb.dtype)
        else:
            icc = _srgb_profile()
    pixels = _to_depth(rgb, like.pixels.dtype)
    if like.alpha is not None:
        pixels = np.concatenate((pixels, like.alpha), axis=2)
    return replace(like, pixels=pixels, icc=icc)


def is_srgb(icc: bytes) -> bool:
    """Whether numbers under this profile may be taken as sRGB: no profile, an unusable one, or sRGB by name."""
    if not icc:
        return True
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc)).profile
        gray, name = profile.xcolor_space == "GRAY", profile.profile_description or ""
        _try(icc, "gray" if gray else "rgb")
    except Exception:  # a damaged profile makes both libraries raise all kinds of errors
        return True
    return "srgb" in name.lower() and not gray


def _try(icc: bytes, space: str) -> None:
    """Convert a pixel both ways; raises where the profile says what it is and cannot be used for it."""
    pixel = np.zeros((1, 1) if space == "gray" else (1, 1, 3), np.uint16)
    rgb = _transform(pixel, icc, _srgb_profile(), space, "rgb", pixel.dtype)
    if space == "rgb":
        _transform(rgb, _srgb_profile(), icc, "rgb", "rgb", pixel.dtype)


def _read_with_opencv(path: Path) -> PictureFile:
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    data = np.fromfile(path, dtype=np.uint8)
    decoded, kinds, blocks = cv2.imdecodeWithMetadata(data, flags=flags)
    if decoded is None:
        raise ValueError("it cannot be decoded")
    metadata = {kind: block.tobytes() for kind, block in zip(kinds, blocks, strict=True)}
    return PictureFile(
        pixels=_as_rgb(decoded),
        icc=metadata.get(cv2.IMAGE_METADATA_ICCP, b""),
        exif=metadata.get(cv2.IMAGE_METADATA_EXIF, b""),
    )


def _as_rgb(decoded: Pixels) -> Pixels:
    """OpenCV's (H, W) or BGR(A) to (H, W, C) in RGB order."""
    if decoded.ndim == 2:
        return decoded[..., None]
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(decoded.shape[2])
    return decoded if order is None else np.ascontiguousarray(decoded[..., order])


def _read_tiff(path: Path) -> PictureFile:
    with quiet_tiff(path) as tiff:
        page = tiff.pages.first
        check_page(page)
        pixels = page.asarray()
        photometric = page.photometric
        tag = page.tags.get(_ICC_TAG)
        icc = bytes(tag.value) if tag is not None else b""
        palette = page.colormap
        planar = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and pixels.ndim == 3
    if planar:
        pixels = np.moveaxis(pixels, 0, -1)
    if photometric == tifffile.PHOTOMETRIC.PALETTE and palette is not None:
        pixels = np.moveaxis(np.asarray(palette, dtype=np.uint16)[:, pixels], 0, -1)
    if photometric not in _PHOTOMETRICS:
        raise ValueError(f"expected gray or RGB, got {tifffile.PHOTOMETRIC(photometric).name}")
    pixels = _checked_samples(pixels)
    if photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        pixels = (1.0 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max) - pixels
    shaped = pixels[..., None] if pixels.ndim == 2 else pixels
    return PictureFile(pixels=np.ascontiguousarray(shaped), icc=icc)


_PHOTOMETRICS = {
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.YCBCR,
    tifffile.PHOTOMETRIC.PALETTE,
}


def _checked_samples(pixels: Pixels) -> Pixels:
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    if pixels.dtype in (np.float16, np.float64):
        pixels = pixels.astype(np.float32)
    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"expected 8 or 16 bit integers or floats, got {pixels.dtype}")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 2, 3, 4)):
        raise ValueError(f"expected one page of gray or RGB, got an array of shape {pixels.shape}")
    return pixels


def _check_depth(path: Path, kind: str, picture: PictureFile) -> None:
    dtype = picture.pixels.dtype
    allowed = {"PNG": (np.uint8, np.uint16), "TIFF": (np.uint8, np.uint16, np.float32)}.get(kind, (np.uint8,))
    if dtype not in allowed:
        raise PictureError(f"{path}: {kind} cannot hold {dtype} pixels; choose a TIFF (or, for 16 bit, a PNG) name")
    if kind == "JPEG" and picture.alpha is not None:
        raise PictureError(f"{path}: JPEG cannot hold transparency; choose a PNG, TIFF or WebP name")


def _encode_with_opencv(suffix: str, kind: str, picture: PictureFile) -> bytes:
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(picture.pixels.shape[2], [0])
    blocks = [(cv2.IMAGE_METADATA_ICCP, picture.icc), (cv2.IMAGE_METADATA_EXIF, picture.exif)]
    present = [(name, np.frombuffer(block, np.uint8)) for name, block in blocks if block]
    image = np.ascontiguousarray(picture.pixels[..., order])
    names, arrays = [name for name, _ in present], [array for _, array in present]
    ok, data = cv2.imencodeWithMetadata(suffix, image, names, arrays, _OPENCV_OPTIONS.get(kind, []))
    if not ok:
        raise PictureError(f"the picture could not be encoded as {kind}")
    return bytes(data)


def _encode_tiff(picture: PictureFile) -> bytes:
    stream = BytesIO()
    channels = picture.pixels.shape[2]
    tifffile.imwrite(
        stream,
        picture.pixels if channels > 1 else picture.pixels[..., 0],
        planarconfig="contig" if channels > 1 else None,
        photometric="rgb" if channels >= 3 else "minisblack",
        extrasamples=["unassalpha"] if picture.alpha is not None else None,
        compression="zlib",
        predictor=picture.pixels.dtype != np.float32,
        resolution=picture.resolution,
        resolutionunit="inch" if picture.resolution else None,
        iccprofile=picture.icc or None,
        metadata=None,
    )
    return stream.getvalue()


def _profile_space(icc: bytes) -> str:
    return str(ImageCms.ImageCmsProfile(BytesIO(icc)).profile.xcolor_space).strip()


def _srgb_profile() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def _transform(
    pixels: Pixels, source: bytes, target: bytes, space: str, out_space: str, dtype: np.dtype[Any]
) -> Pixels:
    result = imagecodecs.cms_transform(
        np.ascontiguousarray(pixels),
        source,
        target,
        colorspace=space,
        outcolorspace=out_space,
        outdtype=dtype,
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(result)


def _to_depth(pixels: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """sRGB or profile numbers at another depth, rounded to nearest."""
    if pixels.dtype == dtype:
        return pixels
    unit = pixels.astype(np.float32)
    if pixels.dtype != np.float32:
        unit /= np.iinfo(pixels.dtype).max
    if dtype == np.float32:
        return unit
    return np.rint(np.clip(unit, 0.0, 1.0) * np.iinfo(dtype).max).astype(dtype)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
