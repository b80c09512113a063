"""Methods without learned weights, to be beaten: what a bench method is, and the classical ones.

A method is given a picture's lightness and returns what answers guidance for it, so that work that depends on the
lightness alone is done once. Hint baselines answer at the picture's own size.

References
----------
A. Levin, D. Lischinski, Y. Weiss, "Colorization using Optimization", SIGGRAPH 2004; E. Reinhard et al., "Color
Transfer between Images", IEEE CG&A 21(5), 2001; T. Welsh et al., "Transferring Color to Greyscale Images", 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, diags_array
from scipy.sparse.linalg import SuperLU, splu

from handtint.color.fgs import FastGlobalSmoother, edge_weights, fill
from handtint.color.gamut import clip_to_gamut
from handtint.color.lab import lightness_to_luminance, linear_to_srgb
from handtint.colorizers.base import Guidance

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

Answer = Callable[[Guidance], FloatArray]
"""Guidance to ab, (2, H, W) float32."""
BenchMethod = Callable[[FloatArray], Answer]
"""Lightness (H, W) to what answers guidance for it."""
Fill = Callable[[FloatArray, NDArray[np.bool_]], FloatArray]
"""hint_ab (2, H, W) and the painted pixels (H, W), at least one, to ab (2, H, W)."""

FGS_STRENGTH = 1e4
FGS_SIGMA = 5.0
"""Levels of 8-bit gray."""
_LEAST_VARIANCE = 2e-6
_BANDS = 32


def _hinted(make: Callable[[FloatArray], Fill], *, clip: bool = True) -> BenchMethod:
    """A bench method from a filling of the picture: gray without hints, clipped into the gamut where asked for."""

    def method(lightness: FloatArray) -> Answer:
        fill_from = make(lightness)

        def answer(guidance: Guidance) -> FloatArray:
            if guidance.hints is None or not len(guidance.hints.pixels):
                return np.zeros((2, *lightness.shape), np.float32)
            painted = guidance.hints.layer()
            ab = fill_from(painted.ab, painted.mask > 0)
            return clip_to_gamut(lightness, ab) if clip else ab

        return answer

    return method


def gray(lightness: FloatArray) -> Answer:
    """No color at all."""
    return lambda guidance: np.zeros((2, *lightness.shape), np.float32)


def _hint_mean(lightness: FloatArray) -> Fill:
    def constant(hint_ab: FloatArray, painted: NDArray[np.bool_]) -> FloatArray:
        mean = hint_ab[:, painted].mean(axis=1)
        return np.broadcast_to(mean[:, None, None], hint_ab.shape).astype(np.float32)

    return constant


class _Levin:
    """Equation 1 of the paper with hard hints: each other pixel is the weighted mean of its 3 x 3 neighbors."""

    def __init__(self, lightness: FloatArray) -> None:
        count = lightness.size
        self._system = diags_array(np.ones(count)).tocsr() - levin_weights(lightness)

    def __call__(self, hint_ab: FloatArray, painted: NDArray[np.bool_]) -> FloatArray:
        known = painted.reshape(-1)
        colors = hint_ab.reshape(2, -1).T.astype(np.float64)  # (pixels, 2)
        result = colors.copy()
        if not known.all():
            rows = self._system[~known]
            right = -(rows[:, known] @ colors[known])
            result[~known] = _factor(rows[:, ~known].tocsc()).solve(right)
        return result.T.reshape(hint_ab.shape).astype(np.float32)


def _factor(matrix: csc_array) -> SuperLU:
    # Rows are diagonally dominant, so that the diagonal is a safe pivot and the symmetric order keeps its sparsity.
    symmetric = {"SymmetricMode": True}
    return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)


def levin_weights(lightness: FloatArray) -> csr_array:
    """Affinities of each pixel to its 3 x 3 neighbors, equation 2 of the paper; (pixels, pixels), rows sum to 1.

    The paper has exp(-(Y_r - Y_s)^2 / 2 var_r), which lets a tenth of the color through a clean edge. The authors'
    released code divides by 0.6 var_r, and never by so little that the nearest neighbor falls below 0.01; it is
    0.9 dB better at 100 hints, so that is the one to be beaten.
    """
    luma = lightness.astype(np.float64) / 100.0
    index = np.pad(np.arange(luma.size).reshape(luma.shape), 1, constant_values=-1)
    neighbor = sliding_window_view(index, (3, 3)).reshape(luma.size, 9)
    window = np.where(neighbor >= 0, luma.reshape(-1)[neighbor], np.nan)
    difference = np.square(window - luma.reshape(-1, 1))
    divisor = np.maximum(0.6 * np.nanvar(window, axis=1, keepdims=True), _LEAST_VARIANCE)
    difference[:, 4] = np.nan  # the pixel itself
    nearest = np.nanmin(difference, axis=1, keepdims=True, initial=np.inf)
    divisor = np.maximum(divisor, np.where(np.isfinite(nearest), nearest, 0.0) / -np.log(0.01))
    weight = np.nan_to_num(np.exp(-difference / divisor))
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
    start, flat, end = np.repeat(np.arange(luma.size), 9), weight.reshape(-1), neighbor.reshape(-1)
    kept = flat > 0
    return csr_array(coo_array((flat[kept], (start[kept], end[kept])), shape=(luma.size, luma.size)))


def _smoothed(lightness: FloatArray) -> Fill:
    smoother = FastGlobalSmoother(_gray_levels(lightness), strength=FGS_STRENGTH, sigma=FGS_SIGMA)
    return lambda hint_ab, painted: fill(smoother, hint_ab, painted.astype(np.float32))


def _gray_levels(lightness: FloatArray) -> FloatArray:
    """L* as the levels, 0-255, of a gray sRGB picture."""
    luminance = lightness_to_luminance(torch.from_numpy(np.ascontiguousarray(lightness)))
    levels: FloatArray = linear_to_srgb(luminance).mul(255.0).numpy()
    return levels


class _SmoothedExact:
    """FGS, and its residual at the hints spread by (Laplacian + epsilon) with a ridge, at the picture's own size."""

    _EPSILON = 1e-4
    _RIDGE = 1e-6
    _FLOOR = 1e-4

    def __init__(self, lightness: FloatArray) -> None:
        self._smooth = _smoothed(lightness)
        guide = _gray_levels(lightness)
        across = edge_weights(np.diff(guide, axis=0), FGS_SIGMA) + self._FLOOR
        along = edge_weights(np.diff(guide, axis=1), FGS_SIGMA) + self._FLOOR
        self._laplacian = _laplacian(across, along, self._EPSILON)

    def __call__(self, hint_ab: FloatArray, painted: NDArray[np.bool_]) -> FloatArray:
        base = self._smooth(hint_ab, painted)
        weight = painted.reshape(-1) / self._RIDGE
        right = (hint_ab - base).reshape(2, -1).T * weight[:, None]
        spread = _factor((self._laplacian + diags_array(weight)).tocsc()).solve(right)
        return base + spread.T.reshape(base.shape).astype(np.float32)


