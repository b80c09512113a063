"""Figures that are kept as they are made, one JSON line each, so that a long run can stop and go on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

Key = tuple[str, ...]
Figures = Mapping[str, float]


class Ledger:
    """Named figures under a key, in a file.

    Parameters
    ----------
    path : Path
        Of the JSON lines; what is there is read, a last line that was cut off by a crash is dropped.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole, encoding="utf-8")
        self._path = path
        self._entries: dict[Key, dict[str, float]] = dict(_parse(line) for line in whole.splitlines())

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> Iterator[tuple[Key, Figures]]:
        """All entries in the order in which they were made."""
        yield from self._entries.items()

    def get(self, key: Key, make: Callable[[], Figures]) -> Figures:
        """What is written under a key; made and written first if there is nothing."""
        if key not in self._entries:
            # Rounded before use, so that a figure is the same whether it was just made or read.
            figures = {name: round(float(value), 5) for name, value in make().items()}
            values = {name: None if math.isnan(value) else value for name, value in figures.items()}
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"key": key, "figures": values}) + "\n")
            self._entries[key] = figures
        return self._entries[key]


def _parse(line: str) -> tuple[Key, dict[str, float]]:
    entry = json.loads(line)
    figures = {name: math.nan if value is None else float(value) for name, value in entry["figures"].items()}
    return tuple(entry["key"]), figures
