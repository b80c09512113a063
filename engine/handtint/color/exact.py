"""Exact hint correction: what is left between hints and a prediction, spread along the picture's lightness.

The residual x solves (A + W) x = W r, with A the Laplacian of the lightness graph plus epsilon and W = 1 / ridge at
the hints. That is G (K + ridge)^-1 r with the Green's functions G of A, for any number of hints at once, however
close or repeated. Alone it would fall steeply around a single dot, which the eye sees as a disc; so the hints'
nearest surroundings are pulled along, weakly. Knows nothing of files, editors or networks.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from handtint.color.banded import blank_band, factor, solve
from handtint.color.fgs import FastGlobalSmoother, edge_weights
from handtint.color.hints import Points
from handtint.color.upsample import area_size, shrink_area, upsample

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

GRAPH_SIDE = 128
"""Longest side of the graph: a banded Cholesky factorisation of 128 x 96 nodes takes 10 ms, of 256 x 256 150 ms, and
on photographs of 256 x 256 pixels with 10 to 200 hints the finer graph is no better."""
SIGMA = 3.0
"""Lightness step of `edge_weights`, in L* units. With 2 a hint on a shaded face stays on its few pixels."""
_FLOOR = 1e-6
_STEP_COST = 1.0 / 3.0
_ADVICE = 0.3
_BAND = 5
_ADVICE_STRENGTH = 100.0


class Travel(NamedTuple):
    """What the two sliders mean on the graph.

    Attributes
    ----------
    epsilon : float
        Diagonal term: a residual falls by e over about epsilon ** -0.5 nodes of flat lightness.
    distance : float
        Where a residual ends, as a share of the longest side; infinite at reach 1.
    ridge : float
        How far hints that contradict each other may be averaged.
    share : float
        How much of what is missing is given, 1 to 0.
    """

    epsilon: float
    distance: float
    ridge: float
    share: float


def travel(reach: float, softness: float) -> Travel:
    """Map reach and softness, 0 to 1 each, to the graph; all values are monotone."""
    # 0.1 to 1e-6, most of it early: where the reach ends is better said by the distance than by a loss on the way.
    epsilon = 10.0 ** (-1.0 - 10.0 * reach + 5.0 * reach**2)
    distance = 0.02 + 2.4 * reach**2 if reach < 1.0 else np.inf
    return Travel(epsilon, distance, ridge=1e-6 + 0.3 * softness**2, share=1.0 - softness)


class LightnessGraph:
    """The picture's lightness as a graph of neighbours, at its own small size.

    Parameters
    ----------
    lightness : (H, W) float32
        L*, 0-100.
    """

    def __init__(self, lightness: FloatArray) -> None:
        self.shape = area_size(lightness.shape, GRAPH_SIDE)
        self.lightness = shrink_area(lightness, self.shape)
        self._turned = self.shape[0] > self.shape[1]  # the band is as wide as the shorter side
        lines = self.lightness if self._turned else self.lightness.T
        self._lines = np.ascontiguousarray(lines)
        self._across = edge_weights(np.diff(self._lines, axis=0), SIGMA) + _FLOOR
        self._along = edge_weights(np.diff(self._lines, axis=1), SIGMA) + _FLOOR
        degree = _degree(self._along, self._across)
        self._degree = degree if self._turned else degree.T
        self._steps = _step_costs(self.lightness)
        self._surroundings = FastGlobalSmoother(self.lightness, strength=_ADVICE_STRENGTH, sigma=SIGMA)

    @property
    def nbytes(self) -> int:
        """Memory of the graph."""
        steps = self._steps.data.nbytes + self._steps.indices.nbytes + self._steps.indptr.nbytes
        lines = self._lines.nbytes + self._across.nbytes + self._along.nbytes
        return self.lightness.nbytes + lines + int(steps) + self._surroundings.nbytes

    def spread(self, residual: FloatArray, promised: NDArray[np.bool_], limits: Travel) -> FloatArray:
        """Spread a residual from the hints over the graph.

        Parameters
        ----------
        residual : (C, h, w) float32
            At the graph's size; what stands where `promised` is False is ignored.
        promised : (h, w) bool

        Returns
        -------
        (C, h, w) float32
            The residual (up to the ridge) at the hints, never more than its extremes elsewhere.
        """
        if not promised.any() or limits.share == 0.0:
            return np.zeros_like(residual)
        return self.ways(promised, limits).carry(residual)

    def ways(self, promised: NDArray[np.bool_], limits: Travel) -> Ways:
        """All of `spread` that does not depend on the residual; something is promised."""
        hint = np.asarray(promised / limits.ridge)
        advice = np.where(promised, 0.0, _ADVICE)
        pull = hint + advice * self._surroundings.smooth(promised[None].astype(np.float64))[0]
        # By the degree, so that a node cut off by edges follows its neighbours before it keeps the bare prediction.
        factored = self.factored(pull + limits.epsilon / 4.0 * self._degree)
        (arrived,) = factored.solve(pull[None])
        share = limits.share * _bridged(arrived) * self.fade(promised, limits.distance)
        return Ways(promised, hint, advice, self._surroundings, factored, share)

    def factored(self, diagonal: DoubleArray) -> Factored:
        """Laplacian + diagonal, (h, w), above 0, ready to be solved."""
        band, width = self._banded(self._as_lines(diagonal)), self._lines.shape[1] + 1
        factor(band, width)
        return Factored(band, width, self._lines.shape, self._turned)

    def fade(self, promised: NDArray[np.bool_], distance: float) -> FloatArray:
        """1 at the hints, falling smoothly to 0 at `distance` (share of the longest side), edges counting extra.

        (h, w) bool in, (h, w) float32 out.
        """
        if not np.isfinite(distance) or not promised.any():
            return np.ones(self.shape, np.float32)
        limit = distance * max(self.shape)
        walked = dijkstra(self._steps, indices=np.flatnonzero(promised), min_only=True, limit=limit)
        t = np.clip(2.0 - 2.0 * np.asarray(walked).reshape(self.shape) / limit, 0.0, 1.0)
        return (t * t * (3.0 - 2.0 * t)).astype(np.float32)

    def _as_lines(self, plane: NDArray[np.floating]) -> NDArray[np.floating]:
        return plane if self._turned else plane.T

    def _banded(self, diagonal: NDArray[np.floating]) -> DoubleArray:
        """Laplacian + diagonal, as `banded` takes it."""
        lines, length = self._lines.shape
        band = blank_band(lines * length, length + 1)
        band[:, 0] = (diagonal + _degree(self._along, self._across)).reshape(-1)
        band[: self._across.size, length] = -self._across.reshape(-1)
        if length > 1:  # with one node per line the two off-diagonals are the same one
            band[:, 1].reshape(lines, length)[:, :-1] = -self._along
        return band


class Factored(NamedTuple):
    """A factored system on a graph.

    Attributes
    ----------
    band, width
        As in `banded`.
    lines : (lines, length)
        Of the graph.
    turned : bool
        Whether its lines are rows of the picture.
    """

    band: DoubleArray
    width: int
    lines: tuple[int, ...]
    turned: bool

    def solve(self, right: DoubleArray) -> DoubleArray:
        """Solutions (C, h, w) for right-hand sides (C, h, w)."""
        lines = right if self.turned else right.transpose(0, 2, 1)
        found = solve(self.band, self.width, lines.reshape(len(right), -1)).reshape(-1, *self.lines)
        return found if self.turned else found.transpose(0, 2, 1)


class Ways(NamedTuple):
    """How promised hints spread over a graph, whatever it is that they spread.

    Attributes
    ----------
    promised : (h, w) bool
    hint, advice : (h, w) float64
        How strongly a node is held, and how strongly it is pulled along with hints nearby.
    surroundings : FastGlobalSmoother
        What is nearby.
    factored : Factored
    share : (h, w) float32
        How much of it is given.
    """

    promised: NDArray[np.bool_]
    hint: DoubleArray
    advice: DoubleArray
    surroundings: FastGlobalSmoother
    factored: Factored
    share: FloatArray

    def carry(self, residual: FloatArray) -> FloatArray:
        """See `LightnessGraph.spread`."""
        advised = self.advice * self.surroundings.smooth(residual * self.promised)
        return np.asarray(self.factored.solve(residual * self.hint + advised) * self.share, np.float32)


def _bridged(arrived: DoubleArray) -> FloatArray:
    """Factor (h, w) that lifts thin bands to what surrounds them.

    `arrived`, 0 to 1, is how much of the hints each node gets. Between two colored regions the few nodes of an edge
    get little from either, and would show the bare prediction as a fringe.
    """
    closed = cv2.morphologyEx(arrived.astype(np.float32), cv2.MORPH_CLOSE, np.ones((_BAND, _BAND), np.uint8))
    return np.asarray(closed / np.maximum(arrived, 1e-9), np.float32)


def _degree(along: DoubleArray, across: DoubleArray) -> DoubleArray:
    """Sum of each node's affinities: `along` is (lines, length - 1), `across` (lines - 1, length)."""
    total = np.zeros((len(along), across.shape[1]))
    total[:, :-1] += along
    total[:, 1:] += along
    total[:-1] += across
    total[1:] += across
    return total


