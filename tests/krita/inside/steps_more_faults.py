"""Whatever the painter or the system does meanwhile: a sentence in the docker, nothing lost, no dialog, no crash."""

import json
import os
import signal

import kit
from krita import Selection
from PyQt5.QtWidgets import QApplication

RESULT = globals()["RESULT"]
MARK = b"\x4c\x6b\xb2\xff"
SRGB = "sRGB-elle-V2-srgbtrc.icc"


def engine_pid():
    with open(os.path.join(os.environ["HANDTINT_RUNTIME"], "engine.json")) as file:
        return json.load(file)["pid"]


def make(name, width, height, model="RGBA", depth="U8"):
    """A document with a gray base and a hint, in front."""
    document = kit.krita.createDocument(width, height, name, model, depth, SRGB, 72.0)
    document.setBatchmode(True)
    view = kit.krita.activeWindow().addView(document)
    view.setVisible()
    yield lambda: kit.krita.activeDocument() == document and document.activeNode() is not None
    base = document.topLevelNodes()[0]
    base.setName("Photograph")
    base.setPixelData(b"\x80\x80\x80\xff" * (width * height), 0, 0, width, height)
    document.refreshProjection()
    document.waitForDone()
    yield lambda: kit.panel().base.currentText().strip() == "Photograph"
    kit.panel()._model.deeds.add_layer("hints")
    yield lambda: "Hints" in kit.names(document)
    hints = document.nodeByName("Hints")
    side = max(1, min(width, height) // 8)
    hints.setPixelData(MARK * side * side, 0, 0, side, side)
    document.refreshProjection()
    document.waitForDone()
    yield lambda: kit.panel().hints.layer.currentText() == "Hints"
    RESULT["document"] = document


def close(document):
    document.setModified(False)
    document.close()
    yield 0.2


def pressed():
    kit.click(kit.panel().colorize)
    yield lambda: not kit.idle() or kit.status() != ""
    yield kit.idle


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    panel = kit.panel()
    yield lambda: panel.base.count() == 1
    kit.approach()
    yield lambda: panel.method.count() > 1
    kit.choose_method("scribble")
    kit.click(panel.new)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    document.nodeByName("Hints").setPixelData(MARK * 400, 100, 100, 20, 20)
    yield from kit.colored()

    # The engine dies while it works: the next one is started and answers.
    first = engine_pid()
    os.kill(first, signal.SIGSTOP)
    kit.click(panel.colorize)
    yield lambda: bool(panel._model._talk.newest)
    os.kill(first, signal.SIGKILL)
    yield kit.idle
    RESULT["killed mid-request"], RESULT["another"] = kit.status(), engine_pid() != first

    # Color, hints and base: hidden, locked, of another size, deleted.
    document.nodeByName("Handtint color").setVisible(False)
    yield from kit.colored()
    RESULT["hidden result"] = kit.status()
    document.nodeByName("Handtint color").setVisible(True)
    document.nodeByName("Handtint color").setLocked(True)
    yield from kit.colored()
    group = document.nodeByName("Colorization")
    RESULT["locked result"] = [node.name() for node in group.childNodes()].count("Handtint color")
    document.nodeByName("Hints").setLocked(True)
    document.nodeByName("Base").setLocked(True)
    document.nodeByName("Base").setVisible(False)
    yield from kit.colored()
    RESULT["locked and hidden inputs"] = kit.status()
    document.nodeByName("Hints").setPixelData(MARK * 10000, -50, -50, 100, 100)
    yield from kit.colored()
    RESULT["larger than the canvas"] = kit.status()
    kit.click(panel.colorize)
    document.resizeImage(0, 0, 500, 400)
    yield lambda: kit.idle() and document.width() == 500 and kit.status().startswith("Colored in")
    RESULT["resized meanwhile"] = kit.status()
    document.nodeByName("Hints").setLocked(False)
    kit.click(panel.colorize)
    document.nodeByName("Hints").remove()
    yield lambda: "Hints" not in [node.name() for node in group.childNodes()]
    yield kit.idle
    yield from pressed()
    RESULT["hints deleted"] = kit.status()
    engine = engine_pid()
    os.kill(engine, signal.SIGSTOP)
    kit.choose_method("global_local")  # which needs no hints
    kit.click(panel.colorize)
    yield lambda: bool(panel._model._talk.newest)
    document.nodeByName("Base").remove()
    os.kill(engine, signal.SIGCONT)
    yield lambda: kit.idle() and kit.status().startswith("The base")
    RESULT["base deleted meanwhile"] = kit.status()
    yield from pressed()
    RESULT["base deleted"] = kit.status()
    kit.choose_method("scribble")
    yield from kit.shown("deleted.png")

    # What is asked beside coloring, where nothing is open and where the layer is empty.
    yield from close(document)
    yield lambda: kit.status() == "Open a gray picture to color it."
    for name in ("handtint_new", "handtint_suggest", "handtint_variant", "handtint_detect", "handtint_colorize"):
        kit.trigger(name)
        yield lambda: kit.status() != ""
    RESULT["nothing open"] = kit.status()

    # One pixel, and a hundred million; each closed while an answer may be under way.
    yield from make("one pixel", 1, 1)
    document = RESULT.pop("document")
    yield from kit.colored()
    RESULT["one pixel"] = kit.pixel(document, "Handtint color", 0, 0)
    yield from close(document)

    yield from make("large", 10000, 10000)
    document = RESULT.pop("document")
    kit.click(panel.colorize)
    yield lambda: bool(panel._model._talk.newest)
    kit.click(panel.cancel)
    yield kit.idle
    RESULT["large"] = kit.status()
    yield from close(document)

    yield from make("selected", 200, 100)
    document = RESULT.pop("document")
    selection = Selection()
    selection.select(50, 0, 60, 100, 255)
    document.setSelection(selection)
    yield from kit.colored()
    RESULT["selection"] = [kit.pixel(document, "Handtint color", x, 50)[3] for x in (49, 50, 109, 110)]
    RESULT["dialogs"] = [type(w).__name__ for w in QApplication.topLevelWidgets() if w.isVisible() and w.isModal()]
