"""Runs programs next to the real editors: on this system if it carries them, else inside a Debian 13 root.

Knows processes, mounts and displays; knows nothing of what the editors are asked to do.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
KRITA_NEEDED = (5, 2)
GIMP = "gimp-console-3"


class EditorsMissing(Exception):  # noqa: N818 - read as a sentence at the raise
    """There is no editor to test with, and why."""


class Finished(NamedTuple):
    """How a program ended, and all that it wrote."""

    code: int
    output: str


@dataclass(frozen=True)
class EditorRoot:
    """Where the editors live.

    Attributes
    ----------
    folder : Path or None
        The Debian 13 root; None means that this system carries the editors itself.
    shared : tuple of Path
        Files and folders of this system that programs inside see at the same place.
    scratch : Path
        A folder for this test run that is seen inside and outside.
    cache : Path
        A folder for what is worth keeping between test runs (warmed profiles); not seen inside.
    """

    folder: Path | None
    shared: tuple[Path, ...]
    scratch: Path
    cache: Path

    def argv(self, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The command line that runs `argv` beside the editors, with `env` and nothing else in its environment."""
        pairs = [f"{name}={value}" for name, value in env.items()]
        inner = ["env", "-i", *pairs, *argv]
        if self.folder is None:
            return inner
        owner = f"{os.getuid()}:{os.getgid()}"
        enter = ["unshare", "--mount", "--propagation", "private", str(HERE / "enter.sh"), str(self.folder), owner]
        return [*as_root(), *enter, *map(str, self.shared), "--", *inner]

    def start(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start a program beside the editors in a process group of its own; what it writes goes to `log`."""
        with log.open("ab") as sink:
            return subprocess.Popen(
                self.argv(argv, base_environment() | dict(env)),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, log: Path, check: bool = True
    ) -> Finished:
        """Run a program beside the editors to its end; `check` asserts that it ends with 0 and shows its output."""
        process = self.start(argv, env=env, log=log)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            end_group(process)
        finished = Finished(code, log.read_text(errors="replace"))
        if check:
            what = "did not end in time" if code == -1 else f"ended with {code}"
            assert code == 0, f"{' '.join(argv)} {what} (limit {timeout:g} s):\n{finished.output}"
        return finished

    def engine_command(self) -> str:
        """What HANDTINT_ENGINE is set to: this repository's engine, on the Python that runs the tests."""
        return shlex.join([sys.executable, "-m", "handtint", "serve"])

    def warmed(self, name: str, warm: Callable[[Path], None]) -> Path:
        """A folder that `warm` filled once; later calls and later test runs get it as it is. Copy it, never use it."""
        ready = self.cache / name
        if not ready.is_dir():
            made = Path(tempfile.mkdtemp(prefix="warm-", dir=self.scratch))  # the cache itself is not seen inside
            warm(made)
            self.cache.mkdir(parents=True, exist_ok=True)
            arriving = self.cache / f"{name}.{os.getpid()}"
            shutil.copytree(made, arriving, symlinks=True)
            with suppress(OSError):  # another test run was faster: its folder is as good
                arriving.rename(ready)
            shutil.rmtree(arriving, ignore_errors=True)
            shutil.rmtree(made)
        return ready


def readme_line(words: str) -> str:
    """The one line of the README's commands that has these words, as it stands there."""
    lines = (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if words in line and line.startswith(".venv/bin/")]
    return line


def base_environment() -> dict[str, str]:
    """What every program needs, and nothing of the tester's own session but the weights that are to be tried."""
    weights = {name: os.environ[name] for name in ("HANDTINT_WEIGHTS",) if name in os.environ}
    return weights | {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LC_ALL": "C.UTF-8",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",  # else an autolaunched dbus-daemon outlives the editor
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }


def find_editors(scratch: Path) -> EditorRoot:
    """The editors of this system, or the Debian 13 root, made where that is asked for.

    HANDTINT_EDITOR_ROOT names the root, HANDTINT_EDITORS=1 (or CI) makes it where it is missing, 0 leaves editor
    tests out.

    Raises
    ------
    EditorsMissing
        Says what is missing and what would bring it.
    """
    if os.environ.get("HANDTINT_EDITORS") == "0":
        raise EditorsMissing("HANDTINT_EDITORS=0 leaves the tests in the editors out")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "handtint"
    if _system_has_editors():
        return EditorRoot(None, (), scratch, cache / "editor-profiles")
    folder = Path(os.environ.get("HANDTINT_EDITOR_ROOT") or cache / "editors-trixie").absolute()
    if must_have_editors():
        _make_root(folder)
    elif not any(folder.glob(".handtint-editors-*")):
        raise EditorsMissing(f"no Krita 5.2 and GIMP 3.0 here, and no root in {folder}; HANDTINT_EDITORS=1 makes one")
    root = EditorRoot(folder.resolve(), _shared_paths(folder, scratch), scratch, folder.parent / "editor-profiles")
    _check_engine_python(root)
    return root


def must_have_editors() -> bool:
    """Whether a missing editor is a failure (CI, or asked for), not a reason to skip."""
    return os.environ.get("CI") == "true" or os.environ.get("HANDTINT_EDITORS") == "1"


def _system_has_editors() -> bool:
    if not all(map(shutil.which, ("krita", GIMP, "Xvfb", "xdotool", "openbox", "import"))):
        return False
    # `krita --version` needs a display, so the package is asked.
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "krita"], capture_output=True, text=True)
    found = re.search(r"(?:\d+:)?(\d+)\.(\d+)", asked.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= KRITA_NEEDED


def _make_root(folder: Path) -> None:
    made = subprocess.run([str(HERE / "root.sh"), str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode != 0:
        raise EditorsMissing(f"could not make the editor root {folder}:\n{made.stdout.decode(errors='replace')}")


def as_root() -> list[str]:
    """What is put before a command that only root may run."""
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def _shared_paths(folder: Path, scratch: Path) -> tuple[Path, ...]:
    """The repository, the tests' scratch folder, and this Python with every library that the root lacks."""
    base = Path(sys.base_prefix)
    own_prefix = not base.is_relative_to("/usr") or base.is_relative_to("/usr/local")
    python = Path(os.path.realpath(sys.executable))
    paths = [base] if own_prefix else [python, Path(sysconfig.get_path("stdlib"))]
    if sys.prefix != sys.base_prefix and not Path(sys.prefix).is_relative_to(REPOSITORY):
        paths.append(Path(sys.prefix))
    return (REPOSITORY, scratch, *paths, *_missing_libraries(folder, python))


def _missing_libraries(folder: Path, python: Path) -> Iterator[Path]:
    modules = Path(sysconfig.get_path("platstdlib"), "lib-dynload").glob("*.so")
    listed = subprocess.run(["ldd", str(python), *map(str, modules)], capture_output=True, text=True).stdout
    found = sorted(set(re.findall(r"=> (/(?:usr/)?lib\S+)", listed)))
    folders = (folder / lib / f"{os.uname().machine}-linux-gnu" for lib in ("lib", "usr/lib"))
    # An empty file is where an earlier run mounted one.
    there = {path.name for libraries in folders for path in libraries.glob("*.so*") if _filled(path)}
    return (Path(path) for path in found if Path(path).name not in there)


def _filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _check_engine_python(root: EditorRoot) -> None:
    """The engine runs inside the root on this system's Python: better to learn here that it cannot."""
    probe = [sys.executable, "-c", "import ctypes, hashlib, lzma, sqlite3, ssl; import handtint, numpy, torch, zmq"]
    finished = root.run(probe, env={}, timeout=120, log=root.scratch / "engine-python.log", check=False)
    if finished.code != 0:
        raise EditorsMissing(f"this Python does not run inside {root.folder}:\n{finished.output}")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a program started by `EditorRoot.start` with all that it started, gently first."""
    for sign, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            break
        with suppress(OSError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)  # children that outlived their leader


def end_engines(runtime: Path) -> None:
    """End every engine that was started with HANDTINT_RUNTIME=`runtime`."""
    mark = f"HANDTINT_RUNTIME={runtime}".encode()
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _has_mark(path, mark)]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 10
    while any(_has_mark(Path(f"/proc/{pid}"), mark) for pid in pids):
        if time.monotonic() > end:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.02)


def _has_mark(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


@dataclass(frozen=True)
class Display:
    """An X display of its own with a window manager."""

    name: str
    editors: EditorRoot
    scratch: Path

    def tool(self, *argv: str) -> str:
        """Run an X client (xdotool, import, xwininfo …) on this display; its output."""
        log = self.scratch / f"tool-{time.monotonic_ns()}.log"
        try:
            return self.editors.run(argv, env={"DISPLAY": self.name}, timeout=30, log=log).output
        finally:
            log.unlink(missing_ok=True)

    def screenshot(self, path: Path) -> None:
        """Save the whole screen as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.tool("import", "-window", "root", str(path))


@contextmanager
def open_display(editors: EditorRoot, scratch: Path, size: str = "1500x960") -> Iterator[Display]:
    """Start Xvfb on a free display with openbox; both end with the block."""
    chosen = scratch / "display"
    chosen.unlink(missing_ok=True)
    command = f"exec Xvfb -displayfd 3 -screen 0 {size}x24 -nolisten tcp -noreset 3>{chosen}"
    server = editors.start(["sh", "-c", command], env={}, log=scratch / "xvfb.log")
    manager = None
    try:
        name = ":" + _wait_for_text(chosen, server, scratch / "xvfb.log")
        manager = editors.start(["openbox"], env={"DISPLAY": name}, log=scratch / "openbox.log")
        yield Display(name, editors, scratch)
    finally:
        for process in (manager, server):
            if process is not None:
                end_group(process)


def _wait_for_text(path: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text().strip()
        time.sleep(0.02)
    raise AssertionError(f"no display came up:\n{log.read_text(errors='replace')}")
