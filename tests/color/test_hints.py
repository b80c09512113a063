"""From a painted layer to hints, and from the picture's size to the working size."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.hints import Points, layer_to_hints, painted_points

RED = (80.09, 67.20)


@pytest.mark.parametrize(("dtype", "one"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1.0), (np.float64, 1.0)])
def test_a_layer_of_any_depth(dtype: type, one: float) -> None:
    layer = np.zeros((4, 5, 4), dtype)
    layer[1, 2] = (one, 0, 0, one)
    hints = layer_to_hints(layer)
    np.testing.assert_allclose(hints.ab[:, 1, 2], RED, atol=0.02)
    assert hints.mask[1, 2] == 1.0
    assert np.count_nonzero(hints.mask) == 1
    assert np.count_nonzero(hints.ab) == 2


def test_linear_light() -> None:
    layer = np.array([[[0.5, 0.25, 0.125, 1.0]]], np.float32)
    encoded = layer.copy()
    encoded[..., :3] = 1.055 * layer[..., :3] ** (1 / 2.4) - 0.055
    linear = layer_to_hints(layer, linear=True)
    np.testing.assert_allclose(linear.ab, layer_to_hints(encoded).ab, atol=1e-3)


def test_neutral_gray_is_a_hint_and_transparent_color_is_none() -> None:
    layer = np.zeros((1, 2, 4), np.uint8)
    layer[0, 0] = (128, 128, 128, 255)
    layer[0, 1] = (255, 0, 0, 0)
    hints = layer_to_hints(layer)
    assert hints.mask.tolist() == [[1.0, 0.0]]
    assert np.abs(hints.ab).max() < 1e-3


def test_not_a_number_is_not_painted() -> None:
    layer = np.ones((1, 2, 4), np.float32)
    layer[0, 0, 3] = np.nan
    assert layer_to_hints(layer).mask.tolist() == [[0.0, 1.0]]
    ab = np.zeros((2, 1, 2), np.float32)
    ab[0, 0, 1] = np.nan
    assert len(painted_points(ab, np.array([[np.nan, 1.0]], np.float32)).pixels) == 0


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="H, W, 4"):
        layer_to_hints(np.zeros((3, 3, 3), np.uint8))


def test_thin_strokes_survive_shrinking_at_full_strength() -> None:
    mask = np.zeros((1000, 1500), np.float32)
    mask[37, :] = 1.0
    mask[:, 801] = 1.0
    ab = np.where(mask > 0, 50.0, -90.0) * np.ones((2, 1, 1))
    small = painted_points(ab.astype(np.float32), mask).shrunk((213, 320)).layer()
    assert (small.mask.max(axis=0) == 1.0).all()
    assert (small.mask.max(axis=1) == 1.0).all()
    assert np.unique(small.mask).tolist() == [0.0, 1.0]
    np.testing.assert_allclose(small.ab[:, small.mask > 0], 50.0, rtol=1e-6)
    assert not small.ab[:, small.mask == 0].any()


def test_colors_are_averaged_by_coverage_not_with_the_unpainted() -> None:
    ab = np.array([[[40.0, -20.0, 99.0, 99.0]], [[0.0, 30.0, 99.0, 99.0]]], np.float32)
    mask = np.array([[0.9, 0.3, 0.0, 0.0]], np.float32)
    small = painted_points(ab, mask).shrunk((1, 2)).layer()
    np.testing.assert_allclose(small.ab[:, 0, 0], [(0.9 * 40 - 0.3 * 20) / 1.2, 0.3 * 30 / 1.2], rtol=1e-5)
    np.testing.assert_allclose(small.mask, [[0.9, 0.0]])


@pytest.mark.parametrize("size", [(1, 1), (3, 4), (7, 9), (10, 10)])
def test_a_full_layer_of_one_color_stays_so_at_any_size(size: tuple[int, int]) -> None:
    small = painted_points(np.full((2, 10, 10), 12.0, np.float32), np.ones((10, 10), np.float32)).shrunk(size).layer()
    assert (small.mask == 1).all()
    np.testing.assert_allclose(small.ab, 12.0, rtol=1e-6)


def test_points_and_layers_say_the_same() -> None:
    rng = np.random.default_rng(4)
    mask = (rng.random((20, 30)) * (rng.random((20, 30)) < 0.2)).astype(np.float32)
    ab = (rng.normal(0, 40, (2, 20, 30)) * (mask > 0)).astype(np.float32)
    points = painted_points(ab, mask)
    hints = points.layer()
    assert np.array_equal(hints.ab, ab)
    assert np.array_equal(hints.mask, mask)
    assert np.array_equal(np.flatnonzero(mask >= 0.5), points.promised().pixels)
    rows, columns = points.places()
    assert (mask[rows, columns] == points.coverage).all()
    padded = points.layer((24, 32))
    assert np.array_equal(padded.mask[:20, :30], mask)
    assert np.count_nonzero(padded.mask) == np.count_nonzero(mask)


def test_promises_begin_at_half_coverage() -> None:
    points = Points((1, 3), np.arange(3), np.zeros((2, 3), np.float32), np.array([0.49, 0.5, 1.0], np.float32))
    assert points.promised().pixels.tolist() == [1, 2]


def test_unpooled_coverage_is_the_share_of_the_area() -> None:
    mask = np.zeros((8, 8), np.float32)
    mask[0, :4] = 1.0
    mask[4:, 4:] = 1.0
    points = painted_points(np.ones((2, 8, 8), np.float32), mask).shrunk((2, 2), pooled=False)
    assert points.layer().mask.tolist() == [[0.25, 0.0], [0.0, 1.0]]


def test_many_points_are_shrunk_in_chunks_as_at_once() -> None:
    rng = np.random.default_rng(5)
    mask = rng.random((900, 1000)).astype(np.float32)
    ab = rng.normal(0, 40, (2, 900, 1000)).astype(np.float32)
    small = painted_points(ab, mask).shrunk((9, 10)).layer()
    blocks = mask.reshape(9, 100, 10, 100)
    np.testing.assert_allclose(small.mask, blocks.max(axis=(1, 3)))
    mean = (ab * mask).reshape(2, 9, 100, 10, 100).sum(axis=(2, 4)) / blocks.sum(axis=(1, 3))
    np.testing.assert_allclose(small.ab, mean, atol=1e-3)


@pytest.mark.parametrize("place", [(0, 0), (2, 1), (6, 3)])
def test_a_patch_replaces_its_rectangle_and_keeps_the_order(place: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    ab = rng.uniform(-50, 50, (2, 9, 7)).astype(np.float32)
    mask = (rng.uniform(0, 1, (9, 7)) * (rng.uniform(0, 1, (9, 7)) < 0.4)).astype(np.float32)
    there = (slice(place[0], place[0] + 3), slice(place[1], place[1] + 4))
    part_ab, part_mask = ab[:, *there] + 1, np.roll(mask[there], 1, axis=1)
    after = painted_points(ab, mask).patched(place, painted_points(part_ab, part_mask))
    ab[:, *there], mask[there] = part_ab, part_mask
    whole = painted_points(ab, mask)
    for found, expected in zip(after, whole, strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("share", [0.0, 0.003, 0.4])
def test_points_here_and_there_are_gathered_by_the_pixel_they_fall_in(share: float) -> None:
    rng = np.random.default_rng(6)
    mask = np.where(rng.random((97, 131)) < share, rng.uniform(0.1, 1, (97, 131)), 0).astype(np.float32)
    ab = rng.normal(0, 40, (2, 97, 131)).astype(np.float32)
    small = painted_points(ab, mask).shrunk((19, 30))
    rows, columns = np.nonzero(mask)
    cells = (2 * rows + 1) * 19 // 194 * 30 + (2 * columns + 1) * 30 // 262
    assert small.pixels.tolist() == np.unique(cells).tolist()
    for cell, a, b, coverage in zip(small.pixels, *small.ab, small.coverage, strict=True):
        there = rows[cells == cell], columns[cells == cell]
        expected = (ab[:, *there] * mask[there]).sum(axis=1) / mask[there].sum()
        np.testing.assert_allclose((a, b), expected, atol=1e-4)
        assert coverage == mask[there].max()
