"""The shipped weights of `semantic` on a picture that they were not trained on: alone, and with a corrected map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import rgb2lab
from skimage.transform import resize

from handtint.bench.controls import edit_effect
from handtint.color.hints import painted_points
from handtint.colorizers.base import Control, FloatArray, Guidance, IntArray
from handtint.colorizers.registry import find_method, load
from handtint.colorizers.segmenter import Segmenter
from handtint.colorizers.semantic import SemanticColorizer, map_at
from handtint.errors import GuidanceError
from handtint.weights import read_classes

NUMBER = {entry.name: entry.index for entry in read_classes()}
SIZE = (201, 199)
"""No multiple of anything."""


@pytest.fixture(scope="module")
def colorizer() -> SemanticColorizer:
    return SemanticColorizer("cpu")


@pytest.fixture(scope="module")
def lightness() -> FloatArray:
    return np.asarray(rgb2lab(resize(data.astronaut(), SIZE, anti_aliasing=True))[..., 0], np.float32)


@pytest.fixture(scope="module")
def found(lightness: FloatArray) -> IntArray:
    return Segmenter("cpu").segment(lightness)


def colors(colorizer: SemanticColorizer, lightness: FloatArray, semantic: IntArray | None = None) -> FloatArray:
    return colorizer.colorize(colorizer.prepare(lightness), Guidance(semantic=semantic))


def test_it_colors_what_it_recognises(colorizer: SemanticColorizer) -> None:
    cameraman = np.asarray(data.camera() / 2.55, np.float32)
    ab = colors(colorizer, cameraman)
    assert ab.shape == (2, 512, 512)
    assert np.isfinite(ab).all()
    assert ab[1, 20:120, 330:500].mean() < -5.0  # the sky is blue
    assert ab[1, 400:500, 300:330].mean() > 3.0  # the ground is not


def test_a_face_that_is_called_skin_takes_its_color(colorizer: SemanticColorizer, lightness: FloatArray) -> None:
    labels = np.zeros(SIZE, np.int64)
    labels[25:62, 70:115] = NUMBER["skin"]
    a, b = colors(colorizer, lightness, labels)[:, 35:55, 78:100].mean(axis=(1, 2))
    assert a > 5.0
    assert b > 5.0


@pytest.mark.parametrize(("name", "direction"), [("grass", (-0.5, 0.85)), ("sky", (-0.2, -1.0)), ("food", (0.4, 0.9))])
def test_a_corrected_region_takes_its_class_color_and_no_other_does(
    colorizer: SemanticColorizer,
    lightness: FloatArray,
    found: IntArray,
    name: str,
    direction: tuple[float, float],
) -> None:
    before = colors(colorizer, lightness, found)
    region = np.zeros(SIZE, bool)
    region[120:190, 20:90] = True
    after = colors(colorizer, lightness, np.where(region, NUMBER[name], found))
    change = (after - before)[:, region].mean(axis=1)
    assert change @ np.array(direction) > 3.0
    assert edit_effect(before, after, region).locality > 0.85


def test_a_map_that_was_found_asks_for_the_colors_that_come_without_one(
    colorizer: SemanticColorizer, lightness: FloatArray, found: IntArray
) -> None:
    alone = colors(colorizer, lightness)
    assert np.abs(alone - colors(colorizer, lightness, found)).mean() < 1.0
    nothing_said = colors(colorizer, lightness, np.zeros(SIZE, np.int64))
    assert np.abs(alone - nothing_said)[:, found > 0].mean() > 1.0


def test_the_gray_picture_is_encoded_once(colorizer: SemanticColorizer, lightness: FloatArray, found: IntArray) -> None:
    prepared = colorizer.prepare(lightness)
    bare = prepared.nbytes
    first = colorizer.colorize(prepared, Guidance(semantic=found))
    kept = prepared.nbytes
    assert kept > bare
    second = colorizer.colorize(prepared, Guidance(semantic=found))
    assert prepared.nbytes == kept
    assert np.array_equal(first, second)


def test_numbers_that_are_no_class_are_refused(colorizer: SemanticColorizer, lightness: FloatArray) -> None:
    with pytest.raises(GuidanceError, match="from 0 to 78 in the semantic map, got 79"):
        colors(colorizer, lightness, np.full(SIZE, 79))


def test_hints_are_not_taken(colorizer: SemanticColorizer, lightness: FloatArray) -> None:
    hints = Guidance(hints=painted_points(np.zeros((2, *SIZE), np.float32), np.ones(SIZE, np.float32)))
    with pytest.raises(GuidanceError, match="does not take hints"):
        colorizer.colorize(colorizer.prepare(lightness), hints)


def test_a_map_at_the_working_size_is_padded_with_its_border() -> None:
    semantic = np.zeros((100, 400), np.int64)
    semantic[:, 300:] = 5
    small = map_at(semantic, (64, 224), 200, 79)
    assert small.shape == (64, 224)
    assert (small[:, :150] == 0).all()
    assert (small[:, 150:] == 5).all()


def test_the_registry_builds_it() -> None:
    method = find_method("semantic")
    assert method.missing() is None
    assert load("semantic").controls == method.controls == {Control.semantic}


def test_it_runs_on_a_gpu_as_on_the_cpu(colorizer: SemanticColorizer, lightness: FloatArray, found: IntArray) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    answer = colors(SemanticColorizer("cuda"), lightness, found)
    assert np.abs(answer - colors(colorizer, lightness, found)).max() < 1.0
