"""The docker's words: all of them can be translated, the template has them all, and each catalog fits."""

from __future__ import annotations

import ast
import importlib.util
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import handtint_krita
from handtint_krita.words import CATALOGS, read_catalog, speak, told, tr

PLUGIN = Path(handtint_krita.__file__).parent
SCRIPT = Path(__file__).parents[2] / "docs" / "translate.py"
LANGUAGES = sorted(path.stem for path in CATALOGS.glob("*.po"))
TRANSLATING = {"tr", "told"}
LOGGING = {"info", "error", "warning", "debug"}
SINKS = {
    "QLabel", "QPushButton", "QAction", "Switch", "NameBox", "DropBox", "ChoiceBox", "PercentSlider",
    "setText", "setToolTip", "setPlaceholderText", "setWindowTitle", "addAction", "addItem", "say",
}  # fmt: skip
"""What a painter sees as text is given to one of these."""
NO_WORDS = {
    "#7a4a2b 40%, #c9b08d 60%, …",  # how a palette is typed
    "Which layer plays which part for Handtint",  # Krita shows it nowhere
    "GIMP Palette",  # the format of a palette's file
    "%(asctime)s %(levelname)s %(name)s: %(message)s",
    " (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif)",
    " bytes for this document, got ", "the answer should have ",  # our own mistakes
    "the first row of what changed has changed",
    "srgb built-in", "srgb iec61966-2.1", "scrgb (linear)",  # names of profiles
    "handtint digests",  # a thread's
}  # fmt: skip


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    speak(["en"])


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_translate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def untranslated(node: ast.AST, *, sink: bool = False) -> Iterator[str]:
    """Texts below a node of code that a painter may read and that no catalog can change."""
    if isinstance(node, ast.Call) and called(node) in TRANSLATING | LOGGING:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        words = re.search(r"[^\W\d_]{2,}" if sink else r"[^\W\d_]{2,}\W* \W*[^\W\d_]", node.value)
        if words is not None and node.value not in NO_WORDS:
            yield node.value
        return
    inside = isinstance(node, ast.Call) and called(node) in SINKS
    for child in ast.iter_child_nodes(node):
        yield from untranslated(child, sink=inside)


def test_every_text_goes_through_the_catalog() -> None:
    found = {path.name: list(untranslated(ast.parse(path.read_text()))) for path in PLUGIN.glob("*.py")}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_what_is_translated_can_be_extracted() -> None:
    calls = [
        (path.name, call.lineno)
        for path in PLUGIN.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and called(call) == "tr" and not isinstance(call.args[0], ast.Constant)
    ]
    assert calls == [], "tr takes the text itself; what is not ours is `told`"


def test_the_template_holds_all_that_a_painter_reads(script: ModuleType) -> None:
    assert script.TEMPLATE.read_text() == script.catalog("", {}), "run docs/translate.py"
    files = {file for files in script.texts().values() for file in files}
    assert files >= {"docker.py", "handtint_krita.action", "colorizers/registry.py", "server/service.py"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_complete_and_fits(script: ModuleType, language: str) -> None:
    text = (CATALOGS / f"{language}.po").read_text()
    translated = read_catalog(text)
    assert text == script.catalog(language, translated), "run docs/translate.py"
    assert script.texts().keys() == translated.keys()
    assert [english for english, other in translated.items() if places(english) != places(other)] == []
    desktop = (PLUGIN / "handtint_krita.desktop").read_text()
    (comment,) = re.findall(r"^Comment=(.*)$", desktop, re.MULTILINE)
    assert f"Comment[{language}]={translated[comment]}\n" in desktop


def places(text: str) -> set[str]:
    """The named places of a text, with how they are filled in."""
    return {f"{name}:{spec}" for _, name, spec, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [
        (["de_DE"], "de"), (["de-DE", "en-US"], "de"), (["de"], "de"), (["de-Latn-AT"], "de"), (["xx", "de"], "de"),
        (["en-US", "de"], "en"), (["C"], "en"), (["xx_YY"], "en"), ([], "en"),
    ],
)  # fmt: skip
def test_kritas_language_is_spoken_where_there_is_a_catalog(languages: list[str], spoken: str) -> None:
    assert speak(languages) == spoken
    assert tr("Colorize") == ("Färben" if spoken == "de" else "Colorize")
    assert tr("Colored in {seconds:.1f} s.", seconds=1.25).startswith("In 1.2" if spoken == "de" else "Colored in 1.2")
    assert told("sky") == ("Himmel" if spoken == "de" else "sky")
    assert told("out of paint") == "out of paint"


def test_a_catalog_is_read_as_gettext_writes_it(tmp_path: Path) -> None:
    (tmp_path / "xx.po").write_text(
        '# by hand\nmsgid ""\nmsgstr ""\n"Language: xx\\n"\n\n#: a.py\nmsgid "One \\"thing\\"\\n"\n"and more"\n'
        'msgstr "Ein "\n"Ding"\n\nmsgid "Empty"\nmsgstr ""\n\n#, fuzzy\nmsgid "Guessed"\nmsgstr "Geraten"\n'
    )
    assert speak(["xx"], tmp_path) == "xx"
    assert [tr(text) for text in ('One "thing"\nand more', "Empty", "Guessed")] == ["Ein Ding", "Empty", "Guessed"]
