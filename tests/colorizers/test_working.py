"""The seam between a method and whole pictures: sizes, padding, promises, cancelling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from handtint.color.gamut import clip_to_gamut
from handtint.color.hints import painted_points
from handtint.color.lab import lab_to_rgb, rgb_to_lab
from handtint.color.upsample import shrink_area
from handtint.colorizers.base import Control, FloatArray, Guidance, never
from handtint.colorizers.working import WorkingSizeColorizer
from handtint.errors import Cancelled, GuidanceError, PictureError


class Sepia(WorkingSizeColorizer):
    """Colours everything alike, whatever the hints say, and remembers what it was given."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(name="sepia", controls=frozenset({Control.hints}), **sizes)
        self.seen: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        self.seen.append((lightness, hint_ab, hint_mask))
        cache["visits"] = np.zeros(1000)
        return np.stack([np.full_like(lightness, 8.0), np.full_like(lightness, 16.0)])


def astronaut() -> np.ndarray:
    """Lab of the picture, (3, 512, 512)."""
    return rgb_to_lab(torch.from_numpy(data.astronaut().transpose(2, 0, 1).copy()) / 255).numpy()


def strokes(shape: tuple[int, int], count: int = 40, seed: int = 0) -> np.ndarray:
    """Coverage of small painted patches, (H, W)."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, np.float32)
    for _ in range(count):
        row, column = rng.integers(0, shape[0] - 9), rng.integers(0, shape[1] - 9)
        height, width = rng.integers(1, 9, 2)
        mask[row : row + height, column : column + width] = 1.0
    return mask


def missed(lightness: np.ndarray, ab: np.ndarray, goal: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """CIEDE2000 between the 8-bit picture and the hints at the painted pixels."""
    rgb = lab_to_rgb(torch.from_numpy(np.concatenate([lightness[None], ab]))).clamp(0, 1).numpy()
    shown = rgb2lab(np.rint(rgb * 255).astype(np.uint8).transpose(1, 2, 0))
    wanted = np.concatenate([lightness[None], clip_to_gamut(lightness, goal)]).transpose(1, 2, 0)
    return np.asarray(deltaE_ciede2000(shown, wanted)[mask >= 0.5])


@pytest.mark.parametrize("kind", ["true", "jittered", "adversarial"])
@pytest.mark.parametrize("reach", [0.0, 0.5, 1.0])
def test_hints_are_met_in_the_8_bit_picture(kind: str, reach: float) -> None:
    lab = astronaut()
    mask = strokes(lab.shape[1:])
    rng = np.random.default_rng(1)
    goal = {
        "true": lab[1:],
        "jittered": lab[1:] + rng.uniform(-10, 10, lab[1:].shape),
        "adversarial": rng.uniform(-110, 110, lab[1:].shape),
    }[kind].astype(np.float32)
    colorizer = Sepia(working_side=160)
    ab = colorizer.colorize(colorizer.prepare(lab[0]), Guidance(hints=painted_points(goal * mask, mask), reach=reach))
    error = missed(lab[0], ab, goal, mask)
    assert error.mean() < 0.5
    assert error.max() < 2.3


def test_colors_fit_into_srgb() -> None:
    lab = astronaut()
    mask = strokes(lab.shape[1:])
    colorizer = Sepia()
    ab = colorizer.colorize(
        colorizer.prepare(lab[0]), Guidance(hints=painted_points(110 * np.stack([mask, -mask]), mask))
    )
    assert np.abs(clip_to_gamut(lab[0], ab) - ab).max() < 1e-3


def test_without_hints_the_prediction_comes_through() -> None:
    colorizer = Sepia()
    ab = colorizer.colorize(colorizer.prepare(np.full((50, 70), 60.0, np.float32)), Guidance())
    np.testing.assert_allclose(ab[0], 8.0, rtol=1e-6)
    np.testing.assert_allclose(ab[1], 16.0, rtol=1e-6)


def test_a_method_sees_padded_sides_and_nothing_painted_in_the_margin() -> None:
    colorizer = Sepia(working_side=100, multiple=8)
    lightness = np.tile(np.linspace(0, 100, 600, dtype=np.float32), (430, 1))
    ones = np.ones((430, 600), np.float32)
    ab = colorizer.colorize(colorizer.prepare(lightness), Guidance(hints=painted_points(np.stack([ones, ones]), ones)))
    seen, hint_ab, hint_mask = colorizer.seen[0]
    assert seen.shape == (72, 104)
    assert hint_ab.shape == (2, 72, 104)
    assert (seen[:, 100:] == seen[:, 99:100]).all()
    assert hint_mask.sum() == 72 * 100
    assert ab.shape == (2, 430, 600)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 5), (1, 2000), (2000, 1), (17, 900)])
@pytest.mark.parametrize("level", [0.0, 55.0, 100.0])
@pytest.mark.parametrize("painted", ["nothing", "one", "all"])
def test_pictures_of_any_shape(shape: tuple[int, int], level: float, painted: str) -> None:
    mask = np.full(shape, float(painted == "all"), np.float32)
    mask[0, 0] = float(painted != "nothing")
    colorizer = Sepia()
    prepared = colorizer.prepare(np.full(shape, level, np.float32))
    guidance = Guidance(hints=painted_points(np.full((2, *shape), 20.0, np.float32), mask))
    ab = colorizer.colorize(prepared, guidance)
    assert ab.shape == (2, *shape)
    assert ab.dtype == np.float32
    gray = level in (0.0, 100.0)
    expected = [0.0, 0.0] if gray else [8.0, 16.0] if painted == "nothing" else [20.0, 20.0]
    np.testing.assert_allclose(ab[:, 0, 0], expected, atol=0.05)


@pytest.mark.parametrize("size", [(256, 256), (128, 128), (37, 64), (1, 1)])
def test_a_preview_is_the_small_picture_of_the_final(size: tuple[int, int]) -> None:
    lab = astronaut()
    mask = strokes(lab.shape[1:], count=15)
    colorizer = Sepia(working_side=160)
    prepared = colorizer.prepare(lab[0])
    guidance = Guidance(hints=painted_points(lab[1:] * mask, mask))
    preview = colorizer.colorize(prepared, guidance, size=size)
    final = np.stack([shrink_area(plane, size) for plane in colorizer.colorize(prepared, guidance)])
    small = shrink_area(lab[0], size)
    both = [np.concatenate([small[None], ab]).transpose(1, 2, 0) for ab in (preview, final)]
    assert deltaE_ciede2000(*both).mean() < 1.0


def test_softness_lets_go_of_the_hints() -> None:
    lab = astronaut()
    mask = strokes(lab.shape[1:], count=10)
    colorizer = Sepia()
    prepared = colorizer.prepare(lab[0])
    errors = []
    for softness in (0.0, 0.25, 0.5, 0.75, 1.0):
        guidance = Guidance(hints=painted_points(lab[1:] * mask, mask), softness=softness)
        errors.append(float(np.abs(colorizer.colorize(prepared, guidance) - lab[1:])[:, mask > 0].mean()))
    assert errors[0] < 0.05
    assert (np.diff(errors) > 0).all()
    untouched = clip_to_gamut(lab[0], colorizer.predict(lab[0], lab[1:], mask, Guidance(), {}))
    assert errors[-1] == pytest.approx(float(np.abs(untouched - lab[1:])[:, mask > 0].mean()), rel=1e-4)


def test_a_residual_does_not_cross_the_picture_at_the_default_reach() -> None:
    lightness = np.full((300, 400), 50.0, np.float32)
    mask = np.zeros((300, 400), np.float32)
    mask[148:152, 20:24] = 1.0
    colorizer = Sepia()
    ab = colorizer.colorize(
        colorizer.prepare(lightness), Guidance(hints=painted_points(mask * np.full((2, 1, 1), 50.0, np.float32), mask))
    )
    np.testing.assert_allclose(ab[:, 149, 21], 50.0, atol=0.01)
    assert np.abs(ab[:, :, 300:] - np.array([8.0, 16.0])[:, None, None]).max() < 0.01


def test_a_soft_brush_is_handed_to_the_method_as_coverage() -> None:
    mask = np.zeros((40, 40), np.float32)
    mask[10:20, 10:20] = 0.3
    colorizer = Sepia()
    ab = colorizer.colorize(
        colorizer.prepare(np.full((40, 40), 50.0, np.float32)),
        Guidance(hints=painted_points(np.full((2, 40, 40), 40.0, np.float32), mask)),
    )
    assert colorizer.seen[0][2].max() == pytest.approx(0.3)
    np.testing.assert_allclose(ab[0], 8.0, rtol=1e-5)


def test_the_picture_tells_its_memory() -> None:
    colorizer = Sepia()
    prepared = colorizer.prepare(np.zeros((1000, 1000), np.float32))
    before = prepared.nbytes
    assert before == 4 * (1000 * 1000 + 320 * 320)
    colorizer.colorize(prepared, Guidance(), size=(10, 10))
    assert prepared.nbytes == before + 8000 + 4 * 10 * 10  # what it keeps, and the picture at the last size


def test_work_can_be_called_off_at_every_stage() -> None:
    colorizer = Sepia()
    prepared = colorizer.prepare(np.full((400, 400), 50.0, np.float32))
    mask = np.ones((400, 400), np.float32)
    guidance = Guidance(hints=painted_points(np.stack([mask, mask]), mask))
    asked = 0

    def count() -> bool:
        nonlocal asked
        asked += 1
        return False

    colorizer.colorize(prepared, guidance, cancelled=count)
    assert asked >= 5
    for stage in range(asked):
        left = stage

        def after_some() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        with pytest.raises(Cancelled):
            colorizer.colorize(prepared, guidance, cancelled=after_some)


@pytest.mark.parametrize(
    ("guidance", "size", "message"),
    [
        (Guidance(palette_ab=np.zeros((3, 2), np.float32)), None, "does not take palette"),
        (Guidance(hints=painted_points(np.zeros((2, 4, 4), np.float32), np.zeros((4, 4), np.float32))), None, "shape"),
        (Guidance(), (11, 5), "size must be between"),
        (Guidance(), (0, 5), "size must be between"),
        (Guidance(reach=2.0), None, "reach"),
    ],
)
def test_what_does_not_fit_is_said(guidance: Guidance, size: tuple[int, int] | None, message: str) -> None:
    colorizer = Sepia()
    with pytest.raises(GuidanceError, match=message):
        colorizer.colorize(colorizer.prepare(np.zeros((10, 10), np.float32)), guidance, size=size, cancelled=never)


def test_a_picture_that_is_none_is_refused() -> None:
    with pytest.raises(PictureError, match="shape"):
        Sepia().prepare(np.zeros((0, 5), np.float32))
    with pytest.raises(PictureError, match="not numbers"):
        Sepia().prepare(np.full((2, 2), np.nan, np.float32))
