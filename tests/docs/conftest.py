"""Folders with the files that the documentation's commands name, and a home for who types them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from safetensors.torch import save_file
from skimage import data

from handtint.cli import demo, tour
from handtint.train.perceptual import Vgg19Features
from handtint.train.run import read_recipe
from handtint.weights import find


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
    for index, picture in enumerate(photographs()):
        write(tmp_path / "photos" / f"{index:02}.jpg", picture)
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    return tmp_path


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for commands that go on where another one ended; in `labelled` are pictures with maps."""
    folder = tmp_path_factory.mktemp("lasting")
    (folder / "labelled").mkdir()
    rows = ["file,label,set,split"]
    for index, picture in enumerate(photographs()):
        write(folder / "labelled" / f"{index:02}.jpg", picture)
        classes = np.where(np.arange(220) < 100, 5, 9)[:, None] * np.ones((1, 240), np.uint8)
        write(folder / "labelled" / f"{index:02}.png", classes.astype(np.uint8)[..., None])
        rows.append(f"{index:02}.jpg,{index:02}.png,drawn,{'val' if index % 5 == 4 else 'train'}")
    (folder / "labelled" / "manifest.csv").write_text("\n".join(rows) + "\n")
    layers = Vgg19Features().layers.state_dict()
    save_file({f"features.{name}": value for name, value in layers.items()}, folder / "labelled" / "vgg19.safetensors")
    draw_named_things(folder / "named")
    return folder


def draw_named_things(folder: Path) -> None:
    """A data folder with as many things as `perceptual` knows by name, each a disk of its own color, often enough."""
    entry = find("perceptual")
    assert entry is not None
    folder.mkdir()
    rows = ["file,split,image_class"]
    least = read_recipe("perceptual")["least"]
    for thing in range(entry.arguments["classes"]):
        for index in range(least + 1):
            picture = np.full((48, 48, 3), 90 + 5 * index, np.uint8)
            cv2.circle(picture, (24, 24), 10 + index, color_of(thing), -1)
            name = f"{thing:02}-{index:02}.png"
            write(folder / name, picture)
            rows.append(f"{name},{'val' if index == least else 'train'},thing {thing:02}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")


def color_of(thing: int) -> tuple[int, ...]:
    """Another color for each number below 125."""
    return tuple(30 + 50 * (thing // 5**digit % 5) for digit in range(3))


def photographs() -> list[np.ndarray]:
    """Twenty different pieces of scikit-image's photographs, 220 x 240 px."""
    sources = (data.astronaut(), data.chelsea(), data.rocket())
    return [sources[i % 3][:220, 20 * (i // 3) : 20 * (i // 3) + 240] for i in range(20)]


def write(path: Path, pixels: np.ndarray) -> None:
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
    assert cv2.imwrite(str(path), pixels[..., order])
