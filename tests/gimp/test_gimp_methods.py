"""Every method that this repository can use, in a real GIMP, by itself and with each control that it takes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handtint.weights import find, read_classes

pytestmark = pytest.mark.gimp

methods = sys.modules["editor_methods"]


def planned_runs(usable: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Each method alone, and with each control in two ways; an exemplar is a file first, then another image's layer."""
    runs = []
    for method in usable:
        controls: dict[str, dict[str, Any]] = {"alone": {}} if methods.colors_alone(method) else {}
        for control in method["controls"]:
            for number in (0, 1):
                values = {
                    "hints": {"hints": f"hints{number}"},
                    "semantic": {"semantic": f"semantic{number}"},
                    "palette": {"use-palette": True, "palette": list(methods.PALETTES[number])},
                    "exemplar": {("exemplar", "exemplar-file")[number == 0]: str(folder / f"exemplar{number}.png")},
                }
                controls[f"{control}{number}"] = values[control]
        runs += [
            {"name": f"{method['name']}-{name}", "method": method["name"], "controls": values}
            for name, values in controls.items()
        ]
    return runs


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_every_method_follows_each_of_its_controls(gimp: Any, tmp_path: Path) -> None:
    usable = [method for method in methods.listed_methods() if method["available"]]
    methods.save(tmp_path)
    for number, variant in enumerate(methods.variants()):
        (tmp_path / f"hints{number}.rgba").write_bytes(variant.hints.tobytes())
        (tmp_path / f"semantic{number}.rgba").write_bytes(variant.semantic.tobytes())
    runs = planned_runs(usable, tmp_path)

    report = gimp.run("methods", picture=str(tmp_path / "gray.png"), runs=runs, timeout=300)

    assert report["runs"] == {run["name"]: ["success", "success"] for run in runs}
    size = (methods.SIZE, methods.SIZE)
    assert np.array_equal(gimp.pixels("base_before", size), gimp.pixels("base_after", size))
    assert [layer["name"] for layer in report["layers"]] == ["Base"]
    for method in usable:
        names = [run["name"] for run in runs if run["method"] == method["name"]]
        colors = {name.removeprefix(f"{method['name']}-"): gimp.pixels(name, size)[..., :3] for name in names}
        methods.check_method(method, colors)


@pytest.mark.skipif(find("segment") is None, reason="the weights 'segment' are not installed")
@pytest.mark.parametrize("mode", ["rgb", "gray"])
def test_detect_adds_a_map_and_the_palette_to_correct_it_with(gimp: Any, tmp_path: Path, mode: str) -> None:
    methods.save(tmp_path)
    report = gimp.run("detect", picture=str(tmp_path / "gray.png"), mode=mode)
    assert (report["status"], report["error"], report["base_type"]) == ("success", "success", "rgb")
    found = report["layers"][0]
    assert [layer["name"] for layer in report["layers"]] == ["Semantic", "Base"]
    assert (found["role"], found["opacity"], report["selected"]) == ("semantic", 50.0, ["Semantic"])
    size = (methods.SIZE, methods.SIZE)
    assert np.array_equal(gimp.pixels("base_before", size), gimp.pixels("base_after", size))
    classes = {entry.name.replace("_", " "): entry.color for entry in read_classes() if entry.index}
    colors = {tuple(color) for color in gimp.pixels("map", size).reshape(-1, 4)}
    assert colors <= {(*color, 255) for color in classes.values()} | {(0, 0, 0, 0)}
    assert report["palette"] == list(classes)
    assert (report["again"], report["palettes"]) == ("success", 1), (
        "also from the map's own layer, and no second palette"
    )
