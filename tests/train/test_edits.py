"""Simulated corrections: usual colours are those of the class, and an edit changes its region alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handtint.train.data import lab_to_bytes
from handtint.train.edits import BANDS, ClassColors, EditMix, change_map, coarsen, find_region, learn_class_colors

ALWAYS = EditMix(hidden=0.0, edited=1.0, coarse=0.0)


def pixels(lightness: float, a: float, b: float, count: int) -> np.ndarray:
    return lab_to_bytes(np.tile(np.array((lightness, a, b), np.float32), (count, 1)))


@pytest.fixture
def colors() -> ClassColors:
    """Class 1 is green, dark and bright; class 2 is blue."""
    samples = [
        (pixels(30.0, -20.0, 10.0, 50_000), np.ones(50_000, np.uint8)),
        (pixels(70.0, -30.0, 40.0, 50_000), np.ones(50_000, np.uint8)),
        (pixels(50.0, 0.0, -30.0, 50_000), np.full(50_000, 2, np.uint8)),
    ]
    return learn_class_colors(samples, 4)


def test_usual_colors_depend_on_the_lightness(colors: ClassColors) -> None:
    dark, bright = colors.at(1, np.array([31.25, 68.75], np.float32)).T
    assert dark == pytest.approx([-20, 10], abs=1.0)
    assert bright == pytest.approx([-30, 40], abs=1.0)
    assert colors.at(1, np.array([50.0], np.float32))[:, 0] == pytest.approx([-25, 25], abs=1.5)
    assert colors.at(2, np.array([56.0], np.float32))[1, 0] < -28


def test_a_class_without_pixels_has_the_mean_of_all(colors: ClassColors) -> None:
    mean = np.mean([[-20.0, 10.0], [-30.0, 40.0], [0.0, -30.0]], axis=0)
    # A class without pixels is as strong as the mean of the chroma says, at most 1.5 times.
    assert colors.table[3] == pytest.approx(np.tile(1.5 * mean, (BANDS, 1)), abs=1.0)


def test_members_of_many_hues_are_not_gray() -> None:
    half = pixels(50.0, 22.0, 0.0, 60_000), pixels(50.0, -18.0, 0.0, 60_000)
    table = learn_class_colors([(part, np.ones(60_000, np.uint8)) for part in half], 2).table
    assert table[1, 4, 0] == pytest.approx(1.5 * 2.0, abs=0.2)


@pytest.fixture
def picture() -> tuple[np.ndarray, np.ndarray]:
    """Gray Lab of 60 x 60 px, the upper half of class 1 with a square of class 2 in it, the lower half unlabelled."""
    lab = np.zeros((60, 60, 3), np.float32)
    lab[..., 0] = np.linspace(20, 80, 60)[:, None]
    labels = np.zeros((60, 60), np.uint8)
    labels[:30] = 1
    labels[5:20, 5:20] = 2
    return lab, labels


def test_an_edit_colors_its_region_like_the_new_class(
    picture: tuple[np.ndarray, np.ndarray], colors: ClassColors
) -> None:
    lab, labels = picture
    seen = set()
    for seed in range(12):
        ab, edited = change_map(lab, labels, ALWAYS, colors, np.random.default_rng(seed))
        region = edited != labels
        assert len(np.unique(labels[region])) == 1
        new = int(edited[region][0])
        seen.add((int(labels[region][0]), new))
        inner = region & (np.abs(ab[0]) > 0)
        assert not ab[:, 33:].any()  # far from any label nothing changes
        row, column = np.argwhere(inner)[len(np.argwhere(inner)) // 2]
        assert ab[:, row, column] == pytest.approx(colors.at(new, lab[row, column, :1])[:, 0], abs=3.0)
    assert len(seen) > 3


def test_the_map_can_be_taken_away(picture: tuple[np.ndarray, np.ndarray], colors: ClassColors) -> None:
    lab, labels = picture
    ab, hidden = change_map(lab, labels, replace(ALWAYS, hidden=1.0), colors, np.random.default_rng(0))
    assert not hidden.any()
    assert not ab.any()


def test_regions_are_classes_or_pieces_of_the_wanted_size(picture: tuple[np.ndarray, np.ndarray]) -> None:
    _, labels = picture
    labels = labels.copy()
    labels[5:20, 30:45] = 2  # a second piece of class 2
    mix = replace(ALWAYS, least=0.05, most=0.2)
    sizes = {
        int(found.sum())
        for seed in range(20)
        if (found := find_region(labels, mix, np.random.default_rng(seed))) is not None
    }
    assert sizes == {225, 450}
    assert find_region(labels, replace(mix, least=0.6, most=0.9), np.random.default_rng(0)) is None


def test_a_rough_map_is_the_map_a_few_pixels_off(picture: tuple[np.ndarray, np.ndarray]) -> None:
    _, labels = picture
    rough = coarsen(labels, np.random.default_rng(3))
    assert set(np.unique(rough)) <= {0, 1, 2}
    assert 0 < (rough != labels).mean() < 0.2
    assert (rough[9:16, 9:16] == 2).all()
