"""Where figures come from: date, commit, machine, versions and command, to stand on top of every result."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch

from handtint import __version__


@dataclass(frozen=True)
class Origin:
    """What a reader needs to repeat a figure.

    Attributes
    ----------
    date, commit, hardware, software, command : str
        Words; the commit says where the files differed from it.
    """

    date: str
    commit: str
    hardware: str
    software: str
    command: str


def find_origin(command: str, now: datetime, *, device: str = "cpu") -> Origin:
    """The origin of figures that are made now, on this machine, by `command`."""
    software = f"handtint {__version__}, torch {torch.__version__}, Python {platform.python_version()}"
    return Origin(now.strftime("%Y-%m-%d"), find_commit(Path(__file__).parent), hardware(device), software, command)


def command_line(arguments: Sequence[str]) -> str:
    """The command as somebody else would type it: folders of this machine are shortened to their own name."""
    return shlex.join(["handtint", *(shortened(argument) for argument in arguments)])


def shortened(argument: str) -> str:
    """An absolute path, also behind `--option=`, as its last part; anything else as it is."""
    option, equals, value = argument.rpartition("=")
    return f"{option}{equals}{Path(value).name}" if Path(value).is_absolute() else argument


def find_commit(folder: Path) -> str:
    """The short commit of the checkout that holds a folder, or "unknown" for an installed package."""
    try:
        head = _git(folder, "rev-parse", "--short", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except FileNotFoundError:
        return _commit_without_git(folder)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with local changes" if changed else head


def _commit_without_git(folder: Path) -> str:
    """What the checkout itself says, as beside the editors in a root of their own."""
    for parent in (folder, *folder.parents):
        head = parent / ".git" / "HEAD"
        if head.is_file():
            named = head.read_text(encoding="utf-8").strip().removeprefix("ref: ")
            branch = parent / ".git" / named
            commit = branch.read_text(encoding="utf-8").strip() if branch.is_file() else named
            return "unknown" if "/" in commit else f"{commit[:7]}, local changes unknown"
    return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def hardware(device: str) -> str:
    """The processor, its cores, torch's threads, and the GPU where one is used."""
    words = f"{_processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} torch threads"
    return f"{words}, {torch.cuda.get_device_name()}" if device == "cuda" else words


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
