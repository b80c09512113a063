"""Clipping into the sRGB gamut: what stays, what moves, and in which direction."""

from __future__ import annotations

import numpy as np
import torch
from skimage import data

from handtint.color.gamut import clip_colors, clip_to_gamut, in_gamut
from handtint.color.lab import lab_to_rgb, rgb_to_lab


def _random(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    lightness = rng.uniform(0, 100, (count, count)).astype(np.float32)
    return lightness, rng.uniform(-128, 128, (2, count, count)).astype(np.float32)


def test_a_picture_is_inside_and_untouched() -> None:
    picture = torch.from_numpy(data.astronaut().transpose(2, 0, 1).copy()) / 255
    lab = rgb_to_lab(picture).numpy()
    assert in_gamut(lab[0].ravel(), lab[1:].reshape(2, -1)).all()
    assert np.array_equal(clip_to_gamut(lab[0], lab[1:]), lab[1:])


def test_what_comes_out_fits_and_keeps_hue() -> None:
    lightness, ab = _random(150)
    clipped = clip_to_gamut(lightness, ab)
    rgb = lab_to_rgb(torch.from_numpy(np.concatenate([lightness[None], clipped])), linear=True)
    assert float(rgb.min()) > -5e-5
    assert float(rgb.max()) < 1 + 5e-5
    cross = clipped[0] * ab[1] - clipped[1] * ab[0]
    assert np.abs(cross / np.hypot(*ab)).max() < 1e-4
    assert ((clipped * ab).sum(0) >= 0).all()
    assert (np.hypot(*clipped) <= np.hypot(*ab) * (1 + 1e-6)).all()


def test_the_largest_chroma_that_fits_is_kept() -> None:
    lightness, ab = _random(100)
    clipped = clip_to_gamut(lightness, ab)
    moved = (clipped != ab).any(axis=0) & (lightness > 5) & (lightness < 98)
    assert moved.mean() > 0.3
    step = np.hypot(*ab) * 2.0**-8
    further = clipped * (1 + step / np.maximum(np.hypot(*clipped), 1e-9))
    assert not in_gamut(lightness[moved], further[:, moved]).any()


def test_clipping_twice_changes_nothing_more() -> None:
    lightness, ab = _random(100)
    once = clip_to_gamut(lightness, ab)
    assert np.array_equal(clip_to_gamut(lightness, once), once)


def test_black_and_white_have_no_color() -> None:
    colors = np.full((2, 2), 60.0, np.float32)
    assert np.abs(clip_colors(np.array([0.0, 100.0], np.float32), colors)).max() < 0.1


def test_the_corner_of_the_gamut_is_kept() -> None:
    red = rgb_to_lab(torch.tensor([1.0, 0.0, 0.0])[:, None, None]).numpy()
    np.testing.assert_allclose(clip_to_gamut(red[0], red[1:] * 2)[:, 0, 0], red[1:, 0, 0], atol=0.1)


def test_in_place_changes_the_array_itself_and_the_default_does_not() -> None:
    lightness, ab = _random(50)
    before = ab.copy()
    clipped = clip_to_gamut(lightness, ab)
    assert np.array_equal(ab, before)
    assert clip_to_gamut(lightness, ab, in_place=True) is ab
    assert np.array_equal(ab, clipped)
