"""Colourfulness of pictures whose figure is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.color.colorfulness import colorfulness

RNG = np.random.default_rng(0)


def test_colorfulness_of_gray_one_color_and_two() -> None:
    gray = RNG.integers(0, 255, (8, 8, 1), dtype=np.uint8).repeat(3, axis=2)
    assert colorfulness(gray) == 0.0
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert colorfulness(red) == pytest.approx(0.3 * np.hypot(200, 100))
    half = red.copy()
    half[:2] = 0  # rg: 200 or 0, yb: 100 or 0
    assert colorfulness(half) == pytest.approx(np.hypot(100, 50) + 0.3 * np.hypot(100, 50))
