"""Installs the plug-ins for this user, says whether they are installed well, and takes them away without a trace.

Standard library only. Not copied along: it runs in the engine's own installation. The editor's Python stays as it is.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from handtint.client.folders import KritaPlace, gimp_folders, krita_places, sandbox_of
from handtint.client.kritarc import setting, with_setting, without_setting
from handtint.client.launcher import settings_path, write_engine_command
from handtint.client.plugin_files import GIMP, KRITA, below, fill_zip, krita_files, plugin_files
from handtint.client.put import holds, prune, put_file, put_folder, take_file, take_folder
from handtint.wire.whole import write_whole

__all__ = [
    "Finding",
    "check_gimp",
    "check_krita",
    "install_gimp",
    "install_krita",
    "uninstall_gimp",
    "uninstall_krita",
    "use_engine",
]

_SWITCH = ("python", f"enable_{KRITA}")
_MARK = f"{KRITA}.desktop"
_ENTRY = f"{GIMP}.py"
_CONFINED = {
    "Flatpak": "{name} from Flatpak cannot start the engine: start it yourself with `handtint serve`, after you let "
    "{name} see it once with `flatpak override --user --filesystem=xdg-run/handtint {app}`",
    "Snap": "{name} from Snap cannot start the engine: start it yourself with "
    "`HANDTINT_RUNTIME=$XDG_RUNTIME_DIR/snap.{snap}/handtint handtint serve`",
}


class Finding(NamedTuple):
    """One thing that was looked at: whether it is well, and a sentence."""

    well: bool
    text: str


# Krita --------------------------------------------------------------------------------------------------------


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
        return [_write_zip(zip), *_record(env, platform, ())]
    done, places = [], _krita_places(dest, config, env, platform)
    files = krita_files("pykrita/")
    for place in places:
        done.append(put_folder(_krita_plugin(place.folder), below(files, f"pykrita/{KRITA}/")))
        done += [put_file(place.folder / path, files[path]) for path in _beside(files)]
        done.append(_switch_on(place.config))
        done += _confined(place.kind, name="Krita", app="org.kde.krita", snap="krita")
    return [*done, *_record(env, platform, [_krita_plugin(place.folder) for place in places])]


def uninstall_krita(
    dest: Path | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> list[str]:
    """Undo `install_krita` wherever it was done, or in `dest` alone; returns what was done, line by line.

    What the docker wrote itself while it was used (its settings in kritarc, its log) is the user's and stays.
    """
    env = os.environ if environ is None else environ
    places = _krita_places(dest, config, env, platform)
    if dest is None:
        known = {place.folder for place in places}
        others = [plugin.parents[1] for plugin in _recorded(env, platform) if plugin.name == KRITA]
        places += [KritaPlace(folder, None) for folder in others if folder not in known]
    done = []
    for folder, rc, _ in places:
        stop = folder.parent if dest is not None else _home_of(env)
        done += take_folder(_krita_plugin(folder))
        done += take_file(folder / "pykrita" / _MARK) + take_file(folder / "actions" / f"{KRITA}.action")
        done += _switch_off(rc, stop) if rc is not None else []
        for emptied in ("pykrita", "actions"):
            prune(folder / emptied, stop)
        done += _left(folder / "handtint")
    return done + _forget(env, platform) or ["Krita has no plug-in of Handtint: there was nothing to remove"]


def check_krita(
    dest: Path | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> list[Finding]:
    """Whether the docker is installed as `install_krita` leaves it. Changes nothing."""
    env = os.environ if environ is None else environ
    files, found = krita_files("pykrita/"), []
    for folder, rc, _ in _krita_places(dest, config, env, platform):
        plugin = _krita_plugin(folder)
        found.append(_plugin_finding(plugin, holds(plugin, below(files, f"pykrita/{KRITA}/")), "krita"))
        found += [_file_finding(folder / path, files[path]) for path in _beside(files)]
        if rc is not None:
            found.append(_switch_finding(rc))
    return [*found, _engine_finding(env, platform)]


def _krita_places(
    dest: Path | None, config: Path | None, environ: Mapping[str, str], platform: str
) -> list[KritaPlace]:
    places = krita_places(environ, platform)
    if dest is None:
        return places
    known = {place.folder: place for place in places}
    return [KritaPlace(dest, config) if config is not None else known.get(dest, KritaPlace(dest, None))]


def _krita_plugin(folder: Path) -> Path:
    return folder / "pykrita" / KRITA


def _beside(files: Iterable[str]) -> list[str]:
    """The .desktop and the .action file: what lies outside the plug-in's own folder."""
    return [path for path in files if not path.startswith(f"pykrita/{KRITA}/")]


