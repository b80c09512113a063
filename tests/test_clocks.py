"""Nothing that serves, asks or colors goes by the clock on the wall, which people and networks set at any moment."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = [
    *(ROOT / "engine" / "handtint" / part for part in ("client", "color", "colorizers", "server", "themes", "wire")),
    ROOT / "plugin_krita",
    ROOT / "plugin_gimp",
]
WALL = {"time", "time_ns", "localtime", "gmtime", "ctime", "now", "utcnow", "today"}
"""Functions of `time` and `datetime` that say what the clock on the wall says."""


def wall_clocks(text: str) -> list[int]:
    """Lines that read the clock on the wall."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
            found += [node.lineno for alias in node.names if alias.name in WALL]
        if isinstance(node, ast.Attribute) and node.attr in WALL and isinstance(node.value, ast.Name | ast.Attribute):
            name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            found += [node.lineno] if name in ("time", "datetime", "date", "QDateTime", "QTime") else []
    return found


@pytest.mark.parametrize("place", PLACES, ids=lambda path: path.name)
def test_only_clocks_that_nobody_sets(place: Path) -> None:
    files = sorted(place.rglob("*.py"))
    assert files
    assert [f"{path.name}:{line}" for path in files for line in wall_clocks(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("import time\ntime.monotonic()", []),
        ("import time\ntime.time()", [2]),
        ("clock = time.time", [1]),
        ("from time import time_ns", [1]),
        ("import datetime\ndatetime.datetime.now()", [2]),
        ("moment.now()", []),
    ],
)
def test_a_wall_clock_is_found(text: str, lines: list[int]) -> None:
    assert wall_clocks(text) == lines
