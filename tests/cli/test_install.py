"""`handtint install` and `uninstall` as they are typed: their lines, their exit codes, and a home of their own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from handtint.cli.backend import own_command
from handtint.cli.main import EXIT_INPUT, run
from handtint.client.launcher import engine_command


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "GIMP3_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("editor", ["krita", "gimp"])
def test_install_check_uninstall(editor: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["install", editor, "--check"]) == 1
    assert "missing  " in capsys.readouterr().out
    assert run(["install", editor]) == 0
    assert f"handtint_{editor}" in capsys.readouterr().out
    assert run(["install", editor, "--check"]) == 0
    assert "missing" not in capsys.readouterr().out
    assert run(["uninstall", editor]) == 0
    assert "Removed" in capsys.readouterr().out
    assert not list(home.rglob("*"))


def test_an_archive_is_written_where_it_is_wanted(tmp_path: Path, home: Path) -> None:
    assert run(["install", "krita", "--zip", str(tmp_path / "new" / "handtint.zip")]) == 0
    assert zipfile.is_zipfile(tmp_path / "new" / "handtint.zip")
    assert not (home / ".local").exists()


@pytest.mark.parametrize("words", [["gimp", "--zip", "x.zip"], ["krita", "--zip", "x.zip", "--check"], ["photoshop"]])
def test_what_cannot_be_meant_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["install", *words]) == EXIT_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(["install", "gimp", "--dest", str(tmp_path / "file")]) == EXIT_INPUT
    error = capsys.readouterr().err
    assert str(tmp_path / "file") in error
    assert error.count("\n") == 1


def test_a_relay_is_remembered_until_the_next_install(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HANDTINT_ENGINE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(["install", "krita"]) == 0
    assert run(["keys", "keys"]) == 0
    assert run(["relay", "tcp://gpu-box:7700", "--curve-keys", "keys/painter", "--remember"]) == 0
    relay = ["-m", "handtint", "relay", "tcp://gpu-box:7700", "--curve-keys", str(tmp_path / "keys" / "painter")]
    assert (engine_command() or [])[1:] == relay
    assert own_command("auto") is None, "the command line starts what is remembered as well"
    assert run(["install", "krita", "--check"]) == 0
    assert run(["install", "krita"]) == 0
    assert (engine_command() or [])[1:] == ["-m", "handtint", "serve"]
    assert own_command("auto") is not None
    capsys.readouterr()
    assert run(["relay", "gpu-box", "--curve-keys", "keys/painter", "--remember"]) == EXIT_INPUT
    assert run(["relay", "tcp://gpu-box:7700", "--curve-keys", "keys", "--remember"]) == EXIT_INPUT
    assert capsys.readouterr().err.count("\n") == 2
    assert (engine_command() or [])[1:] == ["-m", "handtint", "serve"]
    assert run(["uninstall", "krita"]) == 0
    assert not list(home.rglob("*"))
