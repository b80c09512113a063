"""The network of "Color2Embed: Fast Exemplar-Based Image Colorization". Tensors in, tensors out.

References
----------
H. Zhao, W. Wu, Y. Liu, D. He, arXiv 2106.08017. Sections 3.1 and 3.3, figures 2 and 3.
T. Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020, for the modulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtint.nets.blocks import Conv

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
"""What a VGG network expects its RGB to be normalised by."""
_VGG_STAGES = ((1, 2), (2, 2), (4, 4), (8, 4), (8, 2))
"""Width and number of convolutions of VGG-19's stages, as far as conv5_2."""
EXEMPLAR_SIDE = 64
"""Exemplars become squares of this many px: colours need neither detail nor an aspect ratio. The paper has 256."""
_SLOPE = 0.2
"""Of the leaky ReLU; the paper does not give it, the public code has 0.2 nearly everywhere."""


class ModulatedConv(nn.Module):
    """Convolution whose weights are scaled by an embedding and then normalised: equations 4 to 7.

    - Equation 5 is read as in StyleGAN2, from which it is taken: one norm for each output channel, over input
      channels and kernel. Its text ("except from the input feature dimension") read literally would divide each
      input channel by its own scale, and the embedding would have no effect.
    - The constant s of equation 4 cancels in equation 5. The weights start at its scale instead, where Adam moves
      them as fast as those of other layers.
    - Scaling the input, convolving and scaling the output is the same function as a convolution with weights of
      each picture's own, and needs no grouped convolution.

    Parameters
    ----------
    embedding, channels, kernel : int
        Length of the embedding; channels in and out; side of the kernel.
    """

    def __init__(self, embedding: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.style = nn.Linear(embedding, channels)
        self.weight = nn.Parameter(torch.randn(channels, channels, kernel, kernel) / (channels * kernel**2) ** 0.5)
        # Starts near a plain convolution. The weights are kept large and scaled when they are used, as in StyleGAN2:
        # as equation 5 takes the scale of the style away again, nothing else stops large steps from growing it.
        nn.init.normal_(self.style.weight, std=0.5)
        nn.init.ones_(self.style.bias)

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """(N, C, H, W) and (N, E) to (N, C, H, W)."""
        style = self.styles(embedding)  # (N, C)
        squares = self.weight.square().sum(dim=(2, 3))  # (out, in)
        norm = torch.rsqrt(F.linear(style.square(), squares) + 1e-8)  # (N, out)
        convolved = F.conv2d(features * style[..., None, None], self.weight, padding=self.weight.shape[-1] // 2)
        return convolved * norm[..., None, None]

    def styles(self, embedding: Tensor) -> Tensor:
        """(N, E) to the factors of the input channels, (N, C): F_Linear of equation 4."""
        return F.linear(embedding, self.style.weight / embedding.shape[1] ** 0.5, self.style.bias)


class ResidualHalf(nn.Module):
    """Half the size by a 4x4 convolution, then a residual block that keeps the variance (divided by root 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(inputs, inputs, 4, stride=2, padding=1)
        self.widen = nn.Conv2d(inputs, outputs, 1)
        self.first = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H/2, W/2)."""
        short = self.widen(F.leaky_relu(self.halve(features), _SLOPE))
        deep: Tensor = self.second(F.leaky_relu(self.norm(self.first(short)), _SLOPE))
        result: Tensor = (deep + short) / 2**0.5
        return result


class Formalise(nn.Module):
    """One step of the PFFN: twice the size, joined with the skipped features, convolved under the embedding.

    Bilinear doubling and 1x1 convolutions commute, so those of the deep features are done before it, at a quarter
    of the cost.
    """

    def __init__(self, embedding: int, deep: int, skipped: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.from_deep = nn.Conv2d(deep, outputs, 1)
        self.from_skipped = nn.Conv2d(skipped, outputs, 1, bias=False)
        self.mix = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.modulated = ModulatedConv(embedding, outputs, kernel)
        self.around = nn.Conv2d(deep, outputs, 1)

    def forward(self, deep: Tensor, skipped: Tensor, embedding: Tensor) -> Tensor:
        """(N, deep, H, W) and (N, skipped, 2H, 2W) to (N, outputs, 2H, 2W)."""
        joined = F.leaky_relu(_double(self.from_deep(deep)) + self.from_skipped(skipped), _SLOPE)
        formed = self.modulated(F.leaky_relu(self.mix(joined), _SLOPE), embedding)
        result: Tensor = formed + _double(self.around(deep))
        return result


class ColorEncoder(nn.Module):
    """A coloured picture as one vector: VGG-19 up to relu5_2, four convolutions, the mean, three linear layers.

    - The paper's VGG-19 is pretrained, which ours cannot be: each stage ends with a batch normalisation, so that
      the stack learns from nothing.
    - `statistics` (not in the paper) adds the means of every stage's features to what the linear layers see. The
      mean of the first stage is a learned colour histogram, which a short training would else have to carry
      through eighteen layers.
    - The vector's numbers are normalised over the batch (not in the paper). The modulation has no use for what all
      exemplars have in common, nor for the vector's length; in a training from nothing both grow until no exemplar
      differs from another.

    Parameters
    ----------
    width : int
        Channels of the first stage; VGG-19 has 64.
    embedding : int
        Length of the vector.
    """

    def __init__(self, width: int = 64, embedding: int = 512, *, statistics: bool = False) -> None:
        super().__init__()
        self.statistics = statistics
        widths = [3, *(width * factor for factor, _ in _VGG_STAGES)]
        self.stages = nn.ModuleList(
            nn.Sequential(
                Conv(inputs, outputs),
                *(Conv(outputs, outputs, norm=index == count - 1) for index in range(1, count)),
            )
            for (inputs, outputs), (_, count) in zip(pairwise(widths), _VGG_STAGES, strict=True)
        )
        last = widths[-1]
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [nn.Conv2d(last, last, 4, stride=2, padding=2), nn.LeakyReLU(_SLOPE)]
            layers += [nn.Conv2d(last, last, 3, padding=1), nn.LeakyReLU(_SLOPE)]
        self.condense = nn.Sequential(*layers)
        half = embedding // 2
        self.vector = nn.Sequential(
            nn.Linear(last + (sum(widths[1:]) if statistics else 0), half),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(half, half),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(half, embedding),
        )
        for layer in (*self.condense, *self.vector):
            if isinstance(layer, nn.Conv2d | nn.Linear):
                # Without biases of their own at the start, exemplars differ in more than a trace.
                nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.apart = nn.BatchNorm1d(embedding, affine=False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).reshape(3, 1, 1), persistent=False)

    mean: Tensor
    deviation: Tensor

    def forward(self, rgb: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in 0-1, at least 16 px on a side, to (N, embedding)."""
        features = (rgb - self.mean) / self.deviation
        means = []
        for index, stage in enumerate(self.stages):
            features = stage(features if index == 0 else F.max_pool2d(features, 2))
            means.append(features.mean(dim=(2, 3)))
        condensed = self.condense(features).mean(dim=(2, 3))
        vector: Tensor = self.apart(
            self.vector(torch.cat((condensed, *means), dim=1) if self.statistics else condensed)
        )
        return vector


class Color2EmbedNet(nn.Module):
    """Gray picture and exemplar in, ab out: content encoder, colour encoder and PFFN.

    The paper gives the parts and their order; numbers of channels, kernels (3, 3, 5, 5 from deep to fine), slopes
    and normalisation are those of the authors' public code. Where we follow the paper against that code: the PFFN
    gets all of a level's content features, not every fourth channel.

    Parameters
    ----------
    width : int
        Channels at full resolution; doubled at each of three halvings. Published: 64.
    color_width : int
        The same of the colour encoder.
    embedding : int
        Length of the colour embedding.
    statistics : bool
        See `ColorEncoder`.
    """

    stride = 16
    """Height and width must be multiples of this."""

    def __init__(
        self, width: int = 64, color_width: int = 64, embedding: int = 512, *, statistics: bool = False
    ) -> None:
        super().__init__()
        w1, w2, w4, w8 = width, 2 * width, 4 * width, 8 * width
        self.color = ColorEncoder(color_width, embedding, statistics=statistics)
        self.inward = nn.Sequential(
            nn.Conv2d(1, w1, 3, padding=1, bias=False),
            nn.BatchNorm2d(w1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(w1, w1, 3, padding=1, bias=False),
            nn.BatchNorm2d(w1),
            nn.LeakyReLU(_SLOPE),
        )
        levels = (w1, w2, w4, w8, w8)
        self.down = nn.ModuleList(ResidualHalf(inputs, outputs) for inputs, outputs in pairwise(levels))
        self.up = nn.ModuleList(
            Formalise(embedding, deep, skipped, outputs, kernel)
            for deep, skipped, outputs, kernel in ((w8, w8, w4, 3), (w4, w4, w2, 3), (w2, w2, w1, 5), (w1, w1, w1, 5))
        )
        self.out = nn.Sequential(
            nn.Conv2d(w1, w1, 3, padding=1), nn.LeakyReLU(_SLOPE), nn.Conv2d(w1, 2, 3, padding=1), nn.Tanh()
        )
        for layer in (*self.inward, *self.down.modules(), *self.up.modules(), *self.out):
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
        last = self.out[2]
        assert isinstance(last, nn.Conv2d)
        nn.init.normal_(last.weight, std=0.01)

    def forward(self, lightness: Tensor, exemplar: Tensor) -> Tensor:
        """Colours for gray pictures.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            (L - 50) / 50; H and W multiples of 16.
        exemplar : Tensor, shape (N, 3, h, w)
            sRGB, 0-1; h and w at least 16.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            ab / 110, within +-1.
        """
        return self.paint(self.content(lightness), self.color(exemplar))

    def content(self, lightness: Tensor) -> tuple[Tensor, ...]:
        """Features of the gray picture alone, the full resolution first; equation 2."""
        features = [self.inward(lightness)]
        for down in self.down:
            features.append(down(features[-1]))
        return tuple(features)

    def paint(self, content: Sequence[Tensor], embedding: Tensor) -> Tensor:
        """The PFFN: content features and colour embedding, (N, E), to ab / 110; equation 3."""
        *skipped, features = content
        for up, level in zip(self.up, reversed(skipped), strict=True):
            features = up(features, level, embedding)
        result: Tensor = self.out(features)
        return result


def _double(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
