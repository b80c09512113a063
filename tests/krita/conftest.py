"""Fixtures for tests in the real Krita: a warmed home, the installed plug-in, kritarunner."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handtint.client.install import install_krita
from handtint.client.kritarc import with_setting

DRIVER = Path(__file__).parent / "driver"
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
def pure_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but pytest, for Krita's Python."""
    site = Path(pytest.__file__).parents[1]
    if site.is_relative_to("/usr"):
        return site
    folder = tmp_path_factory.mktemp("pure")
    for name in PURE:
        if (site / name).exists():
            (folder / name).symlink_to(site / name)
    return folder


@pytest.fixture(scope="session")
def runner_home(editors: Any, pure_python: Path) -> Path:
    """A home in which kritarunner has started once (the first start takes ten seconds)."""

    def warm(home: Path) -> None:
        _run_pytest(editors, home, pure_python, ["--version"], home / "warm.log")

    return editors.warmed("kritarunner", warm)


@pytest.fixture
def kritarunner(editors: Any, pure_python: Path, runner_home: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Runs the checks of a file in tests/krita/inside with pytest inside kritarunner; their output."""
    home = tmp_path / "home"
    shutil.copytree(runner_home, home, symlinks=True)

    def run(name: str) -> str:
        argv = ["-c", str(INSIDE / "pytest.ini"), str(INSIDE / name)]
        return _run_pytest(editors, home, pure_python, argv, tmp_path / "kritarunner.log")

    yield run
    shutil.rmtree(home)


def _run_pytest(editors: Any, home: Path, pure_python: Path, argv: list[str], log: Path) -> str:
    install_krita(environ={"HOME": str(home), "PATH": "/usr/bin:/bin"})
    plugins = home / ".local" / "share" / "krita" / "pykrita"
    paths = (INSIDE, pure_python, plugins, plugins / "handtint_krita" / "_light")
    env = krita_env(home) | {"PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    env["QT_QPA_PLATFORM"] = "offscreen"
    finished = editors.run(["kritarunner", "-s", "krun", "--", *argv], env=env, timeout=300, log=log)
    return str(finished.output)


@pytest.fixture(scope="session")
def krita_home(editors: Any, display: Any) -> Path:
    """A home in which Krita has started once, with the plug-in installed and the test driver in command."""

    def warm(home: Path) -> None:
        _prepare(editors, home)
        _play(editors, display, home, INSIDE / "steps_nothing.py", {"HANDTINT_SCRATCH": str(home)}, 120)

    return editors.warmed("krita", warm)


@pytest.fixture
def krita(
    editors: Any, display: Any, krita_home: Path, engine_env: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., dict[str, Any]]]:
    """Plays a script of steps in Krita with the plug-in as `handtint install` leaves it; what the script found."""
    home = tmp_path / "home"
    shutil.copytree(krita_home, home, symlinks=True)
    _prepare(editors, home)

    def run(script: str, **env: str) -> dict[str, Any]:
        runtime = {"HANDTINT_RUNTIME": engine_env["HANDTINT_RUNTIME"], "HANDTINT_SCRATCH": str(tmp_path)}
        return _play(editors, display, home, INSIDE / script, runtime | env, 240)

    yield run
    shutil.rmtree(home)


def _prepare(editors: Any, home: Path) -> None:
    install_krita(environ={"HOME": str(home), "PATH": "/usr/bin:/bin"})
    plugins = home / ".local" / "share" / "krita" / "pykrita"
    shutil.copytree(DRIVER, plugins, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    rc = home / ".config" / "kritarc"
    text = with_setting(rc.read_text(), "python", "enable_handtint_driver", "true")
    for bundled in Path(editors.folder or "/", "usr/share/krita/pykrita").glob("*.desktop"):
        # They are none of our business and fill the log with SyntaxWarnings.
        text = with_setting(text, "python", f"enable_{bundled.stem.removeprefix('kritapykrita_')}", "false")
    rc.write_text(text)


def _play(
    editors: Any, display: Any, home: Path, script: Path, extra: dict[str, str], timeout: float
) -> dict[str, Any]:
    out, log = home / "result.json", home / "krita.log"
    for left in (out, log):
        left.unlink(missing_ok=True)
    env = krita_env(home) | {"DISPLAY": display.name, "PYTHONDONTWRITEBYTECODE": "1"} | extra
    env |= {"HANDTINT_DRIVER_SCRIPT": str(script), "HANDTINT_DRIVER_OUT": str(out)}
    finished = editors.run(["krita", "--nosplash"], env=env, timeout=timeout, log=log, check=False)
    assert out.exists(), f"Krita ended with {finished.code} and left no result:\n{finished.output}{_own_log(home)}"
    result: dict[str, Any] = json.loads(out.read_text())
    seen = f"What was on the screen: {extra['HANDTINT_SCRATCH']}/failure.png"
    assert result["ok"], f"{result['error']}\n{result}\n{seen}\n{finished.output}{_own_log(home)}"
    assert finished.code == 0, f"Krita was expected to quit with 0, it ended with {finished.code}:\n{finished.output}"
    return result


def _own_log(home: Path) -> str:
    path = home / ".local" / "share" / "krita" / "handtint" / "krita.log"
    return f"\nThe plug-in's log:\n{path.read_text()}" if path.exists() else ""
