"""Simulated guidance: seeded, in the shares that were asked for, and true to the picture."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.transport import match_colors
from handtint.train.data import FloatArray
from handtint.train.inputs import (
    PAPER_MIX,
    HintPainter,
    InputMix,
    Sample,
    extract_palette,
    find_region,
    paint_patches,
    random_walk,
    simulate,
    turn_colors,
)

HONEST = InputMix(recolored=0.0, shifted=0.0)


def halves(height: int = 48, width: int = 64) -> FloatArray:
    """A dark red half and a bright blue one, (H, W, 3) Lab."""
    lab = np.empty((height, width, 3), np.float32)
    lab[:, : width // 2] = (30.0, 50.0, 30.0)
    lab[:, width // 2 :] = (70.0, 5.0, -40.0)
    return lab


def draw(mix: InputMix, count: int, lab: FloatArray | None = None) -> list[Sample]:
    picture = halves() if lab is None else lab
    return [simulate(picture, mix, np.random.default_rng((5, i))) for i in range(count)]


def test_the_same_seed_gives_the_same_sample() -> None:
    one, two = (simulate(halves(), InputMix(), np.random.default_rng(3)) for _ in range(2))
    for name in Sample.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("mix", [InputMix(), PAPER_MIX])
def test_combinations_come_in_their_shares(mix: InputMix) -> None:
    samples = draw(mix, 400)
    found = [(bool(s.palette_mask.any()), bool(s.hint_mask.any())) for s in samples]
    wanted = {(False, False): mix.none, (True, False): mix.palette, (False, True): mix.hints, (True, True): mix.both}
    for combination, share in wanted.items():
        assert found.count(combination) / 400 == pytest.approx(share, abs=0.07)
    assert mix.none > 0 or (False, False) not in found


def test_hints_are_true_where_nothing_was_recolored() -> None:
    """On flat halves a patch or stroke inside one has exactly its colour, and one across the edge a mixture."""
    for sample in draw(HONEST, 60):
        painted = sample.hint_mask > 0
        assert np.array_equal(sample.ab, halves()[..., 1:].transpose(2, 0, 1))
        assert not sample.hint_ab[:, ~painted].any()
        low, high = sample.ab.min(axis=(1, 2)), sample.ab.max(axis=(1, 2))
        assert (sample.hint_ab[:, painted] >= low[:, None] - 1e-3).all()
        assert (sample.hint_ab[:, painted] <= high[:, None] + 1e-3).all()
    left = np.concatenate([s.hint_ab[:, :, :20][:, s.hint_mask[:, :20] > 0] for s in draw(HONEST, 60)], axis=1)
    assert np.allclose(left, [[50.0], [30.0]], atol=1e-3)


def test_a_recolored_region_is_hinted_in_its_new_color() -> None:
    mix = InputMix(none=0, palette=0, hints=1, both=0, recolored=1.0, strokes=0.0, most_hints=1)
    moved, true = 0, 0
    for sample in draw(mix, 40):
        change = np.abs(sample.ab - halves()[..., 1:].transpose(2, 0, 1)).sum(axis=0)
        region = change > 1.0
        assert sample.lightness.tolist() == halves()[..., 0].tolist()
        if region.any():
            moved += 1
            inside = region & (sample.hint_mask > 0)
            assert inside.any()
            true += bool(np.abs(sample.hint_ab - sample.ab)[:, inside].sum(axis=0).min() < 2.0)
    assert moved >= 30
    assert true >= 0.8 * moved  # the others lie across the edge of the region, and are mixtures


def test_palettes_are_the_main_colors_in_any_order() -> None:
    mix = InputMix(none=0, palette=1, hints=0, both=0, shifted=0.0)
    orders = set()
    for sample in draw(mix, 30):
        assert 3 <= sample.palette_mask.sum() <= 5
        assert not sample.palette_ab[sample.palette_mask == 0].any()
        for color in ((50.0, 30.0), (5.0, -40.0)):
            assert np.linalg.norm(sample.palette_ab - color, axis=1).min() < 0.01
        orders.add(tuple(sample.palette_ab[0]))
    assert len(orders) > 1


def test_extracted_palette_starts_with_the_most_frequent_color() -> None:
    ab = np.zeros((2, 40, 40), np.float32)
    ab[0, :, :30] = 60.0
    palette = extract_palette(ab, 2, np.random.default_rng(0))
    assert np.allclose(palette, [[60.0, 0.0], [0.0, 0.0]], atol=1e-3)


def test_marks_at_the_border_are_cut() -> None:
    hints = HintPainter((10, 12))
    hints.patch(np.ones((2, 10, 12), np.float32), 8, 11, 9)
    assert hints.mask.sum() == 2
    assert hints.ab.sum() == 4


def test_patches_have_the_mean_color_of_what_they_cover() -> None:
    ab = np.random.default_rng(0).normal(size=(2, 20, 20)).astype(np.float32)
    hints = HintPainter((20, 20))
    hints.patch(ab, 4, 6, 3)
    assert np.allclose(hints.ab[:, 4:7, 6:9], ab[:, 4:7, 6:9].mean(axis=(1, 2))[:, None, None])
    paint_patches(hints, ab, 100, np.random.default_rng(1))
    assert np.isfinite(hints.ab).all()
    assert set(np.unique(hints.mask)) == {0.0, 1.0}


def test_strokes_stay_inside_the_picture_and_one_color() -> None:
    ab = np.ascontiguousarray(halves()[..., 1:].transpose(2, 0, 1))
    for seed in range(50):
        points = random_walk(ab, np.random.default_rng(seed))
        assert (points >= 0).all()
        assert (points < (64, 48)).all()
        assert len(set(points[:, 0] < 32)) == 1


def test_a_region_is_one_half() -> None:
    region = find_region(halves(), np.random.default_rng(0))
    assert region is not None
    assert region.mean() == pytest.approx(0.5, abs=0.1)


def test_turned_colors_keep_neutral_near_neutral_and_stay_in_range() -> None:
    ab = np.concatenate((np.zeros((2, 4, 4), np.float32), np.full((2, 4, 4), 90.0, np.float32)), axis=1)
    for seed in range(20):
        turned = turn_colors(ab, np.random.default_rng(seed))
        assert np.abs(turned).max() <= 100.0
        assert np.abs(turned[:, :4]).max() < 30.0


def test_matched_colors_have_the_others_mean_and_covariance_in_their_own_order() -> None:
    rng = np.random.default_rng(0)
    ab = np.asarray(rng.normal((10.0, -20.0), (15.0, 25.0), (40, 50, 2)).transpose(2, 0, 1), np.float32)
    other = np.asarray(rng.normal((-5.0, 12.0), (20.0, 6.0), (30, 30, 2)).transpose(2, 0, 1), np.float32)
    moved = match_colors(ab, other)
    assert np.allclose(moved.mean(axis=(1, 2)), other.mean(axis=(1, 2)), atol=0.5)
    # A little less, as the picture's own spread is taken for larger than it is.
    assert np.allclose(moved.reshape(2, -1).std(axis=1), other.reshape(2, -1).std(axis=1), rtol=0.05)
    assert np.corrcoef(ab[0].ravel(), moved[0].ravel())[0, 1] > 0.9


def test_a_gray_picture_is_not_blown_up_to_the_others_colors() -> None:
    gray = np.asarray(np.random.default_rng(0).normal(0.0, 0.3, (2, 20, 20)), np.float32)
    moved = match_colors(gray, halves()[..., 1:].transpose(2, 0, 1))
    assert moved.reshape(2, -1).std(axis=1).max() < 5.0


def test_a_borrowed_palette_is_that_of_the_lender_and_its_colors_are_the_answers() -> None:
    mix = InputMix(none=0.0, palette=1.0, hints=0.0, both=0.0, borrowed=1.0, ordered=True)
    lender = halves() * np.array((1.0, -1.0, -1.0), np.float32)
    sample = simulate(halves(), mix, np.random.default_rng(1), slots=7, lender=lender)
    assert sample.palette_ab.shape == (7, 2)
    colors = sample.palette_ab[sample.palette_mask > 0]
    assert 2 <= len(np.unique(colors.round(3), axis=0)) <= 7
    for color in ((-50.0, -30.0), (-5.0, 40.0)):
        assert np.linalg.norm(colors - color, axis=1).min() < 0.1
    assert np.allclose(sample.ab.mean(axis=(1, 2)), (-27.5, 5.0), atol=0.5)
