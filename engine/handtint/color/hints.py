"""Painted hints: from an RGBA layer to ab and coverage, and from a picture's size to a working size.

Knows nothing of files, editors or networks. Only the coverage says what is painted: neutral gray is a legal hint.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from handtint.color.lab import rgb_to_lab

FloatArray = NDArray[np.float32]

PROMISED_COVERAGE = 0.5
"""From this coverage on a painted pixel is a promise; less is only weaker guidance (anti-aliased edges)."""


class Hints(NamedTuple):
    """Painted colours.

    Attributes
    ----------
    ab : (2, H, W) float32
        About +-110; 0 where nothing is painted.
    mask : (H, W) float32
        Coverage, 0 to 1.
    """

    ab: FloatArray
    mask: FloatArray


def layer_to_hints(rgba: NDArray[Any], *, linear: bool = False) -> Hints:
    """The hints on a layer, as the editor holds it.

    Parameters
    ----------
    rgba : (H, W, 4) uint8, uint16 or float
        sRGB primaries, alpha not premultiplied; integers over their full range, floats 0-1.
    linear : bool
        The colours are linear light instead of sRGB-encoded.

    Returns
    -------
    Hints
        The lightness of the paint is dropped: a hint is met at the lightness of the picture.
    """
    if rgba.ndim != 3 or rgba.shape[2] != 4:
        raise ValueError(f"a hint layer must have shape (H, W, 4), got {rgba.shape}")
    scale = np.iinfo(rgba.dtype).max if np.issubdtype(rgba.dtype, np.integer) else 1
    mask = _unit(rgba[..., 3], scale)
    ab = np.zeros((2, *mask.shape), np.float32)
    painted = np.nonzero(mask)
    if len(painted[0]):
        colors = _unit(rgba[..., :3][painted], scale)
        lab = rgb_to_lab(torch.from_numpy(colors.T.copy())[:, None], linear=linear)  # (3, 1, N)
        ab[:, painted[0], painted[1]] = lab[1:, 0].numpy()
    return Hints(ab, mask)


def _unit(values: NDArray[Any], scale: float) -> FloatArray:
    """Values over 0 to `scale` as float32 0-1; what is not a number counts as 0."""
    result: FloatArray = np.clip(np.nan_to_num(values.astype(np.float32) / np.float32(scale)), 0.0, 1.0)
    return result


def shrink_hints(hint_ab: FloatArray, hint_mask: FloatArray, size: tuple[int, int]) -> Hints:
    """Bring hints to a smaller size so that no stroke is lost, however thin.

    Parameters
    ----------
    hint_ab : (2, H, W) float32
    hint_mask : (H, W) float32
        Coverage, 0 to 1.
    size : (height, width)
        Not larger than (H, W).

    Returns
    -------
    Hints
        ab averaged over each new pixel's area, weighted by coverage; coverage max-pooled.
    """
    height, width = hint_mask.shape
    if size == (height, width):
        mask = np.ascontiguousarray(hint_mask, np.float32)
        return Hints(np.where(mask > 0, hint_ab, 0.0).astype(np.float32, copy=False), mask)
    rows, columns = np.nonzero(hint_mask > 0)
    target = _targets(height, size[0])[rows] * size[1] + _targets(width, size[1])[columns]
    coverage = hint_mask[rows, columns]
    count = size[0] * size[1]
    mask = np.zeros(count, np.float32)
    np.maximum.at(mask, target, coverage)
    weight = np.maximum(np.bincount(target, coverage, count), 1e-12)
    ab = np.stack([np.bincount(target, coverage * plane[rows, columns], count) / weight for plane in hint_ab])
    return Hints(ab.reshape(2, *size).astype(np.float32), mask.reshape(size))


def _targets(old: int, new: int) -> NDArray[np.int64]:
    """Index of the new pixel that holds each old pixel's centre."""
    return np.minimum((2 * np.arange(old) + 1) * new // (2 * old), new - 1)
