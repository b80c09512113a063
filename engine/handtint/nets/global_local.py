"""The network of "Interactive deep colorization using simultaneous global and local inputs". Tensors in, tensors out.

References
----------
Y. Xiao, P. Zhou, Y. Zheng, C.-S. Leung, ICASSP 2019. Section 2.3 and figure 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from handtint.nets.blocks import Conv, Double, Halve, Residual, Sobel

PALETTE_SLOTS = 5
"""Most colours that a palette can have (the paper: K in 3 to 5)."""


class GlobalLocalNet(nn.Module):
    """U-Net with 31 numbered convolution layers: gray, gradient, hints and a palette in, ab out.

    Layers: 1 (three inputs side by side, summed), 2-14 features with three depth-wise 1x1 stride-2 layers in
    between, 15-18 palette (1x1), 19-24 dilated, 25-31 reconstruction.

    Where the paper leaves a choice, or we leave the paper:

    - Skips of the "popular U-Net structure" are added, not concatenated, as in Zhang et al. 2017, from which
      the structure is taken; so no layer has more channels than the paper's figure gives.
    - Batch normalisation follows the last 3x3 convolution of each block, as in the authors' public code, not
      every convolution as figure 1 says: over 400 steps of training that made no difference to the loss. The
      palette layers have none, as statistics over one value per picture are noise.
    - Layers 8-9, 12-14 and the dilated ones in pairs add what they make to what they got. The paper draws plain
      chains, through which a short training takes long to bring palette and hints; no layer or weight is added.
    - The dilation is 2 throughout; the paper does not give it.
    - The palette is a padded set of five (ab, mask) slots with a real mask. The public code resizes the strip
      to seven colours, which mixes them, and stores a mask that is practically zero.
    - Hints without a mark are zero, and so is a neutral hint: the mask plane tells them apart.
    - The L gradient is divided by 8 (units per pixel) and scaled by 4 to a range like the other inputs.

    Parameters
    ----------
    width : int
        Channels at full resolution; doubled at each of three halvings. The paper has 64.
    gradient : bool
        The L gradient is an input. The paper has it; without it is its ablation (section 3.2).
    """

    stride = 8
    """Height and width must be multiples of this."""

    def __init__(self, width: int = 64, *, gradient: bool = True) -> None:
        super().__init__()
        w1, w2, w4, w8 = width, 2 * width, 4 * width, 8 * width
        self.width = width
        self.sobel = Sobel()
        self.gray_in = nn.Conv2d(1, w1, 3, padding=1)  # layer 1, with the next two
        self.gradient_in = nn.Conv2d(1, w1, 3, padding=1) if gradient else None
        self.local_in = nn.Conv2d(3, w1, 3, padding=1)
        self.encode1 = Conv(w1, w1, norm=True)  # 2
        self.halve1 = Halve(w1)  # 3
        self.encode2 = nn.Sequential(Conv(w1, w2), Conv(w2, w2, norm=True))  # 4-5
        self.halve2 = Halve(w2)  # 6
        self.encode3 = nn.Sequential(Conv(w2, w4), Residual(Conv(w4, w4), Conv(w4, w4, norm=True)))  # 7-9
        self.halve3 = Halve(w4)  # 10
        self.encode4 = nn.Sequential(
            Conv(w4, w8), Residual(Conv(w8, w8), Conv(w8, w8), Conv(w8, w8, norm=True))
        )  # 11-14
        self.palette = nn.Sequential(  # 15-18
            Conv(3 * PALETTE_SLOTS, w8, kernel=1),
            Conv(w8, w8, kernel=1),
            Conv(w8, w8, kernel=1),
            nn.Conv2d(w8, w8, 1),
        )
        self.dilated = nn.Sequential(  # 19-24
            *(Residual(Conv(w8, w8, dilation=2), Conv(w8, w8, dilation=2, norm=True)) for _ in range(3))
        )
        self.double1 = Double(w8, w4)  # 25
        self.quarter_out = Conv(w4, w4, norm=True)  # 26
        self.double2 = Double(w4, w2)  # 27
        self.half_out = Conv(w2, w2, norm=True)  # 28
        self.double3 = Double(w2, w1)  # 29
        self.full_out = Conv(w1, w1)  # 30
        self.out = nn.Conv2d(w1, 2, 1)  # 31
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
        palette_ab : Tensor, shape (N, 5, 2)
            ab / 110 of the palette's colours.
        palette_mask : Tensor, shape (N, 5)
            1 = there is a colour in this slot.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            ab / 110, within +-1.
        """
        local = torch.cat((hint_ab * hint_mask, hint_mask), dim=1)
        first = self.gray_in(lightness) + self.local_in(local)
        if self.gradient_in is not None:
            first = first + self.gradient_in(4.0 * self.sobel.magnitude(lightness))
        full = self.encode1(torch.relu(first))  # (N, w, H, W)
        half = self.encode2(self.halve1(full))  # (N, 2w, H/2, W/2)
        quarter = self.encode3(self.halve2(half))  # (N, 4w, H/4, W/4)
        eighth = self.encode4(self.halve3(quarter))  # (N, 8w, H/8, W/8)
        features = self.dilated(eighth + self.palette_features(palette_ab, palette_mask))
        features = self.quarter_out(self.double1(features, quarter))
        features = self.half_out(self.double2(features, half))
        features = self.full_out(self.double3(features, full))
        return torch.tanh(self.out(features))

    def palette_features(self, palette_ab: Tensor, palette_mask: Tensor) -> Tensor:
        """The palette as one vector per picture, (N, 8 * width, 1, 1); exactly 0 without a palette."""
        slots = torch.cat((palette_ab * palette_mask[..., None], palette_mask[..., None]), dim=-1)  # (N, 5, 3)
        present = palette_mask.amax(dim=1).reshape(-1, 1, 1, 1)
        features: Tensor = self.palette(slots.reshape(len(slots), -1, 1, 1))
        return features * present
