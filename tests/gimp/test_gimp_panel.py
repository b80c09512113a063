"""The live panel in GIMP's own window: a real pointer paints, the picture follows, and nothing is left behind."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from handtint.client.launcher import Launcher
from handtint.weights import find, read_classes

pytestmark = pytest.mark.gimp

harness = sys.modules["editor_harness"]
windows = sys.modules["editor_gimp_windows"]
TITLE = "^Handtint Live$"
WORDS = "Handtint Live"
COMPLAINT = "^GIMP Message$"
SET_UP = ["Hints", "Handtint color", "Base"]


def names(report: Any) -> list[str]:
    return [layer["name"] for layer in report["layers"]]


def open_panel(running: Any, display: Any) -> dict[str, Any]:
    """The main window on the left and the panel on the right; the image before."""
    before: dict[str, Any] = running.report("ready")
    main = running.window(windows.MAIN_WINDOW)
    display.tool("xdotool", "windowmove", main, "0", "0", "windowsize", main, "940", "925")
    running.key("ctrl+shift+j")  # the whole picture, as large as the window
    windows.call_from_the_menu(running, WORDS, TITLE)
    display.tool("xdotool", "windowmove", running.window(TITLE), "945", "10")
    running.wait_for_order(lambda found: names(found) == SET_UP, "the panel set its layers up", "describe")
    return before


def saturation(pixel: list[int] | None) -> int:
    return max(pixel[:3]) - min(pixel[:3]) if pixel is not None and pixel[3] else 0


def is_final(found: dict[str, Any]) -> bool:
    return found == {"status": "success", "error": "success", "differing": 0}


@pytest.mark.skipif(
    any(find(name) is None for name in ("global_local", "bins", "themes")), reason="weights are missing"
)
def test_the_picture_follows_a_brush_and_one_undo_takes_all_of_it_back(
    gimp: Any, display: Any, photograph: Any, artifacts: Any
) -> None:
    with windows.started(
        gimp, display, "orders", window=True, picture=str(photograph.path), mode="gray"
    ) as running:  # fmt: skip
        before = open_panel(running, display)
        found = running.order("describe")
        assert (found["base_type"], found["selected"]) == ("rgb", ["Hints"])
        running.wait_for_order(is_final, "the picture is colored by itself, full size at rest", "finished")

        running.order("take color", color="#00c000")
        running.window(windows.MAIN_WINDOW)
        running.key("p")
        display.tool("xdotool", "mousemove", "405", "580", "mousedown", "1", "mousemove", "425", "590", "mouseup", "1")
        x, y, width, height = running.wait_for_order(bool, "the pointer painted on the hints", "painted")
        place = {"x": x + width // 2, "y": y + height // 2}
        running.wait_for_order(
            lambda pixel: pixel[1] > pixel[0] + 30 and pixel[1] > pixel[2] + 30, "it is green there", "pixel", **place
        )
        running.wait_for_order(is_final, "at rest it is what the filter makes of these hints", "finished")
        windows.settled_shot(display, artifacts / "gimp-live.png")

        running.window(windows.MAIN_WINDOW)
        running.key("ctrl+z")
        running.wait_for_order(lambda area: area is None, "undo took the stroke back", "painted")
        running.wait_for_order(is_final, "the picture followed the undo", "finished")
        running.window(TITLE)
        before_themes = running.height(TITLE)
        running.key("alt+g")
        running.wait_until(lambda: running.height(TITLE) > before_themes + 60, "themes were suggested", limit=60)
        windows.settled_shot(display, artifacts / "gimp-live-tools.png")
        running.window(TITLE)
        running.key("alt+d")
        running.wait_until(lambda: not running.is_open(TITLE), "the panel closed")
        running.window(windows.MAIN_WINDOW)
        running.key("ctrl+z")
        after = running.wait_for_order(lambda found: names(found) == ["Base"], "undo took the set-up back", "describe")
        assert not running.is_open(COMPLAINT)
        running.order("end")
    assert after == before, "in one step, the image's mode included"


def test_the_panel_survives_the_loss_of_its_layers_and_ends_with_the_picture(
    gimp: Any, display: Any, photograph: Any, artifacts: Any
) -> None:
    with windows.started(gimp, display, "orders", window=True, picture=str(photograph.path)) as running:
        open_panel(running, display)
        running.window(windows.MAIN_WINDOW)
        running.key("ctrl+z")
        running.wait_for_order(lambda found: names(found) == ["Base"], "undo took the set-up back", "describe")
        assert running.is_open(TITLE)
        assert not running.is_open(COMPLAINT)
        windows.settled_shot(display, artifacts / "gimp-live-lost.png")
        running.window(windows.MAIN_WINDOW)
        running.key("ctrl+y")
        running.wait_for_order(lambda found: names(found) == SET_UP, "redo brought it back", "describe")
        mark = photograph.marks[0]
        place = {"x": mark.x, "y": mark.y, "side": mark.side}
        center = {"x": mark.x + 7, "y": mark.y + 7}
        running.order("paint", color="#c02020", **place)
        running.wait_for_order(
            lambda pixel: pixel is not None and pixel[0] > pixel[1] + 30, "the panel goes on", "pixel", **center
        )

        running.order("remove", role="hints")
        running.order("remove", role="color")
        running.window(TITLE)
        running.wait_until(lambda: running.is_open(TITLE), "the panel is still there")
        windows.settled_shot(display, artifacts / "gimp-live-lost.png")
        running.key("alt+u")
        running.wait_for_order(lambda found: names(found) == SET_UP, "the layers were made anew", "describe")
        running.order("paint", color="#2020c0", **place)
        running.wait_for_order(
            lambda pixel: pixel is not None and pixel[2] > pixel[1] + 30, "the new ones are followed", "pixel", **center
        )
        running.order("close")
        running.wait_until(lambda: not running.is_open(TITLE), "the panel ended with its picture")
        running.order("end")


def paint(running: Any, mark: Any, color: str) -> dict[str, int]:
    """Paint a mark's square on the hints; the middle of it."""
    running.order("paint", color=color, x=mark.x, y=mark.y, side=mark.side)
    return {"x": mark.x + mark.side // 2, "y": mark.y + mark.side // 2}


def is_red(pixel: list[int] | None) -> bool:
    return pixel is not None and pixel[0] > pixel[1] + 30


def is_blue(pixel: list[int] | None) -> bool:
    return pixel is not None and pixel[2] > pixel[1] + 30


@pytest.mark.skipif(any(find(name) is None for name in ("bins", "themes")), reason="weights are missing")
def test_a_suggestion_and_a_theme_are_taken_with_the_pointer(
    gimp: Any, display: Any, photograph: Any, artifacts: Path
) -> None:
    shot = artifacts / "gimp-live-colors.png"
    with windows.started(gimp, display, "orders", window=True, picture=str(photograph.path)) as running:
        open_panel(running, display)
        running.wait_for_order(is_final, "the engine has seen the hints without the mark", "finished")
        assert not running.chips(TITLE, shot), "nothing is suggested before anything is painted"
        paint(running, photograph.marks[0], "#7d93a8")
        suggested = running.wait_for_chips(TITLE, shot, bool, "colors were suggested for the mark")
        running.click(suggested[-1].x, suggested[-1].y)
        running.wait_for_order(lambda color: color == suggested[-1].color, "it is taken up", "foreground")

        running.window(TITLE)
        running.key("alt+g")
        lowest = max(chip.y for chip in suggested)
        shown = running.wait_for_chips(
            TITLE, shot, lambda found: any(chip.y > lowest + 20 for chip in found), "themes were suggested"
        )
        theme = next(chip for chip in shown if chip.y > lowest + 20)
        running.click(theme.x, theme.y)
        colors = running.wait_for_order(bool, "the theme is a palette", "palette", name="Handtint theme")
        assert theme.color in colors
        strip = running.wait_for_chips(
            TITLE, shot, lambda found: len(found) > len(shown), "the palette's colors are shown"
        )
        running.wait_for_order(is_final, "the picture is colored with the theme", "finished", palette="Handtint theme")
        taken = next(chip for chip in strip if lowest + 20 < chip.y < theme.y and chip.color == theme.color)
        running.click(taken.x, taken.y)
        running.wait_for_order(lambda color: color == theme.color, "a color of the palette is taken up", "foreground")
        running.order("end")


@pytest.mark.skipif(any(find(name) is None for name in ("semantic", "segment")), reason="weights are missing")
def test_objects_are_found_and_a_class_is_taken_from_the_legend(
    gimp: Any, display: Any, photograph: Any, artifacts: Path
) -> None:
    classes = {"#{:02x}{:02x}{:02x}".format(*entry.color) for entry in read_classes() if entry.index}
    shot = artifacts / "gimp-live-map.png"
    with windows.started(gimp, display, "orders", window=True, picture=str(photograph.path)) as running:
        open_panel(running, display)
        running.wait_for_order(is_final, "the engine is there", "finished")
        running.window(TITLE)
        running.key("alt+i")
        found = running.wait_for_order(lambda found: len(names(found)) == 4, "the map was added", "describe")
        assert names(found) == ["Semantic", *SET_UP]
        chips = running.wait_for_chips(
            TITLE, shot, lambda found: len(classes & {chip.color for chip in found}) > 5, "the legend is shown"
        )
        lowest = max((chip for chip in chips if chip.color in classes), key=lambda chip: chip.y)
        running.order("select", name="Base")
        running.click(lowest.x, lowest.y)
        running.wait_for_order(lambda color: color == lowest.color, "the class's color is taken up", "foreground")
        running.wait_for_order(
            lambda found: found["selected"] == ["Semantic"], "the map is selected to be corrected", "describe"
        )
        running.order("end")


def test_the_panel_goes_on_with_another_engine(gimp: Any, display: Any, photograph: Any, tmp_path: Path) -> None:
    runtime, let = tmp_path / "runtime", tmp_path / "let"
    runtime.mkdir(mode=0o700)
    let.touch()
    serve = f"test -e {shlex.quote(str(let))} || exit 70; exec {gimp.env['HANDTINT_ENGINE']}"
    own = gimp.with_env(HANDTINT_RUNTIME=str(runtime), HANDTINT_ENGINE=shlex.join(["sh", "-c", serve]))
    launcher = Launcher(environ={"HANDTINT_RUNTIME": str(runtime)})
    try:
        with windows.started(own, display, "orders", window=True, picture=str(photograph.path)) as running:
            open_panel(running, display)
            middle = paint(running, photograph.marks[0], "#c02020")
            running.wait_for_order(is_red, "the first engine colors", "pixel", **middle)

            os.kill(launcher.find().pid, signal.SIGKILL)
            paint(running, photograph.marks[0], "#2020c0")
            running.wait_for_order(is_blue, "another engine took its place by itself", "pixel", **middle)

            let.unlink()
            before = running.height(TITLE)
            os.kill(launcher.find().pid, signal.SIGKILL)
            paint(running, photograph.marks[0], "#c02020")
            running.wait_until(lambda: running.height(TITLE) > before + 20, "the panel offers to start it", limit=60)
            let.touch()
            running.window(TITLE)
            running.key("alt+a")
            running.wait_for_order(is_red, "the engine that was asked for colors", "pixel", **middle)
            running.order("end")
    finally:
        harness.end_engines(runtime)


def test_a_locked_color_layer_is_left_alone_and_followed_once_it_is_free(
    gimp: Any, display: Any, photograph: Any, artifacts: Path
) -> None:
    with windows.started(gimp, display, "orders", window=True, picture=str(photograph.path)) as running:
        open_panel(running, display)
        first, second = photograph.marks[:2]
        middle = paint(running, first, "#c02020")
        running.wait_for_order(is_red, "the panel colors", "pixel", **middle)
        running.order("lock", locked=True)
        place = paint(running, second, "#2020c0")
        before = running.order("pixel", **place)
        windows.settled_shot(display, artifacts / "gimp-live-locked.png")
        assert running.is_open(TITLE)
        assert running.order("pixel", **place) == before, "GIMP would have ended the plug-in"
        running.order("lock", locked=False)
        running.wait_for_order(is_blue, "the colors that waited are shown", "pixel", **place)
        running.order("end")


@pytest.mark.skipif(find("exemplar") is None, reason="the weights 'exemplar' are not installed")
def test_the_panel_borrows_the_colors_of_a_file(
    gimp: Any, display: Any, photograph: Any, artifacts: Path, tmp_path: Path
) -> None:
    sys.modules["editor_methods"].save(tmp_path)
    shot = artifacts / "gimp-live-exemplar.png"
    exemplar = str(tmp_path / "exemplar0.png")
    with windows.started(gimp, display, "orders", window=True, picture=str(photograph.path)) as running:
        open_panel(running, display)
        running.wait_for_order(is_final, "the engine is there", "finished")
        running.window(TITLE)
        running.key("alt+x", "Down")
        windows.settled_shot(display, shot)  # the button for the file has come
        running.key("Tab", "Return")
        running.type_file(Path(exemplar), "Picture whose colors are borrowed", shot)
        running.wait_for_order(is_final, "the picture has its colors", "finished", exemplar=exemplar)
        windows.settled_shot(display, shot)
        assert not is_final(running.order("finished")), "without it they are others"
        running.order("end")
