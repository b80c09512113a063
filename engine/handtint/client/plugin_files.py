"""What belongs to a plug-in: its own package, the light half of handtint, msgpack; bytes by path. Writes nothing.

Standard library only. Not copied along: it reads the engine's own installation.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from handtint.errors import InputError

KRITA, GIMP = "handtint_krita", "handtint_gimp"
_LIGHT = "_light"
"""The folder inside a plug-in that its entry file puts on sys.path."""
_NOT_NEEDED = {"folders.py", "install.py", "kritarc.py", "plugin_files.py", "put.py"}
"""Files of handtint.client that only an installation needs."""
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)

Files = dict[str, bytes]
"""Contents by path, with slashes."""


def krita_files(prefix: str = "") -> Files:
    """All files for Krita; `prefix` goes before the package and its .desktop file."""
    plugin = plugin_files(KRITA)
    outside = {name: plugin.pop(name, None) for name in (f"{KRITA}.desktop", f"{KRITA}.action")}
    missing = [name for name, data in outside.items() if data is None]
    if missing:
        raise InputError(f"the plug-in's folder must hold {' and '.join(missing)}: install handtint again")
    files = {f"{prefix}{KRITA}/{name}": data for name, data in plugin.items()}
    files[f"{prefix}{KRITA}.desktop"] = outside[f"{KRITA}.desktop"] or b""
    files[f"{'actions/' if prefix else ''}{KRITA}.action"] = outside[f"{KRITA}.action"] or b""
    return files


def plugin_files(name: str) -> Files:
    """The package `name`, and the light half of handtint and msgpack inside it."""
    files = package(name)
    handtint = package("handtint")
    light = {path: data for path, data in handtint.items() if path in ("__init__.py", "errors.py")}
    for part in ("wire/", "client/"):
        light |= {path: data for path, data in handtint.items() if path.startswith(part)}
    kept = {path: data for path, data in light.items() if PurePosixPath(path).name not in _NOT_NEEDED}
    files |= {f"{_LIGHT}/handtint/{path}": data for path, data in kept.items() if path.endswith(".py")}
    return files | {f"{_LIGHT}/handtint_msgpack/{path}": data for path, data in _msgpack_files().items()}


def below(files: Files, prefix: str) -> Files:
    """Those files whose path begins with `prefix`, without it."""
    return {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}


def package(name: str) -> Files:
    """The files of a package, from a wheel, an editable installation or a clone."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"the package {name} was expected beside handtint, it is not installed: install handtint again"
        )
    return contents(Path(next(iter(spec.submodule_search_locations))))


def contents(folder: Path) -> Files:
    """What a folder holds, but for what Python or the system put there."""
    files = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and path.suffix != ".pyc" and not any(p.startswith((".", "__pycache__")) for p in parts):
            files["/".join(parts)] = path.read_bytes()
    return files


def _msgpack_files() -> Files:
    """msgpack without its compiled half, and its licence, as that licence asks."""
    files = {path: data for path, data in package("msgpack").items() if path.endswith(".py")}
    for path in importlib.metadata.files("msgpack") or ():
        if path.name.startswith(("COPYING", "LICENSE")):
            files[path.name] = Path(str(path.locate())).read_bytes()
    return files


def fill_zip(stream: BinaryIO, files: Files) -> None:
    """Write an archive with entries for its folders: without those Krita's importer finds no plug-in in it."""
    folders = {f"{parent}/" for path in files for parent in PurePosixPath(path).parents if str(parent) != "."}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folders | files.keys()):
            info = zipfile.ZipInfo(path, _ZIP_TIME)
            info.external_attr = (0o40755 << 16 | 0x10) if path.endswith("/") else 0o100644 << 16
            info.compress_type = zipfile.ZIP_STORED if path.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(info, files.get(path, b""))
