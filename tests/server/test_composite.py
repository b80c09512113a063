from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from handtint.color import lab
from handtint.color.gamut import clip_to_gamut
from handtint.errors import PictureError
from handtint.server import planes
from handtint.server.composite import Look, check_output, compose, compose_coarse, lab_to_colors
from handtint.server.pixelmath import Bands
from handtint.wire.pixels import Extent, PixelFormat, Plane, Transfer

BANDS = Bands(1)
RED = (53.2408, 80.0925, 67.2032)
RED_D50 = (54.2905, 80.8049, 69.8910)


def flat(color: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Lightness (2, 3) and ab (2, 2, 3) of one Lab color."""
    return np.full((2, 3), color[0], np.float32), np.stack([np.full((2, 3), c, np.float32) for c in color[1:]])


def answer(look: Look, color: tuple[float, float, float] = RED, alpha: np.ndarray | None = None) -> np.ndarray:
    return planes.pixels(compose(*flat(color), alpha, look, BANDS))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rgb8", [255, 0, 0]),
        ("rgba8", [255, 0, 0, 255]),
        ("bgra8", [0, 0, 255, 255]),
        ("rgb16", [65535, 0, 0]),
        ("rgba16", [65535, 0, 0, 65535]),
        ("bgra16", [0, 0, 65535, 65535]),
        ("rgbf32", [1, 0, 0]),
        ("rgbaf32", [1, 0, 0, 1]),
        ("rgbaf16", [1, 0, 0, 1]),
        ("laba8", [138, 209, 198, 255]),
        ("laba16", [35579, 53663, 50858, 65535]),
        ("labaf32", [*RED_D50, 1]),
        ("abf32", RED[1:]),
    ],
)
def test_red_in_every_format(name: str, expected: list[float]) -> None:
    got = answer(Look(PixelFormat(name)))
    assert got.shape == (2, 3, len(expected))
    # Red stands at the edge of the gamut: its Lab numbers have four digits, light near 0 is worth several 16-bit steps.
    tolerance = {"u1": 0, "u2": 12, "f2": 1e-3, "f4": 2e-2 if "ab" in name else 2e-4}[got.dtype.str[1:]]
    assert np.abs(got.astype(float) - np.array(expected)).max() <= tolerance


def test_linear_answer() -> None:
    half = answer(Look(PixelFormat.rgb16, linear=True), (76.0693, 0.0, 0.0))
    assert np.abs(half.astype(int) - 32768).max() <= 1
    plane = compose(*flat(RED), None, Look(PixelFormat.rgbaf32, linear=True), BANDS)
    assert plane.transfer is Transfer.linear
    assert plane.extent == Extent(3, 2)


def test_strength_scales_ab() -> None:
    got = answer(Look(PixelFormat.abf32, strength=0.25))
    assert got[1, 2] == pytest.approx(np.array(RED[1:]) / 4)
    assert len(set(answer(Look(PixelFormat.rgb8, strength=0.0))[0, 0].tolist())) == 1


def test_alpha_is_the_selection() -> None:
    alpha = np.array([[0, 0.2, 1], [1, 1, 0.5]], np.float32)
    assert answer(Look(PixelFormat.rgba8), alpha=alpha)[..., 3].tolist() == [[0, 51, 255], [255, 255, 128]]
    assert answer(Look(PixelFormat.laba16), alpha=alpha)[0, :, 3].tolist() == [0, 13107, 65535]
    assert answer(Look(PixelFormat.rgbaf32), alpha=alpha)[..., 3] == pytest.approx(alpha)
    assert answer(Look(PixelFormat.rgb8), alpha=alpha).shape == (2, 3, 3)


@pytest.mark.parametrize("name", ["gray8", "graya16", "grayf32", "index8"])
def test_formats_that_hold_no_color(name: str) -> None:
    with pytest.raises(PictureError, match="for the answer"):
        check_output(PixelFormat(name))


def gray_ramp(name: str) -> Plane:
    """Every number of an integer format, or 65536 floats from 0 to 1, as a square."""
    pixel_format = PixelFormat(name)
    kind = planes.dtype(pixel_format)
    count = 256 if kind.itemsize == 1 else 65536
    values = np.arange(count, dtype=np.float64) / (1 if kind.kind == "u" else count - 1)
    side = int(count**0.5)
    return Plane(pixel_format, Extent(side, side), values.astype(kind).tobytes())


@pytest.mark.parametrize("linear", [False, True], ids=["encoded", "linear"])
@pytest.mark.parametrize(
    ("base", "output", "step"),
    [
        ("gray8", "rgb8", 0),
        ("gray8", "bgra8", 0),
        ("gray16", "rgba16", 1),
        ("gray16", "bgra16", 1),
        ("grayf32", "rgbf32", 1 / 65535),
    ],
)
def test_without_color_the_base_comes_back(base: str, output: str, step: float, linear: bool) -> None:
    ramp = gray_ramp(base)
    ramp = Plane(ramp.format, ramp.extent, ramp.data, Transfer.linear if linear else Transfer.srgb)
    lightness = planes.lightness(ramp, BANDS)
    ab = np.zeros((2, *lightness.shape), np.float32)
    got = planes.pixels(compose(lightness, ab, None, Look(PixelFormat(output), linear), BANDS))[..., :3]
    assert np.abs(got.astype(np.float64) - planes.pixels(ramp).astype(np.float64)).max() <= step


def in_gamut_picture() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    lightness = rng.uniform(0, 100, (200, 150)).astype(np.float32)
    ab = clip_to_gamut(lightness, rng.uniform(-90, 90, (2, 200, 150)).astype(np.float32))
    return lightness, ab


@pytest.mark.parametrize(("name", "step"), [("rgb8", 1 / 255), ("rgb16", 1 / 65535)])
def test_lightness_drifts_by_rounding_only(name: str, step: float) -> None:
    lightness, ab = in_gamut_picture()
    rounded = planes.pixels(compose(lightness, ab, None, Look(PixelFormat(name)), BANDS))
    # L* grows with each channel, so half a step on all three is as far as rounding can move it.
    unit = torch.from_numpy(rounded.astype(np.float64) * step).permute(2, 0, 1)
    lowest = lab.rgb_to_lab((unit - step / 2).clamp(0, 1))[0].numpy()
    highest = lab.rgb_to_lab((unit + step / 2).clamp(0, 1))[0].numpy()
    # And the gamut's own tolerance, 2e-5 of light, is worth this much L* at black.
    slack = 2e-5 * 903.3
    assert (lightness >= lowest - slack).all()
    assert (lightness <= highest + slack).all()


@pytest.mark.parametrize(
    ("name", "tolerance"), [("rgbf32", 0.05), ("rgba16", 0.05), ("labaf32", 0.05), ("laba16", 0.05), ("rgbaf16", 0.5)]
)
def test_deep_formats_keep_the_color(name: str, tolerance: float) -> None:
    lightness, ab = in_gamut_picture()
    # Near black the gamut's tolerance and a 16-bit step are worth more.
    lightness, ab = lightness[lightness > 20][None], ab[:, lightness > 20][:, None]
    got = planes.picture_lab(compose(lightness, ab, None, Look(PixelFormat(name)), BANDS))
    assert np.abs(got - np.concatenate((lightness[None], ab))).max() < tolerance


def test_eight_bits_are_the_exact_numbers_rounded() -> None:
    lightness, ab = in_gamut_picture()
    exact = planes.pixels(compose(lightness, ab, None, Look(PixelFormat.rgbf32), BANDS)).astype(np.float64) * 255
    rounded = planes.pixels(compose(lightness, ab, None, Look(PixelFormat.rgb8), BANDS))
    # Light is looked up in a table whose steps are a twentieth of a level apart at most.
    assert np.abs(rounded - exact).max() < 0.53


def test_palette_colors() -> None:
    colors = lab_to_colors(np.array([RED, (50.0344, 0, 0)], np.float32))
    assert colors[0] == pytest.approx((1, 0, 0), abs=2e-3)
    assert colors[1] == pytest.approx((119 / 255,) * 3, abs=1e-4)


def test_one_pixel() -> None:
    plane = compose(
        np.full((1, 1), 50, np.float32), np.zeros((2, 1, 1), np.float32), None, Look(PixelFormat.rgb8), BANDS
    )
    assert bytes(plane.data) == bytes([119] * 3)


@pytest.mark.parametrize("strength", [1.0, 0.6])
@pytest.mark.parametrize("name", ["rgb8", "rgba8", "bgra8", "bgra16"])
def test_coarse_colors_are_stretched_and_clipped_at_each_pixel(name: str, strength: float) -> None:
    rng = np.random.default_rng(4)
    lightness = rng.uniform(0, 100, (61, 83)).astype(np.float32)
    coarse = rng.uniform(-90, 90, (2, 13, 20)).astype(np.float32)
    alpha = rng.uniform(0, 1, lightness.shape).astype(np.float32)
    wide = np.stack([cv2.resize(plane, (83, 61), interpolation=cv2.INTER_LINEAR) for plane in coarse])
    look, whole = Look(PixelFormat(name), strength=strength), (slice(0, 61), slice(0, 83))
    expected = planes.pixels(compose(lightness, clip_to_gamut(lightness, wide), alpha, look, BANDS)).astype(int)
    got = planes.pixels(compose_coarse(lightness, coarse, (61, 83), whole, alpha, look, Bands(2))).astype(int)
    if name == "bgra16":  # enlarged by OpenCV, which keeps places to a thirty-second of a pixel, and these colors jump
        assert np.abs(got - expected).mean() < 257 * 2
    else:
        assert np.abs(got - expected).max() <= 1
    part = (slice(7, 50), slice(11, 83))
    cut = compose_coarse(lightness[part], coarse, (61, 83), part, alpha[part], look, BANDS)
    assert np.abs(planes.pixels(cut).astype(int) - got[part]).max() <= (1 if "8" in name else 257 * 12)


def test_colors_that_are_no_numbers_end_as_some_color() -> None:
    lightness, nothing = np.full((2, 3), 50, np.float32), np.full((2, 2, 3), np.nan, np.float32)
    look, whole = Look(PixelFormat.bgra8), (slice(0, 2), slice(0, 3))
    assert planes.pixels(compose(lightness, nothing, None, look, BANDS)).shape == (2, 3, 4)
    assert planes.pixels(compose_coarse(lightness, nothing, (2, 3), whole, None, look, BANDS)).shape == (2, 3, 4)
