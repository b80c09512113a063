"""Joint bilateral upsampling: edges kept, averages kept, better than plain interpolation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from handtint.color.lab import rgb_to_lab
from handtint.color.upsample import Kernel, area_size, shrink_area, upsample
from handtint.errors import Cancelled


def _bilinear(ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in ab])


def _shrink(ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.stack([shrink_area(plane, size) for plane in ab])


def _error(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(found - truth))))


def _card() -> tuple[np.ndarray, np.ndarray]:
    """A disc on a ground, each with its own lightness and color."""
    row, column = np.ogrid[:240, :320]
    inside = np.hypot(row - 120.3, column - 160.7) < 71.5
    ab = np.stack([np.where(inside, 50.0, -20.0), np.where(inside, 10.0, 30.0)])
    return np.where(inside, 70.0, 40.0).astype(np.float32), ab.astype(np.float32)


def test_much_better_than_bilinear_on_an_edge() -> None:
    lightness, ab = _card()
    size = (30, 40)
    found = upsample(_shrink(ab, size), shrink_area(lightness, size), lightness)
    assert _error(found, ab) < 0.6 * _error(_bilinear(_shrink(ab, size), (240, 320)), ab)


@pytest.mark.parametrize("factor", [4, 8])
def test_better_than_bilinear_on_photographs(factor: int) -> None:
    for picture in (data.astronaut(), data.coffee()):
        lab = rgb_to_lab(torch.from_numpy(picture.transpose(2, 0, 1).copy()) / 255).numpy()
        size = (lab.shape[1] // factor, lab.shape[2] // factor)
        small = _shrink(lab[1:], size)
        found = upsample(small, shrink_area(lab[0], size), lab[0])
        gain = 20 * np.log10(_error(_bilinear(small, lab.shape[1:]), lab[1:]) / _error(found, lab[1:]))
        assert gain > 0.7  # dB


def test_the_average_is_what_was_given() -> None:
    lightness, ab = _card()
    small = _shrink(ab, (60, 80))
    found = upsample(small, shrink_area(lightness, (60, 80)), lightness)
    assert np.abs(_shrink(found, (60, 80)) - small).mean() < 0.1


def test_one_color_stays_one_color() -> None:
    lightness = np.random.default_rng(0).uniform(0, 100, (77, 131)).astype(np.float32)
    small = np.stack([np.full((7, 13), 20.0), np.full((7, 13), -5.0)]).astype(np.float32)
    found = upsample(small, shrink_area(lightness, (7, 13)), lightness)
    np.testing.assert_allclose(found[0], 20.0, atol=1e-3)
    np.testing.assert_allclose(found[1], -5.0, atol=1e-3)


def test_an_edge_of_full_contrast_gives_numbers() -> None:
    lightness = np.zeros((64, 64), np.float32)
    lightness[::2] = 100.0
    small = np.zeros((2, 8, 8), np.float32)
    for guide in (0.0, 50.0, 100.0):
        assert np.isfinite(upsample(small, np.full((8, 8), guide, np.float32), lightness)).all()


def test_same_size_and_smaller_sizes() -> None:
    ab = np.random.default_rng(1).normal(0, 20, (2, 10, 12)).astype(np.float32)
    guide = np.zeros((10, 12), np.float32)
    same = upsample(ab, guide, guide)
    assert np.array_equal(same, ab)
    assert same is not ab
    np.testing.assert_allclose(upsample(ab, guide, guide[:1, :1])[:, 0, 0], ab.mean(axis=(1, 2)), rtol=1e-3, atol=1e-4)


def test_work_can_be_called_off() -> None:
    def stop() -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        upsample(
            np.zeros((2, 4, 4), np.float32), np.zeros((4, 4), np.float32), np.zeros((40, 40), np.float32), check=stop
        )


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((4000, 6000), (213, 320)),
        ((100, 50), (100, 50)),
        ((1, 1), (1, 1)),
        ((1, 10_000), (1, 320)),
        ((640, 640), (320, 320)),
    ],
)
def test_working_sizes(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert area_size(shape, 320) == size


def test_a_wider_kernel_is_the_bilateral_filter_of_the_paper() -> None:
    """Kopf et al., equation 3, straight from its definition, at some places of a small picture."""
    rng = np.random.default_rng(4)
    lightness = rng.uniform(0, 100, (36, 48)).astype(np.float32)
    small, kernel = rng.uniform(0, 100, (9, 12)).astype(np.float32), Kernel(space=3.0, range=6.0, taps=12)
    ab = rng.uniform(-80, 80, (2, 9, 12)).astype(np.float32)
    found = upsample(ab, small, lightness, kernel=kernel, back_projections=0)
    for row, column in ((17, 23), (18, 26)):  # whose window of 12 x 12 lies inside, or is cut at the edge
        y, x = (row + 0.5) / 4 - 0.5, (column + 0.5) / 4 - 0.5
        rows, columns = (np.floor(p).astype(int) + np.arange(-5, 7) for p in (y, x))
        distance = np.square(rows - y)[:, None] + np.square(columns - x)
        near = np.ix_(rows.clip(0, 8), columns.clip(0, 11))
        weight = np.exp(-0.5 * distance / 9.0 - 0.5 * np.square((small[near] - lightness[row, column]) / 6.0))
        expected = [(plane[near] * weight).sum() / weight.sum() for plane in ab]
        assert found[:, row, column] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((97, 131), (19, 30)), ((97, 131), (96, 130)), ((8, 8), (4, 2)), ((9, 5), (9, 2)), ((6, 7), (1, 1))],
)
def test_shrinking_averages_over_areas(shape: tuple[int, int], size: tuple[int, int]) -> None:
    plane = np.random.default_rng(8).uniform(-100, 100, shape).astype(np.float32)
    fine = plane.repeat(size[0], axis=0).repeat(size[1], axis=1).astype(np.float64)  # whole blocks make a new pixel
    expected = fine.reshape(size[0], shape[0], size[1], shape[1]).mean(axis=(1, 3))
    np.testing.assert_allclose(shrink_area(plane, size), expected, atol=1e-4)
