"""Puts a plug-in where its editor looks for it, with all that it needs beside it; the editor's Python stays as it is.

Standard library only. Not copied along: it runs in the engine's own installation.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from handtint.client.folders import gimp_folders, krita_config, krita_folders
from handtint.client.launcher import settings_path, write_engine_command
from handtint.errors import InputError
from handtint.wire.whole import write_whole

KRITA, GIMP = "handtint_krita", "handtint_gimp"
_LIGHT = "_light"
"""The folder inside a plug-in that its entry file puts on sys.path."""
_NOT_NEEDED = {"install.py", "folders.py"}
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)

Files = dict[str, bytes]
"""Contents by path, with slashes."""


def install_krita(
    dest: Path | None = None,
    *,
    zip: Path | None = None,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> list[str]:
    """Install the docker; returns what was done, line by line.

    `dest` is Krita's resource folder, the user's own where it is not given. The plug-in is switched on in `config`
    (kritarc), which is known for the user's own folders only. With `zip` an archive for Krita's own importer
    (Tools > Scripts > Import Python Plugin) is written instead.
    """
    env = os.environ if environ is None else environ
    if zip is not None:
        return [_write_zip(_krita_files(""), zip), *_record_command(env, platform)]
    done = []
    for folder in [dest] if dest is not None else krita_folders(env, platform):
        files = _krita_files("pykrita/")
        done.append(_put_folder(folder / "pykrita" / KRITA, _below(files, f"pykrita/{KRITA}/")))
        for path in (f"pykrita/{KRITA}.desktop", f"actions/{KRITA}.action"):
            done.append(_put_file(folder / path, files[path]))
        rc = config if dest is not None else krita_config(folder, env, platform)
        done.append(_enable(rc) if rc is not None else "Switch it on in Krita: Settings > Configure > Python Plugins")
    return [*done, *_record_command(env, platform)]


def install_gimp(
    dest: Path | None = None, *, environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> list[str]:
    """Install the filter; returns what was done, line by line.

    `dest` is a GIMP user folder; where it is not given, those of every GIMP 3 that has one.
    """
    env = os.environ if environ is None else environ
    done = []
    for folder in [dest] if dest is not None else gimp_folders(env, platform):
        place = folder / "plug-ins" / GIMP
        done.append(_put_folder(place, _plugin_files(GIMP), executable=f"{GIMP}.py"))
    return [*done, *_record_command(env, platform)]


# What belongs to a plug-in ------------------------------------------------------------------------------------


def _krita_files(prefix: str) -> Files:
    """All files for Krita; `prefix` goes before the package and its .desktop file."""
    plugin = _plugin_files(KRITA)
    outside = {name: plugin.pop(name, None) for name in (f"{KRITA}.desktop", f"{KRITA}.action")}
    missing = [name for name, data in outside.items() if data is None]
    if missing:
        raise InputError(f"the plug-in's folder must hold {' and '.join(missing)}: install handtint again")
    files = {f"{prefix}{KRITA}/{name}": data for name, data in plugin.items()}
    files[f"{prefix}{KRITA}.desktop"] = outside[f"{KRITA}.desktop"] or b""
    files[f"{'actions/' if prefix else ''}{KRITA}.action"] = outside[f"{KRITA}.action"] or b""
    return files


def _plugin_files(name: str) -> Files:
    """The package `name`, and the light half of handtint and msgpack inside it."""
    files = _package(name)
    handtint = _package("handtint")
    light = {path: data for path, data in handtint.items() if path in ("__init__.py", "errors.py")}
    for part in ("wire/", "client/"):
        light |= {path: data for path, data in handtint.items() if path.startswith(part)}
    kept = {path: data for path, data in light.items() if PurePosixPath(path).name not in _NOT_NEEDED}
    files |= {f"{_LIGHT}/handtint/{path}": data for path, data in kept.items() if path.endswith(".py")}
    return files | {f"{_LIGHT}/handtint_msgpack/{path}": data for path, data in _msgpack_files().items()}


def _package(name: str) -> Files:
    """The files of a package, from a wheel, an editable installation or a clone."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"the package {name} was expected beside handtint, it is not installed: install handtint again"
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    files = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and path.suffix != ".pyc" and not any(p.startswith((".", "__pycache__")) for p in parts):
            files["/".join(parts)] = path.read_bytes()
    return files


