"""Picture files that mean harm: sizes that lie, bombs, damage. Made by code, the same for the same seed.

Knows how files are built and nothing of who reads them.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageCms

_BOMB = 1 << 26
"""Bytes into which a bomb unpacks."""
Tags = dict[int, tuple[int, int, int]]
"""Of a TIFF: number to type, count, and value or offset."""
_PNG = b"\x89PNG\r\n\x1a\n"


@cache
def hostile_files() -> Mapping[str, bytes]:
    """Files by name, each hostile in one way."""
    return {
        **{f"png-{name}.png": data for name, data in _pngs().items()},
        **{f"jpeg-{name}.jpg": data for name, data in _jpegs().items()},
        **{f"tiff-{name}.tif": data for name, data in _tiffs().items()},
        **{f"webp-{name}.webp": data for name, data in _webps().items()},
        "empty.png": b"",
        "zeros.tif": bytes(1000),
        "script.png": b"#!/bin/sh\nrm -rf /\n",
        "vector.png": b"<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1e9'/>",
        "pickle.png": b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    }


def damaged_files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Honest files of every kind with some bytes changed, cut or doubled."""
    rng = random.Random(seed)
    honest = list(honest_files().items())
    for index in range(count):
        name, data = honest[rng.randrange(len(honest))]
        yield f"{index}-{name}", _damaged(rng, data)


def honest_files() -> dict[str, bytes]:
    """Small files of every kind that the command line reads."""
    ramp = np.linspace(0, 255, 16 * 12 * 4).reshape(16, 12, 4).astype(np.uint8)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = {}
    for mode, pixels in (("L", ramp[..., 0]), ("RGB", ramp[..., :3]), ("RGBA", ramp)):
        image = Image.fromarray(np.ascontiguousarray(pixels))
        for kind, suffix in (("PNG", "png"), ("JPEG", "jpg"), ("TIFF", "tif"), ("WEBP", "webp")):
            if (kind, mode) != ("JPEG", "RGBA"):
                files[f"{mode}.{suffix}"] = _saved(image, kind, icc_profile=icc)
    files["palette.png"] = _saved(Image.fromarray(ramp[..., 0]).convert("P"), "PNG")
    files["progressive.jpg"] = _saved(Image.fromarray(ramp[..., 0]), "JPEG", progressive=True)
    for name, dtype, options in (
        ("deep", np.uint16, {"compression": "zlib", "predictor": True}),
        ("float", np.float32, {"compression": "lzw"}),
        ("tiled", np.uint8, {"tile": (16, 16)}),
        ("planar", np.uint8, {"planarconfig": "separate"}),
    ):
        pixels = ramp[..., :3].astype(dtype)
        stream = BytesIO()
        tifffile.imwrite(
            stream, np.moveaxis(pixels, -1, 0) if name == "planar" else pixels, photometric="rgb", **options
        )
        files[f"{name}.tif"] = stream.getvalue()
    return files


