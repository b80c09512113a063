"""The command line's frame: quick help, exit codes, the engine's own commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from handtint import __version__
from handtint.cli.main import COMMANDS, exit_code, run
from handtint.errors import EngineFailed, EngineGone, GuidanceError, WeightsError

LOADS_NOTHING_HEAVY = """
import sys
from handtint.cli.main import run
assert run(["--help"]) == 0
heavy = {"torch", "numpy", "scipy", "cv2", "zmq", "skimage", "sklearn"} & set(sys.modules)
sys.exit(f"--help imported {heavy}" if heavy else 0)
"""


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    result = subprocess.run([sys.executable, "-c", LOADS_NOTHING_HEAVY], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert all(name in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: handtint" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_exit_codes_say_whose_fault_it_was() -> None:
    assert exit_code(GuidanceError("x")) == 2
    assert exit_code(EngineFailed("bad_guidance", "x")) == 2
    assert exit_code(EngineFailed("internal", "x")) == 3
    assert exit_code(EngineGone("x")) == 3
    assert exit_code(WeightsError("x")) == 3


def test_methods_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["methods", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["scribble"]["available"]
    controls = {name: row["controls"] for name, row in rows.items()}
    assert (
        controls.items()
        >= {
            "unified": ["exemplar", "hints", "palette", "semantic"],
            "global_local": ["hints", "palette"],
            "fusion": ["hints", "palette"],
            "semantic": ["semantic"],
            "exemplar": ["exemplar"],
            "bins": [],
            "scribble": ["hints"],
        }.items()
    )
    assert all(row["available"] != bool(row["missing"]) and row["help"] for row in rows.values())


def test_status_and_stop_without_an_engine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("HANDTINT_RUNTIME", str(tmp_path))
    assert run(["status"]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert run(["stop"]) == 0
    assert "no engine is running" in capsys.readouterr().out


def test_status_of_a_running_engine(runtime: Path, photograph: object, capsys: pytest.CaptureFixture[str]) -> None:
    gray = photograph.gray_file  # type: ignore[attr-defined]
    assert run(["colorize", str(gray), "--method", "scribble"]) == 0
    capsys.readouterr()
    assert run(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["version"] == __version__
    assert status["served"] >= 1
    assert "scribble" in status["loaded"]
