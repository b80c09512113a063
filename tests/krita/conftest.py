"""Fixtures for tests in the real Krita: a warmed home, the installed plug-in, kritarunner."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

INSIDE = Path(__file__).parent / "inside"
harness = sys.modules["editor_harness"]
PURE = ("pytest", "_pytest", "pluggy", "py.py", "iniconfig", "packaging", "pygments")
"""What pytest is made of: pure Python, so that Krita's own Python can use the copy that runs these tests."""


def krita_env(home: Path) -> dict[str, str]:
    """Environment in which Krita sees nothing but `home`."""
    run = home / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    return {"HOME": str(home), "XDG_RUNTIME_DIR": str(run), "QT_LOGGING_RULES": "krita.lib.*=false"}


@pytest.fixture(scope="session")
def python_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """PYTHONPATH for Krita's Python: pytest, the plug-in and the editor half from the repository."""
    folder = tmp_path_factory.mktemp("pure")
    site = Path(pytest.__file__).parents[1]
    for name in PURE:
        if (site / name).exists():
            (folder / name).symlink_to(site / name)
    if str(site).startswith("/usr"):
        folder = site
    return ":".join(map(str, (INSIDE, folder, harness.REPOSITORY / "plugin_krita", harness.REPOSITORY / "engine")))


@pytest.fixture(scope="session")
def runner_home(editors: Any, python_path: str) -> Path:
    """A home in which kritarunner has started once (the first start takes ten seconds)."""

    def warm(home: Path) -> None:
        argv = ["kritarunner", "-s", "krun", "--", "--version"]
        env = krita_env(home) | {"PYTHONPATH": python_path, "QT_QPA_PLATFORM": "offscreen"}
        editors.run(argv, env=env, timeout=120, log=home / "warm.log")

    return editors.warmed("kritarunner", warm)


@pytest.fixture
def kritarunner(editors: Any, python_path: str, runner_home: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Runs the checks of a file in tests/krita/inside with pytest inside kritarunner; their output."""
    home = tmp_path / "home"
    shutil.copytree(runner_home, home, symlinks=True)

    def run(name: str) -> str:
        argv = ["kritarunner", "-s", "krun", "--", "-c", str(INSIDE / "pytest.ini"), str(INSIDE / name)]
        env = krita_env(home) | {"PYTHONPATH": python_path, "QT_QPA_PLATFORM": "offscreen"}
        env |= {"PYTHONDONTWRITEBYTECODE": "1"}
        return str(editors.run(argv, env=env, timeout=300, log=tmp_path / "kritarunner.log").output)

    yield run
    shutil.rmtree(home)
