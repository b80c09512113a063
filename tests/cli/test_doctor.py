"""Each thing that can be amiss is found, with what mends it; what is well is said to be."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from handtint.cli import doctor
from handtint.cli.doctor import Finding, find_editors, look_at_engine, look_at_folder, look_at_python, look_at_weights
from handtint.cli.main import run
from handtint.client.launcher import Launcher
from handtint.weights import MANIFEST, find

SHIPPED = find("bins")


def test_an_old_python_is_found() -> None:
    assert look_at_python((3, 9)).fix == "install Python 3.11 or newer"
    assert look_at_python((3, 12)).fix == ""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder with a copy of one shipped file and its entry."""
    assert SHIPPED is not None
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(SHIPPED.path, folder)
    manifest = (SHIPPED.path.parent / MANIFEST).read_text(encoding="utf-8")
    table = manifest[manifest.index("[bins]") :]
    end = next(
        (i for i, line in enumerate(table.splitlines()) if i and line.startswith("[") and "bins" not in line), None
    )
    (folder / MANIFEST).write_text("\n".join(table.splitlines()[:end]) + "\n", encoding="utf-8")
    return folder


def test_whole_weights_are_counted(weights: Path) -> None:
    assert list(look_at_weights([weights])) == [Finding("weights", "1 files are whole: bins")]


def test_a_damaged_weight_file_is_named(weights: Path) -> None:
    (path,) = weights.glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (finding,) = look_at_weights([weights])
    assert str(path) in finding.text
    assert finding.fix == f"get {path.name} again"


def test_a_broken_manifest_is_named(weights: Path) -> None:
    (weights / MANIFEST).write_text("not TOML at all")
    (finding,) = look_at_weights([weights])
    assert "expected TOML" in finding.text
    assert finding.fix


def test_the_engines_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    assert look_at_folder(folder).fix == ""
    folder.chmod(0o755)
    assert "chmod 700" in look_at_folder(folder).fix
    (tmp_path / "file").touch()
    assert "HANDTINT_RUNTIME" in look_at_folder(tmp_path / "file" / "run").fix
    folder.chmod(0o700)
    monkeypatch.setattr(doctor, "_FREE_BYTES", 1 << 62)
    assert look_at_folder(folder).fix == "make room on that disk"


def test_editors_are_found_on_the_path_and_in_sandboxes(tmp_path: Path) -> None:
    assert find_editors({"PATH": str(tmp_path), "HOME": str(tmp_path)}).keys() <= {"Krita", "GIMP"}
    (tmp_path / "krita").write_text("#!/bin/sh\n")
    (tmp_path / "krita").chmod(0o755)
    flatpak = tmp_path / ".local/share/flatpak/app/org.gimp.GIMP"
    flatpak.mkdir(parents=True)
    found = find_editors({"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert found == {"Krita": str(tmp_path / "krita"), "GIMP": str(flatpak)}


def test_an_engine_that_cannot_start_is_told_with_its_log(tmp_path: Path) -> None:
    launcher = Launcher([sys.executable, "-c", "raise SystemExit('no disk')"], path=tmp_path / "run" / "engine.json")
    finding = look_at_engine(launcher, time.monotonic)
    assert "no disk" in finding.text
    assert str(launcher.log_path) in finding.fix


def test_all_of_it(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No plug-in is installed in this home: that is to be mended, and the exit code says so."""
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "krita").write_text("#!/bin/sh\n")
    (bin / "krita").chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{bin}{os.pathsep}{os.environ['PATH']}")
    assert run(["doctor", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    (engine,) = (finding for finding in findings if finding["what"] == "engine")
    assert engine["fix"] == ""
    assert "colored a small picture" in engine["text"]
    assert "run `handtint install krita`" in [f["fix"] for f in findings if f["what"] == "plug-in of Krita"]
    assert run(["doctor", "--no-engine"]) == 1
    out = capsys.readouterr().out
    assert "ok    Python: " in out
    assert "mend  plug-in of Krita: " in out
