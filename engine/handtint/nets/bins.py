"""The network of "Pixel-level Semantics Guided Image Colorization": classes and colour bins from one trunk.

Tensors in, tensors out.

References
----------
J. Zhao, L. Liu, C. G. M. Snoek, J. Han, L. Shao, BMVC 2018. Section 2.3 and figure 2. The trunk and the colour branch
are those of R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016 (the paper's [30]).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtint.color.bins import BINS
from handtint.nets.blocks import Conv, Residual


class BinsOutput(NamedTuple):
    """What the two heads say, before softmax.

    Attributes
    ----------
    colors : Tensor, shape (N, 313, H/4, W/4)
    classes : Tensor, shape (N, classes, H/4, W/4)
    """

    colors: Tensor
    classes: Tensor


class Grow(nn.Module):
    """4x4 transposed convolution with stride 2, then ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
        # Each output pixel meets 4 of the 16 taps, therefore a quarter of the usual fan-in.
        nn.init.normal_(self.conv.weight, std=(2.0 / (4 * inputs)) ** 0.5)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, 2H, 2W)."""
        return F.relu(self.conv(features))


class BinsNet(nn.Module):
    """Gray in; 313 colour bins and a class for each pixel out, both at a quarter of the size.

    conv1 to conv3 halve the size with their last layer, conv5 and conv6 are dilated, conv8 doubles it again. The
    segmentation branch doubles what conv5, conv6 and conv7 say, each by a layer of its own, and concatenates it.

    Where the paper leaves a choice, or we leave it:

    - The paper does not give the channels of the three doubling layers. 3 * width each make 148.0 MB of
      single-precision weights at 183 classes; the paper says 147.5 MB, and 128.9 MB without them, as here.
    - The colour branch reads conv7, as in Zhang et al. 2016. Figure 2 may be read so that the heads part after conv4;
      one trunk up to conv7 is what the model's size fits.
    - conv5, conv6 and conv7 add what they make to what they got. The papers have plain chains, of which a
      short training learns less; no layer or weight is added.
    - Batch normalisation comes before the last ReLU of a block, in Zhang's code after it.

    Parameters
    ----------
    width : int
        Channels of the first block; eight times as many in the widest. The paper has 64.
    classes : int
        Of the segmentation, the first of which means "not labelled". 183 with COCO-stuff, as in the paper.
    """

    rarity: Tensor
    """(313,): how much each bin counted in training, so that who uses the network can undo it; 1 before training."""
    stride = 8
    """Height and width must be multiples of this."""

    def __init__(self, width: int = 64, classes: int = 183) -> None:
        super().__init__()
        w1, w2, w4, w8 = width, 2 * width, 4 * width, 8 * width
        self.width = width
        self.register_buffer("rarity", torch.ones(BINS))
        self.conv1 = nn.Sequential(Conv(1, w1), Conv(w1, w1, stride=2, norm=True))
        self.conv2 = nn.Sequential(Conv(w1, w2), Conv(w2, w2, stride=2, norm=True))
        self.conv3 = nn.Sequential(Conv(w2, w4), Conv(w4, w4), Conv(w4, w4, stride=2, norm=True))
        self.conv4 = nn.Sequential(Conv(w4, w8), Conv(w8, w8), Conv(w8, w8, norm=True))
        self.conv5 = _chain(w8, dilation=2)
        self.conv6 = _chain(w8, dilation=2)
        self.conv7 = _chain(w8, dilation=1)
        self.conv8 = nn.Sequential(Grow(w8, w4), Conv(w4, w4), Conv(w4, w4, norm=True))
        self.colors = nn.Conv2d(w4, BINS, 1)
        self.paths = nn.ModuleList(Grow(w8, 3 * w1) for _ in range(3))
        self.classes = nn.Conv2d(9 * w1, classes, 1)

    def forward(self, lightness: Tensor) -> BinsOutput:
        """What gray pictures show, and in which colours.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            (L - 50) / 50; H and W multiples of 8.
        """
        eighth = self.conv4(self.conv3(self.conv2(self.conv1(lightness))))  # (N, 8w, H/8, W/8)
        fifth = self.conv5(eighth)
        sixth = self.conv6(fifth)
        seventh = self.conv7(sixth)
        paths = [grow(features) for grow, features in zip(self.paths, (fifth, sixth, seventh), strict=True)]
        return BinsOutput(self.colors(self.conv8(seventh)), self.classes(torch.cat(paths, dim=1)))


def _chain(width: int, *, dilation: int) -> Residual:
    plain = (Conv(width, width, dilation=dilation) for _ in range(2))
    return Residual(*plain, Conv(width, width, dilation=dilation, norm=True))
