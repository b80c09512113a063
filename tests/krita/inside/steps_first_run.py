"""The first run: without an engine the docker says what to do; with one the first color comes without any setting."""

import os

import kit

RESULT = globals()["RESULT"]
RECORD = os.path.join(os.environ["HOME"], ".config", "handtint", "engine.json")


def steps():
    os.rename(RECORD, RECORD + ".away")  # before the docker looks for an engine
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    kit.click(kit.panel().colorize)
    yield lambda: kit.panel().restart.isVisible()
    RESULT["without an engine"] = kit.status()
    yield from kit.shown("first-run.png")
    os.rename(RECORD + ".away", RECORD)  # as `handtint install krita` writes it
    kit.click(kit.panel().restart)
    yield lambda: not kit.panel().restart.isVisible() and kit.panel().method.count() > 1
    kit.click(kit.panel().colorize)
    yield lambda: "Handtint color" in kit.names(document) and kit.idle()
    RESULT["colored"] = kit.status()
    RESULT["layers"] = kit.names(document)
    yield from kit.shown("first-color.png")
