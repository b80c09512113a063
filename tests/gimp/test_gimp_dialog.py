"""The filter's dialog in the real GIMP under Xvfb: keys, what the artist sees, and a real undo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handtint.weights import find

pytestmark = pytest.mark.gimp

harness = sys.modules["editor_harness"]
windows = sys.modules["editor_gimp_windows"]
started, settled_shot = windows.started, windows.settled_shot
call_from_the_menu, MAIN_WINDOW, MAIN_SIZE = windows.call_from_the_menu, windows.MAIN_WINDOW, windows.MAIN_SIZE
TITLE, BUSY_TITLE = "^Colorize with Handtint$", "^Colorizing"
PREVIEW_COLORED = 30_000
"""Pixels: more than the window's title and all small pictures have, less than a colored preview."""
SKIN, HAIR, SUIT, BLUE, RED, TANK, WALL = (
    (205, 150, 120), (125, 90, 62), (200, 105, 60), (80, 88, 118), (170, 70, 65), (150, 100, 78), (122, 126, 133),
)  # fmt: skip
SCENE = [
    {"x": x, "y": y, "side": 12, "color": color}
    for x, y, color in (
        (215, 112, SKIN), (226, 53, HAIR), (100, 305, SUIT), (264, 317, SUIT), (140, 419, SUIT), (41, 77, BLUE),
        (26, 207, RED), (410, 61, TANK), (327, 27, WALL), (477, 158, WALL), (103, 108, WALL), (370, 245, WALL),
    )
]  # fmt: skip
"""What a restorer would paint on the astronaut."""


def test_return_colors_with_the_layers_that_the_artist_means(gimp: Any, display: Any, photograph: Any) -> None:
    job = {"picture": str(photograph.path), "marks": photograph.jobs_marks}
    with started(gimp, display, "dialog", **job) as running:
        running.window(TITLE)
        running.key("Return")
        report = running.report()
    assert (report["status"], report["error"]) == ("success", "success")
    assert [layer["name"] for layer in report["layers"]] == ["My hints", "Handtint color", "Base"]
    assert report["selected"] == ["My hints"], "the artist goes on painting"
    content = gimp.pixels("content", photograph.size).astype(int)
    mark = photograph.marks[0]
    red, green, blue = content[mark.y + 7, mark.x + 7, :3]
    assert red > green > blue, "the first mark is a warm red"
    assert (report["again"], report["layers_again"]) == ("success", report["layers"])
    assert np.array_equal(gimp.pixels("content_again", photograph.size), content), "repeated with the same hints"


def test_escape_ends_the_wait_for_an_engine_that_does_not_come(
    gimp: Any, display: Any, photograph: Any, tmp_path: Path
) -> None:
    runtime = tmp_path / "never"
    runtime.mkdir(mode=0o700)
    slow = gimp.with_env(HANDTINT_ENGINE="sleep 300", HANDTINT_RUNTIME=str(runtime))
    with started(slow, display, "dialog", picture=str(photograph.path), marks=photograph.jobs_marks) as running:
        running.window(TITLE)
        running.key("Return")
        running.window(BUSY_TITLE)
        running.key("Escape")
        report = running.report()
    harness.end_engines(runtime)
    assert report["status"] == "cancel"
    assert [layer["name"] for layer in report["layers"]] == ["My hints", "Base"]


def test_an_error_is_shown_in_the_dialog_which_stays(gimp: Any, display: Any, photograph: Any, artifacts: Path) -> None:
    with started(gimp, display, "dialog", picture=str(photograph.path), floating=True) as running:
        before = running.height(TITLE)
        running.key("Return")
        running.wait_until(lambda: running.height(TITLE) > before + 20, "the dialog grew by the error's bar")
        settled_shot(display, artifacts / "gimp-error.png")
        running.key("Escape")
        report = running.report()
    assert report["status"] == "cancel"
    assert "Handtint color" not in [layer["name"] for layer in report["layers"]]


def test_the_preview_shows_the_colors_and_changes_nothing(
    gimp: Any, display: Any, photograph: Any, artifacts: Path
) -> None:
    shot = artifacts / "gimp-preview.png"
    with started(gimp, display, "dialog", picture=str(photograph.path), marks=SCENE) as running:
        running.window(TITLE)
        running.wait_until(lambda: colored_pixels(display, shot) > PREVIEW_COLORED, "the preview is colored", limit=60)
        running.key("alt+v")
        running.wait_until(lambda: colored_pixels(display, shot) < PREVIEW_COLORED, "it is gray while switched off")
        running.key("alt+v")
        running.wait_until(lambda: colored_pixels(display, shot) > PREVIEW_COLORED, "it is colored again")
        settled_shot(display, shot)
        running.key("Escape")
        report = running.report()
    assert report["status"] == "cancel"
    assert [layer["name"] for layer in report["layers"]] == ["My hints", "Base"]


def colored_pixels(display: Any, path: Path) -> int:
    """How much of the screen is no gray; GIMP's theme is."""
    display.screenshot(path)
    shown = cv2.imread(str(path)).astype(int)
    return int((np.ptp(shown, axis=2) > 30).sum())


def test_one_real_undo_brings_a_grayscale_image_back(gimp: Any, display: Any, photograph: Any) -> None:
    job = {"picture": str(photograph.path), "mode": "gray", "second": True}
    with started(gimp, display, "window", window=True, **job) as running:
        before = running.report("ready")
        call_from_the_menu(running)
        running.key("Return")
        colored = running.report("colored")
        running.window(MAIN_WINDOW)
        running.key("ctrl+z")
        after = running.report()
        assert not running.is_open("^GIMP Message$")
    assert (before["base_type"], colored["base_type"]) == ("gray", "rgb")
    assert [layer["role"] for layer in colored["layers"]] == ["color", "", "color", ""], "both selected layers"
    assert after == before | {"dirty": False}, "one undo brings all of it back"