def _msgpack_files() -> Files:
    """msgpack without its compiled half, and its licence, as that licence asks."""
    files = {path: data for path, data in _package("msgpack").items() if path.endswith(".py")}
    for path in importlib.metadata.files("msgpack") or ():
        if path.name.startswith(("COPYING", "LICENSE")):
            files[path.name] = Path(str(path.locate())).read_bytes()
    return files


# Writing ------------------------------------------------------------------------------------------------------


def _put_folder(place: Path, files: Files, executable: str = "") -> str:
    """Replace a folder by these files in one move, unless it holds them already."""
    if place.is_symlink():
        return f"{place} is a link and was left as it is"
    if _contents(place) == files and _runs(place, executable):
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


def _contents(place: Path) -> Files:
    paths = [path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}


def _runs(place: Path, executable: str) -> bool:
    return not executable or os.name != "posix" or bool((place / executable).stat().st_mode & stat.S_IXUSR)


def _put_file(place: Path, data: bytes) -> str:
    """Write a file whole or not at all, unless it is there already."""
    if place.is_file() and place.read_bytes() == data:
        return f"{place} is up to date"
    # A link stays a link: many keep their settings in a folder of their own.
    target = place.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    write_whole(target, lambda stream: stream.write(data), mode)
    return f"Wrote {place}"


def _below(files: Files, prefix: str) -> Files:
    return {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}


def _write_zip(files: Files, place: Path) -> str:
    """An archive with entries for its folders: without those Krita finds no plug-in in it."""
    folders = {f"{parent}/" for path in files for parent in PurePosixPath(path).parents if str(parent) != "."}
    place.parent.mkdir(parents=True, exist_ok=True)
    write_whole(place, lambda stream: _fill_zip(stream, files, folders), mode=0o644)
    return f"Wrote {place}: in Krita, Tools > Scripts > Import Python Plugin from File"


def _fill_zip(stream: BinaryIO, files: Files, folders: set[str]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folders | files.keys()):
            info = zipfile.ZipInfo(path, _ZIP_TIME)
            info.external_attr = (0o40755 << 16 | 0x10) if path.endswith("/") else 0o100644 << 16
            info.compress_type = zipfile.ZIP_STORED if path.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(info, files.get(path, b""))


def _enable(rc: Path) -> str:
    """Switch the plug-in on in kritarc, all else left as it is."""
    text = rc.read_text(encoding="utf-8") if rc.is_file() else ""
    wanted = with_setting(text, "python", f"enable_{KRITA}", "true")
    if wanted == text:
        return f"{rc} has it switched on"
    _put_file(rc, wanted.encode())
    return f"Switched on in {rc} (restart Krita; if it runs now, quit it first and install again)"


def with_setting(text: str, section: str, key: str, value: str) -> str:
    """An ini text with one value set; every other line, order and comment stays."""
    lines = text.splitlines()
    header, line = f"[{section}]", f"{key}={value}"
    if header not in [existing.strip() for existing in lines]:
        gap = [""] if lines and lines[-1].strip() else []
        return "\n".join([*lines, *gap, header, line]) + "\n"
    start = [existing.strip() for existing in lines].index(header) + 1
    end = next((i for i in range(start, len(lines)) if lines[i].lstrip().startswith("[")), len(lines))
    for index in range(start, end):
        if lines[index].partition("=")[0].strip() == key:
            if lines[index].strip() == line:
                return text
            return "\n".join([*lines[:index], line, *lines[index + 1 :]]) + "\n"
    return "\n".join([*lines[:start], line, *lines[start:]]) + "\n"


def _record_command(environ: Mapping[str, str], platform: str) -> list[str]:
    """Leave word of how to start the engine of this installation."""
    command = [sys.executable, "-m", "handtint", "serve"]
    path = settings_path(environ, platform)
    try:
        known = json.loads(path.read_text(encoding="utf-8")).get("command") == command
    except (OSError, ValueError, AttributeError):
        known = False
    if known:
        return [f"{path} names this engine"]
    write_engine_command(command, path)
    return [f"Wrote {path}: the plug-ins start {shutil.which(sys.executable) or sys.executable}"]
