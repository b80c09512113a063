"""What the pages quote of the doctor, the docker, the dialog and the relay is what they say."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handtint.client.install import install_krita

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "docs" / name for name in ("troubleshooting.md", "gpu-box.md")]
ROW = re.compile(r"^\| \*(.+?)\* \|", re.MULTILINE)
"""A row of a table that begins with something said."""
QUOTED = [said for page in PAGES for said in ROW.findall(page.read_text(encoding="utf-8"))]
NAME = re.compile(r"^(?:ok   |mend ) ([^:]+): ", re.MULTILINE)


@pytest.fixture(scope="module")
def said() -> str:
    """Every text of the code, those in several pieces as one."""
    folders = [REPOSITORY / name for name in ("engine", "plugin_krita", "plugin_gimp")]
    files = [path for folder in folders for path in folder.rglob("*.py") if "bench" not in path.parts]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    whole = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    pieces = [ast.unparse(node) for node in nodes if isinstance(node, ast.JoinedStr)]
    return "\n".join(whole + pieces).casefold()


@pytest.mark.parametrize("text", QUOTED)
def test_what_is_quoted_is_said(text: str, said: str) -> None:
    """Where the page has … or a number, anything may stand; an editor begins it with a capital."""
    pieces = [piece.strip().casefold() for piece in re.split(r"…|\d+", text) if len(piece.strip()) > 2]
    assert pieces != []
    assert [piece for piece in pieces if piece not in said] == []


def test_both_pages_quote_something() -> None:
    assert len(QUOTED) >= 12


@pytest.mark.slow
def test_the_doctor_s_lines_are_those_of_the_page(tmp_path: Path) -> None:
    """Of a Krita whose switch is off, on this system: each line with what differs from system to system left out."""
    (shown,) = re.findall(r"^```text\n(.*?)^```$", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "krita").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "krita").chmod(0o755)
    (tmp_path / "handtint").mkdir(mode=0o700)
    env = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "HANDTINT_RUNTIME": str(tmp_path / "handtint")}
    install_krita(environ=env)
    (tmp_path / ".config" / "kritarc").write_text("[python]\n")
    env |= {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ}
    handtint = [sys.executable, "-m", "handtint"]
    try:
        done = subprocess.run([*handtint, "doctor"], env=env, check=False, capture_output=True, text=True, timeout=120)
    finally:
        subprocess.run([*handtint, "stop"], env=env, check=False, capture_output=True, timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [*map(plain, done.stdout.splitlines())] == [*map(plain, shown.splitlines())]
    (table,) = re.findall(r"^\| it looks at .*?(?=^$)", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for name in NAME.findall(done.stdout):
        listed = name.partition(" of ")[0] if name != "Krita" else "editors"
        assert re.search(rf"^\| (?:.*, )?{listed}s?[, ]", table, re.MULTILINE), f"the table has no row for {name}"


def plain(line: str) -> str:
    """A line of the doctor's without what differs from machine to machine: folders, numbers, devices, lists."""
    line = re.sub(r"(files are whole|starts the engine with).*", r"\1", line)
    line = re.sub(r"\b(device|on) (cpu|cuda)\b", r"\1 DEVICE", line)
    return re.sub(r"\d[\w.+]*", "N", re.sub(r"/\S*/", "/", line))
