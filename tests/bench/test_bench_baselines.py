"""Baselines on cards whose answer is known by hand, Levin's weights against their formula."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.bench.baselines import BASELINES, levin_weights, match_histogram, nearest_luma, reinhard
from handtint.bench.metrics import adherence
from handtint.color.hints import painted_points
from handtint.colorizers.base import Guidance

WARM, COLD = (30.0, 20.0), (-10.0, -30.0)


def two_halves() -> np.ndarray:
    light = np.full((24, 32), 40.0, np.float32)
    light[:, 16:] = 70.0
    return light


def two_hints() -> Guidance:
    """One color on each side, on single pixels."""
    ab, mask = np.zeros((2, 24, 32), np.float32), np.zeros((24, 32), np.float32)
    ab[:, 5, 3], ab[:, 18, 28] = WARM, COLD
    mask[5, 3] = mask[18, 28] = 1.0
    return Guidance(hints=painted_points(ab, mask))


@pytest.mark.parametrize("name", BASELINES)
def test_without_hints_all_is_gray(name: str) -> None:
    light = two_halves()
    assert not BASELINES[name](light)(Guidance()).any()


@pytest.mark.parametrize("name", ["hint_mean", "levin", "fgs", "fgs_exact"])
def test_one_hint_colors_everything(name: str) -> None:
    light = np.full((12, 14), 50.0, np.float32)
    ab, mask = np.zeros((2, 12, 14), np.float32), np.zeros((12, 14), np.float32)
    ab[:, 4, 4], mask[4, 4] = WARM, 1.0
    answer = BASELINES[name](light)(Guidance(hints=painted_points(ab, mask)))
    np.testing.assert_allclose(answer, np.broadcast_to(np.array(WARM)[:, None, None], answer.shape), atol=0.01)


def test_the_mean_of_hints_is_one_color() -> None:
    answer = BASELINES["hint_mean"](two_halves())(two_hints())
    np.testing.assert_allclose(answer[0], 10.0, atol=1e-4)
    np.testing.assert_allclose(answer[1], -5.0, atol=1e-4)


@pytest.mark.parametrize("name", ["levin", "fgs", "fgs_exact"])
def test_colors_stop_at_an_edge(name: str) -> None:
    answer = BASELINES[name](two_halves())(two_hints())
    np.testing.assert_allclose(answer[:, 12, 2], WARM, atol=1.0)
    np.testing.assert_allclose(answer[:, 12, 29], COLD, atol=1.0)
    np.testing.assert_allclose(answer[:, :, 14].mean(axis=1), WARM, atol=2.0)


@pytest.mark.parametrize("name", ["levin", "fgs_exact"])
def test_hard_methods_meet_every_hint_even_close_ones(name: str) -> None:
    rng = np.random.default_rng(4)
    light = rng.uniform(45, 55, (24, 32)).astype(np.float32)
    ab, mask = np.zeros((2, 24, 32), np.float32), np.zeros((24, 32), np.float32)
    for row, column in ((3, 3), (3, 4), (4, 3), (20, 30), (10, 16)):
        ab[:, row, column], mask[row, column] = rng.uniform(-20, 20, 2), 1.0
    answer = BASELINES[name](light)(Guidance(hints=painted_points(ab, mask)))
    assert adherence(light, answer, ab, mask).largest < 0.01


def test_a_picture_that_is_all_hints_is_returned() -> None:
    light = two_halves()
    ab = np.random.default_rng(2).uniform(-8, 8, (2, *light.shape)).astype(np.float32)
    answer = BASELINES["levin"](light)(Guidance(hints=painted_points(ab, np.ones_like(light))))
    np.testing.assert_allclose(answer, ab, atol=1e-5)


def test_levin_weights_are_those_of_the_released_code() -> None:
    light = np.random.default_rng(1).uniform(20, 80, (4, 5)).astype(np.float32)
    weights = levin_weights(light).toarray()
    assert weights.sum(axis=1) == pytest.approx(np.ones(20))
    luma = light.astype(np.float64) / 100
    window = luma[0:3, 1:4]  # around row 1, column 2
    squares = np.delete(np.square(window - luma[1, 2]).reshape(-1), 4)
    expected = np.exp(-squares / max(0.6 * window.var(), squares.min() / np.log(100)))
    expected = np.insert(expected, 4, 0.0).reshape(3, 3)
    row = weights[1 * 5 + 2].reshape(4, 5)
    np.testing.assert_allclose(row[0:3, 1:4], expected / expected.sum(), rtol=1e-6)
    assert np.count_nonzero(row) == 8
    assert np.count_nonzero(weights[0]) == 3  # a corner has three neighbors


def test_levin_weights_of_a_single_row_and_a_single_pixel() -> None:
    assert levin_weights(np.full((1, 3), 50.0, np.float32)).toarray().tolist() == [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]
    assert levin_weights(np.full((1, 1), 50.0, np.float32)).nnz == 0


def test_nearest_luma_takes_the_color_of_that_lightness() -> None:
    palette = np.array([[30.0, 5.0, 5.0], [80.0, -5.0, 10.0]], np.float32)
    ab = nearest_luma(np.array([[20.0, 54.0, 56.0, 90.0]], np.float32), palette)
    assert ab[:, 0].T.tolist() == [[5.0, 5.0], [5.0, 5.0], [-5.0, 10.0], [-5.0, 10.0]]


@pytest.mark.parametrize("transfer", [reinhard, match_histogram])
def test_an_exemplar_with_the_same_lightness_gives_its_colors(transfer: object) -> None:
    light = np.linspace(20, 80, 40, dtype=np.float32)[None].repeat(10, axis=0)
    exemplar = np.stack([light, 0.2 * light, -0.3 * light])
    ab = transfer(light, exemplar)  # type: ignore[operator]
    np.testing.assert_allclose(ab, exemplar[1:], atol=0.7)
    # A darker exemplar with less contrast: the order of lightness decides, not its value.
    darker = exemplar.copy()
    darker[0] = 10 + 0.4 * light
    np.testing.assert_allclose(transfer(light, darker), exemplar[1:], atol=0.7)  # type: ignore[operator]
