"""One value of an ini text set or taken out, every other line left as it is. Opens no file. Standard library only."""

from __future__ import annotations


def with_setting(text: str, section: str, key: str, value: str) -> str:
    """An ini text with one value set; every other line, order and comment stays."""
    lines = text.splitlines()
    line = f"{key}={value}"
    start, end = _section(lines, section)
    if start < 0:
        gap = [""] if lines else []
        return _text([*lines, *gap, f"[{section}]", line])
    found = _find(lines, start, end, key)
    if found < 0:
        return _text([*lines[:start], line, *lines[start:]])
    if lines[found].strip() == line:
        return text
    return _text([*lines[:found], line, *lines[found + 1 :]])


def without_setting(text: str, section: str, key: str) -> str:
    """What `with_setting` did, undone: the value, and with the last one the section's header and the gap above it."""
    lines = text.splitlines()
    start, end = _section(lines, section)
    found = _find(lines, start, end, key) if start >= 0 else -1
    if found < 0:
        return text
    rest = [*lines[start:found], *lines[found + 1 : end]]
    if any(line.strip() for line in rest):
        return _text([*lines[:found], *lines[found + 1 :]])
    above = lines[: start - 1]
    if above and not above[-1].strip():
        above.pop()
    return _text([*above, *rest, *lines[end:]])


def setting(text: str, section: str, key: str) -> str | None:
    """A value of an ini text, None where it has none."""
    lines = text.splitlines()
    start, end = _section(lines, section)
    found = _find(lines, start, end, key) if start >= 0 else -1
    return lines[found].partition("=")[2].strip() if found >= 0 else None


def _section(lines: list[str], section: str) -> tuple[int, int]:
    """First line of a section's body and the one after its last; -1 where there is no such section."""
    stripped = [line.strip() for line in lines]
    if f"[{section}]" not in stripped:
        return -1, -1
    start = stripped.index(f"[{section}]") + 1
    end = next((index for index in range(start, len(lines)) if stripped[index].startswith("[")), len(lines))
    return start, end


def _find(lines: list[str], start: int, end: int, key: str) -> int:
    return next((index for index in range(start, end) if lines[index].partition("=")[0].strip() == key), -1)


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
