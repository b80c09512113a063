"""Metrics on cards whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.bench.metrics import (
    ColorEdges,
    adherence,
    area_under_curve,
    delta_e,
    psnr,
    ssim,
    to_lab,
    to_rgb,
)
from handtint.color.gamut import clip_colors

RNG = np.random.default_rng(3)


def test_psnr_of_a_known_error_and_of_none() -> None:
    picture = np.full((6, 5, 3), 100, np.uint8)
    assert psnr(picture + np.uint8(10), picture) == pytest.approx(28.1308, abs=1e-4)  # 20 log10 25.5
    assert psnr(picture, picture) == 50.0


def test_one_wrong_channel_counts_a_third() -> None:
    picture = np.full((6, 5, 3), 100, np.uint8)
    wrong = picture.copy()
    wrong[..., 2] += 10
    assert psnr(wrong, picture) == pytest.approx(28.1308 + 10 * np.log10(3), abs=1e-4)


def test_ssim_is_one_for_the_same_and_less_for_noise() -> None:
    picture = RNG.integers(0, 255, (32, 32, 3), dtype=np.uint8)
    assert ssim(picture, picture) == pytest.approx(1.0)
    assert abs(ssim(picture, RNG.integers(0, 255, (32, 32, 3), dtype=np.uint8))) < 0.2


@pytest.mark.parametrize(
    ("lab", "other", "expected"),
    [  # pairs of the published test data (Sharma et al., table 1)
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ],
)
def test_delta_e_of_published_pairs(lab: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    one, two = (np.array(color, np.float32).reshape(3, 1, 1) for color in (lab, other))
    assert delta_e(one, two)[0, 0] == pytest.approx(expected, abs=2e-4)


def test_area_under_a_straight_line_and_a_constant() -> None:
    assert area_under_curve([0, 1, 10, 200], [30.0] * 4) == pytest.approx(30.0)
    assert area_under_curve([0, 1, 3, 7], [20.0, 21.0, 22.0, 23.0]) == pytest.approx(21.5)
    with pytest.raises(ValueError, match="rising"):
        area_under_curve([1, 1], [2.0, 3.0])


def test_rgb_and_lab_come_back() -> None:
    rgb = RNG.integers(0, 255, (9, 7, 3), dtype=np.uint8)
    lab = to_lab(rgb)
    assert np.array_equal(to_rgb(lab[0], lab[1:]), rgb)
    assert to_lab(np.full((1, 1, 3), 255, np.uint8))[:, 0, 0] == pytest.approx([100.0, 0.0, 0.0], abs=1e-3)


def test_adherence_counts_promised_pixels_only() -> None:
    light, mask = np.full((4, 4), 50.0, np.float32), np.zeros((4, 4), np.float32)
    ab, hint_ab = np.zeros((2, 4, 4), np.float32), np.zeros((2, 4, 4), np.float32)
    mask[0, 0], mask[0, 1], mask[3, 3] = 1.0, 0.6, 0.2
    ab[:, 0, 0] = (2.5, 0.0)
    hint_ab[:, 0, 0] = (0.0, -2.5)
    hint_ab[:, 3, 3] = 90.0  # too thin to be a promise
    found = adherence(light, ab, hint_ab, mask)
    assert found.mean == pytest.approx(4.3065 / 2, abs=1e-3)
    assert found.largest == pytest.approx(4.3065, abs=1e-3)
    assert np.isnan(adherence(light, ab, hint_ab, 0 * mask).mean)


def test_an_impossible_hint_is_compared_as_clipped() -> None:
    light, mask = np.full((1, 1), 97.0, np.float32), np.ones((1, 1), np.float32)
    hint = np.array([60.0, 0.0], np.float32).reshape(2, 1, 1)
    best = clip_colors(light[0], hint[:, 0])[:, None]
    assert 1.0 < best[0, 0, 0] < 10.0  # almost no chroma is possible this near to white
    assert adherence(light, best, hint, mask).largest == 0.0
    assert adherence(light, 0 * hint, hint, mask).largest > 2.0


def two_halves(column: int = 20) -> np.ndarray:
    ab = np.zeros((2, 40, 40), np.float32)
    ab[0, :, :column], ab[0, :, column:] = 30.0, -30.0
    return ab


def test_retention_of_the_truth_a_wash_a_half_and_a_swap() -> None:
    truth = two_halves()
    edges = ColorEdges(truth)
    assert edges.retention(truth) == pytest.approx(1.0)
    assert edges.retention(0.5 * truth) == pytest.approx(0.5)
    assert edges.retention(0 * truth + 12) == 0.0
    assert edges.retention(-truth) == -1.0
    assert edges.retention(9 * truth) == 1.5


def test_retention_follows_the_edge_in_any_direction() -> None:
    rows, columns = np.mgrid[:60, :60]
    ab = np.where(rows + 2 * columns < 90, 25.0, -25.0)[None] * np.array([0.6, 0.8])[:, None, None]
    edges = ColorEdges(ab.astype(np.float32))
    assert edges.retention(ab.astype(np.float32)) == pytest.approx(1.0)
    assert edges.step.shape[1] > 50
    assert np.hypot(*edges.step).mean() == pytest.approx(50.0, rel=0.02)


def test_errors_next_to_edges_and_elsewhere_are_told_apart() -> None:
    edges = ColorEdges(two_halves())
    assert edges.zone[:, 18:22].all()
    assert not edges.zone[:, :12].any()
    error = np.where(edges.zone, 8.0, 2.0).astype(np.float32)
    found = edges.bleeding(two_halves(), error)
    assert (found.edge, found.off_edge) == (8.0, 2.0)


def test_a_picture_without_color_edges_has_no_retention() -> None:
    flat = np.full((2, 20, 20), 10.0, np.float32)
    found = ColorEdges(flat).bleeding(flat, np.ones((20, 20), np.float32))
    assert np.isnan(found.retention)
    assert np.isnan(found.edge)
    assert found.off_edge == 1.0
