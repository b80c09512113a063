"""Section `bytes`: the fuzzer over codec, client and engine, an assault on a real engine's port, and crowds at it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from handtint.bench.crowd import crowd_rows
from handtint.bench.fuzz import Fuzzed, fuzz
from handtint.bench.fuzz_live import assault
from handtint.bench.processes import engine_in
from handtint.bench.reliability import Effort, Row, megabytes

FUZZED = {"codec": 300_000, "client": 550_000, "engine": 50_000}
"""Inputs for each target at scale 1; with those of the live engine a million."""
LIVE = 100_000
_AT_ONCE = 2
"""Fuzzers, each a process of its own."""
_GROWTH = 64 << 20
"""Bytes by which a process may have grown at the end."""


def bad_bytes(effort: Effort) -> list[Row]:
    """All rows of the section."""
    with ThreadPoolExecutor(_AT_ONCE) as several:
        fuzzed = several.map(lambda target: _fuzz_row(target, FUZZED[target], effort), FUZZED)
    return [*fuzzed, live_row(effort), *crowd_rows(effort)]


def _fuzz_row(target: str, count: int, effort: Effort) -> Row:
    effort.note(f"fuzzing the {target}")
    found = fuzz(target, effort.folder / target, inputs=effort.times(count), seed=effort.seed + 1)
    what = f"{target}: inputs led by coverage"
    return Row(what, _fuzz_words(found), not found.crash, found._asdict())


def _fuzz_words(found: Fuzzed) -> str:
    words = f"{found.inputs:,} inputs, {found.covered} branches, peak {megabytes(found.peak_bytes)}, "
    return words + (f"broken: {found.crash}" if found.crash else "none broke it")


def live_row(effort: Effort) -> Row:
    """A real engine process under bad bytes."""
    effort.note("throwing bytes at a real engine")
    with engine_in(effort.folder / "runtime") as (engine, connection):
        found = assault(engine, connection, inputs=effort.times(LIVE), seed=effort.seed)
        sent, grown = sum(found.inputs.values()), found.after - found.before
        result = f"{sent:,} inputs, {found.honest:,} honest requests between them answered, grew by {megabytes(grown)}"
        figures = {**found.inputs, "honest": found.honest, "grown_bytes": grown, "engines": len(found.pids)}
    return Row("a running engine: bad bytes at its port", result, len(found.pids) == 1 and grown < _GROWTH, figures)
