from __future__ import annotations

import numpy as np
import pytest
import torch

from handtint.color import lab
from handtint.errors import GuidanceError, PictureError
from handtint.server import pixelmath, planes
from handtint.server.pixelmath import Bands
from handtint.wire.messages import Color, Palette
from handtint.wire.pixels import Extent, PixelFormat, Plane, Transfer

RED_D65 = (53.2408, 80.0925, 67.2032)
"""sRGB red, from B. Lindbloom's calculator; the D50 one as ICC profiles have it."""
RED_D50 = (54.2905, 80.8049, 69.8910)
MIDDLE = 50.0344
"""L* of sRGB gray 119 of 255."""

BANDS = Bands(1)


def plane(pixel_format: PixelFormat, values: object, transfer: Transfer = Transfer.srgb) -> Plane:
    """A plane from (H, W, C) numbers."""
    data = np.asarray(values, planes.dtype(pixel_format))
    return Plane(pixel_format, Extent(data.shape[1], data.shape[0]), data.tobytes(), transfer)


def colored(name: str, rgb: tuple[float, float, float]) -> Plane:
    """A 2x1 plane of one sRGB color (0-1) in the named RGB or gray format."""
    pixel_format = PixelFormat(name)
    order = {"gray": [0], "graya": [0], "rgb": [0, 1, 2], "rgba": [0, 1, 2], "bgra": [2, 1, 0]}[
        planes.family(pixel_format)
    ]
    values = [rgb[index] for index in order] + [1.0] * (pixel_format.channels - len(order))
    kind = planes.dtype(pixel_format)
    top = np.iinfo(kind).max if kind.kind == "u" else 1
    return plane(pixel_format, [[np.array(values) * top] * 2])


ENCODED = [name.value for name in PixelFormat if planes.family(name) in ("gray", "graya", "rgb", "rgba", "bgra")]


@pytest.mark.parametrize("name", ENCODED)
def test_lightness_of_middle_gray_in_every_format(name: str) -> None:
    got = planes.lightness(colored(name, (119 / 255,) * 3), BANDS)
    assert got.dtype == np.float32
    assert got == pytest.approx(np.full((1, 2), MIDDLE), abs=0.05 if "f16" in name else 2e-3)


@pytest.mark.parametrize("name", [name for name in ENCODED if "gray" not in name])
def test_lightness_and_lab_of_red_in_every_format(name: str) -> None:
    red = colored(name, (1.0, 0.0, 0.0))
    assert planes.lightness(red, BANDS) == pytest.approx(np.full((1, 2), RED_D65[0]), abs=0.01)
    assert planes.picture_lab(red)[:, 0, 1] == pytest.approx(RED_D65, abs=0.01)


@pytest.mark.parametrize(
    ("name", "values", "tolerance"),
    [
        ("laba8", [54.29 * 2.55, 80.8 + 128, 69.9 + 128, 255], 0.7),
        ("laba16", [54.2905 * 655.35, (80.8049 + 128) * 257, (69.8910 + 128) * 257, 65535], 0.02),
        ("labaf32", [*RED_D50, 1.0], 0.01),
    ],
)
def test_lab_formats_are_d50(name: str, values: list[float], tolerance: float) -> None:
    pixels = plane(PixelFormat(name), [[np.rint(values) if name != "labaf32" else values]])
    assert planes.picture_lab(pixels)[:, 0, 0] == pytest.approx(RED_D65, abs=tolerance)
    assert planes.hints(pixels).layer().ab[:, 0, 0] == pytest.approx(RED_D65[1:], abs=tolerance)
    assert planes.lightness(pixels, BANDS)[0, 0] == pytest.approx(RED_D50[0], abs=tolerance)


def test_linear_numbers_are_light() -> None:
    half = plane(PixelFormat.gray16, [[[32768]]], Transfer.linear)
    assert planes.lightness(half, BANDS)[0, 0] == pytest.approx(76.07, abs=0.01)
    color = plane(PixelFormat.rgbf32, [[[0.5, 0.5, 0.5]]], Transfer.linear)
    assert planes.lightness(color, BANDS)[0, 0] == pytest.approx(76.07, abs=0.01)


