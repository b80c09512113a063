"""Where the engine's log goes: files beside the connection file that take turns, and the terminal if there is one.

No line holds anything of a picture, a palette, a document's name or the token: messages say what was wrong and how
large it was.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from handtint.errors import EngineRefused

NAME = "engine.log"
_BYTES = 1 << 20
_FILES = 3
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextlib.contextmanager
def logging_to(folder: Path, stream: TextIO = sys.stderr, nbytes: int = _BYTES) -> Iterator[Path]:
    """Log into the folder's files until the end of the block; yields the newest one.

    What the launcher catches from `stream` in a file of its own has no turns: only errors go there.
    """
    path = folder / NAME
    handlers: list[logging.Handler] = [_PrivateFile(path, maxBytes=nbytes, backupCount=_FILES, encoding="utf-8")]
    handlers.append(logging.StreamHandler(stream))
    handlers[-1].setLevel(logging.ERROR if _is_file(stream) else logging.INFO)
    root = logging.getLogger()
    level = root.level
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield path
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


class _PrivateFile(RotatingFileHandler):
    """Readable by this user alone, and never behind a link that somebody else has put there."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        try:
            handle = os.open(self.baseFilename, flags, 0o600)
        except OSError as error:
            raise EngineRefused(f"{self.baseFilename}: the log cannot be written ({error.strerror})") from error
        return os.fdopen(handle, "a", encoding="utf-8")


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False
