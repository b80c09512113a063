"""`handtint doctor`: looks at everything that coloring needs, and says how each thing that is not well is mended."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.errors import EngineRefused, HandtintError, WeightsError

if TYPE_CHECKING:
    from handtint.client.install import Finding as PluginFinding
    from handtint.client.launcher import Launcher

_OLDEST_PYTHON = (3, 11)
_FREE_BYTES = 200 << 20
_ENGINE_SECONDS = 60.0
_EDITORS = {
    "Krita": ("krita", "krita.exe"),
    "GIMP": ("gimp-3.0", "gimp-3", "gimp", "gimp-3.exe"),
}
_SANDBOXED = {"Krita": "org.kde.krita", "GIMP": "org.gimp.GIMP"}
_BUNDLES = {"Krita": "/Applications/krita.app", "GIMP": "/Applications/GIMP.app"}
_INSTALL_AGAIN = "install Handtint again: make setup in a fresh clone, or pip install --force-reinstall with its wheel"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what, text : str
        The thing, and how it is.
    fix : str
        What to do; empty where it is well.
    """

    what: str
    text: str
    fix: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option(
    "--engine/--no-engine", "try_engine", default=True, help="Also ask the engine, which is started if need be."
)
def doctor(as_json: bool, try_engine: bool) -> int:
    """Look at everything that coloring needs; exit code 1 where something has to be mended."""
    findings: list[Finding] = []
    for look in (_python, _torch, _weights, _folder, _editors, _plugins, *((_engine,) if try_engine else ())):
        for finding in look():
            findings.append(finding)
            if not as_json:
                _say(finding)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    return 1 if any(finding.fix for finding in findings) else 0


def _say(finding: Finding) -> None:
    click.echo(f"{'mend' if finding.fix else 'ok  '}  {finding.what}: {finding.text}")
    if finding.fix:
        click.echo(f"      {finding.fix}")


def _python() -> Iterator[Finding]:
    yield look_at_python(sys.version_info[:2])


def look_at_python(version: tuple[int, ...]) -> Finding:
    """Whether this Python is new enough."""
    text = f"{'.'.join(map(str, version))} on {platform.system()} {platform.machine()}"
    oldest = ".".join(map(str, _OLDEST_PYTHON))
    return Finding("Python", text, "" if version >= _OLDEST_PYTHON else f"install Python {oldest} or newer")


def _torch() -> Iterator[Finding]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Finding("torch", f"cannot be loaded ({error})", _INSTALL_AGAIN)
        return
    if torch.cuda.is_available():
        device = f"cuda ({torch.cuda.get_device_name()})"
    else:
        device = f"cpu with {torch.get_num_threads()} threads"
    yield Finding("torch", f"{torch.__version__}, device {device}")


def _weights() -> Iterator[Finding]:
    from handtint.colorizers.registry import METHODS
    from handtint.weights import weight_folders

    yield from look_at_weights(weight_folders())
    for method in METHODS:
        reason = _reason(method.missing)
        if reason is not None:
            yield Finding(
                f"method {method.name}", reason, "get the weights again, or set HANDTINT_WEIGHTS to their folder"
            )


def look_at_weights(folders: Sequence[Path]) -> Iterator[Finding]:
    """Every weight file against the checksum of its manifest."""
    from handtint.weights import check_file, entries

    seen: dict[str, str] = {}
    for folder in folders:
        try:
            found = entries(folder)
        except WeightsError as error:
            yield Finding("weights", str(error), "get the weights again")
            continue
        for entry in found:
            if entry.name in seen or not entry.path.is_file():
                continue
            try:
                check_file(entry)
                seen[entry.name] = entry.name
            except WeightsError as error:
                seen[entry.name] = ""
                yield Finding(f"weights '{entry.name}'", str(error), f"get {entry.path.name} again")
    whole = sorted(name for name in seen.values() if name)
    if whole:
        yield Finding("weights", f"{len(whole)} files are whole: {', '.join(whole)}")


def _reason(missing: Callable[[], str | None]) -> str | None:
    try:
        return missing()
    except WeightsError as error:
        return str(error)


