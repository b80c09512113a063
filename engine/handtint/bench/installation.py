"""An installation of its own, for benches that break its weights: the package copied, its weights as links."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import handtint
from handtint.weights import MANIFEST, weight_folders

_RUN = """
import os, sys
os.environ.pop("HANDTINT_WEIGHTS", None)
sys.path.insert(0, sys.argv.pop(1))
from handtint.__main__ import main
main()
"""


class Installation:
    """A copy of Handtint in a folder; `broken` does something to a weight file for a while.

    Attributes
    ----------
    weights : Path
        The folder of its weights.
    """

    def __init__(self, folder: Path) -> None:
        package = folder / "handtint"
        shutil.copytree(
            Path(handtint.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "_weights")
        )
        self._folder = folder
        self.weights = package / "_weights"
        self.weights.mkdir()
        for path in _installed().iterdir():
            (self.weights / path.name).symlink_to(path)

    def command(self, *arguments: str) -> list[str]:
        """A command line of this installation."""
        return [sys.executable, "-c", _RUN, str(self._folder), *arguments]

    def replace(self, name: str, content: bytes | None) -> Path:
        """Put another content in a file's place, or none; the file that it was a link to stays as it is."""
        path = self.weights / name
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        return path

    def mend(self, name: str) -> None:
        """Make the file what it was."""
        self.replace(name, None).symlink_to(_installed() / name)


def _installed() -> Path:
    """The folder of the weights that this process uses."""
    return next(folder for folder in weight_folders() if (folder / MANIFEST).is_file())
