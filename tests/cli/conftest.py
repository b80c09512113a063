"""A folder with a gray photograph and hints, and an engine of its own that ends with the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from skimage import color, data

from handtint.cli.files import PictureFile, write_picture

DABS = ((60, 250, (200, 120, 40)), (300, 60, (90, 130, 190)), (420, 470, (120, 120, 120)))
"""Row, column and sRGB of 21 x 21 hints on the astronaut; the last one is neutral."""


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The runtime folder of an engine that the first command starts and that is stopped at the end."""
    folder = tmp_path_factory.mktemp("runtime")
    folder.chmod(0o700)
    old = {name: os.environ.get(name) for name in ("HANDTINT_RUNTIME", "HANDTINT_ENGINE")}
    os.environ["HANDTINT_RUNTIME"] = str(folder)
    os.environ["HANDTINT_ENGINE"] = f"{sys.executable} -m handtint serve --idle-exit 5"
    yield folder
    subprocess.run([sys.executable, "-m", "handtint", "stop"], check=True, timeout=60, capture_output=True)
    for name, value in old.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value


@dataclass(frozen=True)
class Photograph:
    """The astronaut without its color, and hints for it.

    Attributes
    ----------
    gray : (512, 512) uint8
    gray_file, hints_file : Path
    """

    gray: np.ndarray
    gray_file: Path
    hints_file: Path


@pytest.fixture
def photograph(tmp_path: Path) -> Photograph:
    lab = color.rgb2lab(data.astronaut())
    lab[..., 1:] = 0
    gray = np.rint(color.lab2rgb(lab)[..., 0] * 255).astype(np.uint8)
    hints = np.zeros((512, 512, 4), np.uint8)
    for row, column, rgb in DABS:
        hints[row - 10 : row + 11, column - 10 : column + 11] = (*rgb, 255)
    write_picture(tmp_path / "gray.png", PictureFile(gray[..., None]))
    write_picture(tmp_path / "hints.png", PictureFile(hints))
    return Photograph(gray, tmp_path / "gray.png", tmp_path / "hints.png")
