"""The procedures beside the filter in the real GIMP, as a script calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handtint.weights import find

pytestmark = pytest.mark.gimp

STRIPES = {"#b4643c": 100, "#46784a": 60, "#3250a0": 40}
"""Colors of the drawn picture and the rows that each has."""


def draw_stripes(path: Path) -> None:
    rows = [np.full((rows, 150, 3), list(bytes.fromhex(color[1:])), np.uint8) for color, rows in STRIPES.items()]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


@pytest.mark.skipif(find("themes") is None, reason="the weights 'themes' are not installed")
def test_main_colors_and_themes_become_palettes(gimp: Any, photograph: Any, tmp_path: Path) -> None:
    draw_stripes(tmp_path / "stripes.png")
    first_stripe = [10, 10, 100, 50]
    report = gimp.run(
        "palettes", picture=str(photograph.path), colored=str(tmp_path / "stripes.png"), selection=first_stripe
    )
    shares = [[f"{rows / 2:.1f} %", color] for color, rows in STRIPES.items()]
    assert report["all"] == {
        "status": "success", "error": "success", "name": "Colors of stripes.xcf", "entries": shares,
    }  # fmt: skip
    assert report["selected"]["entries"] == [["100.0 %", "#b4643c"]], "only what is selected counts"
    assert report["masked"]["entries"] == [["100.0 %", "#b4643c"]], "only what the mask shows counts"

    names = [f"Theme {number} for Base" for number in (1, 2, 3)]
    first = report["first"]
    assert (first["status"], first["error"], first["names"]) == ("success", "success", names)
    assert [len(theme) for theme in first["themes"]] == [4, 4, 4]
    assert len({str(theme) for theme in first["themes"]}) == 3, "three different ones"
    assert report["again"] == first, "a second run takes the place of the first"
    assert report["made"] == ["Colors of stripes.xcf", *names]
    assert report["untouched"]


def test_a_baked_layer_looks_the_same_in_mode_normal_and_takes_new_colors(gimp: Any, photograph: Any) -> None:
    left = [0, 0, 256, 512]
    report = gimp.run("baking", picture=str(photograph.path), marks=photograph.jobs_marks, selection=left)
    assert (report["status"], report["error"], report["same"]) == ("success", "success", True)
    assert [layer["name"] for layer in report["layers"]] == ["Handtint color", "Base"]
    baked = report["layers"][0]
    assert (baked["mode"], baked["opacity"], baked["role"]) == ("normal", 100.0, "color")
    assert report["selected"] == ["Base"]
    assert report["selection_stays"]
    before, after, again = (gimp.pixels(name, photograph.size) for name in ("before", "after", "again"))
    assert np.ptp(before[:, :256, :3].astype(int), axis=2).max() > 20, "there was color to bake"
    assert np.abs(before.astype(int) - after).max() <= 1, "also outside the selection, and at its strength"
    assert report["again"] == {"status": "success", "same": True}
    assert len(report["layers_again"]) == 2
    gray = gimp.pixels("base", photograph.size)
    assert np.abs(again.astype(int) - gray).max() <= 2, "without hints it is gray again"


def test_what_cannot_be_baked_is_said(gimp: Any, photograph: Any) -> None:
    report = gimp.run("baking", picture=str(photograph.path), marks=photograph.jobs_marks, selection=[0, 0, 9, 9])
    assert report["nothing"] == [
        "execution-error", "the layer 'Base' has no color layer; choose Colorize with Handtint first",
    ]  # fmt: skip
    assert report["locked"][0] == "execution-error"
    assert "the pixels of 'Handtint color' are locked" in report["locked"][1]
    assert report["orphan"][0] == "execution-error"
    assert "is not in this image any more" in report["orphan"][1]


def test_without_an_engine_each_says_so_and_baking_does_without(gimp: Any, photograph: Any, tmp_path: Path) -> None:
    kept = str(tmp_path / "kept.xcf")
    made = gimp.run("keeping", picture=str(photograph.path), marks=photograph.jobs_marks, kept=kept)
    assert (made["status"], made["error"]) == ("success", "success")
    nowhere = tmp_path / "empty"
    nowhere.mkdir(mode=0o700)
    gone = gimp.with_env(HANDTINT_ENGINE=str(nowhere / "handtint"), HANDTINT_RUNTIME=str(nowhere))
    report = gone.run("bereft", kept=kept)
    baked = report.pop("plug-in-handtint-bake")
    assert sorted(report) == [f"plug-in-handtint-{name}" for name in ("detect", "palette", "themes")]
    for name, found in report.items():
        assert (found["status"], found["unchanged"]) == ("execution-error", True), name
        assert "the engine could not be started" in found["error"], name
        assert found["layers"] == made["layers"], "as it was saved"
    assert (baked["status"], baked["error"]) == ("success", "success")
    (color,) = [layer for layer in baked["layers"] if layer["role"] == "color"]
    assert (color["mode"], color["opacity"]) == ("normal", 100.0)
