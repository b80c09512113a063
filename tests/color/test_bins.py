"""The published bins in their order, and the arithmetic around them on numbers that can be checked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from handtint.color.bins import (
    BINS,
    SoftBins,
    annealed_mean,
    bin_centers,
    cross_entropy,
    encode,
    rebalancing,
    undo_rebalancing,
)

RANGES = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100), -30: (-50, 100),
    -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90),
    50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip
"""b of the lowest and the highest bin for each a, of the published set."""


def place(a: int, b: int) -> int:
    """Number of the bin with this middle."""
    return bin_centers().tolist().index([a, b])


def picture(*colors: tuple[float, float]) -> torch.Tensor:
    """(1, 2, 1, W) ab."""
    return torch.tensor(colors).T[None, :, None]


def test_the_bins_are_the_published_ones_in_the_published_order() -> None:
    expected = [[a, b] for a, (low, high) in RANGES.items() for b in range(low, high + 1, 10)]
    assert len(expected) == BINS == 313
    assert bin_centers().tolist() == expected


def test_a_middle_belongs_mostly_to_its_own_bin() -> None:
    soft = encode(picture((20.0, -30.0)))
    assert soft.bins.shape == soft.shares.shape == (1, 5, 1, 1)
    assert soft.bins[0, 0].item() == place(20, -30)
    assert set(soft.bins.flatten().tolist()) == {
        place(*p) for p in ((20, -30), (10, -30), (30, -30), (20, -20), (20, -40))
    }
    # The four neighbours are 10 units away: exp(-100 / 50) each.
    assert soft.shares.flatten().tolist() == pytest.approx(
        [1 / (1 + 4 * math.exp(-2))] + [math.exp(-2) / (1 + 4 * math.exp(-2))] * 4
    )


def test_a_color_between_two_bins_belongs_to_both() -> None:
    soft = encode(picture((5.0, 0.0)), neighbors=2)
    assert set(soft.bins.flatten().tolist()) == {place(0, 0), place(10, 0)}
    assert soft.shares.flatten().tolist() == pytest.approx([0.5, 0.5])


def test_a_color_far_outside_belongs_to_the_nearest_bin() -> None:
    soft = encode(picture((500.0, 0.0)))
    assert soft.bins[0, 0].item() == place(100, 0)
    assert soft.shares.sum().item() == pytest.approx(1.0)


def test_rare_bins_count_more() -> None:
    prior = torch.tensor([0.75, 0.25, 0.0, 0.0])
    weights = rebalancing(prior)
    # Half the prior and half of 1/4 each: 1/2, 1/4, 1/8, 1/8; inverted 2, 4, 8, 8; their mean over the prior is 2.5.
    assert weights.tolist() == pytest.approx([0.8, 1.6, 3.2, 3.2])
    assert float((prior * weights).sum()) == pytest.approx(1.0)
    assert rebalancing(prior, uniform=1.0).tolist() == pytest.approx([1.0] * 4)


def test_the_published_prior_gives_weights_near_the_published_ones() -> None:
    """The gray bin has 0.2012 of ImageNet, and 31 bins have next to nothing: weights 0.0965 and 6.17."""
    weights = [1.0 / (0.5 * share + 0.5 / BINS) for share in (0.2012, 0.0)]
    assert weights[1] / weights[0] == pytest.approx(6.17 / 0.0965, rel=0.01)


def test_annealing_goes_from_the_mean_to_the_mode() -> None:
    logits = torch.full((1, BINS, 1, 1), -1e4)
    logits[0, place(40, 0)], logits[0, place(0, 0)] = math.log(0.6), math.log(0.4)
    for temperature in (1.0, 0.38):
        share = 0.6 ** (1 / temperature) / (0.6 ** (1 / temperature) + 0.4 ** (1 / temperature))
        a, b = annealed_mean(logits, temperature).flatten().tolist()
        assert (a, b) == (pytest.approx(40 * share, abs=1e-3), pytest.approx(0.0, abs=1e-4))
    assert annealed_mean(logits, 0.01).flatten().tolist() == pytest.approx([40.0, 0.0], abs=1e-3)


def test_colors_survive_bins_and_back() -> None:
    ab = picture((3.0, 4.0), (-27.0, 12.0), (55.0, -61.0))
    soft = encode(ab)
    logits = torch.full((1, BINS, 1, 3), -1e4).scatter(1, soft.bins, soft.shares.log())
    assert (annealed_mean(logits, 1.0) - ab).abs().max() < 1.5


def test_undoing_the_rebalancing_gives_the_shares_of_the_data() -> None:
    """The loss over data of which bin 3 has 9 in 10 and bin 8 the rest is least at shares times weights."""
    weights = torch.ones(BINS)
    weights[3], weights[8] = 0.5, 5.5
    shares, logits = torch.tensor([0.9, 0.1]), torch.full((1, BINS, 1, 1), -1e4)
    learned = shares * weights[[3, 8]]
    logits[0, [3, 8], 0, 0] = learned.log()
    natural = torch.softmax(undo_rebalancing(logits, weights), dim=1).flatten()
    assert natural[[3, 8]].tolist() == pytest.approx([0.9, 0.1])
    assert torch.equal(undo_rebalancing(logits, weights, 0.0), logits)

    def loss(answer: torch.Tensor) -> float:
        return -float((learned * answer.log()).sum())

    best = learned / learned.sum()
    assert all(loss(best) < loss(best + torch.tensor([step, -step])) for step in (0.02, -0.02))


def test_cross_entropy_by_hand() -> None:
    truth = SoftBins(torch.tensor([3, 8]).reshape(1, 2, 1, 1), torch.tensor([0.75, 0.25]).reshape(1, 2, 1, 1))
    logits = torch.full((1, BINS, 1, 1), -1e4)
    logits[0, 3], logits[0, 8] = math.log(0.5), math.log(0.5)
    assert cross_entropy(logits, truth).item() == pytest.approx(math.log(2))
