"""Losses on normalised ab (ab / 110). Tensors in, scalars out.

References
----------
Y. Xiao et al., ICASSP 2019, section 2.4, equations 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from handtint.nets.blocks import Sobel


@dataclass(frozen=True)
class LossWeights:
    """Weights of equation 3, and the Huber threshold in units of ab / 110.

    The paper's threshold of 1 on values within +-1 is never reached, so its Huber loss is half the squared
    error, whose best guess for an uncertain pixel is the gray mean of the possible colours. 0.1 (11 ab units)
    makes large errors linear.

    `chroma` is ours, 0 in the paper: errors count 1 + chroma * |truth| times as much, their mean over the batch
    kept. Most pixels of photographs are nearly gray, and without it so are the answers; Zhang et al. 2016
    rebalance rare colours for the same reason.
    """

    truth: float = 0.9
    colors: float = 0.1
    gradient: float = 10.0
    delta: float = 0.1
    chroma: float = 0.0


class LossParts(NamedTuple):
    """The three parts before weighting; each a scalar."""

    truth: Tensor
    colors: Tensor
    gradient: Tensor

    def total(self, weights: LossWeights) -> Tensor:
        """Equation 3."""
        return weights.truth * self.truth + weights.colors * self.colors + weights.gradient * self.gradient


def color_map(ab: Tensor, palette_ab: Tensor, palette_mask: Tensor) -> Tensor:
    """Each pixel's nearest palette colour (the paper's K-color map).

    Parameters
    ----------
    ab : Tensor, shape (N, 2, H, W)
    palette_ab, palette_mask : Tensor, shapes (N, K, 2), (N, K)
        Slots where the mask is 0 are never chosen; a picture without any gets zeros.

    Returns
    -------
    Tensor, shape (N, 2, H, W)
        The unit of `ab`.
    """
    n, _, h, w = ab.shape
    pixels = ab.reshape(n, 2, h * w).transpose(1, 2)  # (N, P, 2)
    distance = torch.cdist(pixels, palette_ab, compute_mode="donot_use_mm_for_euclid_dist")  # (N, P, K)
    distance = distance.masked_fill(palette_mask[:, None] == 0, torch.inf)
    nearest = distance.argmin(dim=2)[..., None].expand(-1, -1, 2)
    mapped = torch.gather(palette_ab * palette_mask[..., None], 1, nearest)
    return mapped.transpose(1, 2).reshape(n, 2, h, w)


def global_local_loss(
    output: Tensor, truth: Tensor, palette_ab: Tensor, palette_mask: Tensor, sobel: Sobel, weights: LossWeights
) -> LossParts:
    """The three parts of equation 3.

    The part on the K-color map counts the samples with a palette only: without one there is nothing to obey.
    The gradient is in units per pixel (kernel / 8). With the bare kernel the weight of 10 makes pixel noise
    hundreds of times as important as the colour of a region, and a short training learns edges of no colour.

    Parameters
    ----------
    output, truth : Tensor, shape (N, 2, H, W)
        ab / 110.
    palette_ab, palette_mask : Tensor, shapes (N, K, 2), (N, K)
    """
    present = palette_mask.amax(dim=1)  # (N,)
    mapped = color_map(truth, palette_ab, palette_mask)
    importance = 1.0 + weights.chroma * truth.norm(dim=1, keepdim=True)  # (N, 1, H, W)
    importance = importance / importance.mean()
    off_truth = F.huber_loss(output, truth, delta=weights.delta, reduction="none")
    off_colors = F.huber_loss(output, mapped, delta=weights.delta, reduction="none")
    per_picture = (off_colors * importance).mean(dim=(1, 2, 3))
    return LossParts(
        truth=(off_truth * importance).mean(),
        colors=(per_picture * present).mean(),
        gradient=(sobel(output) - sobel(truth)).square().mean(),
    )
