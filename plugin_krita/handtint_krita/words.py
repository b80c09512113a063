"""The words that the painter reads, in the painter's language: `tr` for our own, `told` for what the engine says.

Reads catalogs (`translations/*.po`, the format of gettext); `docs/translate.py` writes them. Knows no Qt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

CATALOGS = Path(__file__).parent / "translations"
_PART = re.compile(r'(msgid|msgstr)?\s*(".*")')
_spoken: dict[str, str] = {}
"""The translations in use by their English texts. One for all, as Krita has one language; empty for English."""


def tr(text: str, **values: object) -> str:
    """`text` in the painter's language with `{named}` places filled in."""
    found = _spoken.get(text) or text
    return found.format(**values) if values else found


def told(text: str) -> str:
    """What the engine, or the link to it, says: in the painter's language where it is one of its fixed sentences."""
    return _spoken.get(text) or text


def speak(languages: Iterable[str], folder: Path = CATALOGS) -> str:
    """Take the first of these languages ("de_DE", "pt-BR", "en") that there is a catalog of; its name."""
    _spoken.clear()
    for language in languages:
        names = _names(language)
        if names[-1] in ("en", "C"):
            break
        for name in names:
            path = folder / f"{name}.po"
            if path.is_file():
                _spoken.update(read_catalog(path.read_text(encoding="utf-8")))
                return name
    return "en"


def read_catalog(text: str) -> dict[str, str]:
    """The translations in a .po file by their English texts, without those that are empty or marked as fuzzy."""
    entries = (_entry(block) for block in re.split(r"\n\s*\n", text) if "#, fuzzy" not in block)
    return {english: translated for english, translated in entries if english and translated}


def _entry(block: str) -> tuple[str, str]:
    texts = {"msgid": "", "msgstr": ""}
    part = "msgid"
    for line in block.splitlines():
        found = _PART.fullmatch(line.strip())
        if found is not None:
            part = found[1] or part
            texts[part] += json.loads(found[2])  # a .po file escapes as JSON does
    return texts["msgid"], texts["msgstr"]


def _names(language: str) -> tuple[str, ...]:
    """Names that a catalog of this language may have, the closest first."""
    parts = re.split(r"[-_.@]", language)
    return (f"{parts[0]}_{parts[-1]}", parts[0]) if len(parts) > 1 else (parts[0],)