def _write_zip(place: Path) -> str:
    place.parent.mkdir(parents=True, exist_ok=True)
    files = krita_files()
    write_whole(place, lambda stream: fill_zip(stream, files), mode=0o644)
    return f"Wrote {place}: in Krita, Tools > Scripts > Import Python Plugin from File"


def _switch_on(rc: Path | None) -> str:
    """Switch the plug-in on in kritarc, all else left as it is."""
    if rc is None:
        return "Switch it on in Krita: Settings > Configure Krita > Python Plugin Manager > Handtint"
    text = _read(rc)
    wanted = with_setting(text, *_SWITCH, "true")
    if wanted == text:
        return f"{rc} has it switched on"
    put_file(rc, wanted.encode())
    return f"Switched on in {rc} (restart Krita; if it runs now, quit it first and install again)"


def _switch_off(rc: Path, stop: Path) -> list[str]:
    """Take the switch out of kritarc, and kritarc away where it holds nothing else."""
    text = _read(rc)
    wanted = without_setting(text, *_SWITCH)
    if wanted == text:
        return []
    if wanted or rc.is_symlink():
        put_file(rc, wanted.encode())
    else:
        rc.unlink()
        prune(rc.parent, stop)
    return [f"Switched off in {rc}"]


def _switch_finding(rc: Path) -> Finding:
    if setting(_read(rc), *_SWITCH) == "true":
        return Finding(True, f"{rc} has it switched on")
    return Finding(False, f"{rc} does not switch it on: quit Krita and run `handtint install krita`")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


# GIMP ---------------------------------------------------------------------------------------------------------


