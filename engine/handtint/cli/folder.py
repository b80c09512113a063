"""Many pictures into one folder: which they are, which were done before, and which failed. Knows no engine.

A run that was killed goes on where it was: what was begun is written down before a picture is written, and a picture
is written whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from handtint.errors import HandtintError, InputError, PictureError

LEDGER = ".handtint.jsonl"
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Job:
    """One picture to color."""

    source: Path
    target: Path


class Ledger:
    """What was begun in an output folder, and how.

    Parameters
    ----------
    folder : Path
    settings : sequence of str
        Everything besides the picture that the result depends on; files among it as `stamp` says.
    """

    def __init__(self, folder: Path, settings: Sequence[str]) -> None:
        self._path = folder / LEDGER
        self._settings = list(settings)
        text = self._path.read_text(encoding="utf-8") if self._path.is_file() else ""
        self._begun: dict[str, str] = dict(_parse(text.splitlines()))

    def done(self, job: Job) -> bool:
        """Whether the target is there, and made of this source in this way."""
        return job.target.is_file() and self._begun.get(job.target.name) == self._digest(job)

    @contextmanager
    def making(self, job: Job) -> Iterator[None]:
        """Around the writing of a target; what a killed run left of it is taken away first."""
        if job.target.name in self._begun:
            for rest in job.target.parent.iterdir():
                if rest.name.startswith(f".{job.target.name}."):
                    rest.unlink()
        # A target that is there still (--force) is not yet what it will be.
        fresh = not job.target.exists()
        self._note(job, self._digest(job) if fresh else "")
        yield
        if not fresh:
            self._note(job, self._digest(job))

    def _note(self, job: Job, digest: str) -> None:
        self._begun[job.target.name] = digest
        line = json.dumps({"target": job.target.name, "digest": digest})
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(f"\n{line}\n")  # not behind a line that a crash cut off
        except OSError as error:
            raise PictureError(f"{self._path}: cannot be written ({error.strerror})") from error

    def _digest(self, job: Job) -> str:
        values = [stamp(job.source), *self._settings]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def stamp(path: Path) -> str:
    """A file as it is now: another content gets another stamp."""
    if not path.is_file():
        return str(path)
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"


def expand(inputs: Iterable[Path]) -> tuple[Path, ...]:
    """Files as they are named, and for each folder the pictures inside it by name."""
    found: list[Path] = []
    for path in inputs:
        inside = sorted(file for file in path.iterdir() if is_picture(file)) if path.is_dir() else [path]
        if not inside:
            raise PictureError(f"{path}: expected a folder with pictures ({', '.join(SUFFIXES)}), found none")
        found += inside
    return tuple(found)


def is_picture(path: Path) -> bool:
    """By its name alone; hidden files are none."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def plan(
    inputs: tuple[Path, ...],
    output: Path | None,
    out_dir: Path | None,
    *,
    force: bool,
    done: Callable[[Job], bool] = lambda job: False,
) -> list[Job]:
    """Pair inputs with outputs; refuse what would overwrite, before any work is done. What is done is left out."""
    if output is not None and (len(inputs) > 1 or out_dir is not None):
        raise InputError("-o takes a single input; use --out-dir for several")
    check_folder(out_dir)
    if not any(source.is_file() for source in inputs):  # several: each missing one is reported in its turn
        raise PictureError(f"{inputs[0]}: expected a picture file, but there is no such file")
    jobs = [Job(source, _target(source, output, out_dir)) for source in inputs]
    sources = {job.source.resolve() for job in jobs}
    seen: set[Path] = set()
    for job in jobs:
        target = job.target.resolve()
        if target in sources:
            raise PictureError(f"{job.target}: the output would overwrite an input; choose another name or folder")
        if target in seen:
            raise PictureError(f"{job.target}: two inputs would be written to this same name; run them apart")
        if target.exists() and not force and not done(job):
            raise PictureError(f"{job.target}: exists already; choose another name, or say --force")
        seen.add(target)
    return [job for job in jobs if force or not done(job)]


def check_folder(out_dir: Path | None) -> None:
    """PictureError where there is no such folder to write to."""
    if out_dir is not None and not out_dir.is_dir():
        raise PictureError(f"{out_dir}: expected an existing folder for --out-dir, but there is none")


@dataclass
class Tally:
    """How a run over several pictures went.

    Attributes
    ----------
    jobs : int
        Pictures to do.
    before : int
        Pictures that were done by an earlier run.
    failures : list of str
        One line each.
    code : int
        The exit code: 0 where nothing failed.
    """

    jobs: int
    before: int = 0
    failures: list[str] = field(default_factory=list)
    code: int = 0

    def fail(self, job: Job, error: HandtintError, code: int) -> None:
        text = str(error)
        self.failures.append(text if str(job.source) in text else f"{job.source}: {text}")
        self.code = max(self.code, code)


@contextmanager
def tallied(tally: Tally) -> Iterator[Tally]:
    """Say at the end what failed and what was done before, however the run ended."""
    try:
        yield tally
    finally:
        for line in tally.failures:
            click.echo(f"handtint: {line}", err=True)
        if tally.failures:
            click.echo(f"handtint: {len(tally.failures)} of {tally.jobs} pictures failed", err=True)
        if tally.before:
            click.echo(f"handtint: {tally.before} pictures were done before", err=True)


def _target(source: Path, output: Path | None, out_dir: Path | None) -> Path:
    if output is not None:
        return output
    return out_dir / source.name if out_dir is not None else source.with_name(f"{source.stem}-color{source.suffix}")


def _parse(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Targets and digests; a line that a crash cut off says nothing."""
    for line in lines:
        try:
            entry = json.loads(line)
            yield str(entry["target"]), str(entry["digest"])
        except (ValueError, KeyError, TypeError):
            continue
