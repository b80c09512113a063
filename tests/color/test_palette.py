"""Palettes of pictures whose colours are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data

from handtint.color.lab import rgb_to_lab
from handtint.color.palette import extract_palette

COLORS = np.array([[50.0, 60.0, 40.0], [30.0, -40.0, 20.0], [80.0, 5.0, -50.0]], np.float32)


def _stripes(widths: tuple[int, ...]) -> np.ndarray:
    columns = np.repeat(COLORS[: len(widths)], widths, axis=0).T
    return np.repeat(columns[:, None], 10, axis=1)


def test_colors_come_by_share() -> None:
    palette = extract_palette(_stripes((20, 50, 30)), 3)
    np.testing.assert_allclose(palette.lab, COLORS[[1, 2, 0]], atol=1e-3)
    np.testing.assert_allclose(palette.weights, [0.5, 0.3, 0.2], atol=1e-6)


def test_noise_around_three_colors_is_averaged_away() -> None:
    noisy = _stripes((20, 50, 30)) + np.random.default_rng(0).normal(0, 2, (3, 10, 100)).astype(np.float32)
    palette = extract_palette(noisy, 3)
    np.testing.assert_allclose(palette.lab, COLORS[[1, 2, 0]], atol=1.0)
    np.testing.assert_allclose(palette.weights, [0.5, 0.3, 0.2], atol=1e-6)


def test_fewer_colors_than_asked_for() -> None:
    palette = extract_palette(_stripes((60, 40)), 5)
    assert palette.lab.shape == (2, 3)
    np.testing.assert_allclose(palette.weights, [0.6, 0.4], atol=1e-6)


def test_lightness_does_not_count_where_only_ab_is_asked_for() -> None:
    lab = _stripes((50, 50))
    lab[0] = np.linspace(0, 100, 100)
    palette = extract_palette(lab, 4, ab_only=True)
    assert palette.lab.shape == (2, 3)
    np.testing.assert_allclose(sorted(palette.lab[:, 0]), [24.75, 75.25], atol=0.01)


def test_one_color_is_the_mean_and_one_pixel_is_enough() -> None:
    lab = _stripes((25, 75))
    np.testing.assert_allclose(extract_palette(lab, 1).lab[0], 0.25 * COLORS[0] + 0.75 * COLORS[1], atol=1e-3)
    assert extract_palette(lab[:, :1, :1], 16).weights.tolist() == [1.0]


@pytest.mark.parametrize("count", [3, 16])
def test_a_photograph_gives_the_same_palette_twice(count: int) -> None:
    lab = rgb_to_lab(torch.from_numpy(data.astronaut().transpose(2, 0, 1).copy()) / 255).numpy()
    first, second = extract_palette(lab, count, seed=7), extract_palette(lab, count, seed=7)
    assert first.lab.shape == (count, 3)
    assert np.array_equal(first.lab, second.lab)
    assert (np.diff(first.weights) <= 0).all()
    assert first.weights.sum() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("count", [0, 17])
def test_a_wrong_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        extract_palette(_stripes((1,)), count)