def _laplacian(across: DoubleArray, along: DoubleArray, diagonal: float) -> csr_array:
    """Laplacian of the pixel grid plus a diagonal, from the couplings downwards, (H - 1, W), and right, (H, W - 1)."""
    shape = (along.shape[0], across.shape[1])
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    starts = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
    ends = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
    weight = np.concatenate([across.ravel(), along.ravel()])
    half = coo_array((weight, (starts, ends)), shape=(index.size, index.size)).tocsr()
    couplings = half + half.T
    return csr_array(diags_array(couplings.sum(axis=0) + diagonal).tocsr() - couplings)


BASELINES: Mapping[str, BenchMethod] = {
    "gray": gray,
    "hint_mean": _hinted(_hint_mean),
    "levin": _hinted(_Levin),
    "fgs": _hinted(_smoothed),
    "fgs_exact": _hinted(_SmoothedExact),
    "levin_unclipped": _hinted(_Levin, clip=False),
    "fgs_exact_unclipped": _hinted(_SmoothedExact, clip=False),
}
"""Those that take hints (or nothing), by name. All clip into the gamut with hue kept, as our own methods do, which is
worth up to 1 dB at few hints; the unclipped ones are as published, where 8-bit RGB clips each channel."""


def nearest_luma(lightness: FloatArray, palette_lab: FloatArray) -> FloatArray:
    """Each pixel in the palette color whose lightness is nearest.

    Parameters
    ----------
    lightness : (H, W) float32
        L*, 0-100.
    palette_lab : (K, 3) float32
        Lab.

    Returns
    -------
    (2, H, W) float32
        ab, clipped into the gamut.
    """
    nearest = np.abs(lightness[None] - palette_lab[:, 0, None, None]).argmin(axis=0)
    ab = palette_lab[nearest, 1:].transpose(2, 0, 1)
    return clip_to_gamut(lightness, np.ascontiguousarray(ab, np.float32))


def reinhard(lightness: FloatArray, exemplar: FloatArray) -> FloatArray:
    """The exemplar's mean ab per band of lightness, after its lightness got the picture's mean and spread.

    Parameters
    ----------
    lightness : (H, W) float32
        L*, 0-100.
    exemplar : (3, h, w) float32
        Lab.

    Returns
    -------
    (2, H, W) float32
        ab, clipped into the gamut.
    """
    scale = lightness.std() / max(float(exemplar[0].std()), 1e-6)
    moved = (exemplar[0] - exemplar[0].mean()) * scale + lightness.mean()
    return _band_colors(lightness, moved, exemplar[1:])


def match_histogram(lightness: FloatArray, exemplar: FloatArray) -> FloatArray:
    """The exemplar's mean ab per band of rank: the darkest tenth gets the colors of the darkest tenth.

    Shapes as in `reinhard`.
    """
    ranks = (np.searchsorted(np.sort(plane, axis=None), plane, "right") for plane in (lightness, exemplar[0]))
    target, source = (100.0 * rank / rank.size for rank in ranks)
    return clip_to_gamut(lightness, _band_means(target, source, exemplar[1:]))


def _band_colors(lightness: FloatArray, source: FloatArray, ab: FloatArray) -> FloatArray:
    return clip_to_gamut(lightness, _band_means(lightness, source, ab))


def _band_means(target: NDArray[np.floating], source: NDArray[np.floating], ab: FloatArray) -> FloatArray:
    """ab of `source`'s pixels averaged in bands of 0-100, read at `target` with linear interpolation."""
    band = np.clip(source.reshape(-1) * (_BANDS / 100.0), 0, _BANDS - 1).astype(np.int64)
    counts = np.bincount(band, minlength=_BANDS)
    filled = np.flatnonzero(counts)
    centers = (filled + 0.5) * (100.0 / _BANDS)
    means = (np.bincount(band, plane.reshape(-1), _BANDS)[filled] / counts[filled] for plane in ab)
    return np.stack([np.interp(target, centers, mean) for mean in means]).astype(np.float32)
