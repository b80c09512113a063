"""Convolution blocks that the networks share. Tensors in, tensors out; knows nothing of files or pictures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class Sobel(nn.Module):
    """Signed Sobel derivatives in units per pixel (the kernel 1-2-1 by 1-0-1, divided by 8).

    Edges of the picture are replicated, so that a border is not taken for an edge.
    """

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        along_x = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8.0
        self.register_buffer("kernel", torch.stack((along_x, along_x.T))[:, None], persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """Derivatives of each plane.

        Parameters
        ----------
        planes : Tensor, shape (N, C, H, W)
            Any range.

        Returns
        -------
        Tensor, shape (N, C, 2, H, W)
            Along x, then along y.
        """
        n, c, h, w = planes.shape
        padded = F.pad(planes.reshape(n * c, 1, h, w), (1, 1, 1, 1), mode="replicate")
        return F.conv2d(padded, self.kernel.to(planes.dtype)).reshape(n, c, 2, h, w)

    def magnitude(self, planes: Tensor) -> Tensor:
        """Length of the gradient of each plane; (N, C, H, W) to (N, C, H, W)."""
        gradient: Tensor = self(planes)
        return gradient.square().sum(dim=2).add(1e-12).sqrt()


class Conv(nn.Module):
    """Convolution, then batch normalisation where asked for, then ReLU. Keeps the size, or divides it by `stride`."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 3, dilation: int = 1, stride: int = 1, norm: bool = False
    ) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=not norm)
        self.norm = nn.BatchNorm2d(outputs) if norm else nn.Identity()
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        return F.relu(self.norm(self.conv(features)))


def fold_norms(net: nn.Module) -> None:
    """Work each `Conv`'s normalisation into its convolution: a trained network's same answers, sooner."""
    for part in net.modules():
        if isinstance(part, Conv) and isinstance(part.norm, nn.BatchNorm2d):
            part.conv, part.norm = fuse_conv_bn_eval(part.conv, part.norm), nn.Identity()


class Residual(nn.Module):
    """Adds what a chain of layers of the same width makes of the features."""

    def __init__(self, *layers: Conv) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        last = layers[-1].norm
        if isinstance(last, nn.BatchNorm2d):
            # The sum starts near the identity. Not at it: a ReLU that is 0 everywhere does not learn.
            nn.init.constant_(last.weight, 0.5)

    def forward(self, features: Tensor) -> Tensor:
        """Same shape."""
        result: Tensor = features + self.layers(features)
        return result


class Halve(nn.Module):
    """Depth-wise 1x1 convolution with stride 2: one learned factor per channel, nothing mixed, half the size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, stride=2, groups=channels)
        nn.init.ones_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H/2, W/2)."""
        # Scaling after plain subsampling is the same function, and ten times as fast as a grouped convolution.
        scale = self.conv.weight.reshape(1, -1, 1, 1)
        return features[..., ::2, ::2] * scale + self.conv.bias.reshape(1, -1, 1, 1)  # type: ignore[union-attr]


class Double(nn.Module):
    """4x4 transposed convolution with stride 2, then ReLU on the sum with the skipped features."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
        # Each output pixel meets 4 of the 16 taps, therefore a quarter of the usual fan-in.
        nn.init.normal_(self.conv.weight, std=(2.0 / (4 * inputs)) ** 0.5)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, skipped: Tensor) -> Tensor:
        """(N, inputs, H, W) and (N, outputs, 2H, 2W) to (N, outputs, 2H, 2W)."""
        return F.relu(self.conv(features) + skipped)
