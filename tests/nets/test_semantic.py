"""The two-stream network: published size, shapes, what is normalised and what is not."""

from __future__ import annotations

import pytest
import torch

from handtint.nets.semantic import SemanticNet


def conv(inputs: int, outputs: int) -> int:
    return 9 * inputs * outputs + outputs


def test_published_size() -> None:
    widths = [32, 64, 128, 256, 512]
    encoder = sum(conv(before, w) + conv(w, w) for before, w in zip([16, *widths], widths, strict=False))
    deepest = 2 * conv(1024, 1024)
    decoder = sum(16 * 4 * w * 2 * w + 2 * w + conv(2 * w, 2 * w) for w in widths[:-1])
    ends = (16 + 16) + 60 * 16 + conv(64, 2)
    assert sum(p.numel() for p in SemanticNet().parameters()) == encoder + deepest + decoder + ends


@pytest.mark.parametrize("fold", [1, 2])
def test_colors_have_the_size_of_the_picture(fold: int) -> None:
    net = SemanticNet(9, 4, embedding=3, fold=fold)
    size = (2 * net.stride, 3 * net.stride)
    colors = net(torch.zeros(2, 1, *size), torch.ones(2, *size, dtype=torch.int64))
    assert colors.shape == (2, 2, *size)
    assert colors.abs().max() <= 1


@pytest.fixture
def net() -> SemanticNet:
    torch.manual_seed(0)
    return SemanticNet(9, 4, embedding=3)


def test_only_gray_features_are_normalised(net: SemanticNet) -> None:
    torch.manual_seed(1)
    for level in net.encode_gray(torch.randn(1, 1, 64, 64)):
        assert torch.allclose(level.mean(dim=(2, 3)), torch.zeros(1), atol=1e-4)
    labels = torch.randint(1, 9, (1, 64, 64))
    means = [level.mean(dim=(2, 3)).abs().max() for level in net.encode_map(labels)]
    assert min(means) > 0.01


def test_without_the_normalisation_gray_features_keep_their_contrast(net: SemanticNet) -> None:
    # Without biases the encoder passes a factor on as it is.
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.zeros_(parameter)
    plain = SemanticNet(9, 4, embedding=3, norm=False)
    plain.load_state_dict(net.state_dict())
    gray = torch.randn(1, 1, 64, 64)
    assert torch.allclose(net.encode_gray(gray)[0], net.encode_gray(3.0 * gray)[0], atol=1e-3)
    assert torch.allclose(3.0 * plain.encode_gray(gray)[0], plain.encode_gray(3.0 * gray)[0], atol=1e-4)


def test_both_streams_have_the_same_weights(net: SemanticNet) -> None:
    before = net.encode_map(torch.ones(1, 32, 32, dtype=torch.int64))[0]
    gray_before = net.encode_gray(torch.ones(1, 1, 32, 32) * torch.linspace(-1, 1, 32))[0]
    with torch.no_grad():
        net.encoder[0][0].weight.mul_(-1.0)
    assert not torch.allclose(before, net.encode_map(torch.ones(1, 32, 32, dtype=torch.int64))[0])
    assert not torch.allclose(gray_before, net.encode_gray(torch.ones(1, 1, 32, 32) * torch.linspace(-1, 1, 32))[0])


def test_nothing_said_is_the_zero_vector(net: SemanticNet) -> None:
    assert not net.class_in(torch.zeros(1, dtype=torch.int64)).any()


def test_two_classes_on_the_same_gray_learn_their_own_colors() -> None:
    torch.manual_seed(0)
    net = SemanticNet(4, 8, embedding=4)
    gray = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32).contiguous()
    labels = (torch.arange(32)[None, :, None] < 16).long().expand(1, 32, 32) + 1
    truth = torch.where(labels[:, None] == 1, 0.4, -0.3).expand(1, 2, 32, 32)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(60):
        loss = (net(gray, labels) - truth).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.01
    swapped = net(gray, 3 - labels).detach()
    assert swapped[:, :, :8].mean() > 0.2  # the class decides, not the place


def test_a_picture_of_one_pixel_of_the_coarsest_level(net: SemanticNet) -> None:
    colors = net(torch.zeros(1, 1, net.stride, net.stride), torch.ones(1, net.stride, net.stride, dtype=torch.int64))
    assert torch.isfinite(colors).all()