def _step_costs(lightness: FloatArray) -> csr_array:
    """Cost of walking from a node to its eight neighbours: the way, plus a third per L* unit of the step."""
    height, width = lightness.shape
    index = np.arange(height * width).reshape(height, width)
    pairs = [
        (index[:, :-1], index[:, 1:], 1.0),
        (index[:-1], index[1:], 1.0),
        (index[:-1, :-1], index[1:, 1:], np.sqrt(2.0)),
        (index[:-1, 1:], index[1:, :-1], np.sqrt(2.0)),
    ]
    starts = np.concatenate([first.ravel() for first, _, _ in pairs])
    ends = np.concatenate([second.ravel() for _, second, _ in pairs])
    way = np.concatenate([np.full(first.size, length) for first, _, length in pairs])
    light = lightness.reshape(-1).astype(np.float64)
    cost = way + _STEP_COST * np.abs(light[starts] - light[ends])
    both = (np.concatenate([starts, ends]), np.concatenate([ends, starts]))
    return csr_array((np.concatenate([cost, cost]), both), shape=(index.size, index.size))


class Correction(NamedTuple):
    """How a prediction is moved onto its hints: all that can be made ready before there is a prediction.

    Attributes
    ----------
    graph : LightnessGraph
    hints : Points
        Those that are met.
    ways : Ways
    """

    graph: LightnessGraph
    hints: Points
    ways: Ways

    def applied(self, lightness: FloatArray, ab: FloatArray) -> FloatArray:
        """The prediction (2, H, W), moved; lightness (H, W) at its size."""
        missing = self.hints._replace(ab=self.hints.ab - ab.reshape(2, -1)[:, self.hints.pixels])
        spread = self.ways.carry(missing.shrunk(self.graph.shape).layer().ab)
        return ab + upsample(spread, self.graph.lightness, lightness, back_projections=1)


def correction(graph: LightnessGraph, hints: Points, limits: Travel) -> Correction | None:
    """Make ready to move a prediction onto its hints; None where nothing is promised.

    Parameters
    ----------
    graph : LightnessGraph
        Of the same picture.
    hints : Points
        At the size of the prediction; from PROMISED_COVERAGE on a hint is met.
    """
    hints = hints.promised()
    if len(hints.pixels) == 0 or limits.share == 0.0:
        return None
    return Correction(graph, hints, graph.ways(hints.shrunk(graph.shape).layer().mask > 0, limits))
