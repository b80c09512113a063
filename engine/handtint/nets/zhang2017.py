"""The local hints network of "Real-Time User-Guided Image Colorization with Learned Deep Priors", the learned peer.

Tensors in, tensors out.

References
----------
R. Zhang, J.-Y. Zhu, P. Isola, X. Geng, A. S. Lin, T. Yu, A. A. Efros, SIGGRAPH 2017. Section 3 and figure 2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from handtint.nets.blocks import Double

GRID_BINS = 529
"""Classes of the optional head: the 23 x 23 grid of ab in steps of 10."""


class Zhang2017Net(nn.Module):
    """Ten blocks conv1-conv10: three halvings, two dilated blocks, three doublings with added skips.

    Where the paper leaves a choice, or we leave the paper:

    - Batch normalisation ends each block, after the ReLU, as in the authors' public code.
    - Halving is plain subsampling, as there; it has no parameters.
    - Lightness comes as (L - 50) / 50 like everywhere here (there / 100), the mask as 0 and 1 (there minus 0.5).
    - The classification head is the public code's: a 1 x 1 layer on conv8, at a quarter of the size.

    Parameters
    ----------
    width : int
        Channels at full resolution; doubled at each of three halvings. The paper has 64.
    bins : int
        Classes of the head; 0 = no head.
    """

    stride = 8
    """Height and width must be multiples of this."""

    def __init__(self, width: int = 64, bins: int = 0) -> None:
        super().__init__()
        w1, w2, w4, w8 = width, 2 * width, 4 * width, 8 * width
        self.width = width
        self.conv1 = _block(4, w1, layers=2)
        self.conv2 = _block(w1, w2, layers=2)
        self.conv3 = _block(w2, w4, layers=3)
        self.conv4 = _block(w4, w8, layers=3)
        self.conv5 = _block(w8, w8, layers=3, dilation=2)
        self.conv6 = _block(w8, w8, layers=3, dilation=2)
        self.conv7 = _block(w8, w8, layers=3)
        self.up8, self.skip3 = Double(w8, w4), nn.Conv2d(w4, w4, 3, padding=1)
        self.conv8 = _block(w4, w4, layers=2)
        self.up9, self.skip2 = Double(w4, w2), nn.Conv2d(w2, w2, 3, padding=1)
        self.conv9 = _block(w2, w2, layers=1)
        self.up10, self.skip1 = Double(w2, w2), nn.Conv2d(w1, w2, 3, padding=1)
        self.conv10 = nn.Sequential(nn.Conv2d(w2, w2, 3, padding=1), nn.LeakyReLU(0.2))
        self.out = nn.Conv2d(w2, 2, 1)
        self.classes = nn.Conv2d(w4, bins, 1) if bins else None
        nn.init.normal_(self.out.weight, std=0.01)

    def forward(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> Tensor:
        """Colours for gray pictures.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            (L - 50) / 50; H and W multiples of 8.
        hint_ab : Tensor, shape (N, 2, H, W)
            ab / 110 of the hints; what stands where the mask is 0 is ignored.
        hint_mask : Tensor, shape (N, 1, H, W)
            1 = painted.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            ab / 110, within +-1.
        """
        full, half, quarter = self.features(lightness, hint_ab, hint_mask)
        up = self.conv9(self.up9(quarter, self.skip2(half)))  # (N, 2w, H/2, W/2)
        up = self.conv10(self.up10(up, self.skip1(full)))  # (N, 2w, H, W)
        return torch.tanh(self.out(up))

    def features(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """conv1, conv2 and conv8: (N, w, H, W), (N, 2w, H/2, W/2), (N, 4w, H/4, W/4)."""
        full = self.conv1(torch.cat((lightness, hint_ab * hint_mask, hint_mask), dim=1))
        half = self.conv2(full[..., ::2, ::2])
        quarter = self.conv3(half[..., ::2, ::2])
        eighth = self.conv4(quarter[..., ::2, ::2])  # (N, 8w, H/8, W/8)
        eighth = self.conv7(self.conv6(self.conv5(eighth)))
        return full, half, self.conv8(self.up8(eighth, self.skip3(quarter)))

    def logits(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> Tensor:
        """Of the classification head, (N, bins, H/4, W/4)."""
        if self.classes is None:
            raise ValueError("expected a network with a classification head (bins > 0), got one without")
        result: Tensor = self.classes(self.features(lightness, hint_ab, hint_mask)[2])
        return result


def _block(inputs: int, outputs: int, *, layers: int, dilation: int = 1) -> nn.Sequential:
    """3x3 convolutions, each with a ReLU, then batch normalisation."""
    parts: list[nn.Module] = []
    for index in range(layers):
        conv = nn.Conv2d(inputs if index == 0 else outputs, outputs, 3, padding=dilation, dilation=dilation)
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        parts += [conv, nn.ReLU()]
    return nn.Sequential(*parts, nn.BatchNorm2d(outputs))
