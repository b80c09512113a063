"""sRGB, linear light and CIE Lab as tensors, and the one place where normalisation constants live.

Knows nothing of files, editors or networks. Lab is D65 unless D50 is asked for: screens and our networks use
D65, the ICC world of Krita and babl uses D50 (Bradford-adapted sRGB).

References
----------
IEC 61966-2-1:1999 (sRGB); CIE 15:2004 (Lab); B. Lindbloom, "RGB/XYZ Matrices" and "Chromatic Adaptation".
"""

from __future__ import annotations

from enum import Enum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

L_CENTER = 50.0
"""Networks see (L - 50) / 50, about -1 to 1."""
L_SCALE = 50.0
AB_SCALE = 110.0
"""Networks see ab / 110: the published 313 bins end at +-110."""


class White(Enum):
    """Reference white of Lab; the values are XYZ of the white point with Y = 1 (2 degree observer)."""

    D65 = (0.95047, 1.0, 1.08883)
    D50 = (0.96422, 1.0, 0.82521)


_RGB_TO_XYZ = {
    White.D65: (
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.0721750),
        (0.0193339, 0.1191920, 0.9503041),
    ),
    White.D50: (
        (0.4360747, 0.3850649, 0.1430804),
        (0.2225045, 0.7168786, 0.0606169),
        (0.0139322, 0.0971045, 0.7141733),
    ),
}
_DELTA = 6.0 / 29.0


def rgb_to_xyz_matrix(white: White) -> tuple[tuple[float, ...], ...]:
    """Linear sRGB to XYZ relative to the white point: three rows that each sum to 1, so that gray is neutral."""
    return tuple(tuple(value / sum(row) for value in row) for row in _RGB_TO_XYZ[white])


def normalize_lightness(lightness: Tensor) -> Tensor:
    """Lightness 0-100 to the network's about -1 to 1; same shape."""
    return (lightness - L_CENTER) / L_SCALE


def normalize_ab(ab: Tensor) -> Tensor:
    """ab about +-110 to the network's about +-1; same shape."""
    return ab / AB_SCALE


def denormalize_ab(ab: Tensor) -> Tensor:
    """The network's about +-1 to ab about +-110; same shape."""
    return ab * AB_SCALE


def srgb_to_linear(rgb: Tensor) -> Tensor:
    """sRGB-encoded values 0-1 to linear light 0-1 (IEC 61966-2-1); any shape."""
    return torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp_min(0.0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(rgb: Tensor) -> Tensor:
    """Linear light to sRGB-encoded values; any shape. Values under 0 stay on the linear part."""
    return torch.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb.clamp_min(1e-12) ** (1.0 / 2.4) - 0.055)


def _f(t: Tensor) -> Tensor:
    return torch.where(t > _DELTA**3, t.clamp_min(1e-12) ** (1.0 / 3.0), t / (3 * _DELTA**2) + 4.0 / 29.0)


def _f_inverse(t: Tensor) -> Tensor:
    return torch.where(t > _DELTA, t**3, 3 * _DELTA**2 * (t - 4.0 / 29.0))


def luminance_to_lightness(luminance: Tensor) -> Tensor:
    """Relative luminance Y, 0-1, to L* 0-100; any shape. The same for every white point."""
    return 116.0 * _f(luminance) - 16.0


def lightness_to_luminance(lightness: Tensor) -> Tensor:
    """L* 0-100 to relative luminance Y 0-1; any shape."""
    return _f_inverse((lightness + 16.0) / 116.0)


def xyz_to_rgb_matrix(white: White = White.D65) -> NDArray[np.float64]:
    """(3, 3): XYZ over the white's own, so that white is (1, 1, 1), to linear sRGB."""
    matrix = np.array(_RGB_TO_XYZ[white])
    return np.asarray(np.linalg.inv(matrix / matrix.sum(axis=1, keepdims=True)))


def rgb_to_lab(rgb: Tensor, *, white: White = White.D65, linear: bool = False) -> Tensor:
    """RGB to CIE Lab.

    Parameters
    ----------
    rgb : Tensor, shape (..., 3, H, W)
        sRGB primaries, range 0-1; encoded, or linear light where `linear` is set.
    white : White
        Reference white of the result.

    Returns
    -------
    Tensor, shape (..., 3, H, W)
        L* 0-100, a* and b* about +-110.
    """
    if rgb.shape[-3] != 3:
        raise ValueError(f"rgb must have shape (..., 3, H, W), got {tuple(rgb.shape)}")
    light = rgb if linear else srgb_to_linear(rgb)
    matrix = torch.tensor(_RGB_TO_XYZ[white], dtype=light.dtype, device=light.device)
    # The white of the matrix itself, so that R = G = B is neutral to the last digit.
    xyz = torch.einsum("ij,...jhw->...ihw", matrix / matrix.sum(dim=1, keepdim=True), light)
    fx, fy, fz = _f(xyz).unbind(-3)
    return torch.stack((116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)), dim=-3)


def lab_to_rgb(lab: Tensor, *, white: White = White.D65, linear: bool = False) -> Tensor:
    """CIE Lab to RGB, not clipped: values outside 0-1 are colours outside the sRGB gamut.

    Parameters
    ----------
    lab : Tensor, shape (..., 3, H, W)
        L* 0-100, a* and b*.

    Returns
    -------
    Tensor, shape (..., 3, H, W)
        sRGB primaries, encoded, or linear light where `linear` is set.
    """
    if lab.shape[-3] != 3:
        raise ValueError(f"lab must have shape (..., 3, H, W), got {tuple(lab.shape)}")
    lightness, a, b = lab.unbind(-3)
    fy = (lightness + 16.0) / 116.0
    xyz = _f_inverse(torch.stack((fy + a / 500.0, fy, fy - b / 200.0), dim=-3))
    inverse = torch.from_numpy(xyz_to_rgb_matrix(white)).to(lab.dtype).to(lab.device)
    light = torch.einsum("ij,...jhw->...ihw", inverse, xyz)
    return light if linear else linear_to_srgb(light)
