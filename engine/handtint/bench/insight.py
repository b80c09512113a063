"""Section `insight`: `handtint status`, the log and `handtint doctor` say what is, and nothing of the pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from handtint.bench.caller import Caller
from handtint.bench.honest import request
from handtint.bench.installation import Installation
from handtint.bench.processes import engine_in
from handtint.bench.reliability import Effort, Row, megabytes
from handtint.server.logs import NAME
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, encode
from handtint.wire.connection import Connection
from handtint.wire.pixels import Extent, PixelFormat, Plane

REQUESTS, LINES = 1_000, 50_000
_PATIENCE = 120.0
_AT_ONCE = 100
_LOG_BYTES = 4 << 20
"""Four files of a megabyte each."""
SECRETS = ("aunt-emma.kra", "grandmothers-dress", "PIXELSPIXELS")
"""A document, a palette and pixels."""


def insight(effort: Effort) -> list[Row]:
    """All rows of the section."""
    return [status_row(effort), log_row(effort), doctor_row(effort)]


def status_row(effort: Effort) -> Row:
    """Ask for so much of each kind, and compare with what `handtint status` says."""
    effort.note("counting requests")
    folder, times = effort.folder / "status", effort.times(REQUESTS, 10)
    gray = Plane(PixelFormat.gray8, Extent(40, 30), bytes(range(240)) * 5)
    asked: Counter[tuple[str, str]] = Counter()
    with engine_in(folder) as (_, connection), Caller(connection) as caller:
        works = (
            m.Colorize(0, "one", gray, "scribble"),
            m.Colorize(0, "two", gray, "scribble", replace(gray, extent=Extent(30, 40))),
            m.ExtractPalette(0, gray, 3),
        )
        for index in range(times):
            work = works[index % len(works)]
            answer = caller.call(work)
            failed = isinstance(answer, m.Failure)
            asked[work.method if isinstance(work, m.Colorize) else work.type, "failed" if failed else "answered"] += 1
        said = json.loads(_command(("status", "--json"), {"HANDTINT_RUNTIME": str(folder)}).stdout)
    wrong = list(miscounted(said, asked, connection))
    result = f"{times:,} requests of {len(asked)} kinds: counts right, with median and p95 of each method"
    return Row("what handtint status says", "; ".join(wrong) or result, not wrong, {"requests": times})


def miscounted(said: Mapping[str, Any], asked: Counter[tuple[str, str]], connection: Connection) -> Iterator[str]:
    """What a status says that is not so."""
    counted = {(use["name"], kind): use[kind] for use in said["used"] for kind in ("answered", "failed") if use[kind]}
    if counted != dict(asked):
        yield f"expected the counts {dict(asked)}, got {counted}"
    if said["served"] != asked.total() or said["waiting"] or said["pid"] != connection.pid:
        yield f"expected {asked.total()} served by process {connection.pid}, got {said['served']} by {said['pid']}"
    if not all(0.0 < use["median"] <= use["high"] for use in said["used"] if use["answered"]):
        yield "latencies are missing"
    if not (said["uptime"] > 0.0 and said["memory"] > 0 and 0 < said["cached_bytes"] <= said["memory_budget"]):
        yield "uptime, memory or cache are missing"


def log_row(effort: Effort) -> Row:
    """Have the engine log for days in a minute: messages that cannot be read, and honest ones with secrets in them."""
    effort.note("filling the log")
    folder, lines = effort.folder / "log", effort.times(LINES, _AT_ONCE)
    document, palette, pixels = SECRETS
    gray = Plane(PixelFormat.gray8, Extent(len(pixels), 1), pixels.encode())
    secret = m.Colorize(1, document, gray, "scribble", palette=m.Palette((m.Color(0.1, 0.2, 0.3),), (), palette))
    header, plane = (bytes(frame) for frame in encode(secret)[1:3])
    with engine_in(folder) as (_, connection), Caller(connection) as caller:
        for _ in range(0, lines, _AT_ONCE):
            for cut in range(_AT_ONCE):
                caller.send_frames([MAGIC, header[: -1 - cut % len(header)], plane])
            for _ in range(_AT_ONCE):
                caller.receive()
        for work in (secret, replace(secret, method="none"), replace(secret, hints=gray), request()):
            caller.call(work)
        files = {path: path.read_bytes() for path in folder.glob(f"{NAME}*")}
    return log_verdict(lines, files, (*SECRETS, connection.token))


def log_verdict(lines: int, files: Mapping[Path, bytes], secrets: Sequence[str]) -> Row:
    """Held where the files stay within their bounds and none of the secrets is in them."""
    found = [secret for secret in secrets if any(secret.encode() in content for content in files.values())]
    nbytes = sum(len(content) for content in files.values())
    result = f"{len(files)} files of {megabytes(nbytes)} in all after {lines:,} lines; " + (
        f"{', '.join(found)} stand there" if found else "no document, palette, pixel or token in them"
    )
    figures = {"lines": lines, "bytes": nbytes, "files": len(files)}
    return Row("the engine's log", result, not found and 0 < nbytes <= _LOG_BYTES and len(files) <= 4, figures)


def doctor_row(effort: Effort) -> Row:
    """Break what can be broken without harm; `handtint doctor` must find each, and say how it is mended."""
    effort.note("breaking things for the doctor")
    folder = effort.folder / "doctor"
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, parents=True)
    own = Installation(folder / "copy")
    environment = {
        "HANDTINT_RUNTIME": str(runtime), "HANDTINT_WEIGHTS": str(own.weights), "HANDTINT_ENGINE": "/nowhere/handtint",
        "PATH": "/nowhere", "HOME": str(folder),
    }  # fmt: skip
    before = _findings(environment, "--no-engine")
    runtime.chmod(0o755)
    own.replace("unified.safetensors", b"not weights")
    broken = _findings(environment)
    return doctor_verdict(before, broken)


BROKEN = ("engine's folder", "weights 'unified'", "engine", "editors")
"""What is broken for the doctor: each is a line of its own."""


def doctor_verdict(before: Mapping[str, str], broken: Mapping[str, str]) -> Row:
    """Held where each of BROKEN is found, with its fix, and only the editors were missing before."""
    missed = [what for what in BROKEN if not broken.get(what)]
    early = [what for what, fix in before.items() if fix and what != "editors"]
    result = f"{len(BROKEN) - len(missed)} of {len(BROKEN)} found, each with what mends it" + (
        f"; not found: {', '.join(missed)}" if missed else ""
    )
    if early:
        result += f"; found before they were broken: {', '.join(early)}"
    return Row("things broken for handtint doctor", result, not missed and not early, {"broken": len(BROKEN)})


def _findings(environment: Mapping[str, str], *options: str) -> dict[str, str]:
    """What the doctor looked at, and the fix of each."""
    done = _command(("doctor", "--json", *options), environment)
    return {finding["what"]: finding["fix"] for finding in json.loads(done.stdout)}


def _command(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "handtint", *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=_PATIENCE,
    )  # fmt: skip
