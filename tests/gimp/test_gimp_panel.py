"""The live panel in GIMP's own window: a real pointer paints, the picture follows, and nothing is left behind."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from handtint.weights import find

pytestmark = pytest.mark.gimp

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
