"""Tier 2: the whole way in a real Krita under Xvfb, with the real engine that the docker starts itself."""

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

Play = Callable[..., dict[str, Any]]
SIZE = 640
SKIN, HAIR, SUIT, SKY, NAVY, NEUTRAL = (
    (210, 150, 125), (125, 85, 55), (205, 110, 60), (125, 137, 155), (60, 65, 110), (128, 128, 128),
)  # fmt: skip
MARKS = {
    (262, 165): SKIN, (285, 45): HAIR, (40, 70): NAVY, (504, 157): NEUTRAL, (426, 607): NEUTRAL, (40, 240): NEUTRAL,
    (150, 374): SUIT, (418, 425): SUIT, (110, 560): SUIT, (290, 420): SUIT, (330, 560): SUIT,
    (430, 60): SKY, (130, 60): SKY, (430, 230): SKY, (600, 250): SKY,
}  # fmt: skip
"""Colors of the painted marks by where they lie (x, y)."""
RADIUS = 7


def gray_photograph() -> np.ndarray:
    """A photograph without its color, (H, W) uint8."""
    image = skimage.transform.resize(skimage.data.astronaut(), (SIZE, SIZE), anti_aliasing=True)
    return np.clip(np.rint(skimage.color.rgb2gray(image) * 255), 0, 255).astype(np.uint8)


def painted_marks() -> np.ndarray:
    """Round marks on a transparent layer as Krita keeps them, (H, W, 4) uint8 BGRA."""
    y, x = np.mgrid[:SIZE, :SIZE]
    marks = np.zeros((SIZE, SIZE, 4), np.uint8)
    for (column, row), (red, green, blue) in MARKS.items():
        marks[np.hypot(x - column, y - row) <= RADIUS] = (blue, green, red, 255)
    return marks


def lab(bgra: np.ndarray) -> np.ndarray:
    return skimage.color.rgb2lab(bgra[..., 2::-1])


def read_layer(path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), np.uint8).reshape(SIZE, SIZE, 4)


def wanted_colors(gray: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lab of each marked pixel with the mark's ab at the picture's own lightness, and where sRGB can show it."""
    base = skimage.color.rgb2lab(np.repeat(gray[..., None], 3, axis=2))
    wanted = np.concatenate([base[..., :1], lab(marks)[..., 1:]], axis=2)
    back = skimage.color.rgb2lab(skimage.color.lab2rgb(wanted))
    return wanted, np.abs(back - wanted).max(axis=2) < 0.5


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
@pytest.mark.parametrize("method", ["scribble", "unified"])
def test_a_gray_photograph_is_colored_by_its_hints(krita: Play, artifacts: Path, tmp_path: Path, method: str) -> None:
    gray, marks = gray_photograph(), painted_marks()
    skimage.io.imsave(tmp_path / "gray.png", gray, check_contrast=False)
    (tmp_path / "hints.raw").write_bytes(marks.tobytes())

    found = krita("steps_colorize.py", HANDTINT_METHOD=method)
    shutil.copy(tmp_path / "krita.png", artifacts / ("krita.png" if method == "unified" else f"krita-{method}.png"))

    assert found["converted"] == ["RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc"]
    assert found["layers"] == ["Photograph", "Handtint color", "Hints"]
    assert found["active"] == "Hints"
    assert found["after undo"] == ["Photograph", "Hints"]
    assert found["after the second"] == ["Photograph", "Handtint color", "Hints"]
    result = read_layer(tmp_path / "result.raw")
    assert (tmp_path / "result.redone").read_bytes() == result.tobytes()
    # What the painter owns is as it was.
    assert (tmp_path / "base.after").read_bytes() == (tmp_path / "base.before").read_bytes()
    assert (tmp_path / "hints.after").read_bytes() == marks.tobytes()
    assert np.array_equal(read_layer(tmp_path / "base.after")[..., 0], gray)
    # Hints are met, lightness is kept.
    wanted, possible = wanted_colors(gray, marks)
    marked = (marks[..., 3] == 255) & possible
    assert marked.sum() > 1000
    error = skimage.color.deltaE_ciede2000(wanted[marked], lab(result)[marked])
    assert error.mean() < 0.5
    assert error.max() < 2.3
    drift = np.abs(lab(result)[..., 0] - skimage.color.rgb2lab(np.repeat(gray[..., None], 3, axis=2))[..., 0])
    assert drift.mean() < 0.2
    assert drift.max() < 1.0
    # The color spreads beyond the marks.
    assert (np.hypot(*np.moveaxis(lab(result)[..., 1:], 2, 0)) > 8).mean() > 0.1


def test_live_follows_a_real_pointer_and_cuts_no_stroke(krita: Play, artifacts: Path, tmp_path: Path) -> None:
    skimage.io.imsave(tmp_path / "gray.png", gray_photograph(), check_contrast=False)

    found = krita("steps_live.py")
    shutil.copy(tmp_path / "live.png", artifacts / "krita-live.png")

    assert found["without hints"] == ["Photograph", "Hints"]
    assert found["layers"] == ["Photograph", "Handtint color", "Hints"]
    assert found["active"] == "Hints"
    blue, _green, red, alpha = found["after"]
    assert blue - red > found["before"][0] - found["before"][2] + 20
    assert alpha == 255
    assert found["pen down"]
    assert found["while painting"] == "Waiting for the end of the stroke…"
    assert found["stroke went on to"] > 580
    assert found["still"] == ["Photograph", "Handtint color", "Hints"]
    assert found["removed"] == "The color layer was removed: Live is off."
    assert found["nothing came back"] == ["Photograph", "Hints"]
    assert found["redone: third stroke"] == [["Photograph", "Handtint color", "Hints"], found["stroke went on to"]]


def test_what_goes_wrong_with_the_engine_is_a_sentence(krita: Play, artifacts: Path, tmp_path: Path) -> None:
    skimage.io.imsave(tmp_path / "gray.png", gray_photograph(), check_contrast=False)

    found = krita("steps_faults.py", HANDTINT_ENGINE="/nowhere/handtint serve")
    shutil.copy(tmp_path / "fault.png", artifacts / "krita-fault.png")

    assert "could not be started with /nowhere/handtint serve" in found["missing"]
    assert "#12345 is no color" in found["palette"]
    assert not found["palette of scribble"]
    assert found["colored"].startswith("Colored in")
    assert found["after the kill"].startswith("Colored in")
    assert found["another engine"]
    assert found["closed"] == "Open a gray picture to color it."
    assert found["live at the end"]
