"""How a palette fills the slots of a network."""

from __future__ import annotations

import cv2
import numpy as np

from handtint.colorizers.base import Guidance
from handtint.colorizers.guided import draw_to_palette, palette_shares, palette_slots


def test_the_heaviest_colors_take_the_slots() -> None:
    seven = np.arange(14, dtype=np.float32).reshape(7, 2)
    weights = np.array([0.1, 0.3, 0.05, 0.2, 0.2, 0.01, 0.14], np.float32)
    slots, mask = palette_slots(Guidance(palette_ab=seven, palette_weights=weights), 5)
    assert slots.tolist() == seven[[1, 3, 4, 6, 0]].tolist()
    assert mask.tolist() == [1.0] * 5


def test_few_colors_leave_empty_slots_in_the_artists_order() -> None:
    slots, mask = palette_slots(Guidance(palette_ab=np.array([[1, 2], [3, 4]], np.float32)), 5)
    assert slots.tolist() == [[1, 2], [3, 4], [0, 0], [0, 0], [0, 0]]
    assert mask.tolist() == [1, 1, 0, 0, 0]
    assert not palette_slots(Guidance(), 5)[1].any()


def test_shares_follow_their_colors_and_fall_where_they_are_not_said() -> None:
    colors = np.arange(6, dtype=np.float32).reshape(3, 2)
    weights = np.array([0.1, 0.6, 0.3], np.float32)
    assert np.allclose(palette_shares(Guidance(palette_ab=colors, palette_weights=weights), 5), [0.6, 0.3, 0.1])
    assert np.allclose(palette_shares(Guidance(palette_ab=colors, palette_weights=weights), 2), [2 / 3, 1 / 3])
    assert np.allclose(palette_shares(Guidance(palette_ab=colors), 5), np.array([1.0, 0.6, 0.36]) / 1.96)
    assert len(palette_shares(Guidance(), 5)) == 0


def test_the_palette_counts_where_no_hint_reaches() -> None:
    prediction = np.random.default_rng(0).normal(0.0, 4.0, (2, 16, 24)).astype(np.float32)
    lightness = np.full((16, 24), 50.0, np.float32)
    palette, shares = np.array([[40.0, 30.0]], np.float32), np.ones(1, np.float32)
    hinted = np.zeros((16, 24), np.float32)
    hinted[:, :12] = 1.0
    drawn = draw_to_palette(prediction, lightness, palette, shares, hinted)
    assert np.array_equal(drawn[:, :, :12], prediction[:, :, :12])
    assert np.abs(drawn[:, :, 12:] - palette[0][:, None, None]).max() < 6.0
    assert np.array_equal(draw_to_palette(prediction, lightness, palette, shares, np.ones_like(hinted)), prediction)
    assert np.array_equal(draw_to_palette(prediction, lightness, palette[:0], shares[:0], None), prediction)


def test_a_flat_part_of_a_vague_answer_gets_one_color_and_not_splashes() -> None:
    """The network has noise to say of two flat halves, a little warmer in the one."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(0.0, 20.0, (32, 48, 2)).astype(np.float32), (0, 0), 3.0)
    prediction = np.ascontiguousarray(noise.transpose(2, 0, 1))
    prediction[:, :, 24:] += 3.0
    lightness = np.full((32, 48), 30.0, np.float32)
    lightness[:, 24:] = 80.0
    palette, shares = np.array([[-20.0, -30.0], [40.0, 30.0]], np.float32), np.full(2, 0.5, np.float32)
    drawn = draw_to_palette(prediction, lightness, palette, shares, None)
    cold, warm = drawn[:, :, :24], drawn[:, :, 24:]
    assert np.linalg.norm(warm.mean(axis=(1, 2)) - cold.mean(axis=(1, 2))) > 20.0
    assert max(half.std(axis=(1, 2)).max() for half in (cold, warm)) < 8.0
