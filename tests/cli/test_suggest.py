"""`handtint suggest` on a real photograph, through a real engine process and without one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from handtint.cli.files import read_picture
from handtint.cli.main import run
from handtint.cli.palette import parse_hex

from .conftest import Photograph

pytestmark = pytest.mark.usefixtures("runtime")


def test_colors_for_a_pixel_with_and_without_the_engine(
    photograph: Photograph, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for route in ([], ["--no-engine"]):
        assert run(["suggest", str(photograph.gray_file), "--at", "256,330", "--json", *route]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert (answers[0]["x"], answers[0]["y"], len(answers[0]["colors"])) == (256, 330, 9)
    assert 0.0 < answers[0]["uncertainty"] < 1.0


def test_what_is_printed_can_be_given_as_a_palette(photograph: Photograph, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suggest", str(photograph.gray_file), "--at", "100,400", "--count", "4", "--no-engine"]) == 0
    assert len(parse_hex(capsys.readouterr().out.strip()).colors) == 4


def test_a_map_of_uncertainty_is_a_gray_picture_of_the_same_size(photograph: Photograph, tmp_path: Path) -> None:
    target = tmp_path / "map.png"
    command = ["suggest", str(photograph.gray_file), "--uncertainty", str(target), "--no-engine"]
    assert run(command) == 0
    pixels = read_picture(target).pixels
    assert pixels.shape == (512, 512, 1)
    assert np.ptp(pixels) > 30
    assert run(command) == 2  # exists already
    assert run([*command, "--force"]) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "say which pixel with --at X,Y"),
        (["--at", "here"], "expected a pixel as X,Y"),
        (["--at", "512,0"], "inside the picture of 512x512"),
    ],
)
def test_faults_in_one_line(
    photograph: Photograph, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert run(["suggest", str(photograph.gray_file), "--no-engine", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_input_is_never_overwritten(photograph: Photograph, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(photograph.gray_file)
    assert run(["suggest", name, "--uncertainty", name, "--force"]) == 2
    assert "would overwrite the input" in capsys.readouterr().err
