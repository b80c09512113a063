"""How near a coloured picture is to the truth, and to its hints. Arrays in, figures out; knows nothing of methods.

References
----------
Z. Wang et al., "Image quality assessment", IEEE TIP 13(4), 2004 (SSIM); G. Sharma et al., "The CIEDE2000
color-difference formula", 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from handtint.color.gamut import clip_colors
from handtint.color.hints import PROMISED_COVERAGE
from handtint.color.lab import lab_to_rgb, rgb_to_lab

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

LEAST_ERROR = 1e-5 * 255.0**2
"""Mean squared error below which PSNR rises no more: 50 dB, as in the protocol of iColoriT."""
JND = 2.3
"""A just noticeable difference, in Delta E units."""


class Adherence(NamedTuple):
    """Delta E00 at the painted pixels."""

    mean: float
    p95: float
    largest: float


class Bleeding(NamedTuple):
    """How color edges fare.

    Attributes
    ----------
    retention : float
        1 = the color steps of the truth are kept, 0 = washed out, below 0 = swapped; NaN without color edges.
    edge : float
        Mean Delta E00 next to color edges; NaN without.
    off_edge : float
        Mean Delta E00 elsewhere.
    """

    retention: float
    edge: float
    off_edge: float


def to_rgb(lightness: FloatArray, ab: FloatArray) -> ByteArray:
    """(H, W) L* and (2, H, W) ab as (H, W, 3) 8-bit sRGB; what sRGB cannot show is clipped per channel."""
    lab = torch.from_numpy(np.concatenate([lightness[None], ab]).astype(np.float32))
    rgb = lab_to_rgb(lab).clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8)
    return np.ascontiguousarray(rgb.permute(1, 2, 0).numpy())


def to_lab(rgb: ByteArray) -> FloatArray:
    """(H, W, 3) 8-bit sRGB as (3, H, W) Lab."""
    planes = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1).float().div(255.0)
    lab: FloatArray = rgb_to_lab(planes).contiguous().numpy()
    return lab


def psnr(picture: ByteArray, truth: ByteArray) -> float:
    """Peak signal-to-noise ratio in dB of (H, W, 3) 8-bit pictures; at most 50."""
    error = np.square(picture.astype(np.float64) - truth.astype(np.float64)).mean()
    return float(10.0 * np.log10(255.0**2 / max(error, LEAST_ERROR)))


def ssim(picture: ByteArray, truth: ByteArray) -> float:
    """Structural similarity of (H, W, 3) 8-bit pictures: window of 7 px, mean over the channels."""
    return float(structural_similarity(picture, truth, channel_axis=2, data_range=255))  # type: ignore[no-untyped-call]


def delta_e(lab: FloatArray, other: FloatArray) -> FloatArray:
    """CIEDE2000 of each pixel: two arrays (3, ...) of Lab to one of shape (...)."""
    error = deltaE_ciede2000(np.moveaxis(lab, 0, -1), np.moveaxis(other, 0, -1))  # type: ignore[no-untyped-call]
    return np.asarray(error, np.float32)


def delta_e_ab(lightness: FloatArray, ab: FloatArray, other: FloatArray) -> FloatArray:
    """CIEDE2000 of two colorings of the same lightness: (...), (2, ...), (2, ...) to (...)."""
    return delta_e(np.concatenate([lightness[None], ab]), np.concatenate([lightness[None], other]))


def area_under_curve(counts: Sequence[int], values: Sequence[float]) -> float:
    """Mean height of a curve over log2(1 + hints), by trapezoids; the unit of `values`."""
    place = np.log2(1.0 + np.asarray(counts, np.float64))
    if len(place) < 2 or (np.diff(place) <= 0).any():
        raise ValueError(f"expected at least two rising counts, got {list(counts)}")
    return float(np.trapezoid(values, place) / (place[-1] - place[0]))


def adherence(lightness: FloatArray, ab: FloatArray, hint_ab: FloatArray, hint_mask: FloatArray) -> Adherence:
    """How well hints are met.

    Parameters
    ----------
    lightness : (H, W) float32
        L*, 0-100.
    ab, hint_ab : (2, H, W) float32
        The answer, and the hints; a hint that sRGB cannot show at its pixel's lightness is compared as clipped.
    hint_mask : (H, W) float32
        Coverage; only promised pixels count.

    Returns
    -------
    Adherence
        NaN without hints.
    """
    painted = hint_mask >= PROMISED_COVERAGE
    if not painted.any():
        return Adherence(np.nan, np.nan, np.nan)
    light = lightness[painted]
    error = delta_e_ab(light, ab[:, painted], clip_colors(light, hint_ab[:, painted]))
    return Adherence(float(error.mean()), float(np.percentile(error, 95)), float(error.max()))


_EDGE_SHARE = 0.07
_LEAST_SLOPE = 1.0
_LEAST_STEP = 8.0
_HALF_STEP = 3.0


class ColorEdges:
    """The color edges of a truth, found once per picture (notes: strongest 7 % of the structure tensor of ab).

    Parameters
    ----------
    truth : (2, H, W) float32
        ab.
    """

    def __init__(self, truth: FloatArray) -> None:
        slope, direction = _principal(truth)
        rows, columns = np.nonzero(slope > max(_LEAST_SLOPE, float(np.quantile(slope, 1.0 - _EDGE_SHARE))))
        offset = _HALF_STEP * direction[:, rows, columns]
        near, far = np.stack([rows, columns]) - offset, np.stack([rows, columns]) + offset
        step = _sample(truth, far) - _sample(truth, near)  # (2, edges)
        strong = np.hypot(*step) > _LEAST_STEP
        self.near, self.far, self.step = near[:, strong], far[:, strong], step[:, strong]
        edges = np.zeros(truth.shape[1:], bool)
        edges[rows[strong], columns[strong]] = True
        self.zone: NDArray[np.bool_] = binary_dilation(edges, np.ones((5, 5), bool))

    def retention(self, ab: FloatArray) -> float:
        """Mean share of the truth's color step that is found in `ab`, each clipped to -1 ... 1.5."""
        if self.step.shape[1] == 0:
            return float("nan")
        found = _sample(ab, self.far) - _sample(ab, self.near)
        share = (found * self.step).sum(axis=0) / np.square(self.step).sum(axis=0)
        return float(np.clip(share, -1.0, 1.5).mean())

    def bleeding(self, ab: FloatArray, error: FloatArray) -> Bleeding:
        """All three figures; `error` is the Delta E00 of each pixel, (H, W)."""
        edge = float(error[self.zone].mean()) if self.zone.any() else float("nan")
        off_edge = float(error[~self.zone].mean()) if not self.zone.all() else float("nan")
        return Bleeding(self.retention(ab), edge, off_edge)


def _principal(ab: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope of ab in units per pixel, (H, W), along its steepest direction, (2, H, W) of (row, column)."""
    smooth = np.stack([gaussian_filter(plane.astype(np.float64), 1.0) for plane in ab])
    down, right = np.gradient(smooth, axis=(1, 2))
    tensor = (np.square(down).sum(axis=0), (down * right).sum(axis=0), np.square(right).sum(axis=0))
    half_trace, half_difference = 0.5 * (tensor[0] + tensor[2]), 0.5 * (tensor[0] - tensor[2])
    root = np.hypot(half_difference, tensor[1])
    angle = 0.5 * np.arctan2(tensor[1], half_difference)  # of the largest eigenvector, from the row axis
    return np.sqrt(half_trace + root), np.stack([np.cos(angle), np.sin(angle)])


def _sample(planes: FloatArray, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bilinear values of (C, H, W) at (2, N) places."""
    return np.stack([map_coordinates(plane.astype(np.float64), place, order=1, mode="nearest") for plane in planes])
