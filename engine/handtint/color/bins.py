"""The 313 quantised ab values: where they lie, colours to soft bins, and distributions over bins back to colours.

Tensors in, tensors out. Knows nothing of files, editors or networks.

References
----------
R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, section 2: equations 1 (loss), 2 to 4
(class rebalancing) and 5 (annealed mean). J. Zhao et al., BMVC 2018, section 2, takes all three from there.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

BINS = 313
NEIGHBORS = 5
"""Bins that share a colour. The paper's number; its released code has 10."""
SIGMA = 5.0
"""Of the Gaussian that weighs them, in ab units."""
TEMPERATURE = 0.38
"""Of the annealed mean: 1 is the mean of the distribution, towards 0 it becomes its mode."""
UNIFORM_SHARE = 0.5
"""Lambda of the class rebalancing: share of the uniform distribution that is mixed into the prior."""
_STEP, _END = 10, 110
_HULL = (
    (-90, 90), (-90, 50), (-80, 20), (-60, -20), (-30, -50), (10, -80), (40, -100), (60, -110),
    (90, -110), (100, -90), (100, 0), (90, 70), (70, 80), (40, 90), (0, 100), (-50, 100),
)  # fmt: skip
"""Corners of the published set, counterclockwise. Nobody published how the set was made; its points are exactly
those of the grid inside this polygon, which surrounds what sRGB can show."""


class SoftBins(NamedTuple):
    """Colours as a few bins each.

    Attributes
    ----------
    bins : Tensor, shape (N, K, H, W), int64
        The nearest bins, the nearest first.
    shares : Tensor, shape (N, K, H, W)
        What belongs to each; they sum to 1.
    """

    bins: Tensor
    shares: Tensor


def bin_centers() -> Tensor:
    """ab of the 313 bins, (313, 2) float32, in the published order: a from low to high, for each of them b."""
    axis = torch.arange(-_END, _END + 1, _STEP)
    grid = torch.cartesian_prod(axis, axis)  # (529, 2), a outside
    corners = torch.tensor(_HULL)
    edges = corners.roll(-1, 0) - corners
    offsets = grid[:, None] - corners  # (529, 16, 2)
    turns = edges[:, 0] * offsets[..., 1] - edges[:, 1] * offsets[..., 0]
    return grid[(turns >= 0).all(dim=1)].float()


def encode(ab: Tensor, *, neighbors: int = NEIGHBORS, sigma: float = SIGMA) -> SoftBins:
    """Colours to their nearest bins, weighted by a Gaussian of the distance (Zhang 2016, after equation 1).

    Parameters
    ----------
    ab : Tensor, shape (N, 2, H, W)
        About +-110; in these units, as `sigma` is.
    """
    n, _, h, w = ab.shape
    pixels = ab.movedim(1, -1).reshape(-1, 2)
    distance = torch.cdist(pixels, bin_centers().to(pixels), compute_mode="donot_use_mm_for_euclid_dist")
    near, index = distance.topk(neighbors, dim=1, largest=False)
    # Relative to the nearest: far outside of all bins every Gaussian would be 0.
    weight = torch.softmax(-near.square() / (2 * sigma**2), dim=1)
    return SoftBins(*(t.reshape(n, h, w, neighbors).movedim(-1, 1).contiguous() for t in (index, weight)))


def rebalancing(prior: Tensor, *, uniform: float = UNIFORM_SHARE) -> Tensor:
    """How much each class counts, so that rare ones are learned too (Zhang 2016, equation 4).

    Parameters
    ----------
    prior : Tensor, shape (Q,)
        Share of each class in the training data; sums to 1.

    Returns
    -------
    Tensor, shape (Q,)
        Inverse to the prior mixed with a uniform distribution; the mean over the prior is 1.
    """
    weights = 1.0 / ((1.0 - uniform) * prior + uniform / len(prior))
    return weights / (prior * weights).sum()


def cross_entropy(logits: Tensor, truth: SoftBins) -> Tensor:
    """Of each pixel against its soft bins (equation 1 before weighting), (N, H, W).

    Parameters
    ----------
    logits : Tensor, shape (N, 313, H, W)
    """
    chosen = torch.gather(torch.log_softmax(logits, dim=1), 1, truth.bins)
    return -(truth.shares * chosen).sum(dim=1)


def annealed_mean(logits: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """The colour of a distribution, between its mean and its mode (Zhang 2016, equation 5).

    Parameters
    ----------
    logits : Tensor, shape (N, 313, H, W)
        Logarithms of the probabilities, each up to a constant.

    Returns
    -------
    Tensor, shape (N, 2, H, W)
        ab, about +-110.
    """
    shares = torch.softmax(logits / temperature, dim=1)
    return torch.einsum("nqhw,qc->nchw", shares, bin_centers().to(shares))


def undo_rebalancing(logits: Tensor, weights: Tensor, share: float = 1.0) -> Tensor:
    """What a network that learned with rebalancing holds likely in photographs as they are.

    Where each colour counts `weights` times, the best answer to the loss is its probability times `weights`.

    Parameters
    ----------
    logits : Tensor, shape (N, 313, H, W)
    weights : Tensor, shape (313,)
        As `rebalancing` gave them.
    share : float
        1 undoes it, 0 leaves it as it is; between them rare colours stay likelier than they are, but less so.
    """
    return logits - share * weights.log()[:, None, None]
