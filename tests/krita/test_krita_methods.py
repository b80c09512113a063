"""Tier 2: every method that this repository can use, in a real Krita, by itself and with each control that it takes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handtint.weights import find, read_classes

pytestmark = pytest.mark.krita

methods = sys.modules["editor_methods"]


def bgra(rgba: np.ndarray) -> bytes:
    """Pixels as Krita keeps them."""
    return np.ascontiguousarray(rgba[..., [2, 1, 0, 3]]).tobytes()


def read_rgba(path: Path) -> np.ndarray:
    """sRGB and alpha of a dumped layer."""
    pixels = np.frombuffer(path.read_bytes(), np.uint8).reshape(methods.SIZE, methods.SIZE, 4)
    return pixels[..., [2, 1, 0, 3]]


def read_rgb(path: Path) -> np.ndarray:
    """sRGB of a dumped layer, which has to be opaque."""
    pixels = read_rgba(path)
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3]


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_every_method_follows_each_of_its_controls(
    krita: Callable[..., dict[str, Any]], artifacts: Path, tmp_path: Path
) -> None:
    usable = [method for method in methods.listed_methods() if method["available"]]
    methods.save(tmp_path)
    for number, variant in enumerate(methods.variants()):
        (tmp_path / f"hints{number}.raw").write_bytes(bgra(variant.hints))
        (tmp_path / f"semantic{number}.raw").write_bytes(bgra(variant.semantic))
    opaque = np.full((methods.SIZE, methods.SIZE, 1), 255, np.uint8)
    (tmp_path / "exemplar1.raw").write_bytes(bgra(np.dstack((methods.variants()[1].exemplar, opaque))))
    palettes = json.dumps([", ".join(palette) for palette in methods.PALETTES])

    wanted = json.dumps([{**method, "colors alone": methods.colors_alone(method)} for method in usable])
    found = krita("steps_methods.py", HANDTINT_METHODS=wanted, HANDTINT_PALETTES=palettes)
    for shot in tmp_path.glob("*-*.png"):
        shutil.copy(shot, artifacts / f"krita-{shot.name}")

    assert found["offered"] == ["", *(method["name"] for method in usable)], "what cannot be used is greyed"
    assert found["greyed"] == {method["name"]: sorted(methods.CONTROLS - {*method["controls"]}) for method in usable}
    assert found["help"] == {method["name"]: method["help"] for method in usable}
    assert (tmp_path / "base.after").read_bytes() == (tmp_path / "base.before").read_bytes()
    assert sorted(found["layers"]) == ["Exemplar", "Handtint color", "Hints", "Photograph", "Semantic"]
    for method in usable:
        dumps = tmp_path.glob(f"{method['name']}.*")
        methods.check_method(method, {path.suffix[1:]: read_rgb(path) for path in dumps})


@pytest.mark.skipif(find("segment") is None, reason="the weights 'segment' are not installed")
@pytest.mark.skipif(find("semantic") is None, reason="the weights 'semantic' are not installed")
def test_a_found_map_is_corrected_with_the_brush(
    krita: Callable[..., dict[str, Any]], artifacts: Path, tmp_path: Path
) -> None:
    methods.save(tmp_path)
    found = krita("steps_detect.py")
    shutil.copy(tmp_path / "detect.png", artifacts / "krita-detect.png")

    assert found["layers"] == ["Photograph", "Semantic"]
    assert found["after undo"] == ["Photograph"]
    assert (found["chosen"], found["opacity"]) == ("Semantic", 128)
    assert "The map is a layer of its own" in found["said"]
    classes = {entry.name.replace("_", " "): entry.color for entry in read_classes() if entry.index}
    assert found["classes"] == sorted(classes)
    assert found["color"] == list(classes["grass"])[::-1], "blue, green, red, as they lie in Krita's memory"
    before, after = (read_rgba(tmp_path / name) for name in ("map.raw", "edited.raw"))
    shown = {(*color, 255) for color in classes.values()} | {(0, 0, 0, 0)}
    assert {tuple(color) for color in before.reshape(-1, 4)} <= shown
    assert (after[60, 80:240] == (*classes["grass"], 255)).all(), "the stroke has the class's own color"
    first, second = (read_rgb(tmp_path / name).astype(int) for name in ("found.raw", "corrected.raw"))
    assert np.abs(first - second)[20:100].max() > 2, "what was corrected has other colors"
    assert "no class's color" not in found["said of the colors"], "a brush's soft edge is nothing to speak of"
    assert (found["live"], found["active"]) == (True, "Semantic"), (
        "live follows the map and leaves the brush where it was"
    )
