"""Self-references: colours stay, places move, corners of the spline hold."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.transform import resize

from handtint.train.data import FloatArray
from handtint.train.warp import Warp, grid, sample, self_reference, spline, turn

NOTHING = Warp(noise=0.0, points=0, shift=0.0, turned=False)


@pytest.fixture(scope="module")
def coffee() -> FloatArray:
    return np.asarray(resize(data.coffee(), (48, 64), anti_aliasing=True), np.float32)


def test_nothing_asked_is_the_picture_itself(coffee: FloatArray) -> None:
    assert np.array_equal(self_reference(coffee, NOTHING, np.random.default_rng(0)), coffee)


def test_noise_has_its_deviation_in_steps_of_8_bit() -> None:
    gray = np.full((100, 100, 3), 0.5, np.float32)
    noisy = self_reference(gray, Warp(5.0, 0, 0.0, False), np.random.default_rng(0))
    assert (noisy - gray).std() * 255.0 == pytest.approx(5.0, rel=0.03)
    assert noisy.mean() == pytest.approx(0.5, abs=1e-3)


def test_places_are_read_where_they_are(coffee: FloatArray) -> None:
    assert np.allclose(sample(coffee, grid(coffee.shape[:2])), coffee, atol=1e-6)
    mirrored = grid(coffee.shape[:2])
    mirrored[..., 0] = 1.0 - mirrored[..., 0]
    assert np.allclose(sample(coffee, mirrored), coffee[:, ::-1], atol=1e-5)


def test_a_turn_keeps_the_centre_and_all_distances() -> None:
    for seed in range(6):
        places = np.array([[[0.5, 0.5], [0.9, 0.5], [0.5, 0.1]]])
        turned = turn(places, np.random.default_rng(seed))[0]
        assert np.allclose(turned[0], 0.5)
        assert np.allclose(np.linalg.norm(turned - turned[0], axis=1), (0.0, 0.4, 0.4))


def test_turns_are_mirrored_half_the_time() -> None:
    def handed(seed: int) -> bool:
        right, down = turn(np.array([[[0.9, 0.5], [0.5, 0.9]]]), np.random.default_rng(seed))[0] - 0.5
        return bool(right[0] * down[1] - right[1] * down[0] > 0)

    assert 60 < sum(handed(seed) for seed in range(200)) < 140


def test_a_spline_holds_the_corners_and_moves_the_middle() -> None:
    corners = np.array([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])
    middle = np.array([[[0.4, 0.4], [0.5, 0.5], [0.6, 0.6]]])
    for seed in range(5):
        assert np.allclose(spline(corners, Warp(), np.random.default_rng(seed)), corners, atol=1e-9)
        moved = spline(middle, Warp(), np.random.default_rng(seed)) - middle
        assert np.linalg.norm(moved, axis=-1).max() > 0.02


def test_a_spline_without_shift_moves_nothing() -> None:
    places = grid((9, 9))
    assert np.allclose(spline(places, Warp(shift=0.0), np.random.default_rng(1)), places, atol=1e-9)


def test_an_exemplar_keeps_the_colors_and_not_their_places(coffee: FloatArray) -> None:
    """Over many exemplars the mean colour is the picture's, while no pixel stays."""
    made = [self_reference(coffee, Warp(), np.random.default_rng(seed)) for seed in range(40)]
    assert np.abs(np.mean(made, axis=(0, 1, 2)) - coffee.mean(axis=(0, 1))).max() < 0.08
    assert min(np.abs(one - coffee).mean() for one in made) > 0.05
    assert all(one.min() >= 0.0 and one.max() <= 1.0 for one in made)


def test_the_same_randomness_gives_the_same_exemplar(coffee: FloatArray) -> None:
    one, two, other = (self_reference(coffee, Warp(), np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
