"""The first run in a real GIMP: what the README's line leaves, and what is said where there is no engine."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

harness, windows = sys.modules["editor_harness"], sys.modules["editor_gimp_windows"]
TITLE = "^Colorize with Handtint$"
pytestmark = pytest.mark.gimp


@pytest.fixture
def alone(gimp: Any, tmp_path: Path) -> Any:
    """GIMP with the plug-in and nothing else: no variable, no record, nothing on the PATH says where an engine is."""
    runtime = tmp_path / "empty"
    runtime.mkdir(mode=0o700)
    env = {name: value for name, value in gimp.env.items() if name != "HANDTINT_ENGINE"}
    return replace(gimp, env=env | {"HANDTINT_RUNTIME": str(runtime)})


def test_without_an_engine_two_sentences_say_what_to_do(alone: Any, photograph: Any) -> None:
    run = {"arguments": {"method": "scribble"}}
    report = alone.run("colorize", picture=str(photograph.path), mode="gray", runs=[run])
    said = report["runs"][0]["error"]
    assert report["runs"][0]["status"] == "execution-error"
    assert "`handtint install gimp`" in said
    assert said.count(". ") == 1, f"two sentences: {said}"
    assert [layer["name"] for layer in report["layers"]] == ["Base"]


def test_without_an_engine_the_dialog_says_so(alone: Any, display: Any, photograph: Any, artifacts: Path) -> None:
    with windows.started(alone, display, "dialog", picture=str(photograph.path)) as running:
        running.window(TITLE)
        told = windows.settled_shot(display, artifacts / "gimp-first-run.png").read_bytes()
        running.key("Return")
        asked = windows.settled_shot(display, artifacts / "gimp-first-try.png").read_bytes()
        assert asked != told, "the error's bar is there too"
        assert running.is_open(TITLE), "the dialog stays"
        running.key("Escape")
        report = running.report()
    assert report["status"] == "cancel"
    assert [layer["name"] for layer in report["layers"]] == ["Base"]


def test_after_the_readmes_line_a_new_gimp_colors_without_any_setting(
    gimp: Any, photograph: Any, tmp_path: Path
) -> None:
    """A home in which GIMP was never started: the folder is made where Debian's GIMP looks."""
    home = tmp_path / "new"
    home.mkdir()
    (tmp_path / ".venv").symlink_to(sys.prefix)
    line = harness.readme_line("handtint install gimp")
    subprocess.run(["bash", "-c", line], cwd=tmp_path, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, check=True)
    env = {name: value for name, value in gimp.env.items() if name not in ("HANDTINT_ENGINE", "GIMP3_DIRECTORY")}
    fresh = replace(gimp, env=env | {"HOME": str(home)})
    report = fresh.run("colorize", picture=str(photograph.path), runs=[{"arguments": {}}])
    assert report["runs"][0]["status"] == "success", report
    assert [layer["name"] for layer in report["layers"]] == ["Handtint color", "Base"]
