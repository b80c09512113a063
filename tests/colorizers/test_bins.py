"""The shipped weights on pictures that they were not trained on: colours, suggestions, and where they are unsure."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from skimage import data
from skimage.color import lab2rgb, rgb2lab
from skimage.transform import resize

from handtint.color.colorfulness import colorfulness
from handtint.color.gamut import in_gamut
from handtint.color.upsample import shrink_area
from handtint.colorizers.base import FloatArray, Guidance, Suggester
from handtint.colorizers.bins import BinsColorizer
from handtint.colorizers.registry import find_method, load, suggesting_method
from handtint.errors import GuidanceError

SHAPE = (201, 299)
"""Sides that are no multiple of anything."""


@pytest.fixture(scope="module")
def colorizer() -> BinsColorizer:
    return BinsColorizer("cpu")


def photograph(name: str) -> FloatArray:
    """(3, 201, 299) Lab."""
    return np.asarray(rgb2lab(resize(getattr(data, name)(), SHAPE, anti_aliasing=True)).transpose(2, 0, 1), np.float32)


def rgb_of(lightness: FloatArray, ab: FloatArray) -> np.ndarray:
    rgb = lab2rgb(np.concatenate((lightness[None], ab)).transpose(1, 2, 0))
    return np.rint(rgb * 255).astype(np.uint8)


def test_colors_are_lively_and_can_be_shown(colorizer: BinsColorizer) -> None:
    figures = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        lightness, *truth = photograph(name)
        ab = colorizer.colorize(colorizer.prepare(lightness), Guidance())
        assert ab.shape == (2, *SHAPE)
        assert in_gamut(lightness.reshape(-1), ab.reshape(2, -1)).all()
        figures.append((colorfulness(rgb_of(lightness, ab)), colorfulness(rgb_of(lightness, np.stack(truth)))))
    ours, true = np.mean(figures, axis=0)
    assert ours > 0.5 * true


def test_a_blue_sky_over_a_plain(colorizer: BinsColorizer) -> None:
    """What every network of this kind learns first: light and even above is blue, rough and darker below is not."""
    rng = np.random.default_rng(0)
    lightness = np.linspace(62, 80, 160, dtype=np.float32)[:, None] + rng.normal(0, 0.3, (160, 224)).astype(np.float32)
    lightness[96:] = 38 + rng.normal(0, 7, (64, 224)).astype(np.float32)
    ab = colorizer.colorize(colorizer.prepare(lightness), Guidance())
    assert ab[1, 10:80].mean() < -5.0
    assert ab[1, 110:].mean() > ab[1, 10:80].mean() + 5.0


def test_the_network_runs_once_for_colors_suggestions_and_map(
    colorizer: BinsColorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    forward = colorizer._net.forward
    monkeypatch.setattr(colorizer._net, "forward", lambda gray: asked.append(gray) or forward(gray))
    prepared = colorizer.prepare(photograph("coffee")[0])
    before = prepared.nbytes
    colorizer.colorize(prepared, Guidance())
    colorizer.suggest(prepared, 10, 20, 9)
    colorizer.uncertainty(prepared, SHAPE)
    colorizer.colorize(prepared, Guidance(), size=(67, 100))
    assert len(asked) == 1
    assert prepared.nbytes > before + 313 * 1000  # the engine's budget counts what was kept


def test_nine_suggestions_can_be_shown_at_their_pixel(colorizer: BinsColorizer) -> None:
    lightness = photograph("astronaut")[0]
    prepared = colorizer.prepare(lightness)
    for x, y in ((0, 0), (298, 200), (150, 100), (40, 30)):
        found, unsure = colorizer.suggest(prepared, x, y, 9)
        assert 1 <= len(found.ab) <= 9
        assert in_gamut(np.full(len(found.ab), lightness[y, x], np.float32), found.ab.T).all()
        assert found.shares.sum() == pytest.approx(1.0)
        assert 0.0 <= unsure <= 1.0
        again, _ = colorizer.suggest(prepared, x, y, 9)
        np.testing.assert_array_equal(found.ab, again.ab)


def test_one_of_nine_suggestions_is_nearer_the_truth_than_gray_or_the_answer(colorizer: BinsColorizer) -> None:
    rng, off = np.random.default_rng(0), []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        lab = photograph(name)
        prepared = colorizer.prepare(lab[0])
        answer = colorizer.colorize(prepared, Guidance())
        for y, x in zip(rng.integers(0, SHAPE[0], 12), rng.integers(0, SHAPE[1], 12), strict=True):
            found, _ = colorizer.suggest(prepared, int(x), int(y), 9)
            truth = lab[1:, y, x]
            nearest = np.linalg.norm(found.ab - truth, axis=1).min()
            off.append((nearest, np.linalg.norm(truth), np.linalg.norm(answer[:, y, x] - truth)))
    suggested, gray, answered = np.mean(off, axis=0)
    assert suggested < 0.6 * min(gray, answered)


def test_where_it_says_that_it_is_unsure_it_is_wrong_more_often(colorizer: BinsColorizer) -> None:
    agreement = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        lab = photograph(name)
        prepared = colorizer.prepare(lab[0])
        unsure = colorizer.uncertainty(prepared, SHAPE)
        assert unsure.shape == SHAPE
        assert 0.0 <= unsure.min() < unsure.max() <= 1.0
        off = np.linalg.norm(colorizer.colorize(prepared, Guidance()) - lab[1:], axis=0)
        agreement.append(spearmanr(shrink_area(unsure, (20, 30)).ravel(), shrink_area(off, (20, 30)).ravel())[0])
    assert np.mean(agreement) > 0.1


def test_a_small_map_is_the_large_one_seen_from_afar(colorizer: BinsColorizer) -> None:
    prepared = colorizer.prepare(photograph("chelsea")[0])
    small, large = (colorizer.uncertainty(prepared, size) for size in ((67, 100), SHAPE))
    assert np.abs(small - shrink_area(large, (67, 100))).mean() < 0.03


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 3), (2000, 9)])
def test_pictures_of_odd_shapes(colorizer: BinsColorizer, shape: tuple[int, int]) -> None:
    prepared = colorizer.prepare(np.full(shape, 55.0, np.float32))
    assert colorizer.colorize(prepared, Guidance()).shape == (2, *shape)
    assert colorizer.uncertainty(prepared, shape).shape == shape
    assert len(colorizer.suggest(prepared, shape[1] - 1, shape[0] - 1, 3)[0].ab) == 3


@pytest.mark.parametrize(("x", "y"), [(299, 0), (0, 201), (-1, 5)])
def test_a_pixel_outside_is_refused(colorizer: BinsColorizer, x: int, y: int) -> None:
    with pytest.raises(GuidanceError, match="inside the picture of 299x201"):
        colorizer.suggest(colorizer.prepare(photograph("rocket")[0]), x, y, 9)


def test_it_takes_no_guidance(colorizer: BinsColorizer) -> None:
    with pytest.raises(GuidanceError, match="does not take palette"):
        colorizer.colorize(colorizer.prepare(photograph("rocket")[0]), Guidance(palette_ab=np.ones((2, 2), np.float32)))


def test_the_registry_builds_it() -> None:
    method = find_method("bins")
    assert method.missing() is None
    built = load("bins")
    assert (built.name, built.controls) == (method.name, method.controls)
    assert isinstance(built, Suggester)
    assert suggesting_method().suggests


def test_it_runs_on_a_gpu_as_on_the_cpu(colorizer: BinsColorizer) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    lightness = photograph("coffee")[0]
    answers = [c.colorize(c.prepare(lightness), Guidance()) for c in (colorizer, BinsColorizer("cuda"))]
    assert np.abs(answers[0] - answers[1]).max() < 2.0
