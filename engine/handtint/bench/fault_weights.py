"""Rows of section `faults`: weights missing, damaged or of another version, at an engine's start and later."""

from __future__ import annotations

import hashlib
import os
import pickle
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from handtint.bench.installation import Installation
from handtint.bench.processes import engine_in
from handtint.bench.reliability import Effort, Row
from handtint.client.blocking import Engine
from handtint.errors import EngineFailed
from handtint.weights import MANIFEST
from handtint.wire.messages import Colorize, Colorized, GetStatus, Status
from handtint.wire.pixels import Extent, PixelFormat, Plane

METHOD, OTHER = "unified", "scribble"
"""A method whose weights are broken (an engine loads it when it starts), and one that has none."""
FILE = f"{METHOD}.safetensors"
_PICKLED = "a pickle under its own checksum"
_UNPICKLED = "unpickled"
_PATIENCE = 120.0
_GRAY = Plane(PixelFormat.gray8, Extent(24, 16), bytes(range(128, 144)) * 24)


class _Bomb:
    """Makes a folder where anybody unpickles it."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._mark),)


DAMAGES: dict[str, Callable[[bytes, Installation], bytes | None]] = {
    "missing": lambda data, own: None,
    "one bit wrong": lambda data, own: data[:-1] + bytes([data[-1] ^ 1]),
    "half of it": lambda data, own: data[: len(data) // 2],
    "empty": lambda data, own: b"",
    "of another version": lambda data, own: (own.weights / "fusion.safetensors").read_bytes(),
    _PICKLED: lambda data, own: pickle.dumps(_Bomb(own.weights / _UNPICKLED)),
}
"""What takes the place of the file's content."""
_QUICK = ("one bit wrong",)
"""With these an engine of its own is started in a short run."""


def weight_rows(effort: Effort) -> Iterator[Row]:
    """Each damage before an engine starts, and to one engine that runs."""
    effort.note("breaking weights before an engine starts")
    kinds = tuple(DAMAGES) if effort.scale >= 1 else _QUICK
    wrong = [
        f"{kind}: {fault}"
        for index, kind in enumerate(kinds)
        for fault in before_the_start(effort.folder / f"weights-{index}", kind)
    ]
    yield _row("weights broken before the engine starts", len(kinds), wrong)
    effort.note("breaking the weights of an engine that runs")
    wrong = list(while_it_runs(effort.folder / "weights-of-one-that-runs"))
    yield _row("weights broken under an engine that runs", len(DAMAGES), wrong)


def _row(what: str, kinds: int, wrong: Sequence[str]) -> Row:
    result = f"{kinds} kinds of damage: refused with the file's name, other methods go on, and it once it is mended"
    return Row(what, "; ".join(wrong) or result, not wrong, {"kinds": kinds})


def before_the_start(folder: Path, kind: str) -> Iterator[str]:
    """What went wrong with an engine that starts with this damage."""
    own = _installation(folder)
    break_file(own, kind)
    with engine_in(folder / "runtime", _serve(own)) as (engine, _):
        yield from _faults(engine, own)


def while_it_runs(folder: Path) -> Iterator[str]:
    """What went wrong with one engine that meets every damage, before it has loaded the method and after."""
    own = _installation(folder)
    break_file(own, "missing")  # so that nothing of it is in memory before the first damage
    with engine_in(folder / "runtime", _serve(own)) as (engine, connection):
        for kind in DAMAGES:
            break_file(own, kind)
            yield from (f"{kind}: {fault}" for fault in _refusals(engine, own))
        yield from _faults_once_mended(engine, own)
        for kind in DAMAGES:
            break_file(own, kind)
            if _ask(engine, METHOD):
                yield f"{kind}: what is in memory is not used"
        status = engine.call(GetStatus(0), timeout=_PATIENCE)
        if not isinstance(status, Status) or status.pid != connection.pid:
            yield "the engine ended"


def break_file(own: Installation, kind: str) -> None:
    """Do it to the method's file; where a pickle is to be tried, the manifest is made to agree."""
    own.mend(FILE)
    own.mend(MANIFEST)
    manifest, data = own.weights / MANIFEST, (own.weights / FILE).read_bytes()
    content = DAMAGES[kind](data, own)
    own.replace(FILE, content)
    if kind == _PICKLED and content is not None:
        text = manifest.read_text(encoding="utf-8")
        listed = tomllib.loads(text)[METHOD]["sha256"]
        own.replace(MANIFEST, text.replace(listed, hashlib.sha256(content).hexdigest()).encode())


def _faults(engine: Engine, own: Installation) -> Iterator[str]:
    yield from _refusals(engine, own)
    yield from _faults_once_mended(engine, own)


def _refusals(engine: Engine, own: Installation) -> Iterator[str]:
    said = _ask(engine, METHOD)
    if str(own.weights / FILE) not in said:
        yield f"expected a refusal that names the file, got '{said or 'colors'}'"
    if (own.weights / _UNPICKLED).exists():
        yield "it was run"
    if said := _ask(engine, OTHER):
        yield f"another method is refused: {said}"


def _faults_once_mended(engine: Engine, own: Installation) -> Iterator[str]:
    own.mend(FILE)
    own.mend(MANIFEST)
    if said := _ask(engine, METHOD):
        yield f"refused still when it is mended: {said}"


def _ask(engine: Engine, method: str) -> str:
    """Ask for colors; what was said instead."""
    try:
        answer = engine.call(Colorize(0, "weights", _GRAY, method), timeout=_PATIENCE)
    except EngineFailed as error:
        return str(error)
    return "" if isinstance(answer, Colorized) and answer.method == method else f"got {answer.type}"


def _installation(folder: Path) -> Installation:
    folder.mkdir(mode=0o700, parents=True)
    return Installation(folder / "copy")


def _serve(own: Installation) -> list[str]:
    return own.command("serve", "--device", "cpu", "--idle-exit", "10")
