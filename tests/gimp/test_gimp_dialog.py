"""The filter's dialog in the real GIMP under Xvfb: keys, what the artist sees, and a real undo."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handtint.weights import find

pytestmark = pytest.mark.gimp

harness = sys.modules["editor_harness"]
TITLE, BUSY_TITLE = "^Colorize with Handtint$", "^Colorizing"
MAIN_WINDOW, MAIN_SIZE = " – GIMP$", ("1490", "925")
QUIET = 0.3
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


@dataclass(frozen=True)
class Running:
    """A scenario that runs on a display; `greeted` is how many clients the engine had heard before."""

    gimp: Any
    display: Any
    process: Any
    greeted: int

    def report(self, name: str = "report") -> dict[str, Any]:
        """Waited for."""
        found: dict[str, Any] = self.gimp.wait_report(self.process, name)
        return found

    def window(self, title: str, limit: float = 60) -> str:
        """Id of the visible window with this title, waited for and in front."""
        end = time.monotonic() + limit
        while not (found := self._search(title)):
            ended = self.process.poll() is not None or time.monotonic() > end
            assert not ended, f"no window {title}:\n{(self.gimp.folder / 'gimp.log').read_text(errors='replace')}"
        self.display.tool("xdotool", "windowactivate", "--sync", found[-1])
        return found[-1]

    def key(self, *names: str) -> None:
        self.display.tool("xdotool", "key", *names)

    def choose_method(self, name: str, shot: Path) -> None:
        """Choose a method by keys, once the engine has said to this dialog which ones it has."""
        self.wait_until(lambda: self.gimp.greetings() > self.greeted, "the dialog spoke to the engine", limit=60)
        settled_shot(self.display, shot)  # the list is filled
        usable = [method["name"] for method in sys.modules["editor_methods"].listed_methods() if method["available"]]
        self.key("alt+m")
        self.key(*["Down"] * (1 + usable.index(name)))  # the first choice is to leave it to the engine

    def type_file(self, path: Path, title: str, shot: Path) -> None:
        """Type a path into GTK's window for files."""
        self.window(title)
        self.key("ctrl+l")
        settled_shot(self.display, shot)  # there is a line to type in
        self.display.tool("xdotool", "type", "--delay", "60", str(path))
        while self._search(title):
            self.key("Return")  # the first one may only close the list of what the path could become
            settled_shot(self.display, shot)

    def height(self, title: str) -> int:
        geometry = self.display.tool("xdotool", "getwindowgeometry", "--shell", self.window(title))
        return int(re.search(r"HEIGHT=(\d+)", geometry)[1])  # type: ignore[index]

    def wait_until(self, is_so: Callable[[], bool], words: str, limit: float = 30) -> None:
        end = time.monotonic() + limit
        while not is_so():
            assert time.monotonic() < end, f"expected that {words} within {limit} s"

    def _search(self, title: str) -> list[str]:
        argv = ("xdotool", "search", "--onlyvisible", "--name", title)
        log = self.gimp.folder / "search.log"
        log.unlink(missing_ok=True)
        env = {"DISPLAY": self.display.name}
        finished = self.display.editors.run(argv, env=env, timeout=30, log=log, check=False)
        return finished.output.split() if finished.code == 0 else []


@contextmanager
def started(gimp: Any, display: Any, scenario: str, **job: Any) -> Iterator[Running]:
    """A scenario on the display; ended with the block however the test goes."""
    greeted = gimp.greetings()
    process = gimp.start(scenario, display=display, **job)
    try:
        yield Running(gimp, display, process, greeted)
    finally:
        harness.end_group(process)


def settled_shot(display: Any, path: Path, limit: float = 20) -> Path:
    """A screenshot once two in a row are equal: the window is drawn and the engine has said what it has."""
    display.tool("xdotool", "mousemove", "1495", "955")  # no tooltips
    end = time.monotonic() + limit
    before = b""
    while time.monotonic() < end:
        display.screenshot(path)
        now = path.read_bytes()
        if now == before:
            break
        before = now
        time.sleep(QUIET)
    return path


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


def test_one_real_undo_brings_a_grayscale_image_back(gimp: Any, display: Any, photograph: Any) -> None:
    with started(gimp, display, "window", window=True, picture=str(photograph.path), mode="gray") as running:
        before = running.report("ready")
        call_from_the_menu(running)
        running.key("Return")
        colored = running.report("colored")
        running.window(MAIN_WINDOW)
        running.key("ctrl+z")
        after = running.report()
    assert (before["base_type"], colored["base_type"]) == ("gray", "rgb")
    assert [layer["name"] for layer in colored["layers"]] == ["Handtint color", "Base"]
    assert after == before | {"dirty": False}, "one undo brings all of it back"


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


def call_from_the_menu(running: Running) -> None:
    """Through GIMP's action search, which finds what is in the menus."""
    running.window(MAIN_WINDOW)
    running.key("slash")
    running.window("Search Actions")
    running.display.tool("xdotool", "type", "Colorize with Handtint")
    running.key("Return")
    running.window(TITLE)