def test_one_undo_takes_new_colors_back_and_another_one_baked_ones(gimp: Any, display: Any, photograph: Any) -> None:
    with started(gimp, display, "orders", window=True, picture=str(photograph.path)) as running:
        running.report("ready")
        assert running.order("colorize", marks=photograph.jobs_marks) == "success: success"
        first = running.order("digest")
        assert running.order("colorize") == "success: success"
        assert running.order("digest") != first, "without the marks there are other colors"
        running.window(MAIN_WINDOW)
        running.key("ctrl+z")
        running.wait_for_order(lambda found: found == first, "one undo brings the first colors back", "digest")
        running.order("select", name="Base")
        before, pixels = running.order("describe"), running.order("digest")
        windows.search_action(running, "Bake Handtint's Colors")
        baked = running.wait_for_order(
            lambda found: found["layers"][1]["mode"] == "normal", "the colors were baked", "describe"
        )
        assert [layer["name"] for layer in baked["layers"]] == ["My hints", "Handtint color", "Base"]
        assert running.order("digest") != pixels
        running.window(MAIN_WINDOW)
        running.key("ctrl+z")
        running.wait_for_order(lambda found: found == before, "one undo brings all of it back", "describe")
        assert running.order("digest") == pixels
        running.order("end")


def test_from_the_menu_to_a_colored_picture(gimp: Any, display: Any, photograph: Any, artifacts: Path) -> None:
    job = {"picture": str(photograph.path), "marks": SCENE}
    with started(gimp, display, "window", window=True, **job) as running:
        before = running.report("ready")
        main = running.window(MAIN_WINDOW)
        display.tool("xdotool", "windowmove", main, "0", "0", "windowsize", main, *MAIN_SIZE)
        running.key("ctrl+shift+j")  # the whole picture, as large as the window
        call_from_the_menu(running)
        settled_shot(display, artifacts / "gimp-dialog.png")
        running.key("Return")
        colored = running.report("colored")
        settled_shot(display, artifacts / "gimp-colored.png")
        running.window(MAIN_WINDOW)
        running.key("ctrl+shift+f")  # the same filter's dialog once more, left without coloring
        display.tool("xdotool", "windowmove", running.window(TITLE), "10", "400")
        settled_shot(display, artifacts / "gimp.png")
        running.key("Escape")
        running.window(MAIN_WINDOW)
        running.key("ctrl+z")
        after = running.report()
    assert [layer["name"] for layer in colored["layers"]] == ["My hints", "Handtint color", "Base"]
    assert colored["selected"] == ["My hints"]
    assert after == before | {"dirty": False}, "the second dialog left no step to undo"


@pytest.mark.skipif(find("segment") is None, reason="the weights 'segment' are not installed")
@pytest.mark.skipif(find("semantic") is None, reason="the weights 'semantic' are not installed")
def test_detect_in_the_dialog_finds_a_map_and_colors_with_it(
    gimp: Any, display: Any, photograph: Any, artifacts: Path
) -> None:
    with started(gimp, display, "dialog", picture=str(photograph.path), mode="gray") as running:
        running.window(TITLE)
        running.choose_method("semantic", artifacts / "gimp-detect.png")
        before = running.height(TITLE)
        running.key("alt+d")
        running.wait_until(lambda: running.height(TITLE) > before + 20, "the dialog grew by its bar, or what it found")
        running.window(TITLE)  # another one while objects are looked for
        settled_shot(display, artifacts / "gimp-detect.png")
        running.key("Return")
        report = running.report()
    assert (report["status"], report["base_type"]) == ("success", "rgb")
    assert [layer["name"] for layer in report["layers"]] == ["Semantic", "Handtint color", "Base"]
    assert report["again"] == "success"
    content = gimp.pixels("content", photograph.size).astype(int)
    assert np.ptp(content[..., :3], axis=2).max() > 20, "it is colored"


@pytest.mark.skipif(find("exemplar") is None, reason="the weights 'exemplar' are not installed")
def test_the_exemplar_is_a_file_that_the_artist_chooses(
    gimp: Any, display: Any, photograph: Any, artifacts: Path, tmp_path: Path
) -> None:
    sys.modules["editor_methods"].save(tmp_path)
    with started(gimp, display, "dialog", picture=str(photograph.path)) as running:
        running.window(TITLE)
        running.choose_method("exemplar", artifacts / "gimp-exemplar.png")
        running.key("alt+x", "Down")
        settled_shot(display, artifacts / "gimp-exemplar.png")  # the button for the file has come
        running.key("Tab", "Return")
        running.type_file(
            tmp_path / "exemplar0.png", "Picture whose colors are borrowed", artifacts / "gimp-exemplar.png"
        )
        running.window(TITLE)
        settled_shot(display, artifacts / "gimp-exemplar.png")
        running.key("alt+z")
        report = running.report()
    assert (report["status"], report["again"]) == ("success", "success")
    content = gimp.pixels("content", photograph.size)
    assert np.ptp(content[..., :3].astype(int), axis=2).max() > 20, "it is colored"
    assert np.array_equal(gimp.pixels("content_again", photograph.size), content), "repeated with the same picture"
