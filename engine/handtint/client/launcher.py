"""Finds this user's engine and starts it where there is none. Blocks on nothing, opens no socket.

Standard library and handtint.wire only.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from handtint.errors import EngineGone
from handtint.wire.connection import Connection, connection_path, make_runtime_folder, read_connection
from handtint.wire.whole import write_whole

__all__ = [
    "Connection",
    "Launcher",
    "clean_environment",
    "connection_path",
    "engine_command",
    "read_connection",
    "settings_path",
    "write_engine_command",
]

_HOST_VARIABLES = (
    "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH",
    "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "GI_TYPELIB_PATH",
)  # fmt: skip
"""What the editors' bundles set for themselves; an engine that inherits them loads their libraries and breaks."""
_HERE = "127.0.0.1"
_SANDBOX = Path("/.flatpak-info")
_SNAPS = {"krita", "gimp"}
_NO_ENGINE_TEXT = (
    "the plug-in is installed, but no engine that it knows of. Install Handtint's engine as its README says, run "
    "`handtint install krita` or `handtint install gimp`, and try again"
)
_CONFINED_TEXT = (
    "no engine runs, and from inside a sandbox none can be started. Start one outside with `handtint serve`, as "
    "Handtint's page on installing says, and try again"
)
_LOG_TAIL = 2000
_LOG_BYTES = 1 << 20


def settings_path(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The file that `handtint install` leaves behind: which command starts the engine."""
    env = os.environ if environ is None else environ
    home = Path(env.get("HOME") or Path.home())
    if platform == "win32":
        folder = Path(env.get("APPDATA") or home / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        folder = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "handtint" / "engine.json"


def engine_command(environ: Mapping[str, str] | None = None) -> list[str] | None:
    """The command that starts the engine, None where nobody knows one."""
    env = os.environ if environ is None else environ
    if env.get("HANDTINT_ENGINE"):
        return shlex.split(env["HANDTINT_ENGINE"], posix=os.name == "posix")
    try:
        command = json.loads(settings_path(env).read_text(encoding="utf-8"))["command"]
    except (OSError, ValueError, KeyError, TypeError):
        command = None
    if isinstance(command, list) and command and all(isinstance(word, str) for word in command):
        return command
    found = shutil.which("handtint", path=env.get("PATH"))
    return [found, "serve"] if found else None


def write_engine_command(command: Sequence[str], path: Path, plugins: Sequence[str] = ()) -> None:
    """Record the command for the plug-ins, and where these are, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = json.dumps({"command": list(command), "plugins": list(plugins)})
    write_whole(path, lambda stream: stream.write(record.encode()))


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what the editor's bundle set for itself."""
    return {name: value for name, value in environ.items() if name not in _HOST_VARIABLES}


class Launcher:
    """One user's engine: its connection file, and the process that was started here if there is one."""

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        path: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._command = list(command) if command is not None else None
        self.path = path if path is not None else connection_path(self._environ)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_path(self) -> Path:
        """The engine's own log, for people; it takes turns with older ones by itself."""
        return self.path.with_name("engine.log")

    @property
    def words_path(self) -> Path:
        """What an engine that was started here says beside its log: why it ended, if it did."""
        return self.path.with_name("engine.err")

    def find(self) -> Connection | None:
        """What the connection file says, None where the process that wrote it has ended.

        Another user's program could listen on the port of an engine that has ended, and take our pictures in.
        Whether the engine that is named listens, only a connection shows.
        """
        connection = read_connection(self.path)
        return None if connection is None or _ended(connection.pid, self._environ) else connection

    def start(self) -> None:
        """Start an engine that outlives this process. Returns at once; `find` will show where it listens."""
        command = self._command if self._command is not None else engine_command(self._environ)
        if not command:
            raise EngineGone(_CONFINED_TEXT if _confined(self._environ) else _NO_ENGINE_TEXT)
        make_runtime_folder(self.path.parent)
        environ = clean_environment(self._environ)
        environ["HANDTINT_RUNTIME"] = str(self.path.parent)
        self.release()
        try:
            with self._open_words() as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environ,
                    cwd=self.path.parent,
                    start_new_session=True,  # Neither the editor's end nor its terminal takes the engine along.
                    creationflags=_creation_flags(),
                )
        except OSError as error:
            raise EngineGone(f"the engine could not be started with {shlex.join(command)}: {error}") from error

    def end(self, connection: Connection) -> bool:
        """End an engine that does not answer any more, so that another can take its place; whether that was possible.

        What it held are copies: every client asks the next engine again, as after any engine's sudden end.
        """
        if connection.host != _HERE or _confined(self._environ) or self.find() != connection:
            return False
        try:
            os.kill(connection.pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows every signal kills
        except OSError:
            return False
        return True

    def _open_words(self) -> BinaryIO:
        """Appended to, since an engine that runs already may be writing to it; begun anew once it is long."""
        long = self.words_path.exists() and self.words_path.stat().st_size > _LOG_BYTES
        return self.words_path.open("wb" if long else "ab")

    def alive(self) -> bool:
        """Does the process that was started here still run?"""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process that was started here, if one was."""
        return None if self._process is None else self._process.pid

    @property
    def killed(self) -> bool:
        """Was the process that was started here ended by somebody else, and not by a fault of its own?"""
        return self._process is not None and (self._process.poll() or 0) < 0

    @property
    def found_another(self) -> bool:
        """Did the process that was started here leave the field to another one that was starting too?"""
        return self._process is not None and self._process.poll() == 0

    def failure(self) -> str:
        """Why the process that was started here ended, in its own last words; empty while it runs."""
        if self._process is None or self._process.poll() is None:
            return ""
        try:
            words = self.words_path.read_bytes()[-_LOG_TAIL:].decode("utf-8", "replace").strip()
        except OSError:
            words = ""
        last = words.splitlines()[-1] if words else "it said nothing"
        return f"the engine ended with status {self._process.returncode}: {last} (log: {self.words_path})"

    def release(self) -> None:
        """Let the process that was started here live on by itself."""
        if self._process is not None and self._process.poll() is None:
            # A Popen that is dropped while its process runs warns; here that is what is wanted.
            self._process.returncode = 0
        self._process = None


def _confined(environ: Mapping[str, str]) -> bool:
    """Does the editor run in a sandbox, apart from the system's other processes?"""
    return _SANDBOX.exists() or environ.get("SNAP_NAME") in _SNAPS


def _ended(pid: int, environ: Mapping[str, str]) -> bool:
    """Is there surely no process of ours with this number?"""
    if os.name != "posix" or _confined(environ):
        return False  # On Windows os.kill would not ask but kill; a sandbox does not see the processes outside.
    try:
        os.kill(pid, 0)
    except OSError:
        return True  # None with this number, or one of somebody else.
    return False


def _creation_flags() -> int:
    """Windows' own way to say the same."""
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0
