"""What stands in the documentation works as it stands there: commands, Python, and the worked example."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import tifffile
from skimage import data

from handtint.cli import demo, tour
from handtint.cli.main import COMMANDS, handtint

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md"))
    if "bench" not in page.parts
)
EXAMPLE = REPOSITORY / "docs" / "add-a-method.md"
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDED = {
    "handtint train global_local --data photos --out run": " --steps 3",  # else it takes hours
    "handtint doctor": " || test $? -eq 1",  # a machine without editors has something to mend
}
"""What is added to some commands. Those of `make` are not run: this is run by one of them."""


class Block(NamedTuple):
    """A fenced block of a page: its language, its title, its text."""

    language: str
    title: str
    text: str


def blocks_of(page: Path, *languages: str) -> list[Block]:
    found = [Block(*groups) for groups in FENCE.findall(page.read_text(encoding="utf-8"))]
    return [block for block in found if block.language in languages]


def commands_of(page: Path) -> list[str]:
    """The lines of the page's shell blocks."""
    text = "".join(block.text for block in blocks_of(page, "sh") if not block.title).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a person with a home of their own and `handtint` on the PATH; one engine for all pages."""
    home = tmp_path_factory.mktemp("home")
    (home / "run").mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ}
    own = {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HANDTINT_RUNTIME": f"{home}/run"}
    yield kept | own
    subprocess.run([sys.executable, "-m", "handtint", "stop"], env=kept | own, timeout=60, capture_output=True)


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with the files that the pages' commands name."""
    gray = demo.gray_photograph()
    write(tmp_path / "gray.png", gray)
    write(tmp_path / "hints.png", tour.hint_layer((400, 600)))
    write(tmp_path / "reference.jpg", data.chelsea())
    for folder in ("scans", "colored", "photos"):
        (tmp_path / folder).mkdir()
    for name in ("one", "two"):
        tifffile.imwrite(tmp_path / "scans" / f"{name}.tif", cv2.resize(gray, (300, 200)))
    sources = (data.astronaut(), data.chelsea(), data.rocket())
    for index in range(20):
        across = 20 * (index // 3)
        write(tmp_path / "photos" / f"{index:02}.jpg", sources[index % 3][:220, across : across + 240])
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    return tmp_path


def write(path: Path, pixels: np.ndarray) -> None:
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
    assert cv2.imwrite(str(path), pixels[..., order])


def run(command: str, env: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)], ids=lambda page: page.stem)
def test_every_command_of_the_page_works(page: Path, env: dict[str, str], workplace: Path) -> None:
    for command in commands_of(page):
        if "make " in command:
            run(f"{command.partition('#')[0].replace('make ', 'make --dry-run ')}", env, REPOSITORY)
        else:
            run(command + ADDED.get(command, ""), env, workplace)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page, "python")], ids=lambda page: page.stem)
def test_the_python_of_the_page_runs(page: Path) -> None:
    """With the arrays that the pages speak of as given, unless they make them themselves."""
    mask = np.zeros((48, 64), np.float32)
    mask[20:24, 30:34] = 1
    given = {"lightness": np.full(mask.shape, 50, np.float32), "hint_ab": np.stack([20 * mask] * 2), "hint_mask": mask}
    for block in blocks_of(page, "python"):
        if not block.title:
            names = dict(given)
            exec(compile(block.text, str(page), "exec"), names)
            assert names["ab"].shape == (2, *names["lightness"].shape)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_within_sentences_exist(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for command in re.findall(r"`(?:\S*/)?handtint ([a-z][^`]*)`", text):
        name, *rest = command.split()
        assert name in COMMANDS, command
        parameters = handtint.get_command(None, name).params
        known = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = {word for word in rest if word.startswith("-")} - known - {"--help"}
        assert not unknown, command


def test_make_help_lists_every_target() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    listed = subprocess.run(["make", "-s", "help"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    assert {line.split()[0] for line in listed.splitlines()} == set(targets.split())


# The worked example --------------------------------------------------------------------------------------------------


def insert(text: str, diff: str) -> str:
    """The lines with a + of a block, put before the lines without one, which must stand in the text once."""
    lines = diff.splitlines()
    new = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
    anchor = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    assert text.count(anchor) == 1, f"expected these lines once:\n{anchor}"
    return text.replace(anchor, new + anchor)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The package and nothing else of the repository, to be changed."""
    root = tmp_path / "clone"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "engine", root / "engine", ignore=ignored)
    (root / "weights").symlink_to(REPOSITORY / "weights")
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return root


@pytest.mark.slow
def test_who_follows_the_page_has_a_method_of_their_own(clone: Path, env: dict[str, str], workplace: Path) -> None:
    for block in blocks_of(EXAMPLE, "python"):
        path = clone / block.title
        assert not path.exists(), f"{block.title} is there already: the example needs another name"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    for block in blocks_of(EXAMPLE, "diff"):
        path = clone / block.title
        path.write_text(insert(path.read_text(), block.text))
    shutil.copy(workplace / "gray.png", clone)
    shim = clone / "bin" / "handtint"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m handtint "$@"\n')
    shim.chmod(0o755)
    inside = env | {"PYTHONPATH": str(clone / "engine"), "PATH": f"{shim.parent}:{env['PATH']}"}
    said = "".join(run(line, inside, clone) for block in blocks_of(EXAMPLE, "sh") for line in block.text.splitlines())
    assert "3 passed" in said
    assert "Gives the shadows the first color" in said
    toned = cv2.imread(str(clone / "toned.png")).astype(int)
    gray = cv2.imread(str(clone / "gray.png"))[..., 0]
    blue_over_red = (
        (toned[..., 0] - toned[..., 2])[gray < 60].mean(),
        (toned[..., 0] - toned[..., 2])[gray > 120].mean(),
    )
    assert blue_over_red[0] > 5, "the shadows have the first color, a blue"
    assert blue_over_red[1] < -5, "the lights have the others, warm ones"
    made = [block.title for block in blocks_of(EXAMPLE, "python")]
    checks = [["ruff", "check"], ["ruff", "format", "--check"]]
    for check in checks:
        subprocess.run([sys.executable, "-m", *check, *made], cwd=clone, check=True, capture_output=True, timeout=60)
