"""What goes wrong from outside while GIMP waits: a killed plug-in or engine, another version, too large a picture.

Each ends in a sentence or in the picture, and nothing is lost.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.wire.messages import GetStatus, Status

pytestmark = pytest.mark.gimp

harness = sys.modules["editor_harness"]
windows = sys.modules["editor_gimp_windows"]
LONG_WORK = (4500, 6000)
"""Height and width of a picture on which the engine works for seconds."""
STATUS_BAR = slice(905, 945), slice(330, 1250)
"""Rows and columns of the screen, for a window of `windows.MAIN_SIZE` in its top left corner."""
NEWER = (
    "import sys; import handtint.wire.messages as m; m.PROTOCOL = (9, 0); sys.argv[1:] = ['serve']; "
    "from handtint.__main__ import main; main()"
)
"""This repository's engine, as it will be when it speaks protocol 9."""


def wait_until(is_so: Callable[[], Any], words: str, limit: float = 60) -> Any:
    end = time.monotonic() + limit
    while not (found := is_so()):
        assert time.monotonic() < end, f"expected that {words} within {limit} s"
        time.sleep(0.01)
    return found


def draw(path: Path, height: int, width: int) -> Path:
    rows, columns = np.mgrid[:height, :width]
    cv2.imwrite(str(path), ((rows // 3 + columns // 5) % 200 + 20).astype(np.uint8))
    return path


def plug_ins(profile: str) -> list[int]:
    """Processes of our plug-in in the GIMP of this profile."""
    mark = f"{profile}/plug-ins/handtint_gimp/handtint_gimp.py".encode()
    found = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [int(path.name) for path in found if mark in read_command(path) and b"-run" in read_command(path)]


def read_command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_the_work_of_a_killed_plug_in_ends_and_a_killed_engine_is_replaced(
    gimp: Any, display: Any, tmp_path: Path
) -> None:
    """GIMP's own Cancel, in its status bar, kills the plug-in."""
    picture = draw(tmp_path / "large.png", *LONG_WORK)
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    own = gimp.with_env(HANDTINT_RUNTIME=str(runtime))
    log = runtime / "engine.log"
    launcher = Launcher(environ={"HANDTINT_RUNTIME": str(runtime)})
    process = own.start(
        "interrupted", display=display, picture=str(picture), method="global_local", runs=["killed", "bereft"]
    )
    try:
        own.wait_report(process, "calling-killed")
        with working_engine(launcher, log) as engine:
            (plug_in,) = wait_until(lambda: plug_ins(own.env["GIMP3_DIRECTORY"]), "the plug-in runs")
            os.kill(plug_in, signal.SIGKILL)
            wait_until(lambda: "has vanished; 1 of its requests" in log.read_text(), "the engine dropped the work")
            planes = status(engine).cached_planes
        before = log.read_text().count("hello from GIMP")
        own.wait_report(process, "calling-bereft")
        with working_engine(launcher, log, before, planes) as engine:
            os.kill(status(engine).pid, signal.SIGKILL)
        report = own.wait_report(process, timeout=180)
    finally:
        harness.end_group(process)
        harness.end_engines(runtime)
    assert report["killed"]["status"] != "success"
    assert (report["killed"]["unchanged"], report["killed"]["untouched"]) == (True, True)
    bereft = report["bereft"]
    assert (bereft["status"], bereft["error"], bereft["untouched"]) == ("success", "success", True)
    assert log.read_text().count("listens on") == 2, "a second engine did the work of the first"


def test_cancel_in_the_status_bar_ends_the_work_and_changes_nothing(
    gimp: Any, display: Any, tmp_path: Path, artifacts: Path
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    own = gimp.with_env(HANDTINT_RUNTIME=str(runtime))
    log, launcher = runtime / "engine.log", Launcher(environ={"HANDTINT_RUNTIME": str(runtime)})
    picture = str(draw(tmp_path / "large.png", *LONG_WORK))
    shot = artifacts / "gimp-cancel.png"
    try:
        with windows.started(own, display, "orders", window=True, picture=picture) as running:
            before = running.report("ready")
            main = running.window(windows.MAIN_WINDOW)
            display.tool("xdotool", "windowmove", main, "0", "0", "windowsize", main, *windows.MAIN_SIZE)
            idle = read_status_bar(windows.settled_shot(display, shot))
            windows.search_action(running, "Detect Objects with Handtint")
            with working_engine(launcher, log) as engine:
                pid = status(engine).pid
                os.kill(pid, signal.SIGSTOP)  # so that it does not end before somebody calls it off
            wait_until(
                lambda: (read_status_bar(windows.settled_shot(display, shot)) != idle).any(), "progress is shown"
            )
            rows, columns = np.nonzero(read_status_bar(shot) != idle)
            middle = int(np.median(rows[columns > columns.max() - 40]))  # of the button, which is the last thing there
            running.click(STATUS_BAR[1].start + int(columns.max()) - 20, STATUS_BAR[0].start + middle)
            wait_until(lambda: not plug_ins(own.env["GIMP3_DIRECTORY"]), "GIMP ended the plug-in")
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda: "has vanished; 1 of its requests" in log.read_text(), "the engine dropped the work")
            assert running.order("describe") == before
            running.order("end")
    finally:
        harness.end_engines(runtime)


def read_status_bar(shot: Path) -> Any:
    """The part of a screenshot in which GIMP's status bar lies, in gray."""
    return cv2.imread(str(shot), cv2.IMREAD_GRAYSCALE)[STATUS_BAR]


def test_an_engine_of_another_version_is_named(gimp: Any, photograph: Any, tmp_path: Path) -> None:
    runtime = tmp_path / "newer"
    runtime.mkdir(mode=0o700)
    newer = gimp.with_env(HANDTINT_ENGINE=shlex.join([sys.executable, "-c", NEWER]), HANDTINT_RUNTIME=str(runtime))
    report = newer.run("refused", picture=str(photograph.path))
    harness.end_engines(runtime)
    assert (report["status"], report["unchanged"]) == ("execution-error", True)
    assert "this end speaks handtint/1, the message is handtint/9: update the older" in report["error"]


def test_a_picture_that_is_too_large_is_refused_in_a_sentence(gimp: Any, tmp_path: Path) -> None:
    report = gimp.run("refused", picture=str(draw(tmp_path / "long.png", 4, 70_000)), mode="gray")
    assert report["status"] == "execution-error"
    assert "got 70000x4; scale it down" in report["error"]
    assert report["unchanged"]


def status(engine: Engine) -> Status:
    answer = engine.call(GetStatus(0), timeout=20)
    assert isinstance(answer, Status)
    return answer


class working_engine:  # noqa: N801 - reads as a statement
    """A second client of the engine that GIMP started, once that engine works on GIMP's request."""

    def __init__(self, launcher: Launcher, log: Path, greetings: int = 0, planes: int = 0) -> None:
        self._launcher, self._log, self._greetings, self._planes = launcher, log, greetings, planes

    def __enter__(self) -> Engine:
        wait_until(lambda: self._log.exists() and self._said() > self._greetings, "GIMP spoke to the engine")
        self._engine = Engine("test", launcher=self._launcher, start=False)
        wait_until(lambda: status(self._engine).cached_planes > self._planes, "it works on GIMP's picture")
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def _said(self) -> int:
        return self._log.read_text().count("hello from GIMP")
