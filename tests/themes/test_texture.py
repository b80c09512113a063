"""Segments and Gabor features of pictures whose texture is known."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color, data

from handtint.themes.texture import (
    FEATURES,
    ORIENTATIONS,
    SCALES,
    WORKING_SIDE,
    FloatArray,
    describe,
    find_segments,
    gabor_responses,
)


def stripes(period: float, angle: float, side: int = 128) -> FloatArray:
    """A sine wave of L* 50 +- 20 that varies along `angle`, in radians from x to y."""
    y, x = np.mgrid[:side, :side]
    return np.asarray(50.0 + 20.0 * np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period), np.float32)


@pytest.mark.parametrize("scale", range(SCALES))
@pytest.mark.parametrize("orientation", range(0, ORIENTATIONS, 2))
def test_stripes_answer_most_to_the_filter_of_their_period_and_direction(scale: int, orientation: int) -> None:
    picture = stripes(4.0 * 2**scale, np.pi * orientation / ORIENTATIONS)
    strengths = np.array([response[32:-32, 32:-32].mean() for response in gabor_responses(picture)])
    assert len(strengths) == SCALES * ORIENTATIONS
    assert int(strengths.argmax()) == scale * ORIENTATIONS + orientation


def test_a_flat_picture_answers_to_no_filter() -> None:
    assert max(response.max() for response in gabor_responses(np.full((64, 48), 80.0, np.float32))) < 0.5


def test_two_halves_are_two_segments_the_larger_first() -> None:
    picture = np.full((60, 90), 20.0, np.float32)
    picture[:, 60:] = 80.0
    regions = describe(picture)
    assert regions.labels[30, 20] == 0
    assert regions.labels[30, 75] == 1
    # The edge between them is smoothed, and becomes slivers of its own.
    assert regions.shares[:2] == pytest.approx([2 / 3, 1 / 3], abs=0.05)
    assert regions.lightness[:2] == pytest.approx([20.0, 80.0], abs=1.0)
    assert regions.features.shape == (len(regions.shares), FEATURES)
    assert np.array_equal(regions.features[:, -1], regions.lightness)


def test_segments_of_a_photograph_are_connected_to_its_edges() -> None:
    lightness = np.asarray(color.rgb2lab(data.coffee())[..., 0], np.float32)
    regions = describe(lightness)
    assert max(regions.labels.shape) == WORKING_SIDE
    sizes = np.bincount(regions.labels.ravel())
    assert len(sizes) >= 5
    assert (np.diff(sizes) <= 0).all()
    assert regions.shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert np.isfinite(regions.features).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2)])
def test_the_smallest_pictures_have_segments_too(shape: tuple[int, int]) -> None:
    regions = describe(np.full(shape, 30.0, np.float32))
    assert regions.labels.shape == shape
    assert regions.shares.sum() == pytest.approx(1.0)
    assert find_segments(np.full(shape, 30.0, np.float32)).max() == 0
