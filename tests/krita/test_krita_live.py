"""Tier 2: Live on a picture of 4 megapixels, where colors come in two steps and nothing may hold Krita up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.io
import skimage.transform

pytestmark = pytest.mark.krita

LONGEST_TURN = 0.05
"""Seconds of its own for which the docker may hold Krita's thread up at once."""


def lightness(bgra: list[int]) -> float:
    pixel = np.array([[bgra[2::-1]]], np.uint8)
    return float(skimage.color.rgb2lab(pixel)[0, 0, 0])


def test_color_follows_the_brush_and_krita_is_never_held_up(
    krita: Callable[..., dict[str, Any]], artifacts: Path, tmp_path: Path
) -> None:
    image = skimage.transform.resize(skimage.color.rgb2gray(skimage.data.astronaut()), (1633, 2450), order=1)
    skimage.io.imsave(tmp_path / "gray.png", (image * 255).round().astype("uint8"), check_contrast=False)
    found = krita("steps_follow.py")
    shutil.copy(tmp_path / "follow.png", artifacts / "krita-follow.png")

    quick, whole = found["asked"]
    assert max(quick[0]) < 1500, "worked out as fine as it is seen"
    assert quick[1] == "Patch", "a stroke travels as a rectangle"
    assert whole == [None, "Known"], "at rest all of it is worked out; nothing travels twice"
    assert [detail is None for detail, _ in found["first"]] == [False, True]
    for step in ("at first sight", "at rest"):
        pixel, gray = found[step]
        assert pixel[0] > pixel[2] + 15, "blue"
        assert lightness(pixel) == pytest.approx(lightness([gray] * 3), abs=0.6), "lightness is never touched"
    assert found["while painting"] == [[], True]
    assert [detail is None for detail, _ in found["after the stroke"]][-1]
    assert found["turns"] > 20
    assert found["Krita's part"] > 0.01, "its calls are seen, and left out"
    assert found["longest turn"] <= LONGEST_TURN
