"""Hint files: nested, repeatable, in the truth's colors, and the same after a round trip through JSON."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from handtint.bench.hints import COUNTS, HintFile, Mark, Sampler, draw_hints, read_hints
from handtint.bench.metrics import to_lab
from handtint.errors import GuidanceError


def scene() -> np.ndarray:
    """A red disc on green ground under a blue sky, 120 x 160."""
    rows, columns = np.mgrid[:120, :160]
    rgb = np.where(rows[..., None] < 60, (120, 180, 230), (70, 150, 60)).astype(np.uint8)
    rgb[(rows - 70) ** 2 + (columns - 80) ** 2 < 30**2] = (190, 30, 40)
    return rgb


def drawn(sampler: Sampler, *, picture: str = "scene.png", seed: int = 7) -> HintFile:
    rgb = scene()
    return draw_hints(picture, rgb, to_lab(rgb)[1:], sampler, seed=seed, most=COUNTS[-1])


@pytest.mark.parametrize("sampler", Sampler)
def test_the_same_seed_and_picture_give_the_same_marks(sampler: Sampler) -> None:
    assert drawn(sampler) == drawn(sampler)
    assert drawn(sampler).marks != drawn(sampler, seed=8).marks
    assert drawn(sampler).marks != drawn(sampler, picture="other.png").marks


@pytest.mark.parametrize("sampler", Sampler)
def test_a_file_comes_back_as_it_was(sampler: Sampler, tmp_path: Path) -> None:
    file = drawn(sampler)
    file.save(tmp_path / "deep" / "scene.json")
    assert read_hints(tmp_path / "deep" / "scene.json") == file


@pytest.mark.parametrize("sampler", Sampler)
def test_more_hints_paint_more_and_keep_the_first(sampler: Sampler) -> None:
    file = drawn(sampler)
    masks = [file.painted(count).mask for count in COUNTS]
    assert not masks[0].any()
    for fewer, more in pairwise(masks):
        assert (more >= fewer).all()
        assert more.sum() > fewer.sum()


@pytest.mark.parametrize("sampler", Sampler)
def test_a_longer_draw_begins_with_the_shorter(sampler: Sampler) -> None:
    rgb = scene()
    short = draw_hints("scene.png", rgb, to_lab(rgb)[1:], sampler, seed=7, most=12)
    assert short.marks == drawn(sampler).marks[:12]


def test_marks_have_the_mean_color_of_what_they_cover() -> None:
    truth = to_lab(scene())[1:]
    for sampler in Sampler:
        file = drawn(sampler)
        first = file.painted(1)
        under = first.mask > 0
        np.testing.assert_allclose(first.ab[:, under].mean(axis=1), truth[:, under].mean(axis=1), atol=1e-3)
        assert not first.ab[:, ~under].any()


def test_uniform_cells_never_overlap() -> None:
    assert drawn(Sampler.uniform).painted(200).mask.sum() == 200 * 4


def test_zhang_patches_gather_in_the_middle() -> None:
    marks = drawn(Sampler.zhang).marks
    assert all(mark.width == 6 for mark in marks)
    corners = np.array([mark.points[0] for mark in marks])
    assert (corners >= 0).all()
    assert (corners <= (114, 154)).all()
    assert np.abs(corners.mean(axis=0) - (57, 77)).max() < 8
    assert corners[:, 1].std() == pytest.approx(155 / 4, rel=0.15)


def test_the_first_strokes_lie_in_the_three_segments() -> None:
    file = drawn(Sampler.strokes)
    truth = to_lab(scene())[1:]
    colors = {tuple(np.round(mark.ab, 0)) for mark in file.marks[:3]}
    expected = {tuple(np.round(truth[:, row, column], 0)) for row, column in ((20, 80), (110, 10), (70, 80))}
    assert colors == expected
    assert all(len(mark.points) >= 2 for mark in file.marks)
    assert all(2 <= mark.width <= 3 for mark in file.marks)  # 1-2 % of 160


def test_a_later_mark_covers_an_earlier_one() -> None:
    marks = (Mark(((2, 2),), 4, (10.0, 0.0)), Mark(((4, 4),), 4, (0.0, 20.0)))
    hints = HintFile("x", "I", 0, (10, 10), marks).painted(2)
    assert hints.ab[:, 3, 3].tolist() == [10.0, 0.0]
    assert hints.ab[:, 5, 5].tolist() == [0.0, 20.0]
    assert hints.mask.sum() == 16 + 16 - 4


def test_asking_for_too_many_and_a_strange_file_are_explained(tmp_path: Path) -> None:
    with pytest.raises(GuidanceError, match="at least 201"):
        drawn(Sampler.uniform).painted(201)
    (tmp_path / "old.json").write_text("{}", encoding="utf-8")
    with pytest.raises(GuidanceError, match="format 1"):
        read_hints(tmp_path / "old.json")
