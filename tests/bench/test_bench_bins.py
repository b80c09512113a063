"""The comparison of ways around the network of the bins, on answers that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import rgb2lab
from skimage.transform import resize

from handtint.bench.bins import (
    Answer,
    ask,
    compare_shares,
    compare_suggestions,
    compare_uncertainties,
    compare_ways,
    table,
    ways,
)
from handtint.bench.pictures import BenchPicture
from handtint.color.bins import BINS, bin_centers, encode
from handtint.color.upsample import shrink_area
from handtint.nets.bins import BinsNet


@pytest.fixture(scope="module")
def picture() -> BenchPicture:
    rgb = np.rint(255 * resize(data.astronaut(), (96, 128), anti_aliasing=True)).astype(np.uint8)
    return BenchPicture("astronaut", rgb, np.asarray(rgb2lab(rgb).transpose(2, 0, 1), np.float32))


@pytest.fixture(scope="module")
def truth(picture: BenchPicture) -> Answer:
    """A network that knows the soft bins of the truth, at a quarter of the size."""
    small = np.stack([shrink_area(plane, (24, 32)) for plane in picture.ab])
    soft = encode(torch.from_numpy(small)[None])
    logits = torch.full((1, BINS, 24, 32), -1e4).scatter(1, soft.bins, soft.shares.log())
    return Answer(picture, logits, picture.lightness, shrink_area(picture.lightness, (24, 32)), torch.ones(BINS))


def test_the_two_readings_of_the_papers_sigma() -> None:
    kernels = {name: kernel for name, (kernel, _) in ways(6.0).items() if kernel is not None}
    assert kernels["JBU, sigma_s 3 px of the small picture"].space == 3.0
    assert kernels["JBU, sigma_s 3 px of the large picture"].space == 0.5


def test_of_true_colors_the_wide_kernel_loses_and_back_projection_wins(truth: Answer) -> None:
    rows = compare_ways([truth])
    psnr = {name: row[4] for name, row in rows.items()}  # of the truth's own colours
    best = psnr["JBU as everywhere here, 2 back-projections"]
    assert psnr["JBU, sigma_s 3 px of the small picture"] < psnr["bilinear"] < best
    retention = {name: row[7] for name, row in rows.items()}
    assert retention["bilinear"] < retention["JBU as everywhere here, 2 back-projections"] <= 1.0


def test_a_sure_answer_does_not_depend_on_the_temperature(truth: Answer) -> None:
    rows = compare_shares([truth])
    assert rows["0.25, 1"][0] == pytest.approx(rows["0.25, 0.38"][0], abs=1.5)
    assert rows["0.25, 1"][1] == pytest.approx(rows["0.25, 1"][2], rel=0.25)  # nearly as colourful as the truth


def test_undoing_more_of_the_rebalancing_grays(truth: Answer) -> None:
    """Where gray and red are equally likely after rebalancing, gray wins without it."""
    gray, red = (bin_centers().tolist().index(place) for place in ([0.0, 0.0], [60.0, 50.0]))
    logits, rarity = torch.full((1, BINS, 24, 32), -1e4), torch.ones(BINS)
    logits[0, [gray, red]], rarity[gray], rarity[red] = 0.0, 0.2, 5.0
    rows = compare_shares([truth._replace(logits=logits, rarity=rarity)])
    colorful = [rows[f"{share:g}, 0.38"][1] for share in (0.0, 0.25, 0.5, 1.0)]
    assert colorful == sorted(colorful, reverse=True)
    assert colorful[0] > 5 * colorful[-1]


def test_suggestions_of_one_who_knows_are_right(truth: Answer) -> None:
    rows = compare_suggestions([truth])
    assert rows["suggestions"][2] < 5.0 < rows["gray"][2]
    assert rows["suggestions"][0] >= rows["suggestions"][1] >= rows["suggestions"][2]
    assert rows["suggestions"].tolist() == rows["suggestions as learned"].tolist()


def test_uncertainty_that_is_the_error_agrees_with_it(picture: BenchPicture, truth: Answer) -> None:
    """Sure of gray on the left, where nothing else is known on the right."""
    gray = Answer(replace(picture, lab=picture.lab * np.float32([1, 0, 0])[:, None, None]), *truth[1:])
    logits = torch.zeros(1, BINS, 24, 32)
    logits[0, bin_centers().tolist().index([0.0, 0.0]), :, :16] = 20.0
    logits[0, bin_centers().tolist().index([60.0, 50.0]), :, 16:] = 3.0
    rows = compare_uncertainties([gray._replace(logits=logits)])
    assert rows["expected error, rebalancing undone"][0] > 0.5


def test_the_network_sees_the_working_size(picture: BenchPicture) -> None:
    torch.manual_seed(0)
    answer = ask(BinsNet(4, classes=3).eval(), picture, 64)
    assert answer.logits.shape == (1, BINS, 12, 16)
    assert (answer.working.shape, answer.lightness.shape) == ((48, 64), (12, 16))


def test_tables_are_markdown() -> None:
    text = table("way", ("PSNR",), {"a": np.array([21.126], np.float32)})
    assert text.splitlines() == ["| way | PSNR |", "|---|---|", "| a | 21.13 |"]
