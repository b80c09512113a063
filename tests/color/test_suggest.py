"""Suggestions from known distributions: the likeliest first, showable at the pixel's lightness, all different."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.bins import BINS, bin_centers
from handtint.color.gamut import in_gamut
from handtint.color.suggest import expected_error, suggest_colors


def distribution(*colors: tuple[int, int, float]) -> np.ndarray:
    """(313,) probabilities of bins given as a, b and share."""
    probabilities = np.zeros(BINS, np.float32)
    for a, b, share in colors:
        probabilities[bin_centers().tolist().index([a, b])] = share
    return probabilities


def test_few_colors_come_back_as_they_are_the_likeliest_first() -> None:
    found = suggest_colors(distribution((0, 0, 0.2), (30, 20, 0.5), (-20, 10, 0.3)), 60.0, 9)
    assert found.ab.tolist() == [[30, 20], [-20, 10], [0, 0]]
    assert found.shares.tolist() == pytest.approx([0.5, 0.3, 0.2])


def test_neighbors_are_taken_together() -> None:
    found = suggest_colors(distribution((30, 20, 0.3), (30, 30, 0.1), (-20, 10, 0.4), (-20, 20, 0.2)), 60.0, 2)
    assert found.shares.tolist() == pytest.approx([0.6, 0.4])
    assert found.ab.tolist() == [pytest.approx([-20, 10 + 10 / 3]), pytest.approx([30, 22.5])]


@pytest.mark.parametrize("lightness", [3.0, 25.0, 50.0, 75.0, 97.0])
def test_all_can_be_shown_at_the_lightness_and_differ(lightness: float) -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(BINS)).astype(np.float32)
    found = suggest_colors(probabilities, lightness, 9)
    assert len(found.ab) == 9
    assert in_gamut(np.full(9, lightness, np.float32), found.ab.T).all()
    gaps = np.linalg.norm(found.ab[:, None] - found.ab[None], axis=2)[~np.eye(9, dtype=bool)]
    assert gaps.min() > 1.0
    assert (np.diff(found.shares) <= 0).all()
    assert found.shares.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("lightness", [0.0, 100.0])
def test_black_and_white_have_one_color(lightness: float) -> None:
    found = suggest_colors(np.full(BINS, 1 / BINS, np.float32), lightness, 9)
    assert len(found.ab) == 1
    assert np.abs(found.ab).max() < 1.0


def test_the_same_at_every_call() -> None:
    probabilities = np.random.default_rng(1).dirichlet(np.ones(BINS)).astype(np.float32)
    first, second = (suggest_colors(probabilities, 55.0, 9) for _ in range(2))
    np.testing.assert_array_equal(first.ab, second.ab)


def test_what_would_hardly_be_drawn_is_left_out() -> None:
    found = suggest_colors(distribution((0, 0, 0.99999), (60, 40, 0.00001)), 50.0, 9)
    assert found.ab.tolist() == [[0, 0]]


def test_expected_error_by_hand() -> None:
    likely = np.stack([distribution((0, 0, 0.75), (20, 0, 0.25)), distribution((0, 30, 1.0))])
    chosen = np.array([[10, 0], [0, 0]], np.float32)
    assert expected_error(likely, chosen, np.full(2, 60, np.float32)).tolist() == pytest.approx([10.0, 30.0])
    # At white there is nothing but white.
    assert expected_error(likely, 0 * chosen, np.full(2, 100, np.float32)).max() < 0.5
