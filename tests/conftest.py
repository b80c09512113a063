"""Fixtures for every test: the real editors, an X display, and an engine runtime that is cleaned up."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load(name: str) -> ModuleType:
    """tests/editors/NAME.py as the module `editor_NAME` (importlib mode puts no test folder on sys.path)."""
    path = Path(__file__).parent / "editors" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"editor_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


harness = _load("harness")
_load("methods")
_load("gimp_windows")


IN_EDITORS = ("gimp", "krita")
"""Folders of tests that drive an editor's windows."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Such a test may be run once more, which the report says: a busy machine loses a key or a deadline at times."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in IN_EDITORS:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def editors(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The EditorRoot with Krita and GIMP; skips where there is none and nobody asked for one, fails in CI."""
    try:
        return harness.find_editors(tmp_path_factory.getbasetemp().resolve())
    except harness.EditorsMissing as missing:
        if harness.must_have_editors():
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def display(editors: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One X display with a window manager for all editor tests."""
    with harness.open_display(editors, tmp_path_factory.mktemp("display")) as opened:
        yield opened


@pytest.fixture
def engine_env(editors: Any, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment under which an editor starts this repository's engine, with a runtime folder of its own.

    The engine is ended after the test, whoever started it.
    """
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    yield {"HANDTINT_RUNTIME": str(runtime), "HANDTINT_ENGINE": editors.engine_command()}
    harness.end_engines(runtime)


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for screenshots and other things to look at: HANDTINT_ARTIFACTS, else artifacts/ in the repository."""
    folder = Path(os.environ.get("HANDTINT_ARTIFACTS") or harness.REPOSITORY / "artifacts").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class HangingUp:
    """A door before another one, which hangs up on its first callers as an engine does that has a crowd at its own.

    Parameters
    ----------
    port : int
        Of the door behind it.
    times : int
        So often.
    heard : bytes
        Once a caller has been told this; at once where empty.
    """

    def __init__(self, port: int, times: int, heard: bytes = b"") -> None:
        self.calls = 0
        self._behind, self._times, self._heard = port, times, heard
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._run, name="hanging up")]
        self._threads[0].start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the test is over: the listener was shut down
            while True:
                caller, _ = self._listener.accept()
                self.calls += 1
                there = socket.create_connection(("127.0.0.1", self._behind))
                self._open += [caller, there]
                hear = self.calls <= self._times
                for source, target, end in ((caller, there, None), (there, caller, self._heard if hear else None)):
                    self._threads.append(threading.Thread(target=_pass_on, args=(source, target, end)))
                    self._threads[-1].start()

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(30)
        for each in self._open:
            each.close()


def _pass_on(source: socket.socket, target: socket.socket, end: bytes | None) -> None:
    """Until one of them has gone, or has been told `end`: then both are hung up on."""
    told = b""
    with contextlib.suppress(OSError):
        while (end is None or end not in told) and (said := source.recv(1 << 16)):
            told += said if end is not None else b""
            target.sendall(said)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def hanging_up() -> Iterator[Callable[..., HangingUp]]:
    """Makes doors before others; closes them after the test."""
    made: list[HangingUp] = []

    def make(port: int, times: int, heard: bytes = b"") -> HangingUp:
        made.append(HangingUp(port, times, heard))
        return made[-1]

    yield make
    for each in made:
        each.close()
