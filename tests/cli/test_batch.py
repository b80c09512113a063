"""A folder on a Dask cluster of two workers: the result is that of this machine, also where a worker is killed."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handtint.cli import batch
from handtint.cli.batch import Order, Refused, color_bytes, spread
from handtint.cli.files import PictureFile, write_picture
from handtint.cli.folder import Job, Ledger, Tally
from handtint.cli.main import run

COUNT = 8
ORDER = Order("scribble", None, None, 0.5, 1.0, "cpu")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings(action="ignore"):
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as local:
            yield local


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for index in range(COUNT):
        write_picture(folder / f"{index}.png", PictureFile(rng.integers(0, 256, (50, 70, 1), np.uint8)))
    return folder


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("[0-9]*.png")}


def test_the_cluster_gives_what_this_machine_gives(
    cluster: Any, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "5.png").write_bytes(b"no picture")
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    options = ["--method", "scribble", "--device", "cpu", "--strength", "0.8"]
    assert run(["colorize", str(scans), "--out-dir", str(here), "--no-engine", *options]) == 2
    capsys.readouterr()
    command = ["batch", str(scans), "--out-dir", str(there), "--scheduler", cluster.scheduler_address, *options]
    assert run(command) == 2
    said = capsys.readouterr().err
    assert "5.png: expected a PNG" in said
    assert f"1 of {COUNT} pictures failed" in said
    assert len(contents(here)) == COUNT - 1
    assert contents(there) == contents(here)
    assert run(command) == 2
    assert f"{COUNT - 1} pictures were done before" in capsys.readouterr().err


def test_what_a_killed_worker_had_is_done_by_another(
    cluster: Any, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "killed"
    monkeypatch.setattr(batch, "color_bytes", DyingOnce(mark))
    out = folder(tmp_path / "out")
    jobs = [Job(source, out / source.name) for source in sorted(scans.iterdir())]
    tally = Tally(len(jobs))
    spread(jobs, ORDER, cluster.scheduler_address, tally, Ledger(out, []))
    assert mark.exists(), "no worker was killed"
    assert tally.failures == []
    assert len(contents(out)) == COUNT


class DyingOnce:
    """What a worker runs: the first of all kills its process in the middle of the work."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark
        self.__name__ = "dying_once"

    def __call__(self, name: str, data: bytes, order: Order) -> bytes | Refused:
        try:
            self.mark.touch(exist_ok=False)
        except FileExistsError:
            return color_bytes(name, data, order)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_worker_refuses_in_a_sentence_without_its_own_folders() -> None:
    answer = color_bytes("a.png", b"no picture", ORDER)
    assert isinstance(answer, Refused)
    assert answer.text.startswith("a.png: expected a PNG")
    assert answer.code == 2


def test_no_scheduler_is_told(scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(batch, "_CONNECT_SECONDS", 1.0)
    command = ["batch", str(scans), "--out-dir", str(folder(tmp_path / "out")), "--scheduler", "tcp://127.0.0.1:9"]
    assert run(command) == 3
    assert "expected a Dask scheduler at tcp://127.0.0.1:9" in capsys.readouterr().err
