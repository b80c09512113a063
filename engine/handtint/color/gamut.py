"""What colours sRGB can show at a given lightness: ab clipped towards neutral, hue and lightness kept.

Knows nothing of files, editors or networks.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handtint.color.lab import lab_to_rgb

FloatArray = NDArray[np.float32]

TOLERANCE = 2e-5
"""Linear light that a channel may lie outside 0-1: rounding of float32, a fifteenth of an 8-bit level at black."""
_STEPS = 18
_BAND_PIXELS = 1 << 18


def in_gamut(lightness: Tensor, ab: Tensor) -> Tensor:
    """Whether sRGB can show each colour.

    Parameters
    ----------
    lightness : Tensor, shape (N,)
        L* (D65), 0-100.
    ab : Tensor, shape (2, N)
        About +-110.

    Returns
    -------
    Tensor, shape (N,), bool
    """
    lab = torch.stack((lightness, ab[0], ab[1]))[:, None]  # (3, 1, N)
    rgb = lab_to_rgb(lab, linear=True)[:, 0]
    return ((rgb >= -TOLERANCE) & (rgb <= 1.0 + TOLERANCE)).all(dim=0)


def clip_colors(lightness: FloatArray, ab: FloatArray) -> FloatArray:
    """Clip single colours into the sRGB gamut at their lightness.

    Parameters
    ----------
    lightness : (N,) float32
        L* (D65), 0-100.
    ab : (2, N) float32

    Returns
    -------
    (2, N) float32
        The same hue with the largest chroma that fits (bisection); in-gamut colours come back untouched.
    """
    result = np.array(ab, dtype=np.float32)
    light, colors = torch.from_numpy(np.ascontiguousarray(lightness, np.float32)), torch.from_numpy(result)
    outside = torch.nonzero(~in_gamut(light, colors))[:, 0]
    if len(outside):
        colors[:, outside] *= _largest_scale(light[outside], colors[:, outside])
    return result


def _largest_scale(lightness: Tensor, ab: Tensor) -> Tensor:
    """The largest factor 0-1 on the chroma that stays inside the gamut; neutral is always inside."""
    low = torch.zeros_like(lightness)
    high = torch.ones_like(lightness)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        inside = in_gamut(lightness, ab * middle)
        low = torch.where(inside, middle, low)
        high = torch.where(inside, high, middle)
    return low


def clip_to_gamut(lightness: FloatArray, ab: FloatArray) -> FloatArray:
    """Clip the colours of a picture into the sRGB gamut at each pixel's lightness, band by band.

    Parameters
    ----------
    lightness : (H, W) float32
        L* (D65), 0-100.
    ab : (2, H, W) float32
        About +-110.

    Returns
    -------
    (2, H, W) float32
        Hue and lightness kept, chroma scaled towards neutral where sRGB cannot show the colour.
    """
    height, width = lightness.shape
    result = np.empty_like(ab, dtype=np.float32)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        band = slice(top, min(top + rows, height))
        clipped = clip_colors(lightness[band].reshape(-1), ab[:, band].reshape(2, -1))
        result[:, band] = clipped.reshape(2, -1, width)
    return result
