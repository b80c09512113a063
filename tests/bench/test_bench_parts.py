"""What each part of `unified` gives: a part that is taken away is away, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.bench.parts import GRAY, VARIANTS, Row, compare, table
from handtint.bench.pictures import BenchPicture, read_picture
from handtint.color.hints import painted_points
from handtint.colorizers.base import FloatArray, Guidance
from handtint.colorizers.unified import UnifiedColorizer

WHOLE, TOKENS, SPREAD, CORRECTION, OWN, STEERED = VARIANTS


@pytest.fixture(scope="module")
def variants() -> dict[str, UnifiedColorizer]:
    """With the shipped weights."""
    return {name: variant("cpu") for name, variant in VARIANTS.items()}


@pytest.fixture(scope="module")
def picture() -> BenchPicture:
    return read_picture("skimage", "astronaut", side=96, square=True)


@pytest.fixture(scope="module")
def rows(variants: dict[str, UnifiedColorizer], picture: BenchPicture) -> dict[str, Row]:
    return compare(variants, [picture])


def surprised(colorizer: UnifiedColorizer, picture: BenchPicture) -> FloatArray:
    """The answer to one bluish green mark in the middle of a face, at the mark."""
    ab, mask = np.zeros_like(picture.ab), np.zeros_like(picture.lightness)
    mask[30:34, 40:44], ab[:, 30:34, 40:44] = 1.0, -12.0
    answer = colorizer.colorize(colorizer.prepare(picture.lightness), Guidance(hints=painted_points(ab, mask)))
    return np.asarray(answer[:, 30:34, 40:44] - ab[:, 30:34, 40:44], np.float32)


def test_without_hints_all_are_the_same(rows: dict[str, Row]) -> None:
    assert {rows[name].psnr[0] for name in VARIANTS} == {rows[WHOLE].psnr[0]}


def test_every_part_shows(rows: dict[str, Row]) -> None:
    """With hints, each in other figures than the whole; close hints only where they stand close."""
    for name in (TOKENS, SPREAD, CORRECTION, STEERED):
        assert rows[name].psnr[2] != rows[WHOLE].psnr[2], name
    assert rows[OWN].psnr[1:3] == rows[WHOLE].psnr[1:3]
    assert rows[OWN].psnr[-1] != rows[WHOLE].psnr[-1]


def test_the_hints_help_and_gray_stays_gray(rows: dict[str, Row]) -> None:
    assert rows[WHOLE].psnr[0] < rows[WHOLE].psnr[2] < rows[WHOLE].psnr[-1]
    assert len(set(rows[GRAY].psnr)) == 1
    assert rows[GRAY].kept == pytest.approx(0.0, abs=1e-6)


def test_only_without_the_correction_is_a_mark_missed(
    variants: dict[str, UnifiedColorizer], picture: BenchPicture
) -> None:
    missed = {name: float(np.abs(surprised(colorizer, picture)).max()) for name, colorizer in variants.items()}
    assert missed.pop(CORRECTION) > 0.5
    assert max(missed.values()) < 0.01, missed


def test_tables_are_markdown() -> None:
    text = table({"whole": Row((23.0, 24.126, 25.0, 26.0, 27.0), 0.3456)})
    assert text.splitlines() == [
        "| | 0 hints | 1 | 10 | 100 | 200 | colour edges kept @200 |",
        "|---|---|---|---|---|---|---|",
        "| whole | 23.00 | 24.13 | 25.00 | 26.00 | 27.00 | 0.346 |",
    ]