def write_files(folder: Path, files: Iterator[tuple[str, bytes]]) -> list[Path]:
    """Put files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, data in files:
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths


# PNG ----------------------------------------------------------------------------------------------------------


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8, color: int = 0) -> bytes:
    """A PNG that claims a size, with these chunks between head and end."""
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return _PNG + b"".join(_chunk(*chunk) for chunk in (head, *chunks, (b"IEND", b"")))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@cache
def _bomb() -> bytes:
    return zlib.compress(bytes(_BOMB), 9)


def _pngs() -> dict[str, bytes]:
    pixels = (b"IDAT", zlib.compress(bytes(5 * 4)))  # 4 x 4 gray, a filter byte before each row
    bomb = _bomb()
    return {
        "30000-squared": png(30000, 30000, pixels),
        "65535-squared": png(65535, 65535, pixels),
        "largest": png((1 << 31) - 1, (1 << 31) - 1, pixels),
        "long": png((1 << 31) - 1, 1, pixels),
        "no-width": png(0, 4, pixels),
        "no-height": png(4, 0, pixels),
        "no-pixels": png(4, 4),
        "too-few": png(4, 4, (b"IDAT", zlib.compress(bytes(7)))),
        "bomb-behind": png(4, 4, (b"IDAT", bomb)),
        "bomb-profile": png(4, 4, (b"iCCP", b"x\0\0" + bomb), pixels),
        "bomb-text": png(4, 4, (b"zTXt", b"x\0\0" + bomb), pixels),
        "garbage-profile": png(4, 4, (b"iCCP", b"x\0\0" + zlib.compress(b"acsp" * 100)), pixels),
        "rgb-profile-of-gray": png(4, 4, (b"iCCP", b"x\0\0" + zlib.compress(_srgb())), pixels),
        "no-palette": png(4, 4, pixels, color=3),
        "beyond-palette": png(4, 4, (b"PLTE", b"abc"), (b"IDAT", zlib.compress(b"\0\xff\xff\xff\xff" * 4)), color=3),
        "unknown-depth": png(4, 4, pixels, depth=7),
        "unknown-color": png(4, 4, pixels, color=5),
        "length-lies": _PNG + struct.pack(">I", 0x7FFFFFFF) + b"IHDR" + bytes(40),
        "two-heads": png(4, 4, (b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)), pixels),
        "many-chunks": png(4, 4, *[(b"tEXt", b"a\0b")] * 20_000, pixels),
        "animated": png(4, 4, (b"acTL", struct.pack(">II", 1 << 30, 0)), pixels),
    }


# JPEG ---------------------------------------------------------------------------------------------------------


def _jpegs() -> dict[str, bytes]:
    honest = _saved(Image.new("L", (16, 16), 90), "JPEG")
    progressive = _saved(Image.effect_noise((64, 64), 60), "JPEG", progressive=True)
    at = progressive.rindex(b"\xff\xda")
    return {
        "65500-squared": _sized(honest, 65500, 65500),
        "65535-squared": _sized(honest, 65535, 65535),
        "13000-squared": _sized(honest, 13000, 13000),
        "no-height": _sized(honest, 16, 0),
        "no-width": _sized(honest, 0, 16),
        "cut": honest[:-40],
        "head-only": honest[:20],
        "twelve-bits": honest.replace(b"\xff\xc0\x00\x0b\x08", b"\xff\xc0\x00\x0b\x0c"),
        "many-scans": progressive[:at] + progressive[at:-2] * 2000 + b"\xff\xd9",
        "hundred-components": honest.replace(b"\xff\xc0\x00\x0b", b"\xff\xc0\x00\xff"),
        "huge-marker": honest[:2] + b"\xff\xe1\xff\xff" + b"Exif\0\0" + b"II*\0\xff\xff\xff\xff" + honest[2:],
        "exif-loop": honest[:2] + _EXIF_LOOP + honest[2:],
    }  # fmt: skip


_EXIF_LOOP = (
    b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0"
    b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
)  # fmt: skip
"""A directory that names itself as the one inside it."""


def _sized(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


# TIFF ---------------------------------------------------------------------------------------------------------


def tiff(tags: Tags, body: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF: tag to (type, count, value or offset); `body` begins at byte 4096."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return (b"II*\0\x08\0\0\0" + directory).ljust(4096, b"\0") + body


def _page(width: int, height: int, *, bits: int = 8, samples: int = 1, compression: int = 1, size: int = 16) -> Tags:
    return {
        256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, bits), 259: (3, 1, compression), 262: (3, 1, 1),
        273: (4, 1, 4096), 277: (3, 1, samples), 278: (4, 1, height), 279: (4, 1, size),
    }  # fmt: skip


def _tiled(side: int) -> Tags:
    return {**_page(4, 4), 322: (4, 1, side), 323: (4, 1, side), 324: (4, 1, 4096), 325: (4, 1, 16)}


def _tiffs() -> dict[str, bytes]:
    bomb = _bomb()
    small = bytes(16)
    return {
        "65535-squared": tiff(_page(65535, 65535), small),
        "largest": tiff(_page((1 << 32) - 1, (1 << 32) - 1), small),
        "wide-and-deep": tiff(_page(13000, 13000, bits=64, samples=4), small),
        "many-samples": tiff(_page(1000, 1000, samples=65535), small),
        "no-width": tiff(_page(0, 4), small),
        "no-height": tiff(_page(4, 0), small),
        "no-samples": tiff(_page(4, 4, samples=0), small),
        "seven-bits": tiff(_page(4, 4, bits=7), small),
        "64-bits": tiff(_page(4, 4, bits=64), bytes(128)),
        "bomb": tiff(_page(4, 4, compression=8, size=len(bomb)), bomb),
        "bomb-at-size": tiff(_page(13000, 13000, compression=8, size=len(bomb)), bomb),
        "unknown-compression": tiff(_page(4, 4, compression=999), small),
        "beyond-the-end": tiff({**_page(4, 4), 273: (4, 1, 1 << 30)}, small),
        "size-lies": tiff({**_page(4, 4), 279: (4, 1, (1 << 32) - 1)}, small),
        "rows-lie": tiff({**_page(4, 4), 278: (4, 1, 0)}, small),
        "tiles-of-nothing": tiff(_tiled(0), small),
        "tiles-of-65536": tiff(_tiled(1 << 16), small),
        "loop": tiff(_page(4, 4), small, following=8),
        "many-tags": b"II*\0\x08\0\0\0\xff\xff" + bytes(100),
        "count-lies": tiff({**_page(4, 4), 273: (4, (1 << 32) - 1, 4096)}, small),
        "garbage-profile": tiff({**_page(4, 4), 34675: (7, 16, 4096)}, small),
        "big-tiff-cut": b"II+\0\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
    }  # fmt: skip


# WebP ---------------------------------------------------------------------------------------------------------


def _webps() -> dict[str, bytes]:
    honest = _saved(Image.new("RGB", (16, 16), (90, 90, 90)), "WEBP", lossless=True)
    wide = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xff\xff\xff" * 2
    at = honest.index(b"VP8L") + 9
    largest = honest[:at] + struct.pack("<I", 0x0FFFFFFF) + honest[at + 4 :]
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in range(0, 200, 20)]
    return {
        "cut": honest[: len(honest) // 2],
        "16384-squared": largest,
        "canvas-of-16-million": b"RIFF" + struct.pack("<I", 4 + len(wide)) + b"WEBP" + wide,
        "size-lies": honest[:4] + b"\xff\xff\xff\xff" + honest[8:],
        "animated": _saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "head-only": honest[:16],
    }


# Parts --------------------------------------------------------------------------------------------------------


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _srgb() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def _damaged(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(max(1, len(changed)))
        act = rng.randrange(5)
        if act == 0:
            changed[at : at + 1] = bytes([rng.choice((0, 1, 127, 128, 255))])
        elif act == 1:
            changed[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01"))
        elif act == 2:
            del changed[at : at + rng.randrange(1, 9)]
        elif act == 3:
            changed[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            changed[at : at + 1] = bytes([changed[at] ^ (1 << rng.randrange(8))]) if changed else b""
    return bytes(changed[: rng.randrange(len(changed) + 1)] if rng.random() < 0.1 else changed)
