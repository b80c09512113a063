"""Colors moved to where others are, with the least movement. Arrays in, arrays out; knows nothing of methods or files.

References
----------
F. Pitie, A. Kokaram, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer", 2007.
G. Peyre, M. Cuturi, "Computational optimal transport", 2019, chapters 4 and 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

LEAST_SPREAD = 3.0
"""ab units. A gray picture has no order of colors to keep: its noise is not blown up to another's spread."""
_PALETTE_SPREAD = 2.0
"""ab units that a color of a palette stands for."""
_MOST_GAIN = 3.0
_PULL = 0.75
_SOFTNESS = 0.2
_SWEEPS = 40
_SAMPLES = 2000
_SLICES = 8
_QUANTILES = 256
_HALF_WAY = 0.5
"""On 100 validation pairs of the method exemplar 0, 0.5 and the whole way left 25.9, 25.5 and 24.8 dB from
self-references, and 86, 94 and 100 % of the answers nearer to their exemplar than to another picture."""


def linear_move(spread: DoubleArray, wanted: DoubleArray) -> DoubleArray:
    """The matrix of the linear map with the least movement between two normal distributions.

    Parameters
    ----------
    spread, wanted : (C, C) float64
        Covariances before and after; the first without an eigenvalue of 0.

    Returns
    -------
    (C, C) float64
        Symmetric.
    """
    root = _root(spread)
    inverse = np.linalg.inv(root)
    return np.asarray(inverse @ _root(root @ wanted @ root) @ inverse)


def _root(matrix: DoubleArray) -> DoubleArray:
    """Square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values.clip(0.0))) @ vectors.T)


def match_colors(ab: FloatArray, other: FloatArray) -> FloatArray:
    """Move colors to the mean and covariance of another picture's; the shape of `ab`.

    By `linear_move`: the bluest parts get the bluest of the other's colors.

    Parameters
    ----------
    ab, other : (2, H, W), (2, h, w) float32
        Or both with a third channel, the lightness: then the colors also move to where the other has its dark and
        its bright ones.
    """
    channels = len(ab)
    pixels, wanted = ab.reshape(channels, -1), other.reshape(channels, -1)
    spread = np.cov(pixels, ddof=0) + LEAST_SPREAD**2 * np.eye(channels)
    away = pixels - pixels.mean(axis=1, keepdims=True)
    moved = linear_move(spread, np.cov(wanted, ddof=0)) @ away + wanted.mean(axis=1, keepdims=True)
    return np.asarray(np.clip(moved, -100.0, 100.0).reshape(ab.shape), np.float32)


def move_to_picture(picture: FloatArray, other: FloatArray) -> FloatArray:
    """A picture's colors moved to those of another picture: where they lie, how far apart, and how much of each.

    First `match_colors` with the lightness; then half of the way to the other's own distribution, by the mean of its
    moves along eight directions, each of which keeps the order of the pixels (sliced optimal transport).

    Parameters
    ----------
    picture, other : (3, H, W), (3, h, w) float32
        Lab; of the first the lightness stays.

    Returns
    -------
    (2, H, W) float32
        ab.
    """
    moved = match_colors(picture, other)[1:]
    pixels, wanted = moved.reshape(2, -1).astype(np.float64), other[1:].reshape(2, -1).astype(np.float64)
    shares = np.linspace(0.0, 1.0, _QUANTILES)
    step = np.zeros_like(pixels)
    for angle in np.arange(_SLICES) * np.pi / _SLICES:
        direction = np.array((np.cos(angle), np.sin(angle)))
        line = direction @ pixels
        # Strictly rising, also where many pixels are alike.
        before = np.quantile(line, shares) + 1e-6 * np.arange(_QUANTILES)
        after = np.quantile(direction @ wanted, shares)
        step += direction[:, None] * (np.interp(line, before, after) - line)
    # Each move is seen by half of the directions.
    moved_half = pixels + _HALF_WAY * 2.0 * step / _SLICES
    return np.asarray(moved_half.reshape(moved.shape), np.float32)


def move_to_palette(ab: FloatArray, palette: FloatArray, shares: FloatArray, counted: NDArray[np.bool_]) -> FloatArray:
    """A picture's colors moved to a palette: each color of it is used, as much as its share says.

    First the linear map to the palette's mean and covariance, which keeps what is bluer than what; then each pixel
    goes most of the way to the color that the balanced transport gives it.

    Parameters
    ----------
    ab : (2, H, W) float32
        ab units.
    palette : (K, 2) float32
    shares : (K,) float32
        Sum to 1.
    counted : (H, W) bool
        The pixels that make up the picture's distribution; not empty. All are moved.

    Returns
    -------
    (2, H, W) float32
    """
    colors, weights = palette.astype(np.float64), shares.astype(np.float64)
    center = weights @ colors
    wanted = ((colors - center) * weights[:, None]).T @ (colors - center)
    pixels = ab.reshape(2, -1).T
    inside = np.flatnonzero(counted)
    inside = inside[:: max(1, len(inside) // _SAMPLES)]
    moved = _moved_linearly(pixels, pixels[inside].astype(np.float64), center, wanted)
    scale = np.sqrt(np.trace(wanted)) + 2.0 * _PALETTE_SPREAD
    nearness = _nearness(moved, colors, scale)
    parts = _parts(nearness, _balance(nearness[inside], weights))
    return np.asarray((moved + _PULL * (parts @ colors.astype(np.float32) - moved)).T.reshape(ab.shape), np.float32)


def _moved_linearly(pixels: FloatArray, some: DoubleArray, center: DoubleArray, wanted: DoubleArray) -> FloatArray:
    """(P, 2) with the mean and about the covariance that are wanted, judged by some of them, (S, 2)."""
    mean = some.mean(axis=0)
    spread = (some - mean).T @ (some - mean) / len(some) + LEAST_SPREAD**2 * np.eye(2)
    values, vectors = np.linalg.eigh(linear_move(spread, wanted + _PALETTE_SPREAD**2 * np.eye(2)))
    move = (vectors * values.clip(0.0, _MOST_GAIN)) @ vectors.T
    return np.asarray(pixels @ move.astype(np.float32) + (center - mean @ move).astype(np.float32))


def _nearness(pixels: FloatArray, colors: DoubleArray, scale: float) -> FloatArray:
    """(P, K): minus the squared distances in units of the softness, but for what all colors of a pixel share."""
    factor = 1.0 / (_SOFTNESS * scale**2)
    lengths = factor * np.square(colors).sum(axis=1)
    return np.asarray(pixels @ (2.0 * factor * colors.T).astype(np.float32) - lengths.astype(np.float32))


def _balance(nearness: FloatArray, weights: DoubleArray) -> FloatArray:
    """(K,): what makes each color so attractive that it gets its share (Sinkhorn's iteration on one side)."""
    attraction = np.zeros(len(weights), np.float32)
    for _ in range(_SWEEPS):
        found = _parts(nearness, attraction).mean(axis=0)
        attraction += np.log((weights + 1e-3) / (found + 1e-3)).astype(np.float32)
    return attraction


def _parts(nearness: FloatArray, attraction: FloatArray) -> FloatArray:
    """How much of each color a pixel gets; (P, K), rows sum to 1."""
    exponent = nearness + attraction
    parts = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.asarray(parts / parts.sum(axis=1, keepdims=True))