def _folder() -> Iterator[Finding]:
    from handtint.wire.connection import connection_path

    yield look_at_folder(connection_path().parent)


def look_at_folder(folder: Path) -> Finding:
    """Whether the engine can keep its connection file and log there, for this user alone."""
    from handtint.wire.connection import make_runtime_folder

    what = "engine's folder"
    try:
        make_runtime_folder(folder)
        if not os.access(folder, os.W_OK):
            return Finding(
                what, f"{folder} cannot be written", f"chmod 700 {folder}, or set HANDTINT_RUNTIME to another"
            )
        free = shutil.disk_usage(folder).free
    except EngineRefused as error:
        return Finding(what, str(error), f"chmod 700 {folder}, or remove it")
    except OSError as error:
        return Finding(what, f"{folder} cannot be made ({error.strerror})", "set HANDTINT_RUNTIME to a folder of yours")
    if free < _FREE_BYTES:
        return Finding(what, f"{folder} has {free >> 20} MB left", "make room on that disk")
    return Finding(what, f"{folder} is yours alone")


def _editors() -> Iterator[Finding]:
    found = find_editors(os.environ)
    for name, place in found.items():
        yield Finding(name, f"found at {place}")
    if not found:
        yield Finding("editors", "neither Krita nor GIMP was found", "install Krita 5.2 or GIMP 3.0, or newer")


def find_editors(environ: Mapping[str, str]) -> dict[str, str]:
    """The editors by name, and where they are: on the path, from Flatpak, or as a bundle."""
    found: dict[str, str] = {}
    home = Path(environ.get("HOME") or Path.home())
    for name, commands in _EDITORS.items():
        places = [shutil.which(command, path=environ.get("PATH", "")) for command in commands]
        for base in (home / ".local/share/flatpak/app", Path("/var/lib/flatpak/app")):
            places.append(str(base / _SANDBOXED[name]) if (base / _SANDBOXED[name]).is_dir() else None)
        places.append(_BUNDLES[name] if Path(_BUNDLES[name]).is_dir() else None)
        place = next((place for place in places if place), None)
        if place is not None:
            found[name] = place
    return found


def _plugins() -> Iterator[Finding]:
    from handtint.client.install import check_gimp, check_krita

    editors = find_editors(os.environ)
    for name, check in (("Krita", check_krita), ("GIMP", check_gimp)):
        if name in editors:
            yield from _of_plugin(name, check())


def _of_plugin(name: str, findings: Sequence[PluginFinding]) -> Iterator[Finding]:
    for finding in findings:
        text, _, fix = finding.text.partition(": ")
        yield Finding(
            f"plug-in of {name}", text, "" if finding.well else fix or f"run `handtint install {name.lower()}`"
        )


def _engine() -> Iterator[Finding]:
    from handtint.cli.backend import own_command
    from handtint.client.launcher import Launcher

    yield look_at_engine(Launcher(own_command("auto")), time.monotonic)


def look_at_engine(launcher: Launcher, clock: Callable[[], float]) -> Finding:
    """A picture there and back."""
    from handtint.client.blocking import Engine
    from handtint.wire.messages import Colorize, Colorized, GetStatus, Status
    from handtint.wire.pixels import Extent, PixelFormat, Plane

    base = Plane(PixelFormat.gray8, Extent(32, 32), bytes(range(256)) * 4)
    try:
        with Engine("handtint doctor", launcher=launcher, clock=clock) as engine:
            engine.connect(timeout=_ENGINE_SECONDS)
            start = clock()
            answer = engine.call(Colorize(0, "doctor", base), timeout=_ENGINE_SECONDS)
            seconds = clock() - start
            status = engine.call(GetStatus(0), timeout=_ENGINE_SECONDS)  # it knows its device once it has colored
    except HandtintError as error:
        return Finding("engine", str(error), f"run `handtint stop`, then again; its log is {launcher.log_path}")
    assert isinstance(answer, Colorized)
    assert isinstance(status, Status)
    text = f"{status.version} on {status.device} colored a small picture with {answer.method} in {1e3 * seconds:.0f} ms"
    return Finding("engine", text)
