"""The three parts of the loss on pictures whose answer is worked out by hand."""

from __future__ import annotations

import pytest
import torch

from handtint.nets.blocks import Sobel
from handtint.train.losses import (
    Asked,
    LossParts,
    LossWeights,
    color_map,
    global_local_loss,
    sliced_distance,
    some_pixels,
)

NO_PALETTE = (torch.zeros(1, 5, 2), torch.zeros(1, 5))


def asked(truth: torch.Tensor, palette: tuple[torch.Tensor, torch.Tensor]) -> Asked:
    return Asked(truth, *palette, some_pixels(truth))


def loss(output: torch.Tensor, truth: torch.Tensor, palette: tuple[torch.Tensor, torch.Tensor]) -> LossParts:
    return global_local_loss(output, asked(truth, palette), Sobel(), LossWeights())


def test_huber_is_quadratic_below_delta_and_linear_above() -> None:
    truth = torch.zeros(1, 2, 4, 4)
    assert loss(truth + 0.05, truth, NO_PALETTE).truth.item() == pytest.approx(0.05**2 / 2)
    assert loss(truth + 0.4, truth, NO_PALETTE).truth.item() == pytest.approx(0.1 * 0.4 - 0.1**2 / 2)


def test_a_constant_error_has_no_gradient_and_a_ramp_has_its_slope() -> None:
    truth = torch.zeros(1, 2, 8, 64)
    assert loss(truth + 0.3, truth, NO_PALETTE).gradient.item() == pytest.approx(0.0, abs=1e-9)
    ramp = 0.01 * torch.arange(64.0).expand(1, 2, 8, 64)
    # Along x the slope, half of it in the two border columns; along y nothing; mean of the two directions.
    expected = 0.01**2 * (62 + 2 * 0.25) / 64 / 2
    assert loss(ramp, truth, NO_PALETTE).gradient.item() == pytest.approx(expected, rel=1e-4)


def test_the_sign_of_the_gradient_counts() -> None:
    ramp = 0.01 * torch.arange(16.0).expand(1, 2, 8, 16)
    assert loss(-ramp, ramp, NO_PALETTE).gradient > 3.9 * loss(0 * ramp, ramp, NO_PALETTE).gradient


def test_color_map_takes_the_nearest_color_that_is_there() -> None:
    palette = torch.tensor([[[0.5, 0.0], [-0.5, 0.0], [0.0, 0.0]]])
    mask = torch.tensor([[1.0, 1.0, 0.0]])
    ab = torch.tensor([0.1, -0.1, 0.9]).reshape(1, 1, 1, 3).repeat(1, 2, 1, 1) * torch.tensor([1.0, 0.0]).reshape(
        1, 2, 1, 1
    )
    mapped = color_map(ab, palette, mask)
    assert torch.equal(mapped[0, 0, 0], torch.tensor([0.5, -0.5, 0.5]))
    assert torch.equal(mapped[0, 1, 0], torch.zeros(3))


def test_the_palette_part_counts_pictures_with_a_palette_only() -> None:
    truth = torch.zeros(2, 2, 4, 4)
    palette, mask = torch.zeros(2, 5, 2), torch.zeros(2, 5)
    palette[0, 0] = torch.tensor([0.05, 0.05])
    mask[0, 0] = 1.0
    parts = loss(truth, truth, (palette, mask))
    assert parts.colors.item() == pytest.approx(0.05**2 / 2 / 2)  # one of two pictures


def test_all_colors_together_count_pictures_with_a_palette_only() -> None:
    truth = torch.zeros(2, 2, 4, 4)
    palette, mask = torch.zeros(2, 5, 2), torch.zeros(2, 5)
    mask[0, 0] = 1.0
    output = truth + torch.tensor([0.3, 0.0]).reshape(1, 2, 1, 1)
    # The mean of |cos| over the eight directions, of one of two pictures.
    expected = 0.3 * torch.arange(8).mul(torch.pi / 8).cos().abs().mean().item() / 2
    assert loss(output, truth, (palette, mask)).distribution.item() == pytest.approx(expected)


def test_a_distribution_has_no_places() -> None:
    """Red left and blue right are as far from red above and blue below as from themselves; one tone is not."""
    card = torch.zeros(1, 2, 32, 32)
    card[:, 0, :, :16], card[:, 1, :, 16:] = 0.4, -0.4
    same = sliced_distance(some_pixels(card), some_pixels(card.transpose(2, 3).contiguous()))
    assert same.item() == pytest.approx(0.0, abs=1e-6)
    mixture = card.mean(dim=(2, 3), keepdim=True).expand_as(card)
    assert sliced_distance(some_pixels(mixture), some_pixels(card)).item() > 0.1


def test_total_has_the_papers_weights() -> None:
    one = torch.tensor(1.0)
    assert LossParts(one, one, one, one).total(LossWeights()).item() == pytest.approx(0.9 + 0.1 + 10.0)
    assert LossParts(0 * one, 0 * one, 0 * one, one).total(LossWeights(colors_as_a_whole=0.4)).item() == pytest.approx(
        0.4
    )


def test_chroma_makes_colorful_pixels_count_more() -> None:
    truth = torch.zeros(1, 2, 1, 2)
    truth[0, :, 0, 1] = torch.tensor([0.3, 0.4])  # chroma 0.5 beside gray
    at_gray, at_color = truth.clone(), truth.clone()
    at_gray[0, 0, 0, 0] += 0.05
    at_color[0, 0, 0, 1] += 0.05
    weights = LossWeights(chroma=5.0)
    question = asked(truth, NO_PALETTE)
    parts = [global_local_loss(output, question, Sobel(), weights) for output in (at_gray, at_color)]
    assert parts[1].truth.item() == pytest.approx(3.5 * parts[0].truth.item())
    assert (parts[0].truth + parts[1].truth).item() == pytest.approx(2 * 0.05**2 / 2 / 4)
