"""The published network: its size, its shapes, and which layers the two heads share."""

from __future__ import annotations

import pytest
import torch

from handtint.nets.bins import BinsNet

MEGABYTE = 1e6


def megabytes(net: BinsNet, *, without: tuple[str, ...] = ("none",)) -> float:
    """Single-precision size of its parameters."""
    return sum(4 * p.numel() for name, p in net.named_parameters() if not name.startswith(without)) / MEGABYTE


def test_published_width_has_the_papers_size() -> None:
    net = BinsNet()
    assert net.width == 64
    # The paper: 147.5 MB; the network of Zhang et al. 2016, which has no segmentation: 128.9 MB.
    assert megabytes(net, without=("paths", "classes")) == pytest.approx(128.9, abs=0.05)
    assert megabytes(net) == pytest.approx(147.5, rel=0.01)


def test_published_width_has_the_papers_channels() -> None:
    net = BinsNet().eval()
    seen: dict[str, tuple[int, ...]] = {}
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "conv7", "conv8", "paths.2"):
        net.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
    with torch.inference_mode():
        output = net(torch.zeros(1, 1, 32, 40))
    assert output.colors.shape == (1, 313, 8, 10)
    assert output.classes.shape == (1, 183, 8, 10)
    assert seen == {
        "conv1": (1, 64, 16, 20),
        "conv2": (1, 128, 8, 10),
        "conv3": (1, 256, 4, 5),
        **{f"conv{number}": (1, 512, 4, 5) for number in (4, 5, 6, 7)},
        "conv8": (1, 256, 8, 10),
        "paths.2": (1, 192, 8, 10),
    }


def test_the_classes_teach_the_trunk_but_not_the_color_branch() -> None:
    torch.manual_seed(0)
    net = BinsNet(8, classes=5)
    net(torch.rand(2, 1, 32, 32)).classes.square().mean().backward()
    learned = {
        name.split(".")[0] for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }
    assert learned == {f"conv{number}" for number in range(1, 8)} | {"paths", "classes"}