def install_gimp(
    dest: Path | None = None, *, environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> list[str]:
    """Install the filter; returns what was done, line by line.

    `dest` is a GIMP user folder; where it is not given, those of every GIMP 3 that has one.
    """
    env = os.environ if environ is None else environ
    plugins = [_gimp_plugin(folder) for folder in ([dest] if dest is not None else gimp_folders(env, platform))]
    files = plugin_files(GIMP)
    done = [put_folder(plugin, files, executable=_ENTRY) for plugin in plugins]
    for kind in dict.fromkeys(map(sandbox_of, plugins)):
        done += _confined(kind, name="GIMP", app="org.gimp.GIMP", snap="gimp")
    return [*done, *_record(env, platform, plugins)]


def uninstall_gimp(
    dest: Path | None = None, *, environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> list[str]:
    """Undo `install_gimp` wherever it was done, or in `dest` alone; returns what was done, line by line."""
    env = os.environ if environ is None else environ
    folders = [dest] if dest is not None else gimp_folders(env, platform)
    plugins = [_gimp_plugin(folder) for folder in folders]
    if dest is None:
        plugins += [path for path in _recorded(env, platform) if path.name == GIMP and path not in plugins]
    done = []
    for plugin in plugins:
        done += take_folder(plugin)
        prune(plugin.parent, dest.parent if dest is not None else _home_of(env))
    return done + _forget(env, platform) or ["GIMP has no plug-in of Handtint: there was nothing to remove"]


def check_gimp(
    dest: Path | None = None, *, environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> list[Finding]:
    """Whether the filter is installed as `install_gimp` leaves it. Changes nothing."""
    env = os.environ if environ is None else environ
    files = plugin_files(GIMP)
    plugins = [_gimp_plugin(folder) for folder in ([dest] if dest is not None else gimp_folders(env, platform))]
    found = [_plugin_finding(plugin, holds(plugin, files, executable=_ENTRY), "gimp") for plugin in plugins]
    return [*found, _engine_finding(env, platform)]


def _gimp_plugin(folder: Path) -> Path:
    return folder / "plug-ins" / GIMP


# What both have -----------------------------------------------------------------------------------------------


def _plugin_finding(plugin: Path, good: bool, editor: str) -> Finding:
    if good:
        return Finding(True, f"{plugin} is up to date")
    if plugin.is_symlink():
        return Finding(True, f"{plugin} is a link to {plugin.resolve()}")
    state = "is of another version, or damaged" if plugin.is_dir() else "is not there"
    return Finding(False, f"{plugin} {state}: run `handtint install {editor}`")


def _file_finding(path: Path, data: bytes) -> Finding:
    if path.is_file() and path.read_bytes() == data:
        return Finding(True, f"{path} is up to date")
    return Finding(False, f"{path} is missing or of another version: run `handtint install krita`")


def _engine_finding(environ: Mapping[str, str], platform: str) -> Finding:
    path = settings_path(environ, platform)
    command = _settings(path).get("command")
    if not isinstance(command, list) or not command:
        return Finding(False, f"{path} does not say how the engine is started: run `handtint install`")
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        return Finding(False, f"{path} names {words[0]}, which is gone: run `handtint install` again")
    return Finding(True, f"{path} starts the engine with {shlex.join(words)}")


def _confined(kind: str, *, name: str, app: str, snap: str) -> list[str]:
    """What a person has to do where the editor's sandbox may start no engine."""
    return [_CONFINED[kind].format(name=name, app=app, snap=snap)] if kind in _CONFINED else []


def _left(folder: Path) -> list[str]:
    return [f"{folder} holds the docker's log and stays"] if folder.is_dir() else []


def _record(environ: Mapping[str, str], platform: str, plugins: Sequence[Path]) -> list[str]:
    """Leave word of how to start the engine of this installation, and of where its plug-ins are."""
    path = settings_path(environ, platform)
    command = [sys.executable, "-m", "handtint", "serve"]
    # Absolute, since the next call may come from another folder.
    known = [str(plugin) for plugin in _recorded(environ, platform)]
    listed = list(dict.fromkeys([*known, *(str(plugin.absolute()) for plugin in plugins)]))
    if _settings(path) == {"command": command, "plugins": listed}:
        return [f"{path} names this engine"]
    write_engine_command(command, path, listed)
    return [f"Wrote {path}: the plug-ins start {sys.executable}"]


def use_engine(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> str:
    """Have this user's plug-ins start their engine with this command, until the next install; says so in a line."""
    env = os.environ if environ is None else environ
    path = settings_path(env, platform)
    write_engine_command(command, path, [str(plugin) for plugin in _recorded(env, platform)])
    return f"Wrote {path}: the plug-ins start {shlex.join(command)}"


def _forget(environ: Mapping[str, str], platform: str) -> list[str]:
    """Strike what is gone from the record; the record itself goes with the last plug-in."""
    path = settings_path(environ, platform)
    settings = _settings(path)
    if not settings:
        return []
    usual = [_krita_plugin(place.folder) for place in krita_places(environ, platform)]
    usual += [_gimp_plugin(folder) for folder in gimp_folders(environ, platform)]
    left = [str(plugin) for plugin in dict.fromkeys([*_recorded(environ, platform), *usual]) if plugin.exists()]
    if left:
        write_engine_command(settings.get("command") or [], path, left)
        return []
    done = take_file(path)
    prune(path.parent, _home_of(environ))
    return done


def _recorded(environ: Mapping[str, str], platform: str) -> list[Path]:
    """The plug-ins that were installed from here and from elsewhere, as far as this user's record says."""
    plugins = _settings(settings_path(environ, platform)).get("plugins")
    return [Path(plugin) for plugin in plugins if isinstance(plugin, str)] if isinstance(plugins, list) else []


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _home_of(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())
