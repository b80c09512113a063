"""Exact hint correction: what is left between hints and a prediction, spread along the picture's lightness.

The residual x solves (A + W) x = W r, with A the Laplacian of the lightness graph plus epsilon and W = 1 / ridge at
the hints. That is G (K + ridge)^-1 r with the Green's functions G of A, for any number of hints at once, however
close or repeated. Knows nothing of files, editors or networks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from threadpoolctl import ThreadpoolController

from handtint.color.fgs import edge_weights
from handtint.color.hints import Points
from handtint.color.upsample import area_size, shrink_area, upsample

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

GRAPH_SIDE = 160
"""Longest side of the graph: a banded Cholesky factorisation of 160 x 120 nodes takes 20 ms, of 256 x 256 150 ms."""
SIGMA = 2.0
"""Lightness step, in L* units, over which the affinity of neighbours falls by e."""
_FLOOR = 1e-4
_STEP_COST = 1.0 / 3.0


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
    epsilon = 10.0 ** (-1.0 - 4.0 * reach)
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
        self._pools = ThreadpoolController()

    @property
    def nbytes(self) -> int:
        """Memory of the graph."""
        steps = self._steps.data.nbytes + self._steps.indices.nbytes + self._steps.indptr.nbytes
        return 2 * self.lightness.nbytes + self._across.nbytes + self._along.nbytes + int(steps)

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
        weight = self._as_lines(promised.astype(np.float64)) / limits.ridge
        right = np.stack([(weight * self._as_lines(plane)).reshape(-1) for plane in residual], axis=1)
        # Two threads gain nothing at this size, and wait for seconds where another program holds a core.
        with self._pools.limit(limits=1, user_api="blas"):
            solution = _solve_banded(self._banded(weight + limits.epsilon), right)
        planes = solution.T.reshape(len(residual), *self._lines.shape)
        spread = planes if self._turned else planes.transpose(0, 2, 1)
        return (spread * self.fade(promised, limits.distance)).astype(np.float32)

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
    """Cost of walking from node to node: 1 plus a third per L* unit of the step."""
    height, width = lightness.shape
    index = np.arange(height * width).reshape(height, width)
    starts = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    ends = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    steps = np.concatenate([np.diff(lightness, axis=1).ravel(), np.diff(lightness, axis=0).ravel()])
    cost = 1.0 + _STEP_COST * np.abs(steps).astype(np.float64)
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
