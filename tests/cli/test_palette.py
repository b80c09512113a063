"""Palettes can be written as hex colors and as GIMP palettes; what is neither is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from handtint.cli.palette import parse_gpl, parse_hex, to_hex
from handtint.errors import GuidanceError

GPL = """GIMP Palette
Name: Two
Columns: 2
# a comment
255   0 128\tPink
  0  64   0
"""


def test_hex_colors_with_and_without_hash() -> None:
    palette = parse_hex("#ff0080, 004000")
    assert palette.colors == ((1.0, 0.0, 128 / 255), (0.0, 64 / 255, 0.0))
    assert [to_hex(color) for color in palette.colors] == ["#ff0080", "#004000"]


@pytest.mark.parametrize("text", ["#ff00", "#ff0080,", "red", "#ff0080;#004000"])
def test_what_is_no_list_of_colors_is_refused(text: str) -> None:
    with pytest.raises(GuidanceError, match="expected colors like"):
        parse_hex(text)


def test_gimp_palette(tmp_path: Path) -> None:
    (tmp_path / "two.gpl").write_text(GPL)
    palette = parse_gpl(tmp_path / "two.gpl")
    assert [to_hex(color) for color in palette.colors] == ["#ff0080", "#004000"]
    assert palette.name == "two"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("JASC-PAL\n1 2 3\n", "first line"),
        ("GIMP Palette\n", "found none that fit"),
        ("GIMP Palette\n300 0 0\n", "found none that fit"),
    ],
)
def test_what_is_no_gimp_palette_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "p.gpl").write_text(content)
    with pytest.raises(GuidanceError, match=words):
        parse_gpl(tmp_path / "p.gpl")


def test_a_missing_gimp_palette_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuidanceError, match="cannot be read"):
        parse_gpl(tmp_path / "p.gpl")
