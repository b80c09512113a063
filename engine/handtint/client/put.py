"""Puts files and folders in their place whole or not at all, and takes them away again. Knows no editor.

Standard library only. Each function does one thing and returns the sentence that says so.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from handtint.client.plugin_files import Files, contents
from handtint.wire.whole import write_whole


def holds(place: Path, files: Files, executable: str = "") -> bool:
    """Has the folder these files and no others, and can `executable` be run?"""
    return place.is_dir() and contents(place) == files and _runs(place, executable)


def put_folder(place: Path, files: Files, executable: str = "") -> str:
    """Replace a folder by these files in one move, unless it holds them already."""
    if place.is_symlink():
        return f"{place} is a link and was left as it is"
    if holds(place, files, executable):
        return f"{place} is up to date"
    place.parent.mkdir(parents=True, exist_ok=True)
    # Beside the editor's own folders, not inside: it must not load half a plug-in.
    with tempfile.TemporaryDirectory(prefix=".handtint-", dir=place.parent.parent) as stage:
        fresh, old = Path(stage) / "new", Path(stage) / "old"
        for name, data in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if executable:
            (fresh / executable).chmod(0o755)
        existed = place.exists()
        if existed:
            place.rename(old)
        try:
            fresh.rename(place)
        except OSError:
            if existed:
                old.rename(place)
            raise
    return f"{'Updated' if existed else 'Installed'} {place}"


def _runs(place: Path, executable: str) -> bool:
    return not executable or os.name != "posix" or bool((place / executable).stat().st_mode & stat.S_IXUSR)


def put_file(place: Path, data: bytes) -> str:
    """Write a file whole or not at all, unless it is there already."""
    if place.is_file() and place.read_bytes() == data:
        return f"{place} is up to date"
    # A link stays a link: many keep their settings in a folder of their own.
    target = place.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    write_whole(target, lambda stream: stream.write(data), mode)
    return f"Wrote {place}"


def take_folder(place: Path) -> list[str]:
    """Remove a folder that was put; a link to a working copy is somebody else's and stays."""
    if place.is_symlink():
        return [f"{place} is a link and was left as it is"]
    if not place.is_dir():
        return []
    # Out of the editor's sight in one move: it must not load half a plug-in.
    with tempfile.TemporaryDirectory(prefix=".handtint-", dir=place.parent.parent) as stage:
        place.rename(Path(stage) / "old")
    return [f"Removed {place}"]


def take_file(place: Path) -> list[str]:
    """Remove a file if it is there."""
    if not place.is_file():
        return []
    place.unlink()
    return [f"Removed {place}"]


def prune(folder: Path, stop: Path) -> None:
    """Remove a folder and those above it while they are empty, up to `stop`, which stays."""
    while folder not in (stop, folder.parent):
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent
