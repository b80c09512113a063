"""Painted pixels at the picture's own size, and what happens around them."""

from __future__ import annotations

import numpy as np

from handtint.color.gamut import clip_colors
from handtint.color.hints import painted_points
from handtint.color.promise import keep_promise

SHAPE = (120, 160)
CELLS = (30, 40)


def _keep(
    mask: np.ndarray, lightness: np.ndarray, color: tuple[float, float] = (30.0, -20.0), hardness: float = 1.0
) -> np.ndarray:
    goal = np.array(color, np.float32)[:, None, None] * np.ones((2, *SHAPE), np.float32)
    ab = np.full((2, *SHAPE), 5.0, np.float32)
    return keep_promise(ab, lightness, painted_points(goal, mask), cells=CELLS, hardness=hardness)


def _stroke() -> np.ndarray:
    mask = np.zeros(SHAPE, np.float32)
    mask[58:62, 40:120] = 1.0
    return mask


def test_painted_pixels_get_their_color_and_the_rest_stays() -> None:
    mask = _stroke()
    found = _keep(mask, np.full(SHAPE, 50.0, np.float32))
    np.testing.assert_allclose(found[:, mask > 0].T, [[30.0, -20.0]] * int(mask.sum()), atol=1e-4)
    assert (found[:, :40] == 5.0).all()
    assert (found[:, 80:] == 5.0).all()


def test_the_surroundings_follow_without_a_step() -> None:
    column = _keep(_stroke(), np.full(SHAPE, 50.0, np.float32))[0, :, 80]
    assert column[57] > 22.0
    assert (np.diff(column[:60]) >= -1e-4).all()
    assert np.abs(np.diff(column)).max() < 8.0


def test_nothing_crosses_an_edge() -> None:
    lightness = np.full(SHAPE, 30.0, np.float32)
    lightness[62:] = 80.0
    found = _keep(_stroke(), lightness)
    assert np.abs(found[0, 57, 50:110] - 30.0).max() < 8.0
    assert np.abs(found[:, 62:] - 5.0).max() < 0.1


def test_colors_that_srgb_cannot_show_are_met_as_far_as_it_can() -> None:
    mask = _stroke()
    lightness = np.full(SHAPE, 20.0, np.float32)
    found = _keep(mask, lightness, (90.0, 90.0))
    best = clip_colors(np.array([20.0], np.float32), np.array([[90.0], [90.0]], np.float32))
    np.testing.assert_allclose(found[:, mask > 0].T, np.repeat(best.T, int(mask.sum()), 0), atol=1e-4)


def test_half_hard_goes_half_the_way_and_soft_nowhere() -> None:
    mask = _stroke()
    half = _keep(mask, np.full(SHAPE, 50.0, np.float32), hardness=0.5)
    np.testing.assert_allclose(half[0, mask > 0], 17.5, atol=1e-4)
    assert (_keep(mask, np.full(SHAPE, 50.0, np.float32), hardness=0.0) == 5.0).all()


def test_thin_paint_is_no_promise() -> None:
    assert (_keep(_stroke() * 0.4, np.full(SHAPE, 50.0, np.float32)) == 5.0).all()


def test_a_hint_on_every_pixel() -> None:
    rng = np.random.default_rng(0)
    goal = rng.uniform(-10, 10, (2, *SHAPE)).astype(np.float32)
    points = painted_points(goal, np.ones(SHAPE, np.float32))
    found = keep_promise(np.zeros((2, *SHAPE), np.float32), np.full(SHAPE, 50.0, np.float32), points, cells=CELLS)
    np.testing.assert_allclose(found, goal, atol=1e-5)
