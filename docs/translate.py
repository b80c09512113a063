"""Writes the Krita docker's catalogs anew: the template with all that a painter reads, and each translation beside it.

Run it after a text has changed, then fill in what is empty in translations/*.po. Knows the engine, whose fixed texts
the docker shows; the docker itself never imports this.
"""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import handtint
from handtint.client.states import TEXTS
from handtint.colorizers.registry import METHODS
from handtint.weights import read_classes
from handtint_krita.words import CATALOGS, read_catalog

PLUGIN = CATALOGS.parent
TEMPLATE = CATALOGS / "handtint_krita.pot"
_SERVER = Path(handtint.__file__).parent / "server"
_SHOWN = ("text", "whatsThis", "toolTip", "statusTip")
"""What Krita shows of an action."""
_HEADER = """# {about}
msgid ""
msgstr ""
"Project-Id-Version: Handtint\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def texts() -> dict[str, set[str]]:
    """All that a painter reads in English, each with the files that say it."""
    found: dict[str, set[str]] = {}
    for text, file in (*_spoken(), *_actions(), *_engine()):
        found.setdefault(text, set()).add(file)
    return found


def catalog(language: str, translated: dict[str, str]) -> str:
    """A .po file with every text, translated or still empty; the template where `language` is empty."""
    about = f"The docker's texts ({language})." if language else "The docker's texts: the template of all translations."
    entries = [_HEADER.format(about=about, language=language)]
    for text, files in sorted(texts().items()):
        flag = "#, python-brace-format\n" if "{" in text else ""
        sources = f"#: {' '.join(sorted(files))}\n"
        said = json.dumps(translated.get(text, ""), ensure_ascii=False)
        entries.append(f"{sources}{flag}msgid {json.dumps(text, ensure_ascii=False)}\nmsgstr {said}\n")
    return "\n".join(entries)


def _spoken() -> Iterator[tuple[str, str]]:
    """What the plug-in's own files pass to `tr`."""
    for path in sorted(PLUGIN.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                yield str(ast.literal_eval(node.args[0])), path.name


def _actions() -> Iterator[tuple[str, str]]:
    for action in ElementTree.parse(PLUGIN / "handtint_krita.action").iter("Action"):
        for part in _SHOWN:
            yield action.findtext(part) or "", "handtint_krita.action"
    desktop = (PLUGIN / "handtint_krita.desktop").read_text(encoding="utf-8")
    yield re.findall(r"^Comment=(.*)$", desktop, re.MULTILINE)[0], "handtint_krita.desktop"


def _engine() -> Iterator[tuple[str, str]]:
    """What the engine and the link to it say in fixed words."""
    yield from ((text, "client/states.py") for text in TEXTS.values())
    for method in METHODS:
        yield from ((text, "colorizers/registry.py") for text in (method.title, method.help))
    for path in sorted(_SERVER.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        stages = re.findall(r'job\.progress = \([\d.]+, "(.+?)"\)', source)
        yield from ((text, f"server/{path.name}") for text in (*stages, *_sentences(ast.parse(source))))
    # The first class is what no color stands for.
    yield from ((entry.name.replace("_", " "), "classes.json") for entry in read_classes()[1:])


def _sentences(code: ast.Module) -> Iterator[str]:
    """Whole sentences in code, which are notes for the artist, without its docstrings."""
    statements = [node.value for node in ast.walk(code) if isinstance(node, ast.Expr)]
    constants = (node for node in ast.walk(code) if isinstance(node, ast.Constant) and node not in statements)
    texts = (node.value for node in constants if isinstance(node.value, str))
    return (text for text in texts if re.fullmatch(r"[A-Z][^\n]* [^\n]*\.", text))


def write() -> None:
    """The template and every translation that there is."""
    TEMPLATE.write_text(catalog("", {}), encoding="utf-8")
    for path in sorted(CATALOGS.glob("*.po")):
        path.write_text(catalog(path.stem, read_catalog(path.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    write()
