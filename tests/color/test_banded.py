"""Banded systems against dense ones."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.banded import blank_band, factor, solve


@pytest.mark.parametrize(
    ("size", "width"), [(1, 1), (1, 2), (2, 2), (7, 1), (9, 4), (13, 5), (40, 12), (64, 33), (5, 5)]
)
def test_same_as_a_dense_solve(size: int, width: int) -> None:
    rng = np.random.default_rng(size)
    dense = np.zeros((size, size))
    for down in range(min(width, size)):
        dense += np.diag(rng.normal(size=size - down), -down)
    dense = dense @ dense.T + np.eye(size)
    band = blank_band(size, width)
    for down in range(min(width, size)):
        band[: size - down, down] = np.diagonal(dense, -down)
    right = rng.normal(size=(3, size))
    factor(band, width)
    np.testing.assert_allclose(solve(band, width, right), np.linalg.solve(dense, right.T).T, rtol=1e-6, atol=1e-9)


def test_right_hand_sides_stay_as_they_are() -> None:
    band, right = blank_band(3, 2), np.ones((1, 3))
    band[:, 0] = 4.0
    factor(band, 2)
    assert solve(band, 2, right).tolist() == [[0.25, 0.25, 0.25]]
    assert (right == 1.0).all()


def test_a_matrix_that_is_not_positive_definite() -> None:
    band = blank_band(3, 2)
    band[:, 0] = (1.0, -1.0, 1.0)
    with pytest.raises(ArithmeticError, match="not positive definite"):
        factor(band, 2)
