"""Where the editors keep a user's own plug-ins, on each system. Writes nothing. Standard library only.

Rules: docs.krita.org (FAQ, "Where are the configuration files stored?"), GIMP's gimp_directory(), and what Flatpak and
Snap make of the XDG folders. An AppImage uses the folders of a distribution's package.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_GIMP_VERSION = re.compile(r"3\.\d+")
_GIMP_PROGRAM = re.compile(r"gimp(?:-console)?-(3\.\d+)(?:\.exe)?")
_OLDEST_GIMP = "3.0"
"""The version whose folder is made where no GIMP is found at all."""


class KritaPlace(NamedTuple):
    """A Krita that this user has or may have: its resource folder, its kritarc, and how it was installed."""

    folder: Path
    config: Path | None
    kind: str = ""


def krita_places(environ: Mapping[str, str], platform: str) -> list[KritaPlace]:
    """The usual place, and those of Flatpak, Snap and the Microsoft Store where there are such."""
    home = _home(environ, platform)
    if platform == "win32":
        local = _local(environ)
        store = sorted((local / "Packages").glob("49800Krita*"))
        return [
            KritaPlace(_roaming(environ) / "krita", local / "kritarc"),
            *(_store_place(package / "LocalCache") for package in store),
        ]
    if platform == "darwin":
        library = home / "Library"
        return [KritaPlace(library / "Application Support" / "Krita", library / "Preferences" / "kritarc")]
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    usual = KritaPlace(data / "krita", _config_home(environ) / "kritarc")
    flatpak, snap = home / ".var" / "app" / "org.kde.krita", home / "snap" / "krita" / "current"
    places = [usual]
    if flatpak.is_dir():
        places.append(KritaPlace(flatpak / "data" / "krita", flatpak / "config" / "kritarc", "Flatpak"))
    if snap.is_dir():
        places.append(KritaPlace(snap / ".local" / "share" / "krita", snap / ".config" / "kritarc", "Snap"))
    return places


def _store_place(cache: Path) -> KritaPlace:
    return KritaPlace(cache / "Roaming" / "krita", cache / "Local" / "kritarc", "Microsoft Store")


def gimp_folders(environ: Mapping[str, str], platform: str) -> list[Path]:
    """The user folders of every GIMP 3 that has one; where none has, the one that a first start would make."""
    home = _home(environ, platform)
    if environ.get("GIMP3_DIRECTORY"):
        return [home / environ["GIMP3_DIRECTORY"]]  # A relative one counts from the home folder.
    if platform == "win32":
        bases = [_roaming(environ) / "GIMP"]
    elif platform == "darwin":
        bases = [home / "Library" / "Application Support" / "GIMP"]
    else:
        bases = [
            _config_home(environ) / "GIMP",
            home / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP",
            home / "snap" / "gimp" / "current" / ".config" / "GIMP",
        ]
    found = [path for base in bases if base.is_dir() for path in sorted(base.iterdir()) if _is_gimp_3(path)]
    return found or [bases[0] / max(_gimp_programs(environ), default=_OLDEST_GIMP, key=_minor)]


def sandbox_of(folder: Path) -> str:
    """The sandbox whose own home a GIMP folder lies in, or nothing."""
    text = folder.as_posix()
    return "Flatpak" if "/.var/app/org.gimp.GIMP/" in text else "Snap" if "/snap/gimp/current/" in text else ""


def _is_gimp_3(path: Path) -> bool:
    return path.is_dir() and _GIMP_VERSION.fullmatch(path.name) is not None


def _gimp_programs(environ: Mapping[str, str]) -> Iterator[str]:
    """Versions of the programs gimp-3.N on the PATH."""
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        yield from (found[1] for found in map(_GIMP_PROGRAM.fullmatch, names) if found is not None)


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _config_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or _home(environ) / ".config")


def _roaming(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("APPDATA") or _home(environ, "win32") / "AppData" / "Roaming")


def _local(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("LOCALAPPDATA") or _home(environ, "win32") / "AppData" / "Local")


def _home(environ: Mapping[str, str], platform: str = "") -> Path:
    return Path(environ.get("USERPROFILE" if platform == "win32" else "HOME") or Path.home())
