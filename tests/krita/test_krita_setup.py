"""Tier 2: setting a picture up, saving, going on, results, selections, and how the docker looks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skimage.color
import skimage.data
import skimage.io
import skimage.transform

pytestmark = pytest.mark.krita

INSIDE = ["Base", "Handtint color", "Hints"]


def save_gray_photograph(path: Path) -> None:
    image = skimage.transform.resize(skimage.data.astronaut(), (640, 640), anti_aliasing=True)
    skimage.io.imsave(path, (skimage.color.rgb2gray(image) * 255).round().astype("uint8"), check_contrast=False)


def test_one_click_sets_up_and_a_reopened_picture_goes_on(
    krita: Callable[..., dict[str, Any]], artifacts: Path, tmp_path: Path
) -> None:
    save_gray_photograph(tmp_path / "gray.png")
    found = krita("steps_setup.py")
    for name in ("setup", "narrow", "bright"):
        shutil.copy(tmp_path / f"{name}.png", artifacts / f"krita-{name}.png")

    assert found["set up"] == [["Photograph", "Colorization"], INSIDE]
    assert found["roles"] == found["roles after redo"] == found["reopened"] == ["Base", "Hints"]
    assert found["same picture"]
    assert found["undone"] == ["Photograph"], "one undo step takes all of it back"
    assert found["colored"] == [INSIDE, True]
    assert found["went on"] == INSIDE
    first, second = "Variant 1: Scribble", "Handtint color"
    assert found["kept"].startswith("Kept.")
    assert found["variants"] == [first, second]
    assert (found["new one shown"][first], found["new one shown"][second]) == (False, True)
    assert (found["old one shown"][first], found["old one shown"][second]) == (True, False)
    assert found["selected"] == [0, 0, 255, 255, 0, 0]
    assert found["deselected"] == 255
    assert found["baked"][0].startswith("The colored picture is an ordinary layer of yours")
    assert found["baked"][1] == sorted(["Base", first, second, "Colored picture", "Hints"])
    assert found["without an icon"] == []
    assert found["width"] <= 260
    assert found["cut off"] == []
    assert min(found["icons on dark"]) > 128 > max(found["icons on bright"]), "icons follow the theme"
    assert "handtint" in found["log"]
    assert found["engine"] in ("Engine: running", "Engine on cpu")
