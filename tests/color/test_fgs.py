"""The smoother against dense solves of the same sweeps."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.fgs import FastGlobalSmoother, fill, no_spread, spread_hints


def _dense_line(guide: np.ndarray, values: np.ndarray, amount: float, sigma: float) -> np.ndarray:
    """One sweep along one line, written as the paper's equation: (I + lambda A) u = f."""
    matrix = np.eye(len(guide))
    for i in range(len(guide) - 1):
        step = abs(float(guide[i + 1]) - float(guide[i])) / sigma
        weight = amount * np.exp(-step - step**2 / 4)
        matrix[np.ix_([i, i + 1], [i, i + 1])] += weight * np.array([[1, -1], [-1, 1]])
    return np.linalg.solve(matrix, values)


def _dense(guide: np.ndarray, values: np.ndarray, strength: float, sigma: float) -> np.ndarray:
    for step in (1, 2, 3):
        amount = 1.5 * 4.0 ** (3 - step) / (4.0**3 - 1) * strength
        values = np.stack([_dense_line(g, v, amount, sigma) for g, v in zip(guide, values, strict=True)])
        values = np.stack([_dense_line(g, v, amount, sigma) for g, v in zip(guide.T, values.T, strict=True)]).T
    return values


@pytest.mark.parametrize("shape", [(9, 13), (1, 13), (13, 1), (1, 1), (2, 2)])
def test_same_as_a_dense_solve(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    guide = rng.uniform(0, 100, shape).astype(np.float32)
    fields = rng.normal(0, 30, (3, *shape))
    smooth = FastGlobalSmoother(guide, strength=300.0, sigma=20.0).smooth(fields)
    for found, field in zip(smooth, fields, strict=True):
        np.testing.assert_allclose(found, _dense(guide, field, 300.0, 20.0), rtol=1e-6, atol=1e-6)


def test_a_constant_stays_and_a_line_keeps_its_sum() -> None:
    guide = np.random.default_rng(6).uniform(0, 100, (20, 30)).astype(np.float32)
    smoother = FastGlobalSmoother(guide, strength=1e4, sigma=2.0)
    np.testing.assert_allclose(smoother.smooth(np.full((1, 20, 30), 7.0)), 7.0, rtol=1e-9)
    impulse = np.zeros((1, 20, 30))
    impulse[0, 8, 9] = 1.0
    assert smoother.smooth(impulse).sum() == pytest.approx(1.0, rel=1e-9)


def test_the_fields_given_stay_as_they_are() -> None:
    fields = np.random.default_rng(7).normal(0, 1, (2, 5, 6))
    before = fields.copy()
    FastGlobalSmoother(np.zeros((5, 6), np.float32), strength=10.0, sigma=2.0).smooth(fields)
    assert np.array_equal(fields, before)


def test_filling_stops_at_an_edge() -> None:
    guide = np.full((40, 40), 30.0, np.float32)
    guide[:, 20:] = 70.0
    values = np.zeros((2, 40, 40), np.float32)
    weight = np.zeros((40, 40), np.float32)
    values[:, 20, 5] = (40.0, 10.0)
    values[:, 20, 35] = (-30.0, -20.0)
    weight[20, [5, 35]] = 1.0
    filled = fill(FastGlobalSmoother(guide, strength=1e4, sigma=2.0), values, weight)
    np.testing.assert_allclose(
        filled[:, :, :20], np.array([40.0, 10.0])[:, None, None] * np.ones((2, 40, 20)), atol=0.1
    )
    np.testing.assert_allclose(
        filled[:, :, 20:], np.array([-30.0, -20.0])[:, None, None] * np.ones((2, 40, 20)), atol=0.1
    )


def test_filling_with_nothing_is_zero() -> None:
    smoother = FastGlobalSmoother(np.zeros((4, 4), np.float32), strength=1e4, sigma=2.0)
    assert not fill(smoother, np.ones((2, 4, 4), np.float32), np.zeros((4, 4), np.float32)).any()


def test_memory_is_reported() -> None:
    smoother = FastGlobalSmoother(np.zeros((30, 40), np.float32), strength=1.0, sigma=1.0)
    assert smoother.nbytes == pytest.approx(3 * 2 * 2 * 30 * 40 * 8, rel=0.01)


def test_hints_are_spread_once_for_each_smoother() -> None:
    lightness = np.full((20, 30), 50.0, np.float32)
    short, long = (FastGlobalSmoother(lightness, strength=strength, sigma=4.0) for strength in (10.0, 1e4))
    ab, mask = np.full((2, 20, 30), 99.0, np.float32), np.zeros((20, 30), np.float32)
    ab[:, 5, 5], mask[5, 5] = (12.0, -7.0), 1.0
    spread = spread_hints([short, long], ab, mask)
    assert spread.ab.shape == (4, 20, 30)
    reached = spread.arrived > 0
    for index in range(2):
        colors = spread.ab[2 * index : 2 * index + 2, reached[index]]
        assert np.allclose(colors, [[12.0], [-7.0]], atol=1e-3)
    assert spread.arrived[0, 5, 5] > spread.arrived[1, 5, 5]
    assert spread.arrived[0, 19, 29] < spread.arrived[1, 19, 29]
    everywhere = spread_hints([short], ab, np.ones_like(mask))
    assert np.allclose(everywhere.arrived, 1.0, atol=1e-6)


def test_no_hints_spread_nothing() -> None:
    spread = no_spread(2, (4, 6))
    assert (spread.ab.shape, spread.arrived.shape) == ((4, 4, 6), (2, 4, 6))
    assert not spread.ab.any()
    assert not spread.arrived.any()
