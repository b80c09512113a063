"""The published network: its layers, shapes, and what its masks mean."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from handtint.nets.global_local import PALETTE_SLOTS, GlobalLocalNet


def no_guidance(n: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """hint_ab, hint_mask, palette_ab, palette_mask that say nothing."""
    planes, slots = torch.zeros(n, 2, height, width), torch.zeros(n, PALETTE_SLOTS, 2)
    return planes, planes[:, :1].clone(), slots, slots[..., 0].clone()


@pytest.fixture
def net() -> GlobalLocalNet:
    torch.manual_seed(0)
    return GlobalLocalNet(8).eval()


def test_has_31_numbered_layers() -> None:
    convolutions = [m for m in GlobalLocalNet(4).modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    # Layer 1 is three convolutions side by side.
    assert len(convolutions) - 2 == 31


def test_published_width_has_the_papers_channels() -> None:
    net = GlobalLocalNet()
    assert net.width == 64
    seen: dict[str, tuple[int, ...]] = {}
    for name in ("encode1", "encode2", "encode3", "encode4", "palette", "dilated", "double1", "double3"):
        net.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
    with torch.inference_mode():
        ab = net.eval()(torch.zeros(1, 1, 32, 40), *no_guidance(1, 32, 40))
    assert ab.shape == (1, 2, 32, 40)
    assert seen == {
        "encode1": (1, 64, 32, 40),
        "encode2": (1, 128, 16, 20),
        "encode3": (1, 256, 8, 10),
        "encode4": (1, 512, 4, 5),
        "palette": (1, 512, 1, 1),
        "dilated": (1, 512, 4, 5),
        "double1": (1, 256, 8, 10),
        "double3": (1, 64, 32, 40),
    }


def test_without_its_gradient_it_has_one_input_less() -> None:
    """A 3x3 kernel and a bias for each of the first channels."""
    whole, ablated = (sum(p.numel() for p in GlobalLocalNet(8, gradient=g).parameters()) for g in (True, False))
    assert whole - ablated == 8 * 9 + 8
    gray = torch.rand(1, 1, 16, 16)
    assert GlobalLocalNet(8, gradient=False)(gray, *no_guidance(1, 16, 16)).shape == (1, 2, 16, 16)


def test_a_neutral_hint_is_not_the_same_as_no_hint(net: GlobalLocalNet) -> None:
    gray = torch.rand(1, 1, 32, 32)
    hint_ab, hint_mask, *palette = no_guidance(1, 32, 32)
    without = net(gray, hint_ab, hint_mask, *palette)
    hint_mask[..., 10:20, 10:20] = 1.0
    assert (net(gray, hint_ab, hint_mask, *palette) - without).abs().max() > 1e-4


def test_what_stands_under_an_empty_mask_is_ignored(net: GlobalLocalNet) -> None:
    gray = torch.rand(1, 1, 32, 32)
    hint_ab, hint_mask, palette_ab, palette_mask = no_guidance(1, 32, 32)
    without = net(gray, hint_ab, hint_mask, palette_ab, palette_mask)
    assert torch.equal(net(gray, hint_ab + 0.5, hint_mask, palette_ab - 0.3, palette_mask), without)


def test_an_absent_palette_adds_nothing_and_a_neutral_one_does(net: GlobalLocalNet) -> None:
    *_, palette_ab, palette_mask = no_guidance(2, 8, 8)
    nn.init.normal_(net.palette[-1].bias)  # type: ignore[arg-type]
    palette_mask[1, :3] = 1.0
    features = net.palette_features(palette_ab, palette_mask)
    assert torch.equal(features[0], torch.zeros_like(features[0]))
    assert features[1].abs().max() > 1e-3


def test_answers_stay_within_one(net: GlobalLocalNet) -> None:
    nn.init.normal_(net.out.weight, std=10.0)
    ab = net(torch.randn(2, 1, 16, 24), *no_guidance(2, 16, 24))
    assert ab.abs().max() <= 1.0
    assert ab.abs().max() > 0.9
