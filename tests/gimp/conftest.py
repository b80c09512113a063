"""Fixtures for tests in the real GIMP: a profile with the installed plug-in, one engine, and jobs for GIMP's Python."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import color, data

from handtint.client.install import install_gimp

harness = sys.modules["editor_harness"]
INSIDE = Path(__file__).parent / "inside"
BATCH = f"import sys; sys.path.insert(0, {str(INSIDE)!r}); import scenarios; scenarios.main()"
NEEDED_PLUG_INS = ("python-eval", "file-png")
"""Of GIMP's own; with all 125 of them the first start takes five seconds longer."""
TYPES = {"u8": np.uint8, "u16": np.uint16, "float": np.float32}


@dataclass(frozen=True)
class Gimp:
    """Runs scenarios of inside/scenarios.py in GIMP.

    Attributes
    ----------
    env : dict
        With the profile, and how the engine is started.
    folder : Path
        For jobs, reports and dumps.
    """

    editors: Any
    env: dict[str, str]
    folder: Path

    def with_env(self, **changes: str) -> Gimp:
        return replace(self, env=self.env | changes)

    def run(self, scenario: str, *, timeout: float = 120, **job: Any) -> dict[str, Any]:
        """Run a scenario in GIMP without a window; its report."""
        argv = self._argv("gimp-console-3", "-i")
        self.editors.run(argv, env=self._prepare(scenario, job), timeout=timeout, log=self.folder / "gimp.log")
        return self.report()

    def start(self, scenario: str, *, display: Any, window: bool = False, **job: Any) -> Any:
        """Start a scenario on a display, in GIMP's own window or with dialogs only; the process."""
        argv = self._argv("gimp-3", "-n", "-s") if window else self._argv("gimp-console-3", "-i")
        env = self._prepare(scenario, job) | {"DISPLAY": display.name}
        return self.editors.start(argv, env=env, log=self.folder / "gimp.log")

    def greetings(self) -> int:
        """How many clients have spoken to the engine so far, by its own log."""
        log = Path(self.env["HANDTINT_RUNTIME"], "engine.log")
        return log.read_text(errors="replace").count("hello from") if log.exists() else 0

    def report(self, name: str = "report") -> dict[str, Any]:
        """A report that is there."""
        found: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return found

    def wait_report(self, process: Any, name: str = "report", timeout: float = 90) -> dict[str, Any]:
        """A report that a started scenario will write."""
        end = time.monotonic() + timeout
        while not (self.folder / f"{name}.json").exists():
            ended = process.poll() is not None and not (self.folder / f"{name}.json").exists()
            log = (self.folder / "gimp.log").read_text(errors="replace")
            assert not ended, f"GIMP ended with {process.returncode} before it wrote its {name}:\n{log}"
            assert time.monotonic() < end, f"GIMP wrote no {name} within {timeout} s:\n{log}"
            time.sleep(0.02)
        return self.report(name)

    def pixels(self, name: str, size: tuple[int, int], kind: str = "u8") -> NDArray[Any]:
        """(H, W, 4) dump of a scenario, in the numbers of its type."""
        data = np.fromfile(self.folder / f"{name}.raw", TYPES[kind])
        return data.reshape(*size, 4)

    def _argv(self, *program: str) -> list[str]:
        return [*program, "-f", "--quit", "--batch-interpreter=python-fu-eval", "-b", BATCH]

    def _prepare(self, scenario: str, job: dict[str, Any]) -> dict[str, str]:
        for old in (*self.folder.glob("*.json"), *self.folder.glob("*.raw")):
            old.unlink()
        path = self.folder / "job"
        path.write_text(json.dumps({"scenario": scenario, "folder": str(self.folder), **job}))
        return self.env | {"HANDTINT_JOB": str(path), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="session")
