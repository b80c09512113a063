"""The segmentation grid: published size, shapes, what sees what."""

from __future__ import annotations

import pytest
import torch

from handtint.nets.gridnet import GridNet


def conv(inputs: int, outputs: int, bias: bool = True) -> int:
    return 9 * inputs * outputs + outputs * bias


def unit(inputs: int, outputs: int) -> int:
    """Parameters of two normalised convolutions, the first without bias."""
    return 2 * inputs + conv(inputs, outputs, bias=False) + 2 * outputs + conv(outputs, outputs)


def test_published_size() -> None:
    widths = [16, 32, 64, 128, 256]
    laterals = 5 * sum(unit(w, w) for w in widths)
    ways = 3 * sum(unit(w, 2 * w) + unit(2 * w, w) for w in widths[:-1])
    ends = conv(1, 16) + 2 * 16 + conv(16, 60)
    assert sum(p.numel() for p in GridNet().parameters()) == laterals + ways + ends


@pytest.mark.parametrize("fold", [1, 2])
def test_scores_have_the_size_of_the_picture(fold: int) -> None:
    net = GridNet(7, 4, fold=fold).eval()
    size = (2 * net.stride, 3 * net.stride)
    assert net(torch.zeros(2, 1, *size)).shape == (2, 7, *size)


def test_features_go_from_fine_to_coarse() -> None:
    net = GridNet(7, 4, fold=2).eval()
    rows = net.features(torch.zeros(1, 1, 64, 96))
    assert [tuple(row.shape) for row in rows] == [
        (1, 4, 32, 48), (1, 8, 16, 24), (1, 16, 8, 12), (1, 32, 4, 6), (1, 64, 2, 3)
    ]  # fmt: skip


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    net = GridNet(5, 4)
    net(torch.randn(2, 1, 32, 32)).square().mean().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # A bias right before a normalisation would be still; there is none.
    assert still == []


def test_it_learns_two_kinds_of_stripes() -> None:
    """Vertical stripes are class 1, horizontal ones class 2: told by their surroundings, not by a pixel's own gray."""
    torch.manual_seed(0)
    stripes = (torch.arange(32) % 4 < 2).float()[None].expand(32, 32) - 0.5
    pictures = torch.stack((stripes, stripes.T))[:, None]
    labels = torch.tensor([1, 2])[:, None, None].expand(2, 32, 32)
    net = GridNet(3, 4)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(25):
        loss = torch.nn.functional.cross_entropy(net(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net(pictures).argmax(dim=1) == labels).float().mean() > 0.95
