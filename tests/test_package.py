"""The wheel and the sdist are complete: built, installed into an empty environment, and used from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import handtint
from handtint.cli.files import read_picture
from handtint.weights import find

REPOSITORY = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installation:
    """An environment with nothing but the wheel, whose dependencies are lent by the one that runs the tests.

    Attributes
    ----------
    wheel, sdist : Path
        What was built.
    home : Path
        The home of everything that is run; the environment is its `venv`.
    """

    wheel: Path
    sdist: Path
    home: Path

    def run(self, *argv: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment where no file of the repository is in reach."""
        program = self.home / "venv" / "bin" / argv[0]
        lent = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "NUMBA_CACHE_DIR") if name in os.environ}
        clean = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "HANDTINT_RUNTIME": str(self.home / "run")}
        result = subprocess.run(
            [str(program), *argv[1:]],
            cwd=self.home,
            env=lent | clean | env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert result.returncode == 0 or not check, result.stdout + result.stderr
        return result


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The sdist is built from the repository, the wheel from the unpacked sdist, the environment from the wheel."""
    folder = tmp_path_factory.mktemp("package")
    sdist = build("sdist", REPOSITORY, folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
    wheel = build("wheel", next((folder / "source").iterdir()), folder)
    home = folder / "home"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True, timeout=120)
    python = home / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=300)
    # A folder that a .pth names has its own .pth files left alone: the editable installation is out of reach.
    site = next((home / "venv" / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    made = Installation(wheel, sdist, home)
    yield made
    made.run("handtint", "stop", check=False)
    shutil.rmtree(folder)


def build(kind: str, source: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, timeout=300, capture_output=True)
    return next(folder.glob("*.tar.gz" if kind == "sdist" else "*.whl"))


def tracked(*folders: str) -> set[str]:
    """Files of the repository below these folders."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return {line for line in listed.stdout.splitlines() if (REPOSITORY / line).is_file()}


def test_both_archives_hold_all_that_the_repository_has(installation: Installation) -> None:
    with tarfile.open(installation.sdist) as archive:
        source = {"/".join(Path(name).parts[1:]) for name in archive.getnames()}
    assert tracked() <= source
    with zipfile.ZipFile(installation.wheel) as archive:
        wheel = set(archive.namelist())
    inside = {path.partition("/")[2] for path in tracked("engine", "plugin_krita", "plugin_gimp")}
    weights = {f"handtint/_weights/{Path(path).name}" for path in tracked("weights")}
    assert inside | weights <= wheel
    extra = {name for name in wheel - inside - weights if ".dist-info/" not in name}
    assert not {name for name in extra if name.endswith((".pyc", ".so"))}
    assert f"handtint-{handtint.__version__}.dist-info/METADATA" in wheel


def test_the_demo_runs_from_the_wheel_alone(installation: Installation) -> None:
    where = installation.run("python", "-c", "import handtint, handtint_krita; print(handtint.__file__)").stdout
    assert Path(where.strip()).is_relative_to(installation.home)
    assert installation.run("handtint", "--version").stdout.split()[-1] == handtint.__version__
    rows = json.loads(installation.run("handtint", "methods", "--json").stdout)
    assert [row["name"] for row in rows if not row["available"] and find(row["name"]) is not None] == []
    said = installation.run("handtint", "demo", "--out", "demo").stdout
    assert "before-after.png" in said
    sheet = read_picture(installation.home / "demo" / "before-after.png").pixels
    assert sheet.shape[2] == 3
    assert (sheet.max(axis=2) - sheet.min(axis=2)).max() > 60


def test_the_plug_ins_are_installed_from_the_wheel_alone(installation: Installation) -> None:
    for editor in ("krita", "gimp"):
        installation.run("handtint", "install", editor)
        installation.run("handtint", "install", editor, "--check")
        installation.run("handtint", "uninstall", editor)


def test_weights_may_lie_in_a_folder_of_their_own(installation: Installation, tmp_path: Path) -> None:
    weights = next((installation.home / "venv" / "lib").glob("python*/site-packages/handtint/_weights"))
    weights.rename(tmp_path / "elsewhere")
    try:
        for env, available in (({}, False), ({"HANDTINT_WEIGHTS": str(tmp_path / "elsewhere")}, True)):
            rows = json.loads(installation.run("handtint", "methods", "--json", **env).stdout)
            assert {row["name"]: row["available"] for row in rows}["global_local"] is available
    finally:
        (tmp_path / "elsewhere").rename(weights)
