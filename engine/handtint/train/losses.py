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

_PIXELS = 1024
"""Of each picture, in the loss on the distribution of colours."""
_DIRECTIONS = 8


@dataclass(frozen=True)
class LossWeights:
    """Weights of equation 3, and the Huber threshold in units of ab / 110.

    The paper's threshold of 1 on values within +-1 is never reached, so its Huber loss is half the squared
    error, whose best guess for an uncertain pixel is the gray mean of the possible colours. 0.1 (11 ab units)
    makes large errors linear.

    `chroma` is ours, 0 in the paper: errors count 1 + chroma * |truth| times as much, their mean over the batch
    kept. Most pixels of photographs are nearly gray, and without it so are the answers; Zhang et al. 2016
    rebalance rare colours for the same reason.

    `colors_as_a_whole` is ours too, 0 in the paper: see `sliced_distance`.
    """

    truth: float = 0.9
    colors: float = 0.1
    gradient: float = 10.0
    delta: float = 0.1
    chroma: float = 0.0
    colors_as_a_whole: float = 0.0


class LossParts(NamedTuple):
    """The parts before weighting; each a scalar. `colors` and `distribution` count the pictures with a palette."""

    truth: Tensor
    colors: Tensor
    gradient: Tensor
    distribution: Tensor

    def total(self, weights: LossWeights) -> Tensor:
        """Equation 3, and the part on all colours together."""
        return (
            weights.truth * self.truth
            + weights.colors * self.colors
            + weights.gradient * self.gradient
            + weights.colors_as_a_whole * self.distribution
        )


class Asked(NamedTuple):
    """What an answer is compared with, all in ab / 110: the truth, the palette, and what the palette was taken from.

    Attributes
    ----------
    truth : Tensor, shape (N, 2, H, W)
    palette_ab, palette_mask : Tensor, shapes (N, K, 2), (N, K)
    pixels : Tensor, shape (N, P, 2)
        Of the pictures that the palettes are of (`some_pixels`).
    """

    truth: Tensor
    palette_ab: Tensor
    palette_mask: Tensor
    pixels: Tensor


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


def pixel_importance(truth: Tensor, chroma: float) -> Tensor:
    """How much each pixel counts for its colour, (N, 1, H, W), 1 in the mean; see `LossWeights`."""
    importance: Tensor = 1.0 + chroma * truth.norm(dim=1, keepdim=True)
    return importance / importance.mean()


def weighted_huber(output: Tensor, truth: Tensor, *, delta: float, chroma: float) -> Tensor:
    """Mean Huber loss, colourful pixels counting more.

    Parameters
    ----------
    output, truth : Tensor, shape (N, 2, H, W)
        ab / 110, as `delta`.
    """
    off = F.huber_loss(output, truth, delta=delta, reduction="none")
    return (off * pixel_importance(truth, chroma)).mean()


def global_local_loss(output: Tensor, asked: Asked, sobel: Sobel, weights: LossWeights) -> LossParts:
    """The three parts of equation 3, and one of our own.

    The part on the K-color map counts the samples with a palette only: without one there is nothing to obey.
    The gradient is in units per pixel (kernel / 8). With the bare kernel the weight of 10 makes pixel noise
    hundreds of times as important as the colour of a region, and a short training learns edges of no colour.

    Parameters
    ----------
    output : Tensor, shape (N, 2, H, W)
        ab / 110.
    """
    truth = asked.truth
    present = asked.palette_mask.amax(dim=1)  # (N,)
    mapped = color_map(truth, asked.palette_ab, asked.palette_mask)
    importance = pixel_importance(truth, weights.chroma)
    off_colors = F.huber_loss(output, mapped, delta=weights.delta, reduction="none")
    per_picture = (off_colors * importance).mean(dim=(1, 2, 3))
    return LossParts(
        truth=weighted_huber(output, truth, delta=weights.delta, chroma=weights.chroma),
        colors=(per_picture * present).mean(),
        gradient=(sobel(output) - sobel(truth)).square().mean(),
        distribution=(sliced_distance(some_pixels(output), asked.pixels) * present).mean(),
    )


def sliced_distance(one: Tensor, other: Tensor) -> Tensor:
    """How far the colours of one picture have to travel to become those of another, wherever they are.

    The mean over eight directions of the earth mover's distance along each (the sliced Wasserstein distance).
    Against the palette's own picture it says what no distance to a truth can: that all colours of the palette are to
    be used, each as much as there is of it. Where it is open which thing gets which colour, the least mean error is
    the mixture of them all: a single tone.

    Parameters
    ----------
    one, other : Tensor, shape (N, P, 2)
        P pixels of each.

    Returns
    -------
    Tensor, shape (N,)
        The unit of the pixels.
    """
    angles = torch.arange(_DIRECTIONS, device=one.device) * (torch.pi / _DIRECTIONS)
    directions = torch.stack((angles.cos(), angles.sin()))  # (2, D)
    lines = [(pixels @ directions.to(pixels.dtype)).sort(dim=1).values for pixels in (one, other)]
    return (lines[0] - lines[1]).abs().mean(dim=(1, 2))


def some_pixels(planes: Tensor) -> Tensor:
    """(N, 2, H, W) to (N, 1024, 2): pixels spread evenly over the picture."""
    flat = planes.flatten(2)
    places = torch.linspace(0, flat.shape[2] - 1, _PIXELS, device=planes.device).long()
    return flat[..., places].transpose(1, 2)
