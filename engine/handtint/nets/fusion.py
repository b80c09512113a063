"""The network of "Interactive deep colorization with simultaneous global and local inputs". Tensors in, tensors out.

References
----------
Y. Xiao, P. Zhou, Y. Zheng, arXiv 2018. Section 3.3 and figure 2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtint.color.lab import AB_SCALE
from handtint.nets.blocks import Conv, Residual

PALETTE_SLOTS = 7
"""Most colours that a palette can have (the paper: K in 3 to 7)."""


class Interpolate(nn.Module):
    """share * one + (1 - share) * other, with the share learned between 0 and 1; it starts at a half."""

    def __init__(self) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(()))

    @property
    def share(self) -> Tensor:
        """Of the first input, 0 to 1."""
        return torch.sigmoid(self.logit)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Shapes that fit each other."""
        return torch.lerp(other, one, self.share.to(one.dtype))


class FusionNet(nn.Module):
    """U-Net with 17 numbered convolution layers: gray, hints and a palette in, ab out.

    Layers: 1 (gray and hints apart, fused), 2-9 features, three fully connected ones for the palette, fused with
    the features at 1/8, 10-17 reconstruction. Both fusions are linear interpolations with a learned weight.

    Where the paper leaves a choice, or we leave the paper:

    - The paper has 32 channels after layer 1 and 512 after layer 7, and lets each of 2-7 either halve the size or
      double the channels: three of each, which makes 256. Layer 2 does both here, as in Iizuka et al. 2016, whose
      layout this one follows.
    - The three fully connected layers have 1024, 512 and 256 outputs, as those of the global features of Iizuka
      et al., to which the paper compares them.
    - Layers 10-12 work at 1/8, 13-14 at 1/4, 15-17 at 1/2; the paper shows the split in its figure only. What
      decides which part gets which colour of the palette is behind the fusion, so that most of it is put there.
    - Skips of the U-Net are concatenated: layer 5 before layer 13, layer 3 before layer 15. Full resolution has
      none, as layer 17 is followed by nothing but the last upsampling. That one is bilinear, the others repeat.
    - The palette is a padded set of seven (ab, mask) slots with a real mask, the most frequent colour first. The
      public code of the authors' later work resizes the strip to seven colours, which mixes them, and stores a
      mask that is practically zero.
    - Batch normalisation on the last convolution of each size, as in that public code; the paper does not say.
    - Layers 8, 10 and 11 add what they make to what they got; no layer or weight is added.
    - The sigmoid's range is ab from -128 to 127, as in equation 7; the answer is given in our unit, ab / 110.
    - Hints without a mark are zero, and so is a neutral hint: the mask plane tells them apart.

    Parameters
    ----------
    width : int
        Channels after layer 1; 16 times as many at the widest. The paper has 32.
    """

    stride = 8
    """Height and width must be multiples of this."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w1, w2, w4, w8, w16 = (width * factor for factor in (1, 2, 4, 8, 16))
        self.width = width
        self.gray_in = nn.Conv2d(1, w1, 3, padding=1)  # layer 1, with the next
        self.local_in = nn.Conv2d(3, w1, 3, padding=1)
        self.fuse_local = Interpolate()
        self.halve1 = Conv(w1, w2, stride=2)  # 2
        self.encode2 = Conv(w2, w4, norm=True)  # 3
        self.halve2 = Conv(w4, w4, stride=2)  # 4
        self.encode3 = Conv(w4, w8, norm=True)  # 5
        self.halve3 = Conv(w8, w8, stride=2)  # 6
        self.encode4 = nn.Sequential(Conv(w8, w16), Residual(Conv(w16, w16)), Conv(w16, w8, norm=True))  # 7-9
        self.palette = nn.Sequential(
            nn.Linear(3 * PALETTE_SLOTS, 4 * w8),
            nn.ReLU(),
            nn.Linear(4 * w8, 2 * w8),
            nn.ReLU(),
            nn.Linear(2 * w8, w8),
        )
        self.fuse_global = Interpolate()
        self.eighth_out = nn.Sequential(
            Residual(Conv(w8, w8)), Residual(Conv(w8, w8)), Conv(w8, w4, norm=True)
        )  # 10-12
        self.quarter_out = nn.Sequential(Conv(w4 + w8, w4), Conv(w4, w2, norm=True))  # 13-14
        self.half_out = nn.Sequential(Conv(w2 + w4, w2), Conv(w2, w1))  # 15-16
        self.out = nn.Conv2d(w1, 2, 3, padding=1)  # 17
        nn.init.normal_(self.out.weight, std=0.01)

    def forward(
        self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor, palette_ab: Tensor, palette_mask: Tensor
    ) -> Tensor:
        """Colours for gray pictures.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            (L - 50) / 50; H and W multiples of 8.
        hint_ab : Tensor, shape (N, 2, H, W)
            ab / 110 of the hints; what stands where the mask is 0 is ignored.
        hint_mask : Tensor, shape (N, 1, H, W)
            1 = painted.
        palette_ab : Tensor, shape (N, 7, 2)
            ab / 110 of the palette's colours, the most important first.
        palette_mask : Tensor, shape (N, 7)
            1 = there is a colour in this slot.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            ab / 110, within -128 / 110 and 127 / 110.
        """
        local = torch.cat((hint_ab * hint_mask, hint_mask), dim=1)
        full = torch.relu(self.fuse_local(self.gray_in(lightness), self.local_in(local)))  # (N, w, H, W)
        half = self.encode2(self.halve1(full))  # (N, 4w, H/2, W/2)
        quarter = self.encode3(self.halve2(half))  # (N, 8w, H/4, W/4)
        features = self.encode4(self.halve3(quarter))  # (N, 8w, H/8, W/8)
        features = self.fuse_global(features, self.palette_features(palette_ab, palette_mask))
        features = self.eighth_out(features)  # (N, 4w, H/8, W/8)
        features = self.quarter_out(torch.cat((_doubled(features), quarter), dim=1))  # (N, 2w, H/4, W/4)
        features = self.half_out(torch.cat((_doubled(features), half), dim=1))  # (N, w, H/2, W/2)
        colors = (255.0 * torch.sigmoid(self.out(features).float()) - 128.0) / AB_SCALE
        return F.interpolate(colors, scale_factor=2.0, mode="bilinear", align_corners=False)

    def palette_features(self, palette_ab: Tensor, palette_mask: Tensor) -> Tensor:
        """The palette as one vector per picture, (N, 8 * width, 1, 1)."""
        slots = torch.cat((palette_ab * palette_mask[..., None], palette_mask[..., None]), dim=-1)  # (N, 7, 3)
        features: Tensor = self.palette(slots.flatten(1))
        return features[..., None, None]


def _doubled(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2.0, mode="nearest")
