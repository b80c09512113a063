"""The shared blocks against answers that can be worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from handtint.nets.blocks import Conv, Double, Halve, Residual, Sobel, fold_norms


def test_sobel_of_a_ramp_is_its_slope() -> None:
    ramp = (0.25 * torch.arange(8.0)).repeat(6, 1)[None, None]  # rises along x
    gradient = Sobel()(ramp)[..., 1:-1]  # the replicated border halves it
    assert torch.allclose(gradient[:, :, 0], torch.tensor(0.25))
    assert torch.allclose(gradient[:, :, 1], torch.tensor(0.0))


def test_sobel_is_signed_and_treats_planes_apart() -> None:
    ramp = torch.arange(8.0)[:, None].repeat(1, 8)  # rises along y
    gradient = Sobel()(torch.stack((ramp, -ramp))[None])[..., 1:-1, :]
    assert gradient.shape == (1, 2, 2, 6, 8)
    assert torch.allclose(gradient[0, 0, 1], torch.tensor(1.0))
    assert torch.allclose(gradient[0, 1, 1], torch.tensor(-1.0))


def test_sobel_sees_no_edge_at_the_border_of_a_flat_picture() -> None:
    assert Sobel().magnitude(torch.full((1, 1, 5, 5), 0.7)).max() < 1e-5


def test_halve_is_a_depthwise_convolution() -> None:
    halve = Halve(3)
    torch.nn.init.normal_(halve.conv.weight)
    torch.nn.init.normal_(halve.conv.bias)
    features = torch.randn(2, 3, 8, 6)
    expected = F.conv2d(features, halve.conv.weight, halve.conv.bias, stride=2, groups=3)
    assert torch.allclose(halve(features), expected, atol=1e-6)
    assert expected.shape == (2, 3, 4, 3)


def test_double_adds_what_is_skipped() -> None:
    double = Double(4, 2)
    torch.nn.init.zeros_(double.conv.weight)
    skipped = torch.randn(1, 2, 8, 8)
    assert torch.equal(double(torch.randn(1, 4, 4, 4), skipped), skipped.relu())


@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (3, 1), (3, 2)])
def test_conv_keeps_the_size(kernel: int, dilation: int) -> None:
    block = Conv(3, 5, kernel=kernel, dilation=dilation, norm=True)
    assert block(torch.randn(2, 3, 7, 9)).shape == (2, 5, 7, 9)
    assert block.conv.bias is None  # the normalisation's own shift does its work


def test_a_network_without_its_normalisations_answers_the_same() -> None:
    torch.manual_seed(2)
    net = Residual(Conv(5, 5), Conv(5, 5, dilation=2, norm=True)).eval()
    norm = net.layers[1].norm
    for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
        torch.nn.init.uniform_(values, 0.2, 2.0)
    planes = torch.randn(1, 5, 7, 9)
    with torch.inference_mode():
        before = net(planes)
    fold_norms(net)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in net.modules())
    with torch.inference_mode():
        torch.testing.assert_close(net(planes), before)
