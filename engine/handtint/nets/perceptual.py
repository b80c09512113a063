"""Networks whose features a perceptual loss compares: a small encoder of ours, and VGG-19. Tensors in, tensors out.

References
----------
J. Johnson, A. Alahi, L. Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016.
K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtint.nets.blocks import Conv
from handtint.nets.color2embed import IMAGENET_DEVIATION, IMAGENET_MEAN

_VGG_WIDTHS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512)
_VGG_POOLS = (2, 4, 8, 12)
"""Convolutions that a max-pooling goes before."""


class PerceptualNet(nn.Module):
    """A small encoder of coloured pictures, with two heads from which it learns.

    One head names what is in the picture, the other tells by which angle the hues of the picture were turned; so
    the features know which colours things have.

    Parameters
    ----------
    width : int
        Channels of the first stage, at half resolution; there are four stages of 1, 2, 3 and 4 times as many.
    classes, turns : int
        Outputs of the heads.
    """

    def __init__(self, width: int = 32, classes: int = 1, turns: int = 8) -> None:
        super().__init__()
        widths = (12, width, 2 * width, 3 * width, 4 * width)
        self.stages = nn.ModuleList(
            nn.Sequential(Conv(inputs, outputs), Conv(outputs, outputs, norm=True))
            for inputs, outputs in pairwise(widths)
        )
        self.name = nn.Linear(widths[-1], classes)
        self.turn = nn.Linear(widths[-1], turns)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).reshape(3, 1, 1), persistent=False)

    mean: Tensor
    deviation: Tensor

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) sRGB in 0-1, sides multiples of 16, to logits (N, classes) and (N, turns)."""
        features = self.features(rgb).mean(dim=(2, 3))
        return self.name(features), self.turn(features)

    def features(self, rgb: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 4 * width, H/16, W/16), not negative."""
        features = F.pixel_unshuffle((rgb - self.mean) / self.deviation, 2)
        for index, stage in enumerate(self.stages):
            features = stage(features if index == 0 else F.max_pool2d(features, 2))
        return features


class Vgg19Features(nn.Module):
    """VGG-19 as far as relu5_2, for weights that the user has; named and numbered as torchvision does."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(pairwise((3, *_VGG_WIDTHS))):
            if index in _VGG_POOLS:
                layers.append(nn.MaxPool2d(2))
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).reshape(3, 1, 1), persistent=False)

    mean: Tensor
    deviation: Tensor

    def features(self, rgb: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in 0-1 to (N, 512, H/16, W/16), not negative."""
        result: Tensor = self.layers((rgb - self.mean) / self.deviation)
        return result

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights `features.N.weight` and `features.N.bias` of torchvision's vgg19; the rest is left out.

        Raises
        ------
        KeyError, RuntimeError
            A tensor is missing, or has another shape.
        """
        self.layers.load_state_dict({name: state[f"features.{name}"] for name in self.layers.state_dict()})
