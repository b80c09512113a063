"""The shipped segmentation on pictures that it was not trained on, and maps of every size."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab
from skimage.transform import resize

from handtint.colorizers.base import FloatArray
from handtint.colorizers.segmenter import MAP_SIDE, Segmenter, resize_map
from handtint.errors import Cancelled, PictureError
from handtint.weights import read_classes

NUMBER = {entry.name: entry.index for entry in read_classes()}


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter("cpu")


@pytest.fixture(scope="module")
def astronaut() -> FloatArray:
    """(256, 256) lightness."""
    return np.asarray(rgb2lab(resize(data.astronaut(), (256, 256), anti_aliasing=True))[..., 0], np.float32)


@pytest.fixture(scope="module")
def cameraman() -> FloatArray:
    """(512, 512) lightness: a photograph of 1978 that was never in color."""
    return np.asarray(data.camera() / 2.55, np.float32)


def test_the_sky_of_an_old_photograph_and_not_the_man(segmenter: Segmenter, cameraman: FloatArray) -> None:
    found = segmenter.segment(cameraman)
    assert found.shape == (512, 512)
    assert found.dtype == np.int64
    assert (found[20:120, 330:500] == NUMBER["sky"]).mean() > 0.9
    assert not (found[180:380, 80:200] == NUMBER["sky"]).any()


def test_pictures_of_any_size_have_a_map_of_that_size(segmenter: Segmenter) -> None:
    rng = np.random.default_rng(0)
    for size in ((1, 1), (3, 200), (65, 31)):
        found = segmenter.segment(rng.uniform(0, 100, size).astype(np.float32))
        assert found.shape == size
        assert found.min() >= 0
        assert found.max() <= 78


def test_nothing_is_said_of_what_is_not_known(segmenter: Segmenter) -> None:
    noise = np.random.default_rng(0).uniform(0, 100, (96, 128)).astype(np.float32)
    assert (segmenter.segment(noise) == 0).mean() > 0.3


def test_a_large_picture_has_the_map_of_the_small_one(segmenter: Segmenter, astronaut: FloatArray) -> None:
    factor = MAP_SIDE // 256 + 1
    large = segmenter.segment(np.repeat(np.repeat(astronaut, factor, axis=0), factor, axis=1))
    assert large.shape == (256 * factor, 256 * factor)
    assert (large[factor // 2 :: factor, factor // 2 :: factor] == segmenter.segment(astronaut)).mean() > 0.97


def test_work_can_be_called_off(segmenter: Segmenter, astronaut: FloatArray) -> None:
    with pytest.raises(Cancelled):
        segmenter.segment(astronaut, cancelled=lambda: True)


def test_a_damaged_picture_is_refused(segmenter: Segmenter) -> None:
    with pytest.raises(PictureError, match="NaN"):
        segmenter.segment(np.full((8, 8), np.nan, np.float32))


def test_class_numbers_are_not_mixed() -> None:
    classes = np.array([[10, 20], [30, 40]])
    assert resize_map(classes, (2, 2)) is classes
    assert resize_map(classes, (4, 6)).tolist() == [[10, 10, 10, 20, 20, 20]] * 2 + [[30, 30, 30, 40, 40, 40]] * 2
