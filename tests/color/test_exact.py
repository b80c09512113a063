"""The exact correction against a dense solve, and what reach and softness do to it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from handtint.color.exact import SIGMA, LightnessGraph, correction, travel
from handtint.color.hints import painted_points


def _graph(shape: tuple[int, int], seed: int = 0) -> LightnessGraph:
    return LightnessGraph(np.random.default_rng(seed).uniform(20, 30, shape).astype(np.float32))


def _dense_laplacian(lightness: np.ndarray) -> np.ndarray:
    height, width = lightness.shape
    matrix = np.zeros((height * width, height * width))
    for row, column in np.ndindex(height, width):
        for down, right in ((0, 1), (1, 0)):
            if row + down < height and column + right < width:
                step = abs(float(lightness[row + down, column + right]) - float(lightness[row, column]))
                pair = [row * width + column, (row + down) * width + column + right]
                weight = np.exp(-step / SIGMA - (step / SIGMA) ** 2 / 4) + 1e-6
                matrix[np.ix_(pair, pair)] += weight * np.array([[1, -1], [-1, 1]])
    return matrix


@pytest.mark.parametrize("shape", [(9, 12), (12, 9), (10, 10), (1, 12), (12, 1), (2, 5)])
def test_the_solve_is_the_closed_form_with_greens_functions(shape: tuple[int, int]) -> None:
    graph = _graph(shape)
    rng = np.random.default_rng(1)
    promised = np.zeros(shape, bool)
    promised.ravel()[rng.choice(promised.size, 5, replace=False)] = True
    residual = rng.normal(0, 30, (2, *shape)).astype(np.float32)
    epsilon, ridge = 1e-3, 1e-2
    greens = np.linalg.inv(_dense_laplacian(graph.lightness) + epsilon * np.eye(promised.size))
    at = np.flatnonzero(promised)
    kernel = greens[np.ix_(at, at)] + ridge * np.eye(5)
    expected = greens[:, at] @ np.linalg.solve(kernel, residual.reshape(2, -1)[:, at].T)
    found = graph.factored(promised / ridge + epsilon).solve(residual * promised / ridge)
    np.testing.assert_allclose(found.reshape(2, -1).T, expected, atol=1e-3)


def test_hints_are_met_and_nothing_overshoots() -> None:
    graph = _graph((40, 50))
    rng = np.random.default_rng(2)
    promised = rng.random((40, 50)) < 0.1
    residual = rng.uniform(-60, 80, (2, 40, 50)).astype(np.float32)
    spread = graph.spread(residual, promised, travel(0.7, 0.0))
    np.testing.assert_allclose(spread[:, promised], residual[:, promised], atol=0.01)
    assert spread.min() >= residual[:, promised].min() - 1e-3
    assert spread.max() <= residual[:, promised].max() + 1e-3


def test_neighbouring_hints_that_repeat_or_contradict_do_no_harm() -> None:
    graph = LightnessGraph(np.full((30, 30), 50.0, np.float32))
    promised = np.zeros((30, 30), bool)
    promised[10:20, 10:20] = True
    residual = np.full((2, 30, 30), 25.0, np.float32)
    residual[1, ::2] = -25.0
    spread = graph.spread(residual, promised, travel(1.0, 0.0))
    assert np.abs(spread).max() <= 25.0 + 1e-3
    np.testing.assert_allclose(spread[:, promised], residual[:, promised], atol=0.01)


def test_reach_is_monotone_and_ends() -> None:
    graph = LightnessGraph(np.full((80, 100), 50.0, np.float32))
    promised = np.zeros((80, 100), bool)
    promised[40, 10] = True
    residual = np.full((1, 80, 100), 50.0, np.float32)
    fields = [graph.spread(residual, promised, travel(reach, 0.0))[0] for reach in np.linspace(0, 1, 11)]
    for shorter, longer in itertools.pairwise(fields):
        assert (longer >= shorter - 1e-3).all()
        assert longer.sum() > shorter.sum()
    assert not fields[0][:, 14:].any()
    assert not fields[5][:, 75:].any()
    assert fields[10][40, 99] > 10.0


def test_softness_is_monotone_from_met_to_ignored() -> None:
    graph = _graph((30, 30))
    promised = np.zeros((30, 30), bool)
    promised[15, 15:18] = True
    residual = np.full((1, 30, 30), 40.0, np.float32)
    missed = [
        40.0 - graph.spread(residual, promised, travel(0.5, softness))[0, 15, 16] for softness in np.linspace(0, 1, 11)
    ]
    assert missed[0] < 0.01
    assert (np.diff(missed) > 0).all()
    assert missed[5] == pytest.approx(20.0, abs=2.0)
    assert missed[-1] == 40.0


def test_a_correction_stops_at_an_edge() -> None:
    lightness = np.full((40, 60), 30.0, np.float32)
    lightness[:, 30:] = 70.0
    graph = LightnessGraph(lightness)
    promised = np.zeros((40, 60), bool)
    promised[18:22, 5:25] = True
    spread = graph.spread(np.full((1, 40, 60), 50.0, np.float32), promised, travel(0.6, 0.0))[0]
    assert spread[20, 28] > 25.0
    assert spread[:, 30:].max() < 1.0


def test_the_rim_between_two_corrected_regions_follows_them() -> None:
    lightness = np.full((60, 90), 20.0, np.float32)
    lightness[:, 45:] = 80.0
    lightness[:, 44:46] = 50.0
    graph = LightnessGraph(lightness)
    promised = np.zeros((60, 90), bool)
    promised[5:55, [30, 60]] = True
    spread = graph.spread(np.full((1, 60, 90), 50.0, np.float32), promised, travel(0.5, 0.0))[0]
    assert spread[10:50, 30:61].min() > 28.0


def test_a_dot_has_no_bright_core() -> None:
    graph = LightnessGraph(np.full((96, 128), 50.0, np.float32))
    promised = np.zeros((96, 128), bool)
    promised[48, 64] = True
    spread = graph.spread(np.full((1, 96, 128), 50.0, np.float32), promised, travel(0.7, 0.0))[0]
    assert spread[48, 66] > 0.85 * spread[48, 64]
    assert (np.diff(spread[48, 64:]) <= 1e-4).all()


def test_the_end_of_the_reach_is_round() -> None:
    graph = LightnessGraph(np.full((101, 101), 50.0, np.float32))
    promised = np.zeros((101, 101), bool)
    promised[50, 50] = True
    away = np.hypot(*(np.indices((101, 101)) - 50))
    half = graph.fade(promised, 0.4) > 0.5
    assert away[half].max() < 1.15 * away[~half].min()


def test_a_prediction_is_moved_onto_its_hints_at_its_own_size() -> None:
    lightness = np.tile(np.linspace(20, 80, 400, dtype=np.float32), (300, 1))
    ab = np.full((2, 300, 400), 10.0, np.float32)
    mask = np.zeros((300, 400), np.float32)
    mask[140:160, 190:230] = 1.0
    mask[50:60, 50:60] = 0.4  # too thin to be a promise
    goal = np.stack([np.full((300, 400), -20.0), np.full((300, 400), 35.0)]).astype(np.float32)
    ready = correction(LightnessGraph(lightness), painted_points(goal, mask), travel(0.2, 0.0))
    assert ready is not None
    moved = ready.applied(lightness, ab)
    np.testing.assert_allclose(moved[:, 144:156, 194:226], goal[:, 144:156, 194:226], atol=0.5)
    assert np.abs(moved[:, :80, :80] - 10.0).max() < 0.01


def test_without_a_promise_there_is_nothing_to_correct() -> None:
    graph = LightnessGraph(np.full((20, 20), 50.0, np.float32))
    thin, full = (painted_points(np.ones((2, 20, 20)), np.full((20, 20), cover)) for cover in (0.3, 1.0))
    assert correction(graph, thin, travel(1.0, 0.0)) is None
    assert correction(graph, full, travel(1.0, 1.0)) is None  # only advice
    assert correction(graph, full, travel(1.0, 0.0)) is not None


def test_a_large_picture_gets_a_small_graph() -> None:
    graph = LightnessGraph(np.zeros((300, 600), np.float32))
    assert graph.shape == (64, 128)
    assert graph.nbytes < 3_000_000
