"""The shipped weights on a picture that they were not trained on: alone, with a palette, with a hint."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import lab2rgb, rgb2lab
from skimage.transform import resize

from handtint.color.hints import painted_points
from handtint.colorizers.base import FloatArray, Guidance
from handtint.colorizers.global_local import GlobalLocalColorizer
from handtint.colorizers.registry import find_method, load


@pytest.fixture(scope="module")
def colorizer() -> GlobalLocalColorizer:
    return GlobalLocalColorizer("cpu")


@pytest.fixture(scope="module")
def astronaut() -> FloatArray:
    """(201, 199, 3) Lab: sides that are no multiple of anything."""
    return np.asarray(rgb2lab(resize(data.astronaut(), (201, 199), anti_aliasing=True)), np.float32)


def psnr(lightness: FloatArray, ab: FloatArray, truth: FloatArray) -> float:
    rgb = lab2rgb(np.concatenate((lightness[..., None], ab.transpose(1, 2, 0)), axis=2))
    return float(-10 * np.log10(np.square(rgb - lab2rgb(truth)).mean()))


def colors(colorizer: GlobalLocalColorizer, lab: FloatArray, guidance: Guidance) -> FloatArray:
    return colorizer.colorize(colorizer.prepare(lab[..., 0]), guidance)


def test_colors_by_itself_are_nearer_the_truth_than_gray(
    colorizer: GlobalLocalColorizer, astronaut: FloatArray
) -> None:
    lightness = astronaut[..., 0]
    ab = colors(colorizer, astronaut, Guidance())
    assert ab.shape == (2, 201, 199)
    assert np.isfinite(ab).all()
    assert np.hypot(*ab).mean() > 3.0  # not gray
    assert psnr(lightness, ab, astronaut) > psnr(lightness, 0 * ab, astronaut) + MARGIN


MARGIN = 0.5


@pytest.mark.parametrize("wanted", [(30.0, 40.0), (-10.0, -35.0), (-35.0, 30.0)])
def test_a_palette_moves_the_colors_towards_it(
    colorizer: GlobalLocalColorizer, astronaut: FloatArray, wanted: tuple[float, float]
) -> None:
    shades = np.array([[0.4], [0.8], [1.2]], np.float32) * np.array(wanted, np.float32)
    plain = colors(colorizer, astronaut, Guidance()).mean(axis=(1, 2))
    themed = colors(colorizer, astronaut, Guidance(palette_ab=shades)).mean(axis=(1, 2))
    assert np.linalg.norm(themed - wanted) < np.linalg.norm(plain - wanted) - 10.0


def test_a_hint_colors_its_object_and_not_the_other_side(
    colorizer: GlobalLocalColorizer, astronaut: FloatArray
) -> None:
    """A green mark on the suit's left arm, whose lightness is even."""
    hint_ab, hint_mask = np.zeros((2, 201, 199), np.float32), np.zeros((201, 199), np.float32)
    mark, around, far = np.s_[150:158, 45:53], np.s_[140:168, 35:63], np.s_[10:60, 150:190]
    hint_ab[(slice(None), *mark)] = np.array([-40.0, 35.0], np.float32)[:, None, None]
    hint_mask[mark] = 1.0
    plain = colors(colorizer, astronaut, Guidance())
    hinted = colors(colorizer, astronaut, Guidance(hints=painted_points(hint_ab, hint_mask)))
    change = (hinted - plain)[0]  # towards green: negative
    assert change[around].mean() < -10.0
    assert abs(change[far].mean()) < 0.3 * abs(change[around].mean())


def test_the_network_alone_follows_a_hint_beyond_its_mark(
    colorizer: GlobalLocalColorizer, astronaut: FloatArray
) -> None:
    lightness = np.ascontiguousarray(astronaut[:200, :192, 0])
    hint_ab, hint_mask = np.zeros((2, 200, 192), np.float32), np.zeros((200, 192), np.float32)
    nothing = colorizer.predict(lightness, hint_ab, hint_mask, Guidance(), {})
    hint_ab[:, 150:158, 45:53] = np.array([-40.0, 35.0], np.float32)[:, None, None]
    hint_mask[150:158, 45:53] = 1.0
    hinted = colorizer.predict(lightness, hint_ab, hint_mask, Guidance(), {})
    assert (hinted - nothing)[0, 160:164, 45:53].mean() < -3.0


def test_the_registry_builds_it() -> None:
    method = find_method("global_local")
    assert method.missing() is None
    colorizer = load("global_local")
    assert (colorizer.name, colorizer.controls) == (method.name, method.controls)


def test_it_runs_on_a_gpu_as_on_the_cpu(colorizer: GlobalLocalColorizer, astronaut: FloatArray) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    answer = colors(GlobalLocalColorizer("cuda"), astronaut, Guidance())
    assert np.abs(answer - colors(colorizer, astronaut, Guidance())).max() < 1.0
