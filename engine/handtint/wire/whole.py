"""Writes a file whole or not at all: nobody ever reads half of one. Standard library only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object], mode: int = 0o600) -> None:
    """Let `write` fill a file beside `path`, then put it in its place; on any error nothing is left behind.

    Until it is filled nobody but this user can read it; after that `mode` counts.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        Path(name).chmod(mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
