"""`handtint colorize` on a real photograph through a real engine process: promises kept, faults in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import color

from handtint.cli.backend import _InProcess
from handtint.cli.files import PictureFile, read_picture, write_picture
from handtint.cli.main import run
from handtint.colorizers.base import Colorizer
from handtint.colorizers.registry import load
from handtint.server.cache import Cache
from handtint.server.service import Service
from handtint.wire.messages import Colorize, Colorized
from handtint.wire.pixels import Extent, PixelFormat, Plane

from .conftest import DABS, Photograph

pytestmark = pytest.mark.usefixtures("runtime")


def promised(gray: np.ndarray, row: int, column: int, rgb: tuple[int, int, int]) -> np.ndarray:
    """Lab of the promise at the 15 x 15 px in the middle of a dab: the picture's L with the hint's ab."""
    patch = gray[row - 7 : row + 8, column - 7 : column + 8]
    lab = color.rgb2lab(np.repeat(patch[..., None], 3, axis=2))
    lab[..., 1:] = color.rgb2lab(np.array([[rgb]], np.uint8))[0, 0, 1:]
    return lab


def in_gamut(lab: np.ndarray) -> np.ndarray:
    """Where a color survives the way to sRGB and back."""
    back = color.rgb2lab(np.clip(color.lab2rgb(lab), 0, 1))
    return np.linalg.norm(back - lab, axis=-1) < 0.5


def test_a_full_gpu_is_spared_without_an_engine_too() -> None:
    """The steps are the engine's own."""
    tried: list[str] = []

    def build(name: str, device: str) -> Colorizer:
        tried.append(device)
        if device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return load(name, device)

    service = Service(device="cuda", cache=Cache(1 << 20), load=build, threads=1)
    base = Plane(PixelFormat.gray8, Extent(8, 6), bytes(48))
    answer = _InProcess(service).call(Colorize(1, "d", base, "scribble"))
    assert isinstance(answer, Colorized)
    assert "CPU" in answer.notes[-1]
    assert tried == ["cuda", "cuda", "cuda/2", "cpu"]
    service.close()


@pytest.mark.parametrize("route", [[], ["--no-engine"]])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_hints_are_met_and_lightness_stays(
    photograph: Photograph, tmp_path: Path, route: list[str], dtype: type
) -> None:
    source, out = photograph.gray_file, tmp_path / "out.png"
    if dtype is np.uint16:
        source = tmp_path / "gray16.png"
        write_picture(source, PictureFile(photograph.gray[..., None].astype(np.uint16) * 257))
    options = ["--hints", str(photograph.hints_file), "--method", "scribble", *route]
    assert run(["colorize", str(source), "-o", str(out), *options]) == 0
    result = read_picture(out).pixels
    assert result.shape == (512, 512, 3)
    assert result.dtype == dtype
    lab = color.rgb2lab(result.astype(np.float64) / np.iinfo(dtype).max)
    for row, column, rgb in DABS:
        want = promised(photograph.gray, row, column, rgb)
        got = lab[row - 7 : row + 8, column - 7 : column + 8]
        errors = color.deltaE_ciede2000(want, got)[in_gamut(want)]
        assert errors.size > 100
        assert errors.mean() < 0.5
        assert errors.max() < 2.3
    base = color.rgb2lab(np.repeat(photograph.gray[..., None], 3, axis=2))[..., 0]
    # 8-bit rounding of three channels moves L* by 0.3 at most; only black's neighbourhood is steeper.
    assert np.abs(lab[..., 0] - base).max() < (0.5 if dtype is np.uint8 else 0.02)
    assert np.linalg.norm(lab[..., 1:], axis=-1).mean() > 5


def test_with_and_without_the_engine_the_answer_is_the_same(photograph: Photograph, tmp_path: Path) -> None:
    for name, route in (("a.png", []), ("b.png", ["--no-engine"])):
        command = ["colorize", str(photograph.gray_file), "-o", str(tmp_path / name), *route]
        assert run([*command, "--method", "scribble", "--hints", str(photograph.hints_file)]) == 0
    a, b = read_picture(tmp_path / "a.png").pixels, read_picture(tmp_path / "b.png").pixels
    np.testing.assert_array_equal(a, b)


