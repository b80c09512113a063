"""The segments of a gray picture and how each looks, by a bank of Gabor filters. Knows nothing of colors or files.

References
----------
P. Felzenszwalb, D. Huttenlocher, "Efficient graph-based image segmentation", IJCV 2004.
B. Manjunath, W. Ma, "Texture features for browsing and retrieval of image data", PAMI 1996: 4 scales x 6 orientations.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import gabor_kernel
from skimage.segmentation import felzenszwalb

from handtint.color.upsample import area_size, shrink_area

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

WORKING_SIDE = 256
"""Longest side at which pictures are looked at, px."""
SCALES = 4
ORIENTATIONS = 6
FEATURES = SCALES * ORIENTATIONS + 1
_FREQUENCY = 0.25
"""Cycles per pixel of the finest scale; each further scale looks at the picture halved once more."""
_GRAPH_SCALE = 200.0
_GRAPH_SIGMA = 0.8
_LEAST_SHARE = 1 / 400
_NOISE = 0.3
"""L* units of response that count as none: the logarithm of a flat sky must not be its grain's."""


class Regions(NamedTuple):
    """The segments of a picture, the largest first.

    Attributes
    ----------
    labels : (h, w) int64
        Number of each pixel's segment, at the working size.
    shares : (S,) float32
        Of the picture; falling, sum to 1.
    lightness : (S,) float32
        Mean L*, 0-100.
    features : (S, 25) float32
        Logarithm of each filter's mean response in L* units, then the mean L*.
    """

    labels: IntArray
    shares: FloatArray
    lightness: FloatArray
    features: FloatArray


def describe(lightness: FloatArray) -> Regions:
    """Segments and their texture.

    The paper says mean and deviation of 4 x 6 responses and counts 24 numbers, which is the means alone; and these are
    what we take, as with the deviations the colors of validation pictures were a little less likely (see the card).
    Logarithms, because responses spread over two powers of ten. The 25th is ours, the mean lightness: the filters
    cannot see it, and a bright smooth segment is a sky where a dark one is a shadow.

    Parameters
    ----------
    lightness : (H, W) float32
        L*, 0-100.
    """
    small = shrink_area(lightness, area_size(lightness.shape, WORKING_SIDE))
    labels = find_segments(small)
    count = int(labels.max()) + 1
    sizes = np.bincount(labels.reshape(-1), minlength=count)
    flat = labels.reshape(-1)
    means = [np.bincount(flat, plane.reshape(-1), count) / sizes for plane in (*gabor_responses(small), small)]
    features = np.stack((*np.log(np.stack(means[:-1]) + _NOISE), means[-1]), axis=1).astype(np.float32)
    shares = (sizes / sizes.sum()).astype(np.float32)
    return Regions(labels, shares, features[:, -1].copy(), features)


def find_segments(lightness: FloatArray) -> IntArray:
    """(h, w) L* to the number of each pixel's segment, 0 for the largest."""
    least = max(1, round(_LEAST_SHARE * lightness.size))
    found = felzenszwalb(lightness / 100.0, scale=_GRAPH_SCALE, sigma=_GRAPH_SIGMA, min_size=least, channel_axis=None)
    sizes = np.bincount(found.reshape(-1))
    ranks = np.empty(len(sizes), np.int64)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.asarray(ranks[found])


def gabor_responses(lightness: FloatArray) -> list[FloatArray]:
    """Strength of each filter's answer, 4 scales x 6 orientations of (h, w) float32, in L* units.

    The scales are octaves: one filter of 4 px period on the picture, its half, its quarter and its eighth.
    """
    angles = np.pi * np.arange(ORIENTATIONS) / ORIENTATIONS
    kernels = [gabor_kernel(_FREQUENCY, theta=angle, bandwidth=1.0) for angle in angles]  # type: ignore[no-untyped-call]
    height, width = lightness.shape
    responses = []
    for scale in range(SCALES):
        size = (max(1, height >> scale), max(1, width >> scale))
        small = shrink_area(lightness, size)
        for kernel in kernels:
            parts = [
                cv2.filter2D(small, cv2.CV_32F, np.asarray(part, np.float32)) for part in (kernel.real, kernel.imag)
            ]
            strength = cv2.magnitude(*parts)
            responses.append(
                np.asarray(cv2.resize(strength, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
            )
    return responses