def gimp_profile(editors: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GIMP's user folder with our plug-in as it is installed, started once."""
    profile = tmp_path_factory.mktemp("gimp") / "profile"
    plug_ins = profile / "plug-ins"
    plug_ins.mkdir(parents=True)
    root = editors.folder or Path("/")
    for name in NEEDED_PLUG_INS:
        found = next(root.glob(f"usr/lib/*/gimp/3.0/plug-ins/{name}"))
        (plug_ins / name).symlink_to(Path("/") / found.relative_to(root))
    # A profile of an older version than GIMP itself brings the welcome window, whatever else is set.
    quiet = ('(config-version "99.0.0")', "(show-welcome-dialog no)", "(check-updates no)")
    (profile / "gimprc").write_text("\n".join(('(plug-in-path "${gimp_dir}/plug-ins")', *quiet)))
    install_gimp(profile, environ={"HOME": str(profile.parent)}, platform="linux")
    return profile


@pytest.fixture(scope="session")
def gimp_engine_env(editors: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One engine for all tests in GIMP; the first that needs it starts it."""
    runtime = tmp_path_factory.mktemp("gimp-engine")
    runtime.chmod(0o700)
    yield {"HANDTINT_RUNTIME": str(runtime), "HANDTINT_ENGINE": editors.engine_command()}
    harness.end_engines(runtime)


@pytest.fixture
def gimp(editors: Any, gimp_profile: Path, gimp_engine_env: dict[str, str], tmp_path: Path) -> Gimp:
    """A GIMP to run scenarios in. It has forgotten what was chosen in the dialogs of other tests."""
    shutil.rmtree(gimp_profile / "plug-in-settings", ignore_errors=True)
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True, mode=0o700)
    own = {"GIMP3_DIRECTORY": str(gimp_profile), "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}
    return Gimp(editors, own | gimp_engine_env, tmp_path)


@dataclass(frozen=True)
class Mark:
    """A painted square: place and side in pixels, sRGB bytes."""

    x: int
    y: int
    side: int
    color: tuple[int, int, int]


@dataclass(frozen=True)
class Photograph:
    """The astronaut without her colors, and marks on it whose ab fits the lightness below them.

    Attributes
    ----------
    path, deep_path : Path
        Gray PNG with 8 and with 16 bits.
    size : (height, width)
    """

    path: Path
    deep_path: Path
    size: tuple[int, int]
    marks: tuple[Mark, ...]

    @property
    def jobs_marks(self) -> list[dict[str, Any]]:
        """The marks as a job takes them."""
        return [asdict(mark) for mark in self.marks]


MARK_AB = ((22, 16), (-16, 14), (6, -24), (0, 0))
MARK_SIDE = 14


@pytest.fixture(scope="session")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Photograph:
    """A real photograph as a restorer has it."""
    folder = tmp_path_factory.mktemp("photograph")
    lab = color.rgb2lab(data.astronaut())
    lab[..., 1:] = 0
    gray = color.lab2rgb(lab)[..., 0]
    paths = [folder / "gray8.png", folder / "gray16.png"]
    for path, kind in zip(paths, (np.uint8, np.uint16), strict=True):
        cv2.imwrite(str(path), np.rint(gray * np.iinfo(kind).max).astype(kind))
    height, width = gray.shape
    return Photograph(paths[0], paths[1], (height, width), _marks(lab[..., 0]))


def _marks(lightness: NDArray[Any]) -> tuple[Mark, ...]:
    """One mark in each quarter of the picture, where the lightness leaves room for its color."""
    rows, columns = (side // 2 for side in lightness.shape)
    corners = [(top, left) for top in (0, rows) for left in (0, columns)]
    marks = []
    for (top, left), (a, b) in zip(corners, MARK_AB, strict=True):
        y, x = next(
            (y, x)
            for y in range(top + 40, top + rows - 40, 7)
            for x in range(left + 40, left + columns - 40, 7)
            if lightness[y : y + MARK_SIDE, x : x + MARK_SIDE].min() > 45
            and lightness[y : y + MARK_SIDE, x : x + MARK_SIDE].max() < 75
        )
        rgb = np.rint(color.lab2rgb([[[60.0, a, b]]]) * 255).astype(int)[0, 0]
        marks.append(Mark(x, y, MARK_SIDE, (int(rgb[0]), int(rgb[1]), int(rgb[2]))))
    return tuple(marks)