@pytest.mark.parametrize("name", ["graya8", "graya16", "grayaf16", "grayaf32", "rgba8", "rgbaf32", "bgra16", "laba8"])
def test_transparent_is_white_and_half_is_half_way(name: str) -> None:
    pixel_format = PixelFormat(name)
    kind = planes.dtype(pixel_format)
    top = np.iinfo(kind).max if kind.kind == "u" else 1.0
    black = [0.0] * (pixel_format.channels - 1)
    if name == "laba8":
        black = [0, 128, 128]
    got = planes.lightness(plane(pixel_format, [[[*black, 0], [*black, top / 2], [*black, top]]]), BANDS)[0]
    assert got[0] == pytest.approx(100, abs=1e-3)
    assert got[1] == pytest.approx(50.0 if name == "laba8" else 53.4, abs=0.3)
    assert got[2] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("name", ["grayf32", "grayaf16", "rgbf32", "rgbaf16", "labaf32"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_a_bad_picture(name: str, value: float) -> None:
    pixel_format = PixelFormat(name)
    data = np.zeros((3, 2, pixel_format.channels))
    data[..., -1] = 1
    data[1, 1, 0] = value
    with pytest.raises(PictureError, match="not numbers"):
        planes.lightness(plane(pixel_format, data), BANDS)


def test_brighter_than_white_is_white() -> None:
    got = planes.lightness(plane(PixelFormat.grayf32, [[[7.5], [-1.0]]]), BANDS)
    assert got[0] == pytest.approx([100, 0], abs=1e-3)


@pytest.mark.parametrize("name", ["abf32", "index8"])
def test_formats_without_lightness_are_no_base(name: str) -> None:
    pixel_format = PixelFormat(name)
    with pytest.raises(PictureError, match="expected a gray"):
        planes.lightness(plane(pixel_format, np.zeros((1, 1, pixel_format.channels))), BANDS)


def test_many_bands_give_what_one_gives() -> None:
    data = np.random.default_rng(0).integers(0, 256, (700, 301, 3), np.uint8)
    pixels = plane(PixelFormat.rgb8, data)
    bands = Bands(2)
    got = planes.lightness(pixels, bands)
    bands.close()
    reference = lab.rgb_to_lab(torch.from_numpy(data / 255).permute(2, 0, 1))[0].numpy()
    assert got == pytest.approx(reference, abs=1e-3)


@pytest.mark.parametrize("name", [name.value for name in PixelFormat if planes.family(name) in ("rgba", "bgra")])
def test_hints_of_every_format(name: str) -> None:
    pixels = colored(name, (1.0, 0.0, 0.0))
    data = planes.pixels(pixels).copy()
    data[0, 0, 3] = 0
    got = planes.hints(plane(pixels.format, data)).layer()
    assert got.mask.tolist() == [[0.0, 1.0]]
    assert got.ab[:, 0, 0].tolist() == [0, 0]
    assert got.ab[:, 0, 1] == pytest.approx(RED_D65[1:], abs=0.01)


def test_gray_is_a_hint_and_coverage_is_kept() -> None:
    got = planes.hints(plane(PixelFormat.rgba8, [[[119, 119, 119, 51], [0, 0, 0, 0]]])).layer()
    assert got.mask[0] == pytest.approx([0.2, 0])
    assert np.abs(got.ab).max() < 1e-3


def test_hints_need_alpha() -> None:
    with pytest.raises(GuidanceError, match="with alpha"):
        planes.hints(colored("rgb8", (1, 0, 0)))


def test_hints_that_are_not_numbers() -> None:
    with pytest.raises(GuidanceError, match="not numbers"):
        planes.hints(plane(PixelFormat.rgbaf32, [[[np.nan, 0, 0, 1]]]))


def test_transparent_parts_of_a_color_picture_do_not_count() -> None:
    pixels = plane(PixelFormat.rgba8, [[[255, 0, 0, 255], [0, 255, 0, 0]], [[255, 0, 0, 200], [0, 0, 255, 9]]])
    assert planes.picture_lab(pixels).shape == (3, 1, 2)
    with pytest.raises(PictureError, match="entirely transparent"):
        planes.picture_lab(plane(PixelFormat.rgba8, np.zeros((2, 2, 4))))


def test_an_exemplar_keeps_its_shape_without_margins_and_holes() -> None:
    red, green, nothing = [255, 0, 0, 255], [0, 255, 0, 0], [9, 9, 9, 0]
    rows = [[nothing] * 5, [nothing, red, green, red, nothing], [nothing, red, red, red, nothing]]
    lab_of = planes.exemplar_lab(plane(PixelFormat.rgba8, rows))
    assert lab_of.shape == (3, 2, 3)
    for pixel in lab_of.reshape(3, -1).T:
        assert pixel == pytest.approx(RED_D65, abs=0.01)
    with pytest.raises(GuidanceError, match="entirely transparent"):
        planes.exemplar_lab(plane(PixelFormat.rgba8, np.zeros((2, 2, 4))))
    with pytest.raises(GuidanceError, match="got index8"):
        planes.exemplar_lab(plane(PixelFormat.index8, [[[1]]]))


def test_a_large_exemplar_is_thinned() -> None:
    side = planes.EXEMPLAR_SIDE + 1
    assert planes.exemplar_lab(plane(PixelFormat.rgb8, np.zeros((2, side, 3)))).shape == (3, 1, side // 2 + 1)


def test_selection() -> None:
    assert planes.selection(plane(PixelFormat.gray8, [[[0], [51], [255]]]))[0] == pytest.approx([0, 0.2, 1])
    with pytest.raises(GuidanceError, match="gray format"):
        planes.selection(colored("rgb8", (0, 0, 0)))


def test_palette() -> None:
    ab, shares = planes.palette_ab(Palette((Color(1, 0, 0), Color(0.5, 0.5, 0.5)), (3.0, 1.0)))
    assert ab[0] == pytest.approx(RED_D65[1:], abs=0.01)
    assert ab[1] == pytest.approx([0, 0], abs=1e-3)
    assert shares == pytest.approx([0.75, 0.25])
    assert planes.palette_ab(Palette((Color(1, 0, 0),)))[1] is None


@pytest.mark.parametrize(
    "palette",
    [
        Palette((Color(1, 0, 0),), (0.5, 0.5)),
        Palette((Color(1, 0, 0),), (0.0,)),
        Palette((Color(1, 0, 0),), (-1.0,)),
        Palette((Color(float("nan"), 0, 0),)),
    ],
)
def test_palettes_that_make_no_sense(palette: Palette) -> None:
    with pytest.raises(GuidanceError, match="expected"):
        planes.palette_ab(palette)


def test_arithmetic_is_that_of_the_networks() -> None:
    rgb = np.random.default_rng(1).random((64, 64, 3)).astype(np.float32)
    light = pixelmath.srgb_to_linear(rgb)
    for white in lab.White:
        got = np.stack(pixelmath.linear_to_lab(light, white))
        reference = lab.rgb_to_lab(torch.from_numpy(rgb).double().permute(2, 0, 1), white=white).numpy()
        assert got == pytest.approx(reference, abs=1e-3)
        assert pixelmath.lab_to_linear(*got, white) == pytest.approx(light, abs=1e-5)
    assert pixelmath.linear_to_srgb(light) == pytest.approx(rgb, abs=1e-6)
