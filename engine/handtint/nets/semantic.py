"""The colouring network of "Semantic-driven colorization": gray and a class for each pixel in, ab out.

References
----------
M. M. Ho, L. Zhang, A. Raake, J. Zhou, "Semantic-driven colorization", section 2.3, figures 5 and 6.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.01
LEVELS = 5


class SemanticNet(nn.Module):
    """U-Net whose encoder sees the gray picture and its label map apart, with the same weights.

    Five encoder layers of two 3x3 convolutions, the first of each with stride 2 except in the first layer; at each
    level the gray features, instance-normalised, and the semantic features as they are stand side by side; five
    decoder layers of twice the widths add those on their way up. Leaky ReLU throughout.

    Where the paper leaves a choice, or we leave the paper:

    - A class is a learned vector (one-hot through a matrix), not the one ordinal number that the paper feeds:
      there, class 17 lies between 16 and 18, and between bed and bicycle there is nothing. The shared encoder then
      needs as many channels of the gray picture, which a 1x1 convolution makes. Class 0, nothing said, is the
      zero vector.
    - The normalised gray features go to the decoder only; the encoder goes on with those that are not, as in the
      public code. The normalisation has no learned factors.
    - What is added in figure 6 is taken to be the skipped features and the risen ones; the first decoder layer
      works at the lowest resolution, where there is nothing to rise from ("excluding the first and final layers").
    - tanh at the end instead of Leaky ReLU, which lets one half of the colours through at a hundredth.
    - `fold` puts squares of that many pixels into channels, as in `GridNet`; the paper has 1.

    Parameters
    ----------
    classes : int
        Numbers that a map can hold, 0 included; the published network has 60.
    width : int
        Channels of the first encoder layer; doubled from layer to layer. The paper has 32 (to 512).
    embedding : int
        Length of a class's vector.
    norm : bool
        The instance normalisation; off for the paper's ablation.
    fold : int
        Pixels of the picture along each side of one pixel of the first layer.
    """

    def __init__(
        self, classes: int = 60, width: int = 32, *, embedding: int = 16, norm: bool = True, fold: int = 1
    ) -> None:
        super().__init__()
        self.fold = fold
        widths = [width * 2**level for level in range(LEVELS)]
        self.gray_in = nn.Conv2d(fold * fold, embedding, 1)
        self.class_in = nn.Embedding(classes, embedding, padding_idx=0)
        self.encoder = nn.ModuleList(
            nn.Sequential(*_conv(before, w, stride=1 if level == 0 else 2), *_conv(w, w))
            for level, (before, w) in enumerate(zip([embedding, *widths], widths, strict=False))
        )
        self.norm = norm
        self.deepest = nn.Sequential(*_conv(2 * widths[-1], 2 * widths[-1]), *_conv(2 * widths[-1], 2 * widths[-1]))
        self.rise = nn.ModuleList(_rise(4 * w, 2 * w) for w in widths[:-1])
        self.mix = nn.ModuleList(nn.Sequential(*_conv(2 * w, 2 * w)) for w in widths[:-1])
        self.out = nn.Conv2d(2 * width, 2 * fold * fold, 3, padding=1)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    @property
    def stride(self) -> int:
        """Height and width must be multiples of this."""
        return self.fold << (LEVELS - 1)

    def forward(self, lightness: Tensor, semantic: Tensor) -> Tensor:
        """Colours for gray pictures.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            (L - 50) / 50; H and W multiples of `stride`.
        semantic : Tensor, shape (N, H, W), int64
            Class of each pixel, 0 = not said.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            ab / 110, within +-1.
        """
        return self.decode(self.encode_gray(lightness), self.encode_map(semantic))

    def encode_gray(self, lightness: Tensor) -> list[Tensor]:
        """Normalised gray features of each level, fine to coarse; they do not change with the map."""
        levels = self._encode(self.gray_in(F.pixel_unshuffle(lightness, self.fold)))
        return [_normalize(level) for level in levels] if self.norm else levels

    def encode_map(self, semantic: Tensor) -> list[Tensor]:
        """Semantic features of each level, fine to coarse."""
        vectors = self.class_in(semantic).permute(0, 3, 1, 2).to(memory_format=torch.channels_last)
        return self._encode(F.avg_pool2d(vectors, self.fold) if self.fold > 1 else vectors)

    def decode(self, gray: list[Tensor], semantic: list[Tensor]) -> Tensor:
        """From the features of both streams to (N, 2, H, W)."""
        levels = [torch.cat(pair, dim=1) for pair in zip(gray, semantic, strict=True)]
        features: Tensor = self.deepest(levels[-1])
        for level in range(LEVELS - 2, -1, -1):
            risen = self.rise[level](features) + levels[level]
            features = self.mix[level](F.leaky_relu(risen, _SLOPE))
        return torch.tanh(F.pixel_shuffle(self.out(features), self.fold))

    def _encode(self, features: Tensor) -> list[Tensor]:
        levels = []
        for layer in self.encoder:
            features = layer(features)
            levels.append(features)
        return levels


def _normalize(features: Tensor) -> Tensor:
    """Instance normalisation without learned factors; same shape."""
    # A single pixel is its own mean, which torch refuses to divide by its deviation.
    return F.instance_norm(features) if features[0, 0].numel() > 1 else torch.zeros_like(features)


def _conv(inputs: int, outputs: int, *, stride: int = 1) -> tuple[nn.Conv2d, nn.LeakyReLU]:
    conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
    nn.init.kaiming_normal_(conv.weight, a=_SLOPE, nonlinearity="leaky_relu")
    return conv, nn.LeakyReLU(_SLOPE)


def _rise(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    conv = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    # Each output pixel meets 4 of the 16 taps, therefore a quarter of the usual fan-in.
    nn.init.normal_(conv.weight, std=(2.0 / (4 * inputs)) ** 0.5)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
