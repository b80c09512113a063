"""GIMP's windows as a person uses them: keys, what is seen, and what the scenario inside reports."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

harness = sys.modules["editor_harness"]
MAIN_WINDOW, MAIN_SIZE = " – GIMP$", ("1490", "925")
QUIET = 0.3
ORDER_LIMIT = 60.0
FILTER = ("Colorize with Handtint", "^Colorize with Handtint$")


class Chip(NamedTuple):
    """A patch of one color on the screen: a place inside it, and the color as "#rrggbb"."""

    x: int
    y: int
    color: str


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

    def click(self, x: int, y: int) -> None:
        self.display.tool("xdotool", "mousemove", str(x), str(y), "click", "1")

    def chips(self, title: str, shot: Path) -> list[Chip]:
        """The chips of color in a window, from the top down and from left to right, as they are on a settled screen."""
        area = self.display.tool("xdotool", "getwindowgeometry", "--shell", self.window(title))
        left, top, width, height = (int(re.search(rf"{name}=(\d+)", area)[1]) for name in ("X", "Y", "WIDTH", "HEIGHT"))  # type: ignore[index]
        shown = cv2.imread(str(settled_shot(self.display, shot)))[top : top + height, left : left + width, ::-1]
        return [Chip(left + x, top + y, color) for x, y, color in find_chips(shown)]

    def wait_for_chips(self, title: str, shot: Path, is_so: Callable[[list[Chip]], bool], words: str) -> list[Chip]:
        """Look at a window's chips until they are so."""
        end = time.monotonic() + ORDER_LIMIT
        while not is_so(found := self.chips(title, shot)):
            assert time.monotonic() < end, f"expected that {words} within {ORDER_LIMIT} s, got {found}"
        return found

    def order(self, what: str, **arguments: Any) -> Any:
        """Have the scenario `orders` do something inside GIMP; its answer."""
        number = len(list(self.gimp.folder.glob("order-*.json")))
        part = self.gimp.folder / f"order-{number}.part"
        part.write_text(json.dumps({"what": what, **arguments}))
        part.rename(part.with_suffix(".json"))
        return self.report(f"answer-{number}")["answer"]

    def wait_for_order(
        self, is_so: Callable[[Any], bool], words: str, what: str, limit: float = 60, **with_: Any
    ) -> Any:
        """Give an order again and again until its answer is so; that answer."""
        end = time.monotonic() + limit
        while not is_so(answer := self.order(what, **with_)):
            assert time.monotonic() < end, f"expected that {words} within {limit} s, got {answer}"
        return answer

    def is_open(self, title: str) -> bool:
        """Is there a visible window with this title?"""
        return bool(self._search(title))

    def _search(self, title: str) -> list[str]:
        argv = ("xdotool", "search", "--onlyvisible", "--name", title)
        log = self.gimp.folder / "search.log"
        log.unlink(missing_ok=True)
        env = {"DISPLAY": self.display.name}
        finished = self.display.editors.run(argv, env=env, timeout=30, log=log, check=False)
        return finished.output.split() if finished.code == 0 else []


def find_chips(shown: NDArray[np.uint8], side: int = 14) -> list[tuple[int, int, str]]:
    """Middle and color of each colorful patch of exactly one color, `side` pixels wide and high at least."""
    code = shown.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    colorful = np.ptp(shown, axis=2) > 24
    found = []
    for color in np.unique(code[colorful]):
        same = cv2.erode((code == color).astype(np.uint8), np.ones((side, side), np.uint8))
        _, _, _, middles = cv2.connectedComponentsWithStats(same)
        found += [(round(y / side), int(x), int(y), f"#{color:06x}") for x, y in middles[1:]]
    return [(x, y, color) for _, x, y, color in sorted(found)]


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


def call_from_the_menu(
    running: Running, words: str = "Colorize with Handtint", title: str = "^Colorize with Handtint$"
) -> None:
    """Through GIMP's action search, which finds what is in the menus."""
    search_action(running, words)
    running.window(title)


def search_action(running: Running, words: str) -> None:
    """Have GIMP do what its action search finds first."""
    running.window(MAIN_WINDOW)
    running.key("slash")
    running.window("Search Actions")
    running.display.tool("xdotool", "type", words)
    running.key("Return")
