"""A picture made into its own exemplar: noise, a thin plate spline, a turn and a mirror, so that its colours stay and
their places do not. Knows nothing of networks or files.

References
----------
H. Zhao et al., Color2Embed, arXiv 2106.08017, sections 3.2 and 4.1. F. L. Bookstein, "Principal Warps: Thin-Plate
Splines and the Decomposition of Deformations", 1989.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from handtint.train.data import FloatArray

_CORNERS = np.array(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)))
_LEAST_DISTANCE = 0.1
"""Between the moved points, in sides of the picture; two points at one place have no spline."""


@dataclass(frozen=True)
class Warp:
    """How far an exemplar differs from its picture.

    Attributes
    ----------
    noise : float
        Standard deviation of the Gaussian noise, in steps of 8 bit. The paper says "variance sigma = 5"; its public
        code adds uniform noise within 5 steps.
    points : int
        Inner points that the spline moves; the corners stay. The paper gives none, its public code two, both on the
        picture's diagonal; ours may lie anywhere.
    shift : float
        How far each of them is moved along x and y at most, in sides of the picture.
    turned : bool
        Rotate by any angle, and mirror half the time ("we randomly rotate and flip the reference image").
    """

    noise: float = 5.0
    points: int = 2
    shift: float = 0.25
    turned: bool = True


def self_reference(rgb: FloatArray, warp: Warp, rng: np.random.Generator) -> FloatArray:
    """An exemplar out of the picture that it is for: T(C(GT)) of the paper's section 3.2.

    Parameters
    ----------
    rgb : (H, W, 3) float32
        sRGB, 0-1.

    Returns
    -------
    (H, W, 3) float32
        sRGB, 0-1.
    """
    noisy = rgb + rng.normal(0.0, warp.noise / 255.0, rgb.shape).astype(np.float32) if warp.noise > 0 else rgb
    places = grid(rgb.shape[:2])
    if warp.turned:
        places = turn(places, rng)
    if warp.points > 0:
        places = spline(places, warp, rng)
    moved = sample(noisy, places) if warp.turned or warp.points > 0 else noisy
    return np.asarray(np.clip(moved, 0.0, 1.0), np.float32)


def grid(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Where each pixel of a picture lies, (H, W, 2) as (x, y) in sides of the picture."""
    height, width = shape
    return np.stack(np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height), axis=-1)


def turn(places: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Rotate about the centre by any angle, and mirror half the time."""
    angle = rng.uniform(-np.pi, np.pi)
    matrix = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    if rng.random() < 0.5:
        matrix[:, 0] *= -1.0
    return np.asarray((places - 0.5) @ matrix.T + 0.5)


def spline(places: NDArray[np.float64], warp: Warp, rng: np.random.Generator) -> NDArray[np.float64]:
    """Move places by a thin plate spline through the fixed corners and `warp.points` moved points."""
    while True:
        inner = rng.uniform(0.3, 0.7, (warp.points, 2))
        moved = np.concatenate((_CORNERS, inner + rng.uniform(-warp.shift, warp.shift, inner.shape)))
        apart = np.linalg.norm(moved[:, None] - moved[None], axis=2) + 9.0 * np.eye(len(moved))
        if apart.min() > _LEAST_DISTANCE:
            break
    # From where a thing is seen to where it comes from.
    bend = RBFInterpolator(moved, np.concatenate((_CORNERS, inner)), kernel="thin_plate_spline", degree=1)
    return np.asarray(bend(places.reshape(-1, 2))).reshape(places.shape)


def sample(picture: FloatArray, places: NDArray[np.float64]) -> FloatArray:
    """Read a picture at places, bilinear; beyond its border it is mirrored."""
    height, width = picture.shape[:2]
    columns, rows = (np.asarray(places[..., i] * side - 0.5, np.float32) for i, side in enumerate((width, height)))
    return np.asarray(
        cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.float32
    )
