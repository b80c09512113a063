"""Where the editors keep a user's own plug-ins, on each system. Writes nothing. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_GIMP_VERSION = re.compile(r"3\.\d+")
_NEWEST_GIMP = "3.0"
"""The version whose folder is made where no GIMP has been started yet."""


def krita_folders(environ: Mapping[str, str], platform: str) -> list[Path]:
    """Krita's resource folders: the usual one, and Flatpak's where there is one."""
    home = _home(environ)
    if platform == "win32":
        return [_roaming(environ) / "krita"]
    if platform == "darwin":
        return [home / "Library" / "Application Support" / "Krita"]
    usual = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "krita"
    flatpak = _krita_flatpak(environ)
    return [usual, flatpak / "data" / "krita"] if flatpak.is_dir() else [usual]


def krita_config(folder: Path, environ: Mapping[str, str], platform: str) -> Path | None:
    """The kritarc that belongs to a resource folder, None for a folder that is none of the user's own."""
    home = _home(environ)
    if folder not in krita_folders(environ, platform):
        return None
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "kritarc"
    if platform == "darwin":
        return home / "Library" / "Preferences" / "kritarc"
    if folder == _krita_flatpak(environ) / "data" / "krita":
        return _krita_flatpak(environ) / "config" / "kritarc"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "kritarc"


def gimp_folders(environ: Mapping[str, str], platform: str) -> list[Path]:
    """The user folders of every GIMP 3 that has one; the one that GIMP 3.0 would make where none has."""
    if environ.get("GIMP3_DIRECTORY"):
        return [Path(environ["GIMP3_DIRECTORY"])]
    home = _home(environ)
    if platform == "win32":
        bases = [_roaming(environ) / "GIMP"]
    elif platform == "darwin":
        bases = [home / "Library" / "Application Support" / "GIMP"]
    else:
        bases = [Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "GIMP"]
        bases.append(home / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP")
    found = [path for base in bases if base.is_dir() for path in sorted(base.iterdir()) if _is_gimp_3(path)]
    return found or [bases[0] / _NEWEST_GIMP]


def _is_gimp_3(path: Path) -> bool:
    return path.is_dir() and _GIMP_VERSION.fullmatch(path.name) is not None


def _krita_flatpak(environ: Mapping[str, str]) -> Path:
    return _home(environ) / ".var" / "app" / "org.kde.krita"


def _roaming(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("APPDATA") or _home(environ) / "AppData" / "Roaming")


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())
