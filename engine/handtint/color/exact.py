"""Exact hint correction: what is left between hints and a prediction, spread along the picture's lightness.

The residual x solves (A + W) x = W r, with A the Laplacian of the lightness graph plus epsilon and W = 1 / ridge at
the hints. That is G (K + ridge)^-1 r with the Green's functions G of A, for any number of hints at once, however
close or repeated. Alone it would fall steeply around a single dot, which the eye sees as a disc; so the hints'
nearest surroundings are pulled along, weakly. Knows nothing of files, editors or networks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from threadpoolctl import ThreadpoolController

from handtint.color.fgs import FastGlobalSmoother, edge_weights
from handtint.color.hints import Points
from handtint.color.upsample import area_size, shrink_area, upsample

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

GRAPH_SIDE = 128
"""Longest side of the graph: a banded Cholesky factorisation of 128 x 96 nodes takes 10 ms, of 256 x 256 150 ms, and
on photographs of 256 x 256 pixels with 10 to 200 hints the finer graph is no better."""
SIGMA = 2.0
"""Lightness step of `edge_weights`, in L* units."""
_FLOOR = 1e-5
_STEP_COST = 1.0 / 3.0
_ADVICE = 0.3
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
        How much a hint may be missed; infinite at softness 1.
    """

    epsilon: float
    distance: float
    ridge: float


def travel(reach: float, softness: float) -> Travel:
    """Map reach and softness, 0 to 1 each, to the graph; all three values are monotone."""
    epsilon = 10.0 ** (-1.0 - 5.0 * reach)
    distance = 0.02 + 1.5 * reach**2 if reach < 1.0 else np.inf
    ridge = 1e-6 * 10.0 ** (6.0 * softness) / (1.0 - softness) if softness < 1.0 else np.inf
    return Travel(epsilon, distance, ridge)


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
        self._steps = _step_costs(self.lightness)
        self._surroundings = FastGlobalSmoother(self.lightness, strength=_ADVICE_STRENGTH, sigma=SIGMA)
        self._pools = ThreadpoolController()

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
        if not promised.any() or not np.isfinite(limits.ridge):
            return np.zeros_like(residual)
        hint = promised / limits.ridge
        advice = self._surroundings.smooth(np.concatenate([residual * promised, promised[None]]))
        advice *= _ADVICE * min(1.0, 1.0 / limits.ridge) * ~promised
        spread = self.solve(hint + advice[-1] + limits.epsilon, residual * hint + advice[:-1])
        return (spread * self.fade(promised, limits.distance)).astype(np.float32)

    def solve(self, diagonal: DoubleArray, right: DoubleArray) -> DoubleArray:
        """Solve (Laplacian + diagonal) x = right for a diagonal (h, w), above 0, and right-hand sides (C, h, w)."""
        columns = np.stack([self._as_lines(plane).reshape(-1) for plane in right], axis=1)
        # Two threads gain nothing at this size, and wait for seconds where another program holds a core.
        with self._pools.limit(limits=1, user_api="blas"):
            solution = _solve_banded(self._banded(self._as_lines(diagonal)), columns)
        planes = solution.T.reshape(len(right), *self._lines.shape)
        return planes if self._turned else planes.transpose(0, 2, 1)

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
        """The lower half of Laplacian + diagonal in LAPACK's band storage, Fortran order."""
        lines, length = self._lines.shape
        full = diagonal.astype(np.float64)
        full[:, :-1] += self._along
        full[:, 1:] += self._along
        full[:-1] += self._across
        full[1:] += self._across
        band = np.zeros((length + 1, lines * length), order="F")
        band[0] = full.reshape(-1)
        band[length, : self._across.size] = -self._across.reshape(-1)
        if length > 1:  # with one node per line the two off-diagonals are the same one
            coupling = np.zeros((lines, length))
            coupling[:, :-1] = -self._along
            band[1] = coupling.reshape(-1)
        return band


def _solve_banded(band: DoubleArray, right: DoubleArray) -> DoubleArray:
    _, solution, info = lapack.dpbsv(band, np.asfortranarray(right), lower=1, overwrite_ab=1, overwrite_b=1)
    if info != 0:
        raise ArithmeticError(f"the lightness graph could not be factored (LAPACK info {info})")
    return np.asarray(solution)


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


def correct(graph: LightnessGraph, lightness: FloatArray, ab: FloatArray, hints: Points, limits: Travel) -> FloatArray:
    """Move a prediction onto its hints.

    Parameters
    ----------
    graph : LightnessGraph
        Of the same picture.
    lightness : (H, W) float32
        At the size of the prediction.
    ab : (2, H, W) float32
    hints : Points
        At the size of the prediction; from PROMISED_COVERAGE on a hint is met.

    Returns
    -------
    (2, H, W) float32
    """
    hints = hints.promised()
    if len(hints.rows) == 0 or not np.isfinite(limits.ridge):
        return ab
    missing = hints._replace(ab=hints.ab - ab[:, hints.rows, hints.columns])
    height, width = lightness.shape
    small = missing.shrunk((height, width), graph.shape).layer(graph.shape)
    spread = graph.spread(small.ab, small.mask > 0, limits)
    return ab + upsample(spread, graph.lightness, lightness, back_projections=1)
