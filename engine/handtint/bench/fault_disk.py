"""Row of section `faults`: a disk that is full at any byte of what is written. Limits of the system stand in for it."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from handtint.bench.reliability import Effort, Row
from handtint.cli.files import PictureFile, write_picture
from handtint.errors import HandtintError
from handtint.wire.connection import FILE_NAME, Connection, write_connection

LIMITS = 200
_BEFORE = b"of before"


def _write_connection(path: Path) -> None:
    write_connection(path, Connection("127.0.0.1", 1, 1, "1.0", "t" * 100, "0"))


def _write_picture(path: Path) -> None:
    write_picture(path, PictureFile(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)))


WRITERS: dict[str, Callable[[Path], None]] = {FILE_NAME: _write_connection, "out.png": _write_picture}


def disk_row(effort: Effort) -> Row:
    """Connection files and pictures, over nothing and over one of before, on a disk that takes ever more bytes."""
    effort.note("filling the disk")
    folder = effort.folder / "disk"
    folder.mkdir(mode=0o700, parents=True)
    limits = effort.times(LIMITS, 5)
    script = f"import sys; from {__name__} import main; main(sys.argv[1], int(sys.argv[2]))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(limits)], capture_output=True, text=True, check=True
    )
    times, wrong = json.loads(done.stdout)
    result = f"{times} writes cut off at every length: each refused, nothing half written, what was there is there"
    return Row("a full disk at connection file and output", "; ".join(wrong) or result, not wrong, {"times": times})


def main(folder: str, limits: int) -> None:
    """In a process of its own, whose files may be so long and no longer."""
    # Without this, the system would end the process; so it is told what a full disk tells.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    wrong: list[str] = []
    times = 0
    for name, write in WRITERS.items():
        target = Path(folder) / name
        write(target)
        whole = target.stat().st_size
        for limit in np.linspace(0, whole - 1, limits).astype(int).tolist():
            for before in (None, _BEFORE):
                times += 1
                wrong += [f"{name} at {limit} bytes: {fault}" for fault in _cut_off(target, write, limit, before)]
    sys.stdout.write(json.dumps([times, wrong]))


def _cut_off(target: Path, write: Callable[[Path], None], limit: int, before: bytes | None) -> Sequence[str]:
    target.unlink(missing_ok=True)
    if before is not None:
        target.write_bytes(before)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        write(target)
        return ["taken for written"]
    except (OSError, HandtintError):
        return left_behind(target, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def left_behind(target: Path, before: bytes | None) -> list[str]:
    """What is in the target's folder and should not be, or is not what it was."""
    wrong = [f"{path.name} is left" for path in target.parent.iterdir() if path.name.startswith(f".{target.name}")]
    now = target.read_bytes() if target.exists() else None
    return wrong if now == before else [*wrong, "what was there has changed"]
