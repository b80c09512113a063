"""The shipped weights on a picture that they were not trained on: alone, with palettes, with a hint, with both."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab
from skimage.transform import resize

from handtint.color.hints import painted_points
from handtint.colorizers.base import FloatArray, Guidance
from handtint.colorizers.fusion import FusionColorizer
from handtint.colorizers.registry import find_method, load
from handtint.nets.fusion import PALETTE_SLOTS


@pytest.fixture(scope="module")
def colorizer() -> FusionColorizer:
    return FusionColorizer("cpu")


@pytest.fixture(scope="module")
def astronaut() -> FloatArray:
    """(201, 199, 3) Lab: sides that are no multiple of anything."""
    return np.asarray(rgb2lab(resize(data.astronaut(), (201, 199), anti_aliasing=True)), np.float32)


def colors(colorizer: FusionColorizer, lab: FloatArray, guidance: Guidance) -> FloatArray:
    return colorizer.colorize(colorizer.prepare(lab[..., 0]), guidance)


def test_it_colors_by_itself(colorizer: FusionColorizer, astronaut: FloatArray) -> None:
    ab = colors(colorizer, astronaut, Guidance())
    assert ab.shape == (2, 201, 199)
    assert np.isfinite(ab).all()
    assert np.hypot(*ab).mean() > 3.0  # not gray


@pytest.mark.parametrize("count", [3, 5, 7, 9])
@pytest.mark.parametrize("wanted", [(25.0, 35.0), (-5.0, -35.0), (-30.0, 30.0)])
def test_a_palette_moves_the_colors_towards_it(
    colorizer: FusionColorizer, astronaut: FloatArray, wanted: tuple[float, float], count: int
) -> None:
    shades = np.linspace(0.5, 1.2, count, dtype=np.float32)[:, None] * np.array(wanted, np.float32)
    plain = colors(colorizer, astronaut, Guidance()).mean(axis=(1, 2))
    themed = colors(colorizer, astronaut, Guidance(palette_ab=shades)).mean(axis=(1, 2))
    assert np.linalg.norm(themed - wanted) < np.linalg.norm(plain - wanted) - 10.0


def test_a_hint_is_met_beside_a_palette_of_other_colors(colorizer: FusionColorizer, astronaut: FloatArray) -> None:
    """A green mark on the suit's left arm, in a picture that is to be blue."""
    blue = np.array([[0.0, -20.0], [5.0, -35.0], [-5.0, -10.0]], np.float32)
    hint_ab, hint_mask = np.zeros((2, 201, 199), np.float32), np.zeros((201, 199), np.float32)
    mark, far = np.s_[150:158, 45:53], np.s_[10:60, 150:190]
    hint_ab[(slice(None), *mark)] = np.array([-40.0, 35.0], np.float32)[:, None, None]
    hint_mask[mark] = 1.0
    ab = colors(colorizer, astronaut, Guidance(hints=painted_points(hint_ab, hint_mask), palette_ab=blue))
    assert ab[(slice(None), *mark)].mean(axis=(1, 2)) == pytest.approx((-40.0, 35.0), abs=1.0)
    assert ab[(1, *far)].mean() < -5.0


def test_the_registry_builds_it_and_says_how_many_colors_it_takes() -> None:
    method = find_method("fusion")
    assert method.missing() is None
    assert method.palette_size == PALETTE_SLOTS
    colorizer = load("fusion")
    assert (colorizer.name, colorizer.controls) == (method.name, method.controls)


def test_the_borders_are_no_frame_of_another_color(colorizer: FusionColorizer) -> None:
    """A flat gray picture with a palette of very different colours."""
    palette = np.array([[60.0, 40.0], [-5.0, -30.0], [-30.0, 20.0]], np.float32)
    flat = np.full((128, 128), 55.0, np.float32) + np.random.default_rng(0).normal(0.0, 2.0, (128, 128))
    ab = colorizer.colorize(colorizer.prepare(flat.astype(np.float32)), Guidance(palette_ab=palette))
    middle = ab[:, 40:-40, 40:-40].mean(axis=(1, 2))
    for border in (ab[:, :6], ab[:, -6:], ab[:, :, :6], ab[:, :, -6:]):
        assert np.linalg.norm(border.mean(axis=(1, 2)) - middle) < 20.0
