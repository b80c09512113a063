"""Palette, exemplar, edit and reach metrics on cards whose answer is known by hand, and the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.bench.controls import (
    Weighted,
    earth_movers_distance,
    edit_effect,
    hint_reach,
    histogram,
    histogram_intersection,
    main_colors,
    palette_coverage,
    palette_distance,
    palette_emd,
    swap_choice,
)
from handtint.bench.statistics import bootstrap, paired_bootstrap
from handtint.color.gamut import clip_to_gamut


def card(*colors: tuple[float, float]) -> np.ndarray:
    """Vertical stripes of 10 px, 20 px high."""
    return np.array(colors, np.float32).T[:, None, :].repeat(20, axis=1).repeat(10, axis=2)


def weighted(*colors: tuple[float, float]) -> Weighted:
    return Weighted(np.array(colors, np.float64), np.full(len(colors), 1 / len(colors)))


def test_histogram_counts_shares() -> None:
    counts = histogram(card((0, 0), (0, 0), (50, -40), (200, 0)))
    assert counts.shape == (23, 23)
    assert counts[11, 11] == 0.5
    assert counts[16, 7] == 0.25
    assert counts[22, 11] == 0.25  # beyond the grid: its border


def test_intersection_is_the_common_share() -> None:
    one = card((0, 0), (40, 0))
    assert histogram_intersection(one, one[:, :, ::-1]) == 1.0
    assert histogram_intersection(one, card((0, 0), (0, 40))) == 0.5
    assert histogram_intersection(one, card((80, 0))) == 0.0


def test_main_colors_keep_the_mean_of_their_cell() -> None:
    colors = main_colors(card((2, 0), (4, 0), (48, -40), (48, -40)))
    assert sorted(map(tuple, colors.ab)) == [(3.0, 0.0), (48.0, -40.0)]
    assert colors.weights.tolist() == [0.5, 0.5]


def test_earth_movers_distance_of_moved_color() -> None:
    assert earth_movers_distance(weighted((0, 0)), weighted((30, 40))) == pytest.approx(50.0)
    # Half of the colour stays, half moves by 20.
    assert earth_movers_distance(weighted((0, 0), (40, 0)), weighted((0, 0), (60, 0))) == pytest.approx(10.0)
    assert palette_emd(card((10, 0), (50, 0)), weighted((10, 0), (50, 0))) == pytest.approx(0.0, abs=1e-9)


def test_palette_distance_is_weighted_by_chroma() -> None:
    palette = np.array([[40.0, 0.0], [0.0, 30.0]], np.float32)
    assert palette_distance(card((40, 0), (0, 30)), palette) == 0.0
    assert palette_distance(card((40, 0), (40, 10)), palette) == pytest.approx(10 * 41.231 / 81.231, abs=1e-3)
    assert palette_distance(card((0, 0)), palette) == 30.0


def test_coverage_asks_for_every_color_of_the_palette() -> None:
    palette = np.array([[40.0, 0.0], [0.0, 30.0]], np.float32)
    assert palette_coverage(card((40, 0), (0, 30)), palette) == 0.0
    assert palette_coverage(card((40, 0), (40, 0)), palette) == pytest.approx(25.0)  # (0 + 50) / 2


def test_swap_test_finds_the_palette_that_was_used() -> None:
    palettes = [weighted((40, 0), (0, 30)), weighted((-40, 0), (0, 30)), weighted((0, 0)), weighted((60, 60))]
    for index, palette in enumerate(palettes):
        assert swap_choice(card(*map(tuple, palette.ab)), palettes) == index


def test_an_edit_is_local_where_only_its_region_changes() -> None:
    region = np.zeros((60, 60), bool)
    region[20:30, 20:30] = True
    before = np.zeros((2, 60, 60), np.float32)
    inside = np.where(region, 6.0, 0.0).astype(np.float32)
    local = np.stack([inside, 0 * inside])
    assert edit_effect(before, local, region) == (6.0, 0.0, 1.0)
    everywhere = before + np.float32(3.0)
    found = edit_effect(before, everywhere, region)
    assert found.locality == pytest.approx(0.5)
    assert found.inside == pytest.approx(3 * np.sqrt(2))
    assert np.isnan(edit_effect(before, before, region).locality)


def test_a_change_close_around_the_region_is_not_held_against_it() -> None:
    region = np.zeros((60, 60), bool)
    region[20:30, 20:30] = True
    after = np.zeros((2, 60, 60), np.float32)
    after[0, 15:35, 15:35] = 6.0
    assert edit_effect(0 * after, after, region).outside == 0.0


def test_reach_and_leak_are_shares_of_inside_and_outside() -> None:
    light = np.full((20, 40), 50.0, np.float32)
    region = np.zeros((20, 40), bool)
    region[:, :20] = True
    ab = np.zeros((2, 20, 40), np.float32)
    ab[0, :, :10] = 50.0
    ab[0, :5, 20:] = 50.0
    assert hint_reach(light, ab, (50.0, 0.0), region) == (0.5, 0.25)


def test_reach_counts_what_can_be_shown_of_a_color() -> None:
    light = np.full((4, 4), 97.0, np.float32)
    shown = clip_to_gamut(light, np.full((2, 4, 4), 60.0, np.float32))
    assert np.abs(shown).max() < 40.0
    assert hint_reach(light, shown, (60.0, 60.0), np.ones((4, 4), bool)).inside == 1.0


def test_bootstrap_of_a_constant_and_of_a_known_spread() -> None:
    assert bootstrap([4.0] * 30) == (4.0, 4.0, 4.0)
    values = np.random.default_rng(0).normal(10.0, 2.0, 400)
    found = bootstrap(values.tolist())
    assert found.mean == pytest.approx(values.mean())
    # The standard error is 2 / sqrt(400) = 0.1.
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.1, rel=0.1)
    assert bootstrap(values.tolist()) == found
    assert np.isnan(bootstrap([]).mean)
    assert bootstrap([1.0, float("nan")]).mean == 1.0


def test_pairing_removes_what_the_pictures_share() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.normal(25.0, 5.0, 100)
    better = pictures + 0.3 + rng.normal(0.0, 0.05, 100)
    found = paired_bootstrap(better.tolist(), pictures.tolist())
    assert found.mean == pytest.approx(0.3, abs=0.02)
    assert 0.25 < found.low < found.high < 0.35
    with pytest.raises(ValueError, match="same pictures"):
        paired_bootstrap([1.0], [1.0, 2.0])