def test_the_default_method_colors_by_itself_and_follows_a_palette(photograph: Photograph, tmp_path: Path) -> None:
    means = {}
    for name, colors in (("none", []), ("blue", ["--palette", "#2040a0,#6080c0,#102040"])):
        out = tmp_path / f"{name}.png"
        assert run(["colorize", str(photograph.gray_file), "-o", str(out), *colors]) == 0
        means[name] = color.rgb2lab(read_picture(out).pixels)[..., 1:].mean(axis=(0, 1))
    assert means["blue"][1] < means["none"][1] - 5


def test_strength_scales_the_color(photograph: Photograph, tmp_path: Path) -> None:
    chroma = []
    for strength in ("0", "0.5", "1"):
        out = tmp_path / f"{strength}.png"
        options = ["--hints", str(photograph.hints_file), "--method", "scribble", "--strength", strength]
        assert run(["colorize", str(photograph.gray_file), "-o", str(out), *options]) == 0
        chroma.append(np.linalg.norm(color.rgb2lab(read_picture(out).pixels)[..., 1:], axis=-1).mean())
    assert chroma[0] < 0.1
    assert chroma[1] == pytest.approx(chroma[2] / 2, rel=0.05)


def test_softness_lets_go_of_hints(photograph: Photograph, tmp_path: Path) -> None:
    off = []
    for softness in ("0", "1"):
        out = tmp_path / f"{softness}.png"
        options = ["--hints", str(photograph.hints_file), "--softness", softness]
        assert run(["colorize", str(photograph.gray_file), "-o", str(out), *options]) == 0
        lab, errors = color.rgb2lab(read_picture(out).pixels), []
        for row, column, rgb in DABS:
            want = promised(photograph.gray, row, column, rgb)
            errors.append(color.deltaE_ciede2000(want, lab[row - 7 : row + 8, column - 7 : column + 8])[in_gamut(want)])
        off.append(np.concatenate(errors).mean())
    assert off[0] < 0.5
    assert off[1] > 2 * off[0]


def test_json_says_what_was_done(photograph: Photograph, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.png"
    assert run(["colorize", str(photograph.gray_file), "-o", str(out), "--method", "scribble", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["output"], row["method"], row["width"], row["height"]) == (str(out), "scribble", 512, 512)


def test_one_bad_picture_does_not_stop_the_others(
    photograph: Photograph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    command = ["colorize", str(bad), str(photograph.gray_file), "--out-dir", str(folder), "--method", "scribble"]
    assert run(command) == 2
    assert sorted(path.name for path in folder.iterdir()) == [".handtint.jsonl", "gray.png"]
    assert capsys.readouterr().err.splitlines()[-1] == "handtint: 1 of 2 pictures failed"


def test_an_index_map_is_read_as_numbers_and_refused_by_a_method_without_maps(
    photograph: Photograph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(tmp_path / "map.png", PictureFile(np.full((512, 512, 1), 3, np.uint8)))
    command = ["colorize", str(photograph.gray_file), "--method", "scribble", "--semantic", str(tmp_path / "map.png")]
    assert run(command) == 2
    assert "does not take semantic" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--hints", "missing.png"], 2, "no such file"),
        (["--hints", "{gray}"], 2, "transparency"),
        (["--hints", "{small}"], 2, "picture's size 512x512, got 8x8"),
        (["--palette", "#12345"], 2, "expected colors like"),
        (["--palette", "missing.jpg"], 2, "expected a palette"),
        (["--method", "magic"], 2, "unknown method 'magic'"),
        (["--reach", "2"], 2, "reach"),
        (["--out-dir", "missing"], 2, "existing folder"),
        (["-o", "{gray}"], 2, "overwrite an input"),
        (["-o", "out.gif"], 2, "ending in"),
        (["--frobnicate"], 2, "No such option"),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_written(
    photograph: Photograph,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    small = tmp_path / "small.png"
    write_picture(small, PictureFile(np.zeros((8, 8, 4), np.uint8)))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    filled = [option.format(gray=photograph.gray_file, small=small) for option in options]
    assert run(["colorize", str(photograph.gray_file), *filled]) == code
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_engine_that_cannot_be_started_is_exit_3(
    photograph: Photograph, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    monkeypatch.setenv("HANDTINT_RUNTIME", str(empty))
    monkeypatch.setenv("HANDTINT_ENGINE", str(tmp_path / "no-such-program"))
    assert run(["colorize", str(photograph.gray_file)]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no-such-program" in error
    assert not (tmp_path / "gray-color.png").exists()
