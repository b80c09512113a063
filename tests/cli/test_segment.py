"""`handtint segment` and maps for `colorize`, through a real engine process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handtint.cli.files import read_picture
from handtint.cli.main import run
from handtint.weights import read_classes

from .conftest import Photograph

pytestmark = pytest.mark.usefixtures("runtime")
COLORS = np.array([entry.color for entry in read_classes()], np.uint8)


@pytest.mark.parametrize("route", [[], ["--no-engine"]])
def test_a_map_is_written_edited_and_obeyed(
    photograph: Photograph, tmp_path: Path, route: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    gray, target = str(photograph.gray_file), tmp_path / "map.png"
    assert run(["segment", gray, "-o", str(target), "--json", *route]) == 0
    listed = json.loads(capsys.readouterr().out)
    with Image.open(target) as image:
        numbers, shown = np.array(image), np.asarray(image.convert("RGB"))
    assert numbers.shape == (512, 512)
    assert np.array_equal(shown, COLORS[numbers])
    assert {entry["index"] for entry in listed} == set(np.unique(numbers).tolist())
    assert listed[0]["share"] == pytest.approx((numbers == listed[0]["index"]).mean(), abs=1e-3)

    numbers[400:, :200] = next(entry.index for entry in read_classes() if entry.name == "grass")
    Image.fromarray(COLORS[numbers]).save(tmp_path / "edited.png")
    for name, options in (("plain", []), ("edited", ["--semantic", str(tmp_path / "edited.png")])):
        out = str(tmp_path / f"{name}-out.png")
        assert run(["colorize", gray, "-o", out, "--method", "semantic", *options, *route]) == 0
    assert capsys.readouterr().err == ""
    plain, edited = (read_picture(tmp_path / f"{name}-out.png").pixels.astype(int) for name in ("plain", "edited"))
    change = np.abs(edited - plain).mean(axis=2)
    assert change[420:500, 20:180].mean() > 4 * change[:350].mean()


def test_colors_that_are_no_classes_are_named(
    photograph: Photograph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.full((512, 512, 3), (60, 155, 70), np.uint8)).save(tmp_path / "map.png")
    out = str(tmp_path / "out.png")
    options = ["--method", "semantic", "--semantic", str(tmp_path / "map.png")]
    assert run(["colorize", str(photograph.gray_file), "-o", out, *options]) == 0
    assert "no class's color" in capsys.readouterr().err


def test_a_legend_for_people(photograph: Photograph, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["segment", str(photograph.gray_file), "--legend"]) == 0
    first = capsys.readouterr().out.splitlines()[0].split()
    assert first[0].startswith("#")
    assert first[2].endswith("%")
    assert photograph.gray_file.with_name("gray-map.png").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["missing.png"], "no such file"),
        (["{gray}", "-o", "{gray}"], "overwrite"),
        (["{gray}", "-o", "{map}"], "exists already"),
        (["{gray}", "-o", "{folder}/no/map.png"], "expected an existing folder"),
        (["{gray}", "-o", "{folder}/map.jpg"], "ending in .png"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    photograph: Photograph, tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "map.png").write_bytes(b"something")
    names = {"gray": photograph.gray_file, "map": tmp_path / "map.png", "folder": tmp_path}
    assert run(["segment", *(option.format(**names) for option in options), "--no-engine"]) == 2
    assert words in capsys.readouterr().err
    assert (tmp_path / "map.png").read_bytes() == b"something"
