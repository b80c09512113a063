"""Fixtures for every test: the real editors, an X display, and an engine runtime that is cleaned up."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
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
