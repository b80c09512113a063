"""The filter in the real GIMP without a window: pixels of its layer, what it leaves alone, and how it fails."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import color, data

from handtint.weights import find

pytestmark = pytest.mark.gimp

SCALE = {"u8": 255.0, "u16": 65535.0, "float": 1.0}
LIGHTNESS_STEPS = {"U8": 0.5, "U16": 0.02, "U32": 0.02, "HALF": 0.1, "FLOAT": 0.02, "DOUBLE": 0.02}
"""L* that rounding, or in near blacks the tolerance of the gamut, may cost; an 8-bit step is about 0.4."""
COARSE_STEPS = {"U8_LINEAR": 3.6}
"""Eight bits of linear light: the step above black alone is 3.5 L*."""
SCRIBBLE = [{"arguments": {"method": "scribble"}}]
needs_network = pytest.mark.skipif(find("global_local") is None, reason="the weights 'global_local' are not there")

Pixels = NDArray[Any]


def lab(pixels: Pixels, kind: str) -> Pixels:
    """(H, W, 3) float64 Lab (D65) of a dump."""
    return color.rgb2lab(np.clip(pixels[..., :3].astype(np.float64) / SCALE[kind], 0.0, 1.0))


def expected_at(mark: Any, base_lab: Pixels) -> Pixels:
    """Lab under a mark if it is met: the base's lightness with the mark's ab."""
    rows, columns = slice(mark.y, mark.y + mark.side), slice(mark.x, mark.x + mark.side)
    ab = color.rgb2lab(np.array([[mark.color]], np.float64) / 255.0)[0, 0, 1:]
    expected = base_lab[rows, columns].copy()
    expected[..., 1:] = ab
    return expected


def mark_errors(content_lab: Pixels, base_lab: Pixels, marks: Any) -> Pixels:
    """ΔE00 at each pixel of the marks."""
    found = [content_lab[mark.y : mark.y + mark.side, mark.x : mark.x + mark.side] for mark in marks]
    wanted = [expected_at(mark, base_lab) for mark in marks]
    return color.deltaE_ciede2000(np.stack(wanted), np.stack(found))


def compositing_error(base_lab: Pixels, content_lab: Pixels, shown_lab: Pixels, strength: float = 1.0) -> float:
    """Mean ΔE00 of what is seen against exact Lab, the base's lightness with the layer's ab, where there is color."""
    exact = content_lab[::3, ::3].copy()
    exact[..., 0] = base_lab[::3, ::3, 0]
    exact[..., 1:] *= strength
    colored = np.hypot(exact[..., 1], exact[..., 2]) > 5 * strength
    assert colored.mean() > 0.2, "there is color to compare"
    return float(color.deltaE_ciede2000(exact, shown_lab[::3, ::3])[colored].mean())


def named(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(layer for layer in report["layers"] if layer["name"] == name)


PRECISIONS = {
    f"{kind}_{curve}": kind
    for kind in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
}
GRAY_PRECISIONS = ("U8_NON_LINEAR", "U8_LINEAR", "U16_PERCEPTUAL", "HALF_LINEAR", "FLOAT_LINEAR")


def test_hints_are_met_and_the_lightness_stays_in_every_precision(gimp: Any, photograph: Any) -> None:
    runs = [["rgb", name, ""] for name in PRECISIONS] + [["gray", name, ""] for name in GRAY_PRECISIONS]
    report = gimp.run(
        "precisions",
        picture=str(photograph.deep_path),
        type="float",
        marks=photograph.jobs_marks,
        runs=runs,
        timeout=300,
    )
    assert report == {f"{mode}_{name}_": [["success", "success"], "rgb", True] for mode, name, _ in runs}
    for mode, name, _ in runs:
        base, content, projection = (
            lab(gimp.pixels(f"{mode}_{name}__{what}", photograph.size, "float"), "float")
            for what in ("base", "content", "projection")
        )
        assert np.abs(content[..., 0] - base[..., 0]).max() < COARSE_STEPS.get(
            name, LIGHTNESS_STEPS[PRECISIONS[name]]
        ), name
        if mode == "rgb":
            assert compositing_error(base, content, projection) <= 0.3, name
            errors = mark_errors(content, base, photograph.marks)
            assert errors.mean() < 0.5, name
            assert errors.max() < 2.3, name
            assert np.abs(content[..., 1:]).max() > 15, "the picture is colored"


def test_every_profile(gimp: Any, photograph: Any) -> None:
    runs = [
        ["rgb", "U8_NON_LINEAR", "rgb_adobe"],
        ["rgb", "U16_NON_LINEAR", "rgb_adobe"],
        ["rgb", "FLOAT_LINEAR", "rgb_srgb_linear"],
        ["gray", "U16_NON_LINEAR", "d65_gray_srgb_trc"],
        ["gray", "U16_NON_LINEAR", "d50_gray_lab_trc"],
    ]
    report = gimp.run(
        "precisions",
        picture=str(photograph.deep_path),
        type="float",
        marks=photograph.jobs_marks,
        runs=runs,
        timeout=200,
    )
    assert report == {"_".join(run): [["success", "success"], "rgb", True] for run in runs}
    for mode, precision, profile in runs:
        name = f"{mode}_{precision}_{profile}"
        base, content, projection = (
            lab(gimp.pixels(f"{name}_{what}", photograph.size, "float"), "float")
            for what in ("base", "content", "projection")
        )
        assert np.abs(content[..., 0] - base[..., 0]).max() < (0.7 if precision.startswith("U8") else 0.05), name
        if mode == "rgb":
            assert compositing_error(base, content, projection) <= 0.3, name
            assert mark_errors(content, base, photograph.marks).mean() < 0.5, name


def test_the_layer_that_comes_back(gimp: Any, photograph: Any) -> None:
    report = gimp.run("colorize", picture=str(photograph.path), marks=photograph.jobs_marks, runs=SCRIBBLE)
    assert report["runs"] == [{"status": "success", "error": "success"}]
    assert [layer["name"] for layer in report["layers"]] == ["My hints", "Handtint color", "Base"]
    assert report["selected"] == ["Base"]
    result = named(report, "Handtint color")
    assert (result["mode"], result["space"], result["opacity"]) == ("lch-color", "lab", 100.0)
    assert (result["role"], result["rect"]) == ("color", [0, 0, 512, 512])
    for name in ("base", "hints"):
        assert np.array_equal(*(gimp.pixels(f"{name}_{when}", photograph.size) for when in ("before", "after")))


def test_hints_are_read_where_they_lie_above_the_base(gimp: Any, photograph: Any) -> None:
    mark = photograph.marks[0]
    rect = [mark.x - 9, mark.y - 200, 60, 240]  # a small layer that begins above the picture
    marks = photograph.jobs_marks[:1]
    gimp.run("colorize", picture=str(photograph.path), marks=marks, hints_rect=rect, runs=SCRIBBLE)
    base, content = (lab(gimp.pixels(name, photograph.size), "u8") for name in ("base_before", "content_0"))
    errors = mark_errors(content, base, photograph.marks[:1])
    assert errors.mean() < 0.5
    assert errors.max() < 2.3


def test_the_color_layer_goes_into_the_group_of_its_base(gimp: Any, photograph: Any) -> None:
    report = gimp.run("colorize", picture=str(photograph.path), group=True, marks=photograph.jobs_marks, runs=SCRIBBLE)
    assert report["runs"][0]["status"] == "success"
    children = named(report, "Group")["children"]
    assert [layer["name"] for layer in children] == ["Handtint color", "Base"]
    assert [layer["name"] for layer in report["layers"]] == ["My hints", "Group"]


def test_masked_transparent_and_locked_layers(gimp: Any, photograph: Any) -> None:
    left, top = [0, 0, 300, 512], [0, 0, 512, 200]
    report = gimp.run(
        "odd_layers", picture=str(photograph.path), marks=photograph.jobs_marks, masked=left, selection=top, cut=90
    )
    assert report["masked"] == "success", "the mask that is being edited stands for its layer"
    assert report["names"] == ["My hints", "Handtint color", "Base"]
    base, after, content = (gimp.pixels(name, photograph.size) for name in ("base_before", "base_after", "content"))
    assert np.array_equal(base, after)
    assert mark_errors(lab(content, "u8"), lab(base, "u8"), photograph.marks).max() < 2.3
    alpha = np.zeros(photograph.size, int)
    alpha[90:, :300] = 255
    assert np.array_equal(content[..., 3], alpha), "color goes where the layer shows"
    alpha[200:] = 0
    assert np.array_equal(gimp.pixels("selected", photograph.size)[..., 3], alpha), "and no farther than the selection"
    assert (report["locked"], report["new"]) == ("success", True), "a locked result is left alone"
    unmarked = gimp.pixels("hints_masked", photograph.size).astype(int)
    assert np.ptp(unmarked[..., :3], axis=2).max() <= 2, "marks that their layer's mask hides do not count"


def test_several_layers_and_a_group_are_colored_at_once(gimp: Any, photograph: Any) -> None:
    report = gimp.run("several", picture=str(photograph.path), marks=photograph.jobs_marks)
    assert (report["status"], report["error"]) == ("success", "success")
    layers = [(layer["name"], layer["rect"]) for layer in report["layers"]]
    assert layers == [
        ("My hints", [0, 0, 512, 512]),
        ("Handtint color #1", [256, 30, 256, 300]), ("Group", [256, 30, 256, 300]),
        ("Handtint color", [0, 0, 512, 512]), ("Base", [0, 0, 512, 512]),
    ]  # fmt: skip
    assert report["first"] == "Handtint color", "that of the first layer comes back"
    base, color_of_base = (lab(gimp.pixels(name, photograph.size), "u8") for name in ("base", "content"))
    assert mark_errors(color_of_base, base, photograph.marks).max() < 2.3
    group, color_of_group = (gimp.pixels(name, (300, 256)) for name in ("group", "content_group"))
    mark = replace(photograph.marks[1], x=photograph.marks[1].x - 256, y=photograph.marks[1].y - 30)
    assert mark_errors(lab(color_of_group, "u8"), lab(group, "u8"), [mark]).max() < 2.3
    assert report["again"] == ["success", len(layers)], "a second run adds nothing"


def test_a_duplicated_image_keeps_its_color_layer(gimp: Any, photograph: Any) -> None:
    report = gimp.run("duplicated", picture=str(photograph.path), marks=photograph.jobs_marks)
    assert report["plain"] == report["by chance"] == ["success", "success", "success", True, False]
    assert len(set(report["tattoos"])) == 1, "the second duplicate is the one that it should be"
    for name in ("plain", "by_chance"):
        without = gimp.pixels(name, photograph.size).astype(int)
        assert np.ptp(without[..., :3], axis=2).max() <= 2, "the duplicate's own color layer took the new colors"
    assert (report["same"], report["copy_stays"]) == (True, True), "a copy beside the color layer is left alone"


def test_strength_is_the_layers_opacity_and_scales_the_color(gimp: Any, photograph: Any) -> None:
    runs = [{"arguments": {"method": "scribble", "strength": 0.5}}]
    report = gimp.run("colorize", picture=str(photograph.path), marks=photograph.jobs_marks, runs=runs)
    assert named(report, "Handtint color")["opacity"] == 50.0
    base, content, half = (
        lab(gimp.pixels(name, photograph.size), "u8") for name in ("base_before", "content_0", "projection_0")
    )
    assert compositing_error(base, content, half, strength=0.5) <= 0.4


def test_reach_and_softness_go_as_far_as_they_are_set(gimp: Any, photograph: Any) -> None:
    values = [{"reach": 0.0}, {"reach": 1.0}, {"softness": 1.0}]
    runs = [{"arguments": {"method": "scribble"} | value} for value in values]
    report = gimp.run("colorize", picture=str(photograph.path), marks=photograph.jobs_marks, runs=runs)
    assert [run["status"] for run in report["runs"]] == ["success"] * 3
    base = lab(gimp.pixels("base_before", photograph.size), "u8")
    near, far, soft = (lab(gimp.pixels(f"content_{number}", photograph.size), "u8") for number in range(3))
    chroma_near, chroma_far = (np.hypot(found[..., 1], found[..., 2]) for found in (near, far))
    assert (chroma_far > 5).mean() > (chroma_near > 5).mean() + 0.05, "colors travel farther"
    exact, loose = (mark_errors(found, base, photograph.marks) for found in (near, soft))
    assert exact.max() < 2.3, "at any reach hints are met"
    assert loose.mean() > 1.5 * exact.mean(), "soft hints are met loosely"


def test_only_the_selection_is_colored_and_a_second_run_keeps_the_rest(gimp: Any, photograph: Any) -> None:
    left, right = [0, 0, 256, 512], [256, 0, 256, 512]
    runs = [
        {"arguments": {"method": "scribble"}, "selection": left},
        {"arguments": {"method": "scribble"}, "selection": right},
        {"arguments": {"method": "scribble"}, "with_hints": False, "selection": left},
    ]
    report = gimp.run("colorize", picture=str(photograph.path), marks=photograph.jobs_marks, runs=runs)
    assert [run["status"] for run in report["runs"]] == ["success"] * 3
    assert [layer["name"] for layer in report["layers"]].count("Handtint color") == 1
    first, second, third = (gimp.pixels(f"content_{number}", photograph.size) for number in range(3))
    assert (first[:, :256, 3] == 255).all()
    assert (first[:, 256:, 3] == 0).all()
    shown = gimp.pixels("projection_0", photograph.size)
    assert np.array_equal(shown[:, 256:], gimp.pixels("base_before", photograph.size)[:, 256:])
    assert (second[..., 3] == 255).all()
    assert np.array_equal(second[:, :256], first[:, :256])
    assert np.array_equal(third[:, 256:], second[:, 256:])
    assert not np.array_equal(third[:, :256], second[:, :256])


def test_the_selection_counts_where_it_lies_on_a_moved_layer(gimp: Any, photograph: Any) -> None:
    runs = [{"arguments": {"method": "scribble"}, "selection": [100, 110, 150, 120]}]
    report = gimp.run("colorize", picture=str(photograph.path), offset=[-37, 53], runs=runs)
    assert report["runs"][0]["status"] == "success"
    alpha = np.zeros(photograph.size, int)
    alpha[110 - 53 : 230 - 53, 100 + 37 : 250 + 37] = 255
    assert np.array_equal(gimp.pixels("content_0", photograph.size)[..., 3], alpha)


@pytest.mark.parametrize("rows", [slice(None), slice(-1, None)])
def test_of_a_picture_in_color_only_the_lightness_counts(gimp: Any, tmp_path: Path, rows: slice) -> None:
    picture = np.repeat(data.camera()[..., None], 3, axis=2)
    picture[rows] = data.astronaut()[rows]
    cv2.imwrite(str(tmp_path / "color.png"), picture[..., ::-1])
    gimp.run("colorize", picture=str(tmp_path / "color.png"), runs=SCRIBBLE)
    base, content = (lab(gimp.pixels(name, picture.shape[:2]), "u8") for name in ("base_before", "content_0"))
    assert np.abs(base[rows, :, 1:]).max() > 20, "some of it has color"
    assert np.abs(content[..., 0] - base[..., 0]).max() < LIGHTNESS_STEPS["U8"]
    assert np.abs(content[..., 1:]).max() < 1


def test_a_grayscale_image_becomes_rgb(gimp: Any, photograph: Any) -> None:
    report = gimp.run("colorize", picture=str(photograph.path), mode="gray", runs=SCRIBBLE)
    assert report["runs"][0]["status"] == "success"
    assert report["base_type"] == "rgb"
    assert np.array_equal(gimp.pixels("base_before", photograph.size), gimp.pixels("base_after", photograph.size))


@needs_network
def test_the_network_colors_by_itself_and_follows_a_palette(gimp: Any, photograph: Any) -> None:
    warm, cold = ["#7a3b2a", "#d9a05b", "#4a2f27"], ["#24425c", "#6fa8c9", "#1d2b33"]
    many = [f"#{red:02x}40{blue:02x}" for red in range(0, 256, 32) for blue in range(0, 256, 32)]
    runs = [
        {"arguments": {}},
        *({"arguments": {"use-palette": True, "palette": colors}} for colors in (warm, cold, many)),
        {"arguments": {"palette": warm}},
    ]
    report = gimp.run("colorize", picture=str(photograph.path), runs=runs)
    assert [run["status"] for run in report["runs"]] == ["success"] * 5
    contents = [lab(gimp.pixels(f"content_{number}", photograph.size), "u8") for number in range(5)]
    by_itself, of_warm, of_cold, of_many, not_used = contents
    assert np.abs(by_itself[..., 1:]).mean() > 2
    assert of_warm[..., 2].mean() > of_cold[..., 2].mean() + 5, "a warm palette is yellower than a cold one"
    assert not np.array_equal(of_many, by_itself)
    assert np.array_equal(not_used, by_itself), "without use-palette the palette does not count"


def test_what_cannot_be_colored_is_said_in_a_sentence(gimp: Any, photograph: Any) -> None:
    cases = {
        "indexed": "got an indexed one; choose Image > Mode > RGB",
        "all masked": "is transparent or hidden by its mask",
        "opaque hints": "has no alpha channel",
        "base as hints": "the hints layer is the layer to color itself",
        "hints of another image": "expected a hints layer of the same image",
        "palette missing": "none is chosen",
        "empty palette": "the palette 'Test colors",
        "unknown method": "nonsense",
        "channel": "expected a layer to color, got the channel 'mask'",
        "floating selection": "anchor it",
        "selection elsewhere": "nothing of the layer is selected",
        "result as base": "is a result of Handtint",
        "opaque map": "the semantic layer 'Base copy' has no alpha channel",
        "two exemplars": "got a layer and a file",
        "no picture as exemplar": "the exemplar job cannot be read",
    }
    report = gimp.run("failures", picture=str(photograph.path), cases=list(cases))
    assert {name: found["status"] for name, found in report.items()} == dict.fromkeys(cases, "execution-error")
    for name, words in cases.items():
        assert words in report[name]["error"], name
    # GIMP numbers palettes of one name: other tests may have made some.
    assert re.search(r"the palette 'Test colors( #\d+)?' has no colors", report["empty palette"]["error"])
    assert all(found["unchanged"] for found in report.values()), report


def test_a_missing_engine_is_said_and_nothing_is_changed(gimp: Any, photograph: Any, tmp_path: Any) -> None:
    nowhere = tmp_path / "empty"
    nowhere.mkdir(mode=0o700)
    gone = gimp.with_env(HANDTINT_ENGINE=str(nowhere / "handtint"), HANDTINT_RUNTIME=str(nowhere))
    report = gone.run("colorize", picture=str(photograph.path), mode="gray", runs=SCRIBBLE)
    assert report["runs"][0]["status"] == "execution-error"
    assert "the engine could not be started" in report["runs"][0]["error"]
    assert (report["base_type"], [layer["name"] for layer in report["layers"]]) == ("gray", ["Base"])
