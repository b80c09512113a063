from __future__ import annotations

import cv2
import numpy as np
import pytest

from handtint.server.pixelmath import Bands, stretch


@pytest.mark.parametrize("size", [(701, 613), (90, 480), (5, 7), (1, 1)])
def test_a_stretched_plane_is_a_smooth_enlargement_and_a_part_of_it_the_same_pixels(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    small = rng.uniform(-60, 60, (2, max(1, size[0] // 5), max(1, size[1] // 7))).astype(np.float32)
    whole = stretch(small, size, (slice(0, size[0]), slice(0, size[1])), Bands(2))
    for plane, wide in zip(small, whole, strict=True):
        steps = np.abs(np.diff(plane, axis=0)).max(initial=0) + np.abs(np.diff(plane, axis=1)).max(initial=0)
        expected = cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_LINEAR).reshape(size)
        assert np.abs(wide - expected).max() <= 1e-5 + steps / 30  # places are kept to a thirty-second of a pixel
    part = (slice(size[0] // 3, size[0] // 2 + 1), slice(size[1] // 4, size[1] // 2 + 1))
    assert np.allclose(stretch(small, size, part, Bands(1)), whole[(slice(None), *part)], atol=1e-5 + steps / 30)
