"""Section `files`: a folder of thousands of pictures that is killed again and again, and the same on a Dask cluster."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from handtint.bench.processes import until
from handtint.bench.reliability import Effort, Row
from handtint.cli.files import PictureFile, write_picture
from handtint.errors import InputError

PICTURES = 2_000
_BAD_SHARE = 100
"""One file in so many is none."""
_KILLS = 3
_PATIENCE = 3_600.0
_SIZE = (48, 64)
_SAID = "said.txt"
_OPTIONS = ("--method", "scribble", "--device", "cpu")


class Scans(NamedTuple):
    """A folder of pictures, how many there are, and how many of them are broken."""

    folder: Path
    pictures: int
    bad: int


def many_files(effort: Effort) -> list[Row]:
    """All rows of the section."""
    if importlib.util.find_spec("distributed") is None:
        raise InputError("a cluster needs Dask, which is not installed; run: pip install 'handtint[cluster]'")
    scans = _scans(effort)
    effort.note(f"coloring {scans.pictures} pictures")
    whole = effort.folder / "whole"
    _run(_colorize(scans, whole), whole)
    expected = contents(whole)
    return [folder_row(effort, scans, expected), *cluster_rows(effort, scans, expected)]


def _scans(effort: Effort) -> Scans:
    folder, count = effort.folder / "scans", effort.times(PICTURES, 24)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(effort.seed)
    bad = range(7, count, min(_BAD_SHARE, count // 2))
    for index in range(count):
        path = folder / f"{index:05}.png"
        if index in bad:
            path.write_bytes(b"no picture")
        else:
            write_picture(path, PictureFile(rng.integers(0, 256, (*_SIZE, 1), np.uint8)))
    return Scans(folder, count, len(bad))


def _colorize(scans: Scans, out: Path) -> list[str]:
    out.mkdir(exist_ok=True)
    return ["colorize", str(scans.folder), "--out-dir", str(out), "--no-engine", *_OPTIONS]


def folder_row(effort: Effort, scans: Scans, expected: dict[str, bytes]) -> Row:
    """kill -9 in the middle, several times; then to the end."""
    kills = effort.times(_KILLS)
    effort.note(f"coloring them once more, killed {kills} times")
    out = effort.folder / "killed"
    command, wrong = _colorize(scans, out), []
    kept: dict[str, int] = {}
    for index in range(kills):
        with _started(command, out) as process:
            _wait_for(scans.pictures * (index + 1) // (kills + 1), out, process)
            process.kill()
        now = _done(out)
        wrong += [f"{name} was made anew" for name in kept if kept[name] != now.get(name)]
        kept = now
    said = _run(command, out)
    now = _done(out)
    wrong += [f"{name} was made anew" for name in kept if kept[name] != now.get(name)]
    wrong += _differences(contents(out), expected)
    if f"{len(kept)} pictures were done before" not in said or not _all_told(scans, said):
        wrong.append(f"it said at the end: {said[-200:]}")
    result = (
        f"{scans.pictures:,} pictures: what was done stays ({len(kept):,} before the last run), the result is that of "
        f"an undisturbed run, {scans.bad} failures told at the end"
    )
    what = f"handtint colorize --out-dir (kill -9: {kills})"
    return Row(what, "; ".join(wrong[:5]) or result, not wrong, {"pictures": scans.pictures, "kept": len(kept)})


def cluster_rows(effort: Effort, scans: Scans, expected: dict[str, bytes]) -> Iterator[Row]:
    """Two workers; and once more, with one of them killed on the way."""
    for killed in (False, True):
        effort.note(f"spreading them over a cluster{', one worker killed' if killed else ''}")
        out = effort.folder / f"cluster-{killed}"
        out.mkdir()
        with _cluster() as cluster:
            address = cluster.scheduler_address
            command = ["batch", str(scans.folder), "--out-dir", str(out), "--scheduler", address, *_OPTIONS]
            with _started(command, out) as process:
                if killed:
                    _wait_for(scans.pictures // 4, out, process)
                    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
                process.wait()
            said = (out / _SAID).read_text(encoding="utf-8")
        wrong = _differences(contents(out), expected)
        if not _all_told(scans, said):
            wrong.append(f"it said at the end: {said[-200:]}")
        what = "handtint batch on a Dask cluster of two workers" + (", one of them killed" if killed else "")
        result = f"{scans.pictures:,} pictures, the result is that of this machine alone, {scans.bad} failures told"
        yield Row(what, "; ".join(wrong[:5]) or result, not wrong, {"pictures": scans.pictures})


@contextmanager
def _cluster() -> Iterator[Any]:
    with warnings.catch_warnings(action="ignore"):
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster:
            yield cluster


def contents(out: Path) -> dict[str, bytes]:
    """The pictures of a folder by name."""
    return {path.name: path.read_bytes() for path in out.glob("[0-9]*.png")}


def _differences(got: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return [f"{name} differs" for name in sorted({*got, *expected}) if got.get(name) != expected.get(name)]


def _done(out: Path) -> dict[str, int]:
    """When each picture was written."""
    return {path.name: path.stat().st_mtime_ns for path in out.glob("[0-9]*.png")}


def _all_told(scans: Scans, said: str) -> bool:
    """The rest of a killed run may be fewer pictures than all, but what failed fails again."""
    return f"{scans.bad} of " in said and "pictures failed" in said


def _wait_for(pictures: int, out: Path, process: subprocess.Popen[bytes]) -> None:
    until(lambda: len(_done(out)) >= pictures or process.poll() is not None, _PATIENCE)


@contextmanager
def _started(arguments: Sequence[str], out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What it says goes into a file: nobody reads a pipe meanwhile."""
    with (
        (out / _SAID).open("wb") as said,
        subprocess.Popen([sys.executable, "-m", "handtint", *arguments], stdout=said, stderr=said) as process,
    ):
        yield process


def _run(arguments: Sequence[str], out: Path) -> str:
    """To its end; what it said."""
    with _started(arguments, out) as process:
        process.wait()
    return (out / _SAID).read_text(encoding="utf-8")
