"""What is particular to training `fusion`: seven slots of a palette, and its own loss; the rest is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtint.nets.blocks import Sobel
from handtint.nets.fusion import PALETTE_SLOTS, FusionNet
from handtint.train.data import Store
from handtint.train.global_local import GlobalLocalTask
from handtint.train.global_local import build_task as build_like
from handtint.train.losses import color_map, pixel_importance, sliced_distance, some_pixels, weighted_huber
from handtint.train.measure import swap_test


@dataclass(frozen=True)
class FusionWeights:
    """Weights of the parts of equation 6, and the Huber threshold in units of ab / 110.

    The paper adds L_g (0.7 and 0.3 of its halves), L_s and L_p with weight 1, and has a threshold of 0.5 on values
    within 0 and 1, which is hardly ever reached; see `LossWeights` for why ours is small and what `chroma` is, and
    `fusion_loss` for the scale of L_s and L_p.

    `colors_as_a_whole` is ours, 0 in the paper: see `sliced_distance`.
    """

    truth: float = 0.7
    colors: float = 0.3
    gradient: float = 10.0
    points: float = 1.0
    delta: float = 0.1
    chroma: float = 0.0
    colors_as_a_whole: float = 0.0


class FusionParts(NamedTuple):
    """The parts before weighting; each a scalar. `points` and `distribution` count the pictures that have them."""

    truth: Tensor
    colors: Tensor
    gradient: Tensor
    points: Tensor
    distribution: Tensor

    def total(self, weights: FusionWeights) -> Tensor:
        """Equation 6, and the part on all colours together."""
        return (
            weights.truth * self.truth
            + weights.colors * self.colors
            + weights.gradient * self.gradient
            + weights.points * self.points
            + weights.colors_as_a_whole * self.distribution
        )


class Guided(NamedTuple):
    """What an answer is compared with: the truth, and the guidance that asked for it; all in ab / 110."""

    truth: Tensor
    hint_ab: Tensor
    hint_mask: Tensor
    palette_ab: Tensor
    palette_mask: Tensor
    pixels: Tensor


def fusion_loss(output: Tensor, wanted: Guided, sobel: Sobel, weights: FusionWeights) -> FusionParts:
    """The parts of equations 3 to 6.

    Without a palette the K-color map is the truth itself (section 3.4.1). L_s is in units per pixel (kernel / 8),
    see `global_local_loss`. L_p is the mean over the painted pixels, not over the picture: over the picture a single
    point would count a ten thousandth of what it should say.

    Parameters
    ----------
    output : Tensor, shape (N, 2, H, W)
        ab / 110.
    """
    present = wanted.palette_mask.amax(dim=1)  # (N,)
    mapped = color_map(wanted.truth, wanted.palette_ab, wanted.palette_mask)
    mapped = torch.where(present[:, None, None, None] > 0, mapped, wanted.truth)
    off_colors = F.huber_loss(output, mapped, delta=weights.delta, reduction="none")
    off_points = (wanted.hint_mask * (output - wanted.hint_ab).square()).mean(dim=1).sum(dim=(1, 2))  # (N,)
    painted = wanted.hint_mask.sum(dim=(1, 2, 3))
    return FusionParts(
        truth=weighted_huber(output, wanted.truth, delta=weights.delta, chroma=weights.chroma),
        colors=(off_colors * pixel_importance(wanted.truth, weights.chroma)).mean(),
        gradient=(sobel(output) - sobel(wanted.truth)).square().mean(),
        points=(off_points / painted.clamp_min(1.0)).mean(),
        distribution=(sliced_distance(some_pixels(output), wanted.pixels) * present).mean(),
    )


@dataclass(frozen=True)
class FusionTask(GlobalLocalTask):
    """Training of the fusion network on the pictures and hints of `global_local`, with palettes of up to 7 colours."""

    slots: ClassVar[int] = PALETTE_SLOTS
    parts: FusionWeights = field(default_factory=FusionWeights)

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return FusionNet(**self.arguments)

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 6 of the paper."""
        lightness, wanted = batch[0], Guided(*batch[1:])
        output = net(lightness, *wanted[1:-1]).float()
        with torch.autocast(output.device.type, enabled=False):
            found = fusion_loss(output, wanted, Sobel().to(output.device), self.parts)
        return found.total(self.parts), found._asdict()

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Mean PSNR in dB without and with guidance, and the share of palettes that are recognised."""
        settings = {"psnr@0": (0, False), "psnr@10": (10, False), "psnr@0+palette": (0, True)}
        figures = {name: self.mean_psnr(net, *setting) for name, setting in settings.items()}
        return figures | {"swap": swap_test(self, net)}


def build_task(recipe: Mapping[str, Any], store: Store) -> FusionTask:
    """The task of `fusion` over packed pictures."""
    task = build_like({**recipe, "loss": {}}, store, kind=FusionTask)
    assert isinstance(task, FusionTask)
    return replace(task, parts=FusionWeights(**recipe["loss"]))
