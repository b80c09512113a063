"""Lab against published values, against scikit-image, and there and back at every depth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import rgb2lab

from handtint.color.lab import (
    White,
    denormalize_ab,
    lab_to_rgb,
    lightness_to_luminance,
    luminance_to_lightness,
    normalize_ab,
    normalize_lightness,
    rgb_to_lab,
    xyz_to_rgb_matrix,
)

# B. Lindbloom's CIE Color Calculator, sRGB primaries, Bradford adaptation.
PUBLISHED = [
    (White.D65, (1, 0, 0), (53.24, 80.09, 67.20)),
    (White.D65, (0, 1, 0), (87.73, -86.18, 83.18)),
    (White.D65, (0, 0, 1), (32.30, 79.19, -107.86)),
    (White.D65, (1, 1, 1), (100.0, 0.0, 0.0)),
    (White.D50, (1, 0, 0), (54.29, 80.81, 69.90)),
    (White.D50, (0, 1, 0), (87.82, -79.27, 80.99)),
    (White.D50, (0, 0, 1), (29.57, 68.30, -112.03)),
    (White.D50, (1, 1, 1), (100.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("white", "rgb", "lab"), PUBLISHED)
def test_published_values(white: White, rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    found = rgb_to_lab(torch.tensor(rgb, dtype=torch.float64)[:, None, None], white=white)
    np.testing.assert_allclose(found.flatten().numpy(), lab, atol=0.02)  # white points differ in their fifth digit


def test_same_as_scikit_image() -> None:
    picture = data.astronaut()
    ours = rgb_to_lab(torch.from_numpy(picture.transpose(2, 0, 1) / 255.0)).numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(ours, rgb2lab(picture), atol=0.02)


@pytest.mark.parametrize("white", list(White))
@pytest.mark.parametrize(("levels", "off_by"), [(255, 0), (65535, 1)])
def test_integers_come_back(white: White, levels: int, off_by: int) -> None:
    pixels = np.random.default_rng(1).integers(0, levels + 1, (3, 200, 200))
    pixels[:, 0, :8] = np.indices((2, 2, 2)).reshape(3, 8) * levels
    rgb = torch.from_numpy((pixels / levels).astype(np.float32))
    back = lab_to_rgb(rgb_to_lab(rgb, white=white), white=white).clamp(0, 1).numpy()
    assert np.abs(np.rint(back * levels) - pixels).max() <= off_by


@pytest.mark.parametrize("linear", [False, True])
def test_floats_come_back(linear: bool) -> None:
    rgb = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(2))
    back = lab_to_rgb(rgb_to_lab(rgb, linear=linear), linear=linear)
    assert float((back - rgb).abs().max()) <= 1 / 65535


def test_gray_is_neutral_to_the_last_digit() -> None:
    gray = torch.linspace(0, 1, 256).expand(3, 1, 256)
    for white in White:
        assert float(rgb_to_lab(gray, white=white)[1:].abs().max()) < 1e-4


def test_lightness_and_luminance_are_inverse() -> None:
    lightness = torch.linspace(0, 100, 1001, dtype=torch.float64)
    np.testing.assert_allclose(luminance_to_lightness(lightness_to_luminance(lightness)), lightness, atol=1e-9)
    assert float(lightness_to_luminance(torch.tensor(50.0))) == pytest.approx(0.18419, abs=1e-5)


def test_the_matrix_back_takes_white_to_white() -> None:
    np.testing.assert_allclose(xyz_to_rgb_matrix(White.D65) @ np.ones(3), np.ones(3), atol=1e-12)


def test_normalisation() -> None:
    lightness, ab = torch.tensor([0.0, 50.0, 100.0]), torch.tensor([-110.0, 0.0, 110.0])
    assert normalize_lightness(lightness).tolist() == [-1.0, 0.0, 1.0]
    assert normalize_ab(ab).tolist() == [-1.0, 0.0, 1.0]
    assert denormalize_ab(normalize_ab(ab)).tolist() == ab.tolist()


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(\.\.\., 3, H, W\)"):
        rgb_to_lab(torch.zeros(4, 2, 2))
    with pytest.raises(ValueError, match=r"\(\.\.\., 3, H, W\)"):
        lab_to_rgb(torch.zeros(2, 2, 2))
