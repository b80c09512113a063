"""Scribble: colors fill what they are painted in, and stop where the artist would."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from handtint.color.gamut import clip_to_gamut
from handtint.color.hints import painted_points
from handtint.color.lab import lab_to_rgb, rgb_to_lab
from handtint.colorizers.base import Control, Guidance
from handtint.colorizers.registry import load
from handtint.colorizers.scribble import ScribbleColorizer

LEFT, RIGHT = (40.0, 20.0), (-25.0, -15.0)


def _card(contrast: float, noise: float, shape: tuple[int, int] = (240, 320)) -> np.ndarray:
    lightness = np.full(shape, 55.0 - contrast / 2, np.float32)
    lightness[:, shape[1] // 2 :] += contrast
    return lightness + np.random.default_rng(0).normal(0, noise, shape).astype(np.float32)


def _dots(shape: tuple[int, int], dots: list[tuple[int, int, tuple[float, float]]], radius: int = 3) -> Guidance:
    ab = np.zeros((2, *shape), np.float32)
    mask = np.zeros(shape, np.float32)
    for row, column, color in dots:
        place = np.s_[row - radius : row + radius, column - radius : column + radius]
        ab[(slice(None), *place)] = np.array(color)[:, None, None]
        mask[place] = 1.0
    return Guidance(hints=painted_points(ab, mask))


def _run(lightness: np.ndarray, guidance: Guidance, reach: float = 1.0) -> np.ndarray:
    colorizer = ScribbleColorizer()
    guidance = replace(guidance, reach=reach)
    return colorizer.colorize(colorizer.prepare(lightness), guidance)


def test_it_is_in_the_registry() -> None:
    colorizer = load("scribble")
    assert colorizer.name == "scribble"
    assert colorizer.controls == {Control.hints}


def test_no_hints_no_color() -> None:
    assert not _run(_card(30, 2), Guidance()).any()


@pytest.mark.parametrize(("contrast", "noise"), [(20.0, 0.0), (20.0, 1.0), (40.0, 2.0)])
def test_two_regions_one_hint_each_do_not_bleed(contrast: float, noise: float) -> None:
    lightness = _card(contrast, noise)
    ab = _run(lightness, _dots(lightness.shape, [(60, 40, LEFT), (180, 280, RIGHT)]))
    for part, color in ((np.s_[:, :, :157], LEFT), (np.s_[:, :, 163:], RIGHT)):
        off = np.abs(ab[part] - np.array(color)[:, None, None])
        assert off.max() < 4.0
        assert off.mean() < 0.3


def test_one_hint_fills_its_region_and_reach_keeps_it_local() -> None:
    lightness = _card(30, 0.5)
    guidance = _dots(lightness.shape, [(120, 60, LEFT)])
    chroma = [np.hypot(*_run(lightness, guidance, reach)) for reach in np.linspace(0, 1, 6)]
    full = np.hypot(*LEFT)
    np.testing.assert_allclose([field[120, 60] for field in chroma], full, atol=0.05)
    for shorter, longer in itertools.pairwise(chroma):
        assert (longer >= shorter - 0.3).all()
        assert longer.mean() > shorter.mean()
    assert chroma[0][:, 80:].max() == 0.0
    assert chroma[-1][:, :155].min() > 0.98 * full


def test_line_art_fills_cell_by_cell() -> None:
    lightness = np.full((200, 200), 85.0, np.float32)
    lightness[98:102] = 5.0
    lightness[:, 98:102] = 5.0
    colors = [(8.0, 4.0), (-8.0, 3.0), (2.0, -6.0), (0.0, 0.0)]
    places = [(50, 50), (50, 150), (150, 50), (150, 150)]
    ab = _run(lightness, _dots(lightness.shape, [(*place, c) for place, c in zip(places, colors, strict=True)]))
    for (row, column), color in zip(places, colors, strict=True):
        cell = ab[:, row - 40 : row + 40, column - 40 : column + 40]
        assert np.abs(cell - np.array(color)[:, None, None]).max() < 0.3


def test_gray_hints_keep_a_region_gray() -> None:
    lightness = _card(30, 1)
    ab = _run(lightness, _dots(lightness.shape, [(60, 40, LEFT), (180, 280, (0.0, 0.0))]))
    assert np.hypot(*ab)[:, 165:].max() < 1.0


def test_more_hints_make_a_photograph_better() -> None:
    picture = data.coffee()
    lab = rgb_to_lab(torch.from_numpy(picture.transpose(2, 0, 1).copy()) / 255).numpy()
    colorizer = ScribbleColorizer()
    prepared = colorizer.prepare(lab[0])
    rng = np.random.default_rng(0)
    errors = []
    for count in (0, 10, 50, 200):
        mask = np.zeros(lab.shape[1:], np.float32)
        for row, column in zip(rng.integers(0, 396, count), rng.integers(0, 596, count), strict=True):
            mask[row : row + 4, column : column + 4] = 1.0
        ab = colorizer.colorize(prepared, Guidance(hints=painted_points(lab[1:] * mask, mask), reach=1.0))
        errors.append(float(np.sqrt(np.square(ab - lab[1:]).sum(0).mean())))
    assert errors[1] < 0.75 * errors[0]
    assert errors[2] < 0.85 * errors[1]
    assert errors[3] < 0.85 * errors[2]


@pytest.mark.parametrize("seed", [0, 1])
def test_surprising_hints_are_met_too(seed: int) -> None:
    lab = rgb_to_lab(torch.from_numpy(data.astronaut().transpose(2, 0, 1).copy()) / 255).numpy()
    rng = np.random.default_rng(seed)
    mask = np.zeros(lab.shape[1:], np.float32)
    goal = np.zeros_like(lab[1:])
    for _ in range(60):
        row, column = rng.integers(0, 500, 2)
        place = np.s_[row : row + 6, column : column + 10]
        mask[place] = 1.0
        goal[(slice(None), *place)] = rng.uniform(-100, 100, (2, 1, 1))
    colorizer = ScribbleColorizer()
    ab = colorizer.colorize(colorizer.prepare(lab[0]), Guidance(hints=painted_points(goal, mask)))
    rgb = lab_to_rgb(torch.from_numpy(np.concatenate([lab[:1], ab]))).clamp(0, 1).numpy()
    shown = rgb2lab(np.rint(rgb * 255).astype(np.uint8).transpose(1, 2, 0))
    wanted = np.concatenate([lab[:1], clip_to_gamut(lab[0], goal)]).transpose(1, 2, 0)
    error = deltaE_ciede2000(shown, wanted)[mask > 0]
    assert error.mean() < 0.5
    assert error.max() < 2.3
