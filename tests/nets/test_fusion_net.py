"""The published network: its layers, shapes and size, its two fusions, and what its masks mean."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from handtint.nets.fusion import PALETTE_SLOTS, FusionNet, Interpolate


def no_guidance(n: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """hint_ab, hint_mask, palette_ab, palette_mask that say nothing."""
    planes, slots = torch.zeros(n, 2, height, width), torch.zeros(n, PALETTE_SLOTS, 2)
    return planes, planes[:, :1].clone(), slots, slots[..., 0].clone()


@pytest.fixture
def net() -> FusionNet:
    torch.manual_seed(0)
    return FusionNet(4).eval()


def test_has_17_numbered_convolutions_and_three_full_connections() -> None:
    modules = list(FusionNet(2).modules())
    # Layer 1 is two convolutions, one for gray and one for hints.
    assert sum(isinstance(m, nn.Conv2d) for m in modules) - 1 == 17
    assert sum(isinstance(m, nn.Linear) for m in modules) == 3
    assert sum(isinstance(m, Interpolate) for m in modules) == 2


def test_published_width_has_the_papers_channels() -> None:
    net = FusionNet()
    assert net.width == 32
    seen: dict[str, tuple[int, ...]] = {}
    names = ("gray_in", "local_in", "encode2", "encode3", "encode4.0", "encode4", "palette", "eighth_out", "out")
    for name in names:
        net.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
    with torch.inference_mode():
        ab = net.eval()(torch.zeros(1, 1, 32, 40), *no_guidance(1, 32, 40))
    assert ab.shape == (1, 2, 32, 40)
    assert seen == {
        "gray_in": (1, 32, 32, 40),
        "local_in": (1, 32, 32, 40),
        "encode2": (1, 128, 16, 20),
        "encode3": (1, 256, 8, 10),
        "encode4.0": (1, 512, 4, 5),
        "encode4": (1, 256, 4, 5),
        "palette": (1, 256),
        "eighth_out": (1, 128, 4, 5),
        "out": (1, 2, 16, 20),
    }


def test_published_width_has_the_parameters_of_its_layers() -> None:
    def conv(inputs: int, outputs: int) -> int:
        return 9 * inputs * outputs + outputs

    def normed(inputs: int, outputs: int) -> int:
        return 9 * inputs * outputs + 2 * outputs

    features = conv(1, 32) + conv(3, 32) + conv(32, 64) + normed(64, 128) + conv(128, 128) + normed(128, 256)
    features += conv(256, 256) + conv(256, 512) + conv(512, 512) + normed(512, 256)
    palette = 21 * 1024 + 1024 + 1024 * 512 + 512 + 512 * 256 + 256
    rebuilt = 2 * conv(256, 256) + normed(256, 128) + conv(128 + 256, 128) + normed(128, 64)
    rebuilt += conv(64 + 128, 64) + conv(64, 32) + conv(32, 2)
    assert sum(p.numel() for p in FusionNet().parameters()) == features + palette + rebuilt + 2


def test_interpolation_starts_half_way_and_its_share_is_learned() -> None:
    fuse = Interpolate()
    one, other = torch.full((1, 2, 4, 4), 3.0), torch.ones(1, 2, 1, 1)
    assert torch.equal(fuse(one, other), torch.full((1, 2, 4, 4), 2.0))
    fuse(one, other).sum().backward()
    assert fuse.logit.grad is not None
    assert fuse.logit.grad > 0  # more of the first, which is larger
    with torch.no_grad():
        fuse.logit.fill_(50.0)
    assert torch.equal(fuse(one, other), one)


def test_a_neutral_hint_is_not_the_same_as_no_hint(net: FusionNet) -> None:
    gray = torch.rand(1, 1, 32, 32)
    hint_ab, hint_mask, *palette = no_guidance(1, 32, 32)
    without = net(gray, hint_ab, hint_mask, *palette)
    hint_mask[..., 10:20, 10:20] = 1.0
    assert (net(gray, hint_ab, hint_mask, *palette) - without).abs().max() > 1e-4


def test_what_stands_under_an_empty_mask_is_ignored(net: FusionNet) -> None:
    gray = torch.rand(1, 1, 32, 32)
    hint_ab, hint_mask, palette_ab, palette_mask = no_guidance(1, 32, 32)
    palette_mask[:, :3], palette_ab[:, :3] = 1.0, 0.2
    without = net(gray, hint_ab, hint_mask, palette_ab, palette_mask)
    palette_ab[:, 3:] = -0.3
    assert torch.equal(net(gray, hint_ab + 0.5, hint_mask, palette_ab, palette_mask), without)


def test_a_neutral_color_is_not_the_same_as_an_empty_slot(net: FusionNet) -> None:
    *_, palette_ab, palette_mask = no_guidance(2, 8, 8)
    palette_mask[:, :3], palette_mask[1, 3] = 1.0, 1.0
    features = net.palette_features(palette_ab, palette_mask)
    assert (features[0] - features[1]).abs().max() > 1e-3


def test_answers_stay_within_the_range_of_the_sigmoid(net: FusionNet) -> None:
    nn.init.normal_(net.out.weight, std=100.0)
    ab = net(torch.randn(2, 1, 16, 24), *no_guidance(2, 16, 24))
    assert ab.max() <= 127 / 110 + 1e-6
    assert ab.min() >= -128 / 110 - 1e-6
    assert ab.max() > 1.1
    assert ab.min() < -1.1
