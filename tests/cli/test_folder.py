"""Folders of pictures: a run that was killed goes on where it was, and nothing is taken for done that is not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from handtint.cli.files import PictureFile, read_picture, write_picture
from handtint.cli.folder import LEDGER, Job, Ledger, expand, plan
from handtint.cli.main import run
from handtint.errors import PictureError

COUNT = 12


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder of gray pictures, something else, and a hidden file."""
    folder = tmp_path / "scans"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(COUNT):
        write_picture(folder / f"{index:02}.png", PictureFile(rng.integers(0, 256, (40, 60, 1), np.uint8)))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def command(scans: Path, out: Path, *options: str) -> list[str]:
    return ["colorize", str(scans), "--out-dir", str(out), "--method", "scribble", "--no-engine", *options]


def test_a_folder_stands_for_its_pictures(scans: Path, tmp_path: Path) -> None:
    assert [path.name for path in expand((scans,))] == [f"{index:02}.png" for index in range(COUNT)]
    assert expand((tmp_path / "missing.png",)) == (tmp_path / "missing.png",)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="folder with pictures"):
        expand((tmp_path / "empty",))


def test_a_killed_run_goes_on_where_it_was(scans: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = subprocess.Popen([sys.executable, "-m", "handtint", *command(scans, out)], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while len(list(out.glob("*.png"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < end
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("[0-9]*.png")}
    # What a kill in the middle of writing leaves behind.
    half = out / f".{max(before)}.abcd1234"
    half.write_bytes(b"half")
    assert run(command(scans, out)) == 0
    assert f"{len(before)} pictures were done before" in capsys.readouterr().err
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert len(list(out.glob("[0-9]*.png"))) == COUNT
    assert all(read_picture(path).size == (40, 60) for path in out.glob("[0-9]*.png"))
    # All was done by now: nothing is opened, no engine is needed.
    assert run(command(scans, out)) == 0
    assert f"{COUNT} pictures were done before" in capsys.readouterr().err


def test_other_settings_are_other_pictures(scans: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command(scans, out)) == 0
    assert run(command(scans, out, "--strength", "0.5")) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(command(scans, out, "--strength", "0.5", "--force")) == 0
    capsys.readouterr()
    assert run(command(scans, out, "--strength", "0.5")) == 0
    assert f"{COUNT} pictures were done before" in capsys.readouterr().err


def test_failures_come_at_the_end_and_are_tried_again(
    scans: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = (scans / "03.png").read_bytes()
    (scans / "03.png").write_bytes(b"no picture")
    assert run(command(scans, out)) == 2
    last = capsys.readouterr().err.splitlines()[-2:]
    assert "03.png" in last[0]
    assert last[1] == f"handtint: 1 of {COUNT} pictures failed"
    (scans / "03.png").write_bytes(good)
    assert run(command(scans, out)) == 0
    assert (out / "03.png").is_file()


@pytest.fixture
def job(tmp_path: Path, out: Path) -> Job:
    source = tmp_path / "a.png"
    source.write_bytes(b"one")
    return Job(source, out / "a.png")


def test_done_is_what_was_begun_and_is_there(job: Job, out: Path) -> None:
    ledger = Ledger(out, ["x"])
    with ledger.making(job):
        assert not ledger.done(job)
        job.target.write_bytes(b"colored")
    assert Ledger(out, ["x"]).done(job)
    assert not Ledger(out, ["y"]).done(job)
    job.source.write_bytes(b"another")
    assert not Ledger(out, ["x"]).done(job)


def test_a_target_that_was_to_be_replaced_is_not_done(job: Job, out: Path) -> None:
    job.target.write_bytes(b"of another run")
    with pytest.raises(KeyboardInterrupt), Ledger(out, ["x"]).making(job):
        raise KeyboardInterrupt
    assert not Ledger(out, ["x"]).done(job)
    with Ledger(out, ["x"]).making(job):
        job.target.write_bytes(b"colored")
    assert Ledger(out, ["x"]).done(job)


def test_a_line_that_was_cut_off_says_nothing(job: Job, out: Path) -> None:
    (out / LEDGER).write_text('{"target": "a.png", "dig')
    job.target.write_bytes(b"whose?")
    ledger = Ledger(out, ["x"])
    assert not ledger.done(job)
    with pytest.raises(PictureError, match="exists already"):
        plan((job.source,), None, out, force=False, done=ledger.done)
    job.target.unlink()
    with ledger.making(job):
        job.target.write_bytes(b"colored")
    assert Ledger(out, ["x"]).done(job)


def test_a_ledger_that_cannot_be_written_is_told(job: Job, out: Path) -> None:
    ledger = Ledger(out, ["x"])
    (out / LEDGER).mkdir()
    with pytest.raises(PictureError, match="cannot be written"), ledger.making(job):
        pass
