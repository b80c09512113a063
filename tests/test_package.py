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
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import handtint
from handtint.cli.files import read_picture
from handtint.weights import find

REPOSITORY = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


EXTRAS, EDITORS = {"matplotlib", "atheris"}, {"krita", "gi"}
"""What some modules of the bench want, which say which extra has it, and those that are run inside an editor."""
LOAD_ALL = """
import importlib, pkgutil, handtint
for module in pkgutil.walk_packages(handtint.__path__, "handtint."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            print(error.name)
"""


@dataclass(frozen=True)
class Installation:
    """An environment with nothing but the wheel and what it says that it needs, lent by the one that runs the tests.

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
    site = next((home / "venv" / "lib").glob("python*/site-packages"))
    lend(needed(site), site)
    made = Installation(wheel, sdist, home)
    yield made
    made.run("handtint", "stop", check=False)
    shutil.rmtree(folder)


def needed(site: Path) -> dict[str, Distribution]:
    """What the installed wheel's metadata asks for here, and what that asks for."""
    (wheel,) = distributions(path=[str(site)])
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in wheel.requires or ()]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found[name] = distribution(name)
            waiting += [Requirement(text) for text in found[name].requires or ()]
    return found


def lend(packages: dict[str, Distribution], site: Path) -> None:
    """Links to the packages' files, and to no others."""
    purelib = Path(sysconfig.get_path("purelib"))
    for package in packages.values():
        for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(purelib / top)


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


def test_what_the_wheel_needs_is_all_that_is_lent(installation: Installation) -> None:
    """Not what this repository is checked with; every module can be loaded where it belongs."""
    assert installation.run("python", "-c", "import pytest", check=False).returncode != 0
    assert set(installation.run("python", "-c", LOAD_ALL).stdout.split()) == EXTRAS | EDITORS
    said = installation.run("handtint", "bench", "quality", "--data", "skimage", check=False)
    assert said.returncode == 2
    assert "pip install 'handtint[bench]'" in said.stderr


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
