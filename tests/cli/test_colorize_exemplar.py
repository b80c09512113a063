"""`handtint colorize --exemplar` through the engine: the exemplar's colors come, and its absence is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import color, data

from handtint.cli.files import PictureFile, read_picture, write_picture
from handtint.cli.main import run

from .conftest import Photograph

pytestmark = pytest.mark.usefixtures("runtime")


def mean_ab(path: Path) -> np.ndarray:
    return np.asarray(color.rgb2lab(read_picture(path).pixels)[..., 1:].mean(axis=(0, 1)))


def test_colors_of_the_exemplar_come_through_the_engine(photograph: Photograph, tmp_path: Path) -> None:
    warm = data.coffee()
    pictures = {"warm": warm, "cold": np.ascontiguousarray(warm[..., ::-1])}  # red and blue exchanged
    means = {}
    for name, picture in pictures.items():
        write_picture(tmp_path / f"{name}.png", PictureFile(picture))
        out = tmp_path / f"{name}-out.png"
        options = ["--exemplar", str(tmp_path / f"{name}.png"), "--method", "exemplar"]
        assert run(["colorize", str(photograph.gray_file), *options, "-o", str(out)]) == 0
        means[name] = mean_ab(out)
    assert means["warm"][1] > 8.0
    assert means["cold"][1] < -8.0


def test_with_and_without_the_engine_the_answer_is_the_same(photograph: Photograph, tmp_path: Path) -> None:
    write_picture(tmp_path / "exemplar.png", PictureFile(data.coffee()))
    for name, route in (("a.png", []), ("b.png", ["--no-engine"])):
        options = ["--exemplar", str(tmp_path / "exemplar.png"), "--method", "exemplar", *route]
        assert run(["colorize", str(photograph.gray_file), "-o", str(tmp_path / name), *options]) == 0
    a, b = (read_picture(tmp_path / name).pixels.astype(np.int16) for name in ("a.png", "b.png"))
    assert np.abs(a - b).max() <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--method", "exemplar"], "give it an exemplar"),
        (["--method", "exemplar", "--exemplar", "missing.png"], "no such file"),
        (["--method", "scribble", "--exemplar", "{gray}"], "does not take exemplar"),
    ],
)
def test_what_is_missing_or_not_taken_is_said_in_one_line(
    photograph: Photograph, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    out = tmp_path / "out.png"
    filled = [option.format(gray=photograph.gray_file) for option in options]
    assert run(["colorize", str(photograph.gray_file), *filled, "-o", str(out)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not out.exists()
