"""Every pinned dependency has the hashes of its files: one that was changed on its way is not installed."""

from __future__ import annotations

import re
from pathlib import Path

CI = Path(__file__).parents[1] / ".ci"
WITHOUT = {"torch"}
"""It comes as the machine's own build."""
PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    text = (CI / name).read_text(encoding="utf-8")
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in PINNED.findall(text)}


def test_what_is_pinned_has_hashes_and_nothing_else_has() -> None:
    expected = {package: version for package, version in pins("constraints.txt").items() if package not in WITHOUT}
    assert pins("hashes.txt") == expected, "after a change of constraints.txt, make hashes.txt anew as its head says"


def test_each_has_at_least_one() -> None:
    text = (CI / "hashes.txt").read_text(encoding="utf-8")
    for entry in PINNED.split(text)[3::3]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)
