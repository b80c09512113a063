"""The connection file: how an editor finds this user's engine, and why nobody else does. Both ends use it.

Standard library only. Opens no socket, starts nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from handtint.errors import EngineRefused
from handtint.wire.whole import write_whole

FILE_NAME = "engine.json"
USERNAME = "handtint"
"""The PLAIN user name; the password is the token."""
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Connection:
    """Where an engine listens, and what it asks for.

    Attributes
    ----------
    protocol : str
        "major.minor" of the wire protocol.
    token : str
        Random text, new at each start; the PLAIN password.
    version : str
        Version of the package.
    """

    host: str
    port: int
    pid: int
    protocol: str
    token: str
    version: str


def runtime_folder(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Where the connection file, the lock and the log of this user's engine lie."""
    env = os.environ if environ is None else environ
    if env.get("HANDTINT_RUNTIME"):
        return Path(env["HANDTINT_RUNTIME"])
    home = Path(env.get("HOME") or Path.home())
    if platform == "win32":
        return Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local") / "handtint"
    if platform == "darwin":
        return home / "Library" / "Caches" / "handtint"
    if env.get("XDG_RUNTIME_DIR"):
        return Path(env["XDG_RUNTIME_DIR"]) / "handtint"
    return home / ".cache" / "handtint" / "run"


def connection_path(environ: Mapping[str, str] | None = None) -> Path:
    """The connection file's place, whether it is there or not."""
    return runtime_folder(environ) / FILE_NAME


def make_runtime_folder(folder: Path) -> None:
    """Make the folder for this user alone; refuse one that others own or can enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    problem = why_shared(folder)
    if problem:
        raise EngineRefused(f"{folder} must belong to you alone, {problem}: run chmod 700 on it or remove it")


def read_connection(path: Path) -> Connection | None:
    """What the file says, None where there is none or half of one; refuses a file that others could have written."""
    if not path.is_file():
        return None
    for place in (path.parent, path):
        problem = why_shared(place)
        if problem:
            raise EngineRefused(f"{place} must belong to you alone, {problem}: remove it and start the engine again")
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
        return _connection_of(found)
    except (OSError, ValueError):
        return None


def write_connection(path: Path, connection: Connection) -> None:
    """Write the file whole or not at all, readable by this user alone."""
    make_runtime_folder(path.parent)
    write_whole(path, lambda stream: stream.write(json.dumps(asdict(connection)).encode()), mode=0o600)


def remove_connection(path: Path, token: str) -> None:
    """Remove the file if it is still the one with this token: another engine may have written its own since."""
    try:
        found = read_connection(path)
    except EngineRefused:
        return
    if found is not None and found.token == token:
        path.unlink(missing_ok=True)


def _connection_of(found: object) -> Connection | None:
    if not isinstance(found, dict):
        return None
    values: dict[str, Any] = {field.name: found.get(field.name) for field in fields(Connection)}
    numbers = [values["port"], values["pid"]]
    texts = [values[name] for name in ("host", "protocol", "token", "version")]
    if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
        return None
    return Connection(**values) if 0 < values["port"] < 65536 else None


def why_shared(place: Path | int) -> str:
    """Why others could have a hand in this place, or this open file; empty where they could not."""
    if os.name != "posix":
        return ""  # Windows: the folder is inside the user's profile, whose access list says the same.
    status = os.stat(place)
    if status.st_uid != os.getuid():
        return f"it belongs to user {status.st_uid}"
    if status.st_mode & 0o077:
        return f"its mode is {status.st_mode & 0o777:o}"
    return ""
