"""What can go wrong with the engine is a sentence in the docker, and the next press mends it."""

import json
import os
import signal

import kit

RESULT = globals()["RESULT"]


def engine_pid():
    with open(os.path.join(os.environ["HANDTINT_RUNTIME"], "engine.json")) as file:
        return json.load(file)["pid"]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    kit.click(kit.panel().colorize)
    yield lambda: kit.panel().restart.isVisible()
    RESULT["missing"] = kit.status()
    yield 1.0  # the window paints what it has
    shot = kit.screenshot("fault.png")
    yield lambda: shot.poll() is not None

    kit.panel().palette_control.text.setText("#12345, red")
    kit.panel().palette_control.text.editingFinished.emit()
    RESULT["palette"] = kit.status()
    kit.panel().palette_control.text.setText("")
    kit.panel().palette_control.text.editingFinished.emit()

    del os.environ["HANDTINT_ENGINE"]  # now the one that `handtint install` wrote down counts
    kit.click(kit.panel().restart)
    yield lambda: kit.panel().method.count() > 1
    yield lambda: not kit.panel().restart.isVisible()
    kit.choose_method("scribble")
    RESULT["palette of scribble"] = kit.panel().palette_control.choice.isEnabled()
    kit.click(kit.panel().hints.add)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    document.nodeByName("Hints").setPixelData(b"\x4c\x6b\xb2\xff" * 400, 100, 100, 20, 20)
    kit.click(kit.panel().colorize)
    yield lambda: "Handtint color" in kit.names(document) and kit.idle()
    RESULT["colored"] = kit.status()

    first = engine_pid()
    os.kill(first, signal.SIGKILL)
    kit.click(kit.panel().colorize)
    yield lambda: not kit.idle()
    yield lambda: kit.idle()
    RESULT["after the kill"] = kit.status()
    RESULT["another engine"] = engine_pid() != first

    kit.click(kit.panel().colorize)  # the document goes while its answer is under way
    document.setModified(False)
    document.close()
    yield lambda: kit.status() == "Open a gray picture to color it."
    yield lambda: kit.idle()
    RESULT["closed"] = kit.status()

    # Krita quits while Live is on and an answer is under way.
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.click(kit.panel().hints.add)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    kit.click(kit.panel().live)
    yield lambda: kit.panel().live.isChecked()
    document.nodeByName("Hints").setPixelData(b"\x4c\x6b\xb2\xff" * 400, 300, 300, 20, 20)
    yield lambda: not kit.idle()
    RESULT["live at the end"] = kit.panel().live.isChecked()
