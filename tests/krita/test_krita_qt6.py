"""The docker on PyQt6, which Krita 6 has. No Krita 6 is at hand: an empty one stands in for Krita itself."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
harness = sys.modules["editor_harness"]


@pytest.fixture(scope="module", autouse=True)
def qt_6() -> None:
    """PyQt6 comes from the package index, and brings all of Qt but a few libraries of the system's own."""
    load = "from PyQt6 import QtWidgets"
    found = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip(f"PyQt6 cannot be loaded here: {found.stderr.strip().splitlines()[-1]}")


def test_the_whole_docker_runs_on_qt_6(artifacts: Path, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    env = os.environ | {
        "PYTHONPATH": str(HERE / "qt6"),
        "QT_QPA_PLATFORM": "offscreen",
        "HANDTINT_SCRATCH": str(tmp_path),
        "HANDTINT_RUNTIME": str(runtime),
        "HANDTINT_ENGINE": shlex.join([sys.executable, "-m", "handtint", "serve"]),
    }
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(HERE / "inside" / "pytest.ini"),
        str(HERE / "qt6" / "check_panel.py"),
    ]
    finished = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300)
    harness.end_engines(runtime)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert " skipped" not in finished.stdout, finished.stdout
    for shot in tmp_path.glob("*-*.png"):
        shutil.copy(shot, artifacts / f"krita-qt6-{shot.name}")
