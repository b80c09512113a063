"""The learned peer: size and shapes as published, and what its mask means."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from handtint.nets.zhang2017 import GRID_BINS, Zhang2017Net


@pytest.fixture
def net() -> Zhang2017Net:
    torch.manual_seed(0)
    return Zhang2017Net(8).eval()


def test_published_width_has_the_published_number_of_parameters() -> None:
    net = Zhang2017Net()
    assert net.width == 64
    # OpenVINO's Open Model Zoo counts 34.05 million in colorization-siggraph.
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(34.05e6, rel=2e-3)


def test_shapes_at_the_published_width() -> None:
    net = Zhang2017Net().eval()
    seen: dict[str, tuple[int, ...]] = {}
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "conv7", "conv8", "conv9", "conv10"):
        net.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape[1:]}))
    with torch.inference_mode():
        ab = net(torch.zeros(1, 1, 32, 40), torch.zeros(1, 2, 32, 40), torch.zeros(1, 1, 32, 40))
    assert ab.shape == (1, 2, 32, 40)
    assert seen == {
        "conv1": (64, 32, 40),
        "conv2": (128, 16, 20),
        "conv3": (256, 8, 10),
        "conv4": (512, 4, 5),
        "conv5": (512, 4, 5),
        "conv6": (512, 4, 5),
        "conv7": (512, 4, 5),
        "conv8": (256, 8, 10),
        "conv9": (128, 16, 20),
        "conv10": (128, 32, 40),
    }


def test_two_blocks_are_dilated() -> None:
    net = Zhang2017Net(4)
    dilations = {
        name: {m.dilation for m in block.modules() if isinstance(m, nn.Conv2d)}
        for name, block in net.named_children()
        if name.startswith("conv")
    }
    assert {name for name, found in dilations.items() if found == {(2, 2)}} == {"conv5", "conv6"}


def test_a_hint_that_is_neutral_is_not_the_same_as_none(net: Zhang2017Net) -> None:
    gray, ab, mask = torch.rand(1, 1, 32, 32), torch.zeros(1, 2, 32, 32), torch.zeros(1, 1, 32, 32)
    without = net(gray, ab, mask)
    mask[..., 10:20, 10:20] = 1.0
    assert (net(gray, ab, mask) - without).abs().max() > 1e-5


def test_what_stands_under_an_empty_mask_is_ignored(net: Zhang2017Net) -> None:
    gray, ab, mask = torch.rand(1, 1, 32, 32), torch.zeros(1, 2, 32, 32), torch.zeros(1, 1, 32, 32)
    assert torch.equal(net(gray, ab + 0.5, mask), net(gray, ab, mask))


def test_the_optional_head_has_a_quarter_of_the_size() -> None:
    planes = torch.zeros(1, 1, 32, 40), torch.zeros(1, 2, 32, 40), torch.zeros(1, 1, 32, 40)
    assert Zhang2017Net(4, bins=GRID_BINS).eval().logits(*planes).shape == (1, 529, 8, 10)
    with pytest.raises(ValueError, match="head"):
        Zhang2017Net(4).logits(*planes)
