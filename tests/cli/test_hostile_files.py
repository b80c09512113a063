"""Files that mean harm are refused in a sentence that says why, before they are decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handtint.bench.hostile import hostile_files
from handtint.cli.files import PictureFile, is_srgb, read_index_map, read_picture, to_srgb, write_picture
from handtint.cli.main import run
from handtint.errors import PictureError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jpeg-13000-squared.jpg", "13000x13000 pixels do not fit into its"),
        ("jpeg-65500-squared.jpg", "scale it down"),
        ("png-bomb-profile.png", "damaged"),
        ("png-bomb-text.png", "damaged"),
        ("tiff-many-samples.tif", "one page of gray or RGB"),
        ("tiff-wide-and-deep.tif", "8 or 16 bit"),
        ("tiff-no-samples.tif", "one page of gray or RGB"),
        ("tiff-tiles-of-nothing.tif", "damaged"),
        ("tiff-big-tiff-cut.tif", "cannot be read|damaged"),
        ("webp-canvas-of-16-million.webp", "scale it down"),
    ],
)
def test_what_a_file_claims_is_checked_first(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(hostile_files()[name])
    for read in (read_picture, read_index_map):
        if read is read_picture or path.suffix == ".png":
            with pytest.raises(PictureError, match=words):
                read(path)


@pytest.mark.parametrize("icc", [b"acsp" * 40, b"\0" * 200, b"x"])
def test_numbers_under_a_damaged_profile_are_taken_as_they_are(icc: bytes) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert is_srgb(icc)
    assert to_srgb(PictureFile(pixels, icc=icc)) is pixels


def test_one_hostile_file_among_honest_ones_is_told_in_a_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the decoders' own words, no traceback, and the others are done."""
    (tmp_path / "bad.tif").write_bytes(hostile_files()["tiff-count-lies.tif"])
    write_picture(tmp_path / "good.png", PictureFile(np.full((8, 8, 1), 90, np.uint8)))
    out = tmp_path / "out"
    out.mkdir()
    arguments = [str(tmp_path / "bad.tif"), str(tmp_path / "good.png"), "--out-dir", str(out)]
    assert run(["colorize", *arguments, "--method", "scribble", "--no-engine", "--device", "cpu"]) == 2
    assert sorted(path.name for path in out.iterdir()) == [".handtint.jsonl", "good.png"]
    said = capfd.readouterr().err
    assert said.count("handtint: ") == 2
    assert "1 of 2 pictures failed" in said
    assert "bad.tif: the TIFF file is damaged" in said
    for words in ("Traceback", "TiffTag", "Warning"):
        assert words not in said
