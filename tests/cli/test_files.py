"""Picture files keep their size, depth, profile and metadata, and are never written by halves."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from handtint.cli.files import (
    PictureFile,
    from_srgb,
    is_srgb,
    read_picture,
    to_srgb,
    write_atomically,
    write_picture,
)
from handtint.errors import PictureError

EXIF = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
"""Big-endian EXIF with one entry: orientation 6 (turned a quarter)."""


def srgb_icc() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def adobe_icc() -> bytes:
    return bytes(imagecodecs.cms_profile("adobergb"))


def gray_icc() -> bytes:
    return bytes(imagecodecs.cms_profile("gray", gamma=1.8))


def ramp(dtype: type, channels: int) -> np.ndarray:
    top = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    values = np.linspace(0, top, 6 * 5 * channels).reshape(6, 5, channels)
    return values.astype(dtype)


@pytest.mark.parametrize(
    ("suffix", "dtype", "channels"),
    [
        (".png", np.uint8, 1),
        (".png", np.uint8, 3),
        (".png", np.uint8, 4),
        (".png", np.uint16, 1),
        (".png", np.uint16, 3),
        (".png", np.uint16, 4),
        (".tiff", np.uint8, 1),
        (".tiff", np.uint8, 2),
        (".tif", np.uint8, 4),
        (".tif", np.uint16, 3),
        (".tif", np.float32, 3),
        (".webp", np.uint8, 3),
        (".webp", np.uint8, 4),
    ],
)
def test_lossless_formats_give_back_what_was_written(tmp_path: Path, suffix: str, dtype: type, channels: int) -> None:
    written = PictureFile(ramp(dtype, channels), icc=srgb_icc() if channels > 1 else gray_icc())
    write_picture(tmp_path / f"p{suffix}", written)
    read = read_picture(tmp_path / f"p{suffix}")
    assert read.pixels.dtype == dtype
    np.testing.assert_array_equal(read.pixels, written.pixels)
    assert read.icc == written.icc


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_exif_is_kept_and_orientation_is_not_applied(tmp_path: Path, suffix: str) -> None:
    write_picture(tmp_path / f"p{suffix}", PictureFile(ramp(np.uint8, 3), exif=EXIF))
    read = read_picture(tmp_path / f"p{suffix}")
    assert read.size == (6, 5)
    with Image.open(tmp_path / f"p{suffix}") as image:
        assert image.getexif()[0x0112] == 6
    assert read.exif.endswith(EXIF[-18:])


def test_jpeg_keeps_the_colors_within_its_loss(tmp_path: Path) -> None:
    flat = np.full((16, 16, 3), (200, 120, 60), np.uint8)
    write_picture(tmp_path / "p.jpg", PictureFile(flat))
    assert np.abs(read_picture(tmp_path / "p.jpg").pixels.astype(int) - flat).max() <= 2


def test_tiff_keeps_its_resolution(tmp_path: Path) -> None:
    write_picture(tmp_path / "p.tif", PictureFile(ramp(np.uint16, 3), resolution=(300.0, 300.0)))
    assert read_picture(tmp_path / "p.tif").resolution == (300.0, 300.0)


def test_white_is_zero_scans_are_turned_the_right_way(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "p.tif", np.array([[0, 255]], np.uint8), photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(tmp_path / "p.tif").pixels[..., 0], [[255, 0]])


def test_palette_png_comes_as_rgb(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    image.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "p.png").pixels, [[[255, 0, 0], [0, 0, 255]]])


def test_srgb_by_name_or_by_silence_is_left_alone() -> None:
    assert is_srgb(b"")
    assert is_srgb(srgb_icc())
    assert not is_srgb(adobe_icc())
    pixels = ramp(np.uint8, 3)
    assert to_srgb(PictureFile(pixels, icc=srgb_icc())) is pixels


def test_another_profile_is_converted_and_comes_back() -> None:
    original = PictureFile(np.full((4, 4, 3), (200, 100, 50), np.uint8), icc=adobe_icc())
    srgb = to_srgb(original)
    assert srgb.dtype == np.uint16
    # Published: AdobeRGB (200, 100, 50) is sRGB (227, 100, 42), as GIMP reads it too.
    np.testing.assert_allclose(srgb[0, 0] / 257.0, (227, 100, 42), atol=1.5)
    back = from_srgb(srgb, original)
    assert back.icc == original.icc
    np.testing.assert_array_equal(back.pixels, original.pixels)


def test_a_gray_profile_gives_way_to_srgb_when_color_comes_in() -> None:
    original = PictureFile(np.full((3, 3, 1), 128, np.uint8), icc=gray_icc())
    srgb = to_srgb(original)
    assert srgb.shape == (3, 3, 3)
    # Gamma 1.8: 0.502 ** 1.8 is 0.289 of light, which sRGB writes as 147 of 255.
    np.testing.assert_allclose(srgb / 257.0, 147, atol=1.5)
    colored = from_srgb(srgb, original)
    assert is_srgb(colored.icc)
    assert colored.pixels.dtype == np.uint8


def test_alpha_is_carried_over() -> None:
    original = PictureFile(ramp(np.uint8, 2))
    colored = from_srgb(np.zeros((6, 5, 3), np.uint8), original)
    np.testing.assert_array_equal(colored.pixels[..., 3], original.pixels[..., 1])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.png", None, "no such file"),
        ("text.png", b"hello", "none of them"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\x00\x00", "none of them"),
        ("text.tif", b"II*\x00hello", "cannot be read"),
    ],
)
def test_what_is_no_picture_gets_one_sentence(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PictureError, match=words):
        read_picture(tmp_path / name)


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    stream = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(stream, "PNG")
    (tmp_path / "cut.png").write_bytes(stream.getvalue()[:900])
    with pytest.raises(PictureError, match="damaged"):
        read_picture(tmp_path / "cut.png")


def test_a_size_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    head = (30000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = [
        len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big") for name, body in chunks
    ]
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    with pytest.raises(PictureError, match="scale it down"):
        read_picture(tmp_path / "bomb.png")


def test_cmyk_is_refused_with_what_to_do(tmp_path: Path) -> None:
    Image.new("CMYK", (4, 4)).save(tmp_path / "p.jpg")
    with pytest.raises(PictureError, match="convert it to RGB first"):
        read_picture(tmp_path / "p.jpg")


@pytest.mark.parametrize(
    ("name", "pixels", "words"),
    [
        ("p.gif", ramp(np.uint8, 3), "ending in"),
        ("p.jpg", ramp(np.uint16, 3), "cannot hold uint16"),
        ("p.jpg", ramp(np.uint8, 4), "transparency"),
        ("no/folder/p.png", ramp(np.uint8, 3), "existing folder"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, pixels: np.ndarray, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        write_picture(tmp_path / name, PictureFile(pixels))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "p.png"
    target.write_bytes(b"old")

    def fail(stream: BytesIO) -> None:
        stream.write(b"new, but not all")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, fail)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
