"""Notes when each step of a run was done, for those who measure it. Knows no step by itself; standard library only."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

_noted: dict[str, float] = {}


def note(step: str, value: float | None = None) -> None:
    """This step is done now, or took so long; of several times the last one counts."""
    _noted[step] = time.perf_counter() if value is None else value


def write() -> None:
    """Add what was noted to the file that HANDTINT_STEPS names, if it does, as a line of JSON."""
    path = os.environ.get("HANDTINT_STEPS")
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(_noted) + "\n")
