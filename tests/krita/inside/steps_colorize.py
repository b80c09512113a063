"""A gray photograph, hints on a layer, the docker's Colorize: the main job as a painter does it."""

import os

import kit
from krita import Krita

RESULT = globals()["RESULT"]
METHOD = os.environ["HANDTINT_METHOD"]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    RESULT["first status"] = kit.status()
    document.topLevelNodes()[0].setName("Photograph")

    kit.click(kit.panel().hints.add)
    yield lambda: "Hints" in kit.names(document)
    RESULT["converted"] = [document.colorModel(), document.colorDepth(), document.colorProfile()]
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    with open(kit.path("hints.raw"), "rb") as hints:
        document.nodeByName("Hints").setPixelData(hints.read(), 0, 0, document.width(), document.height())
    document.refreshProjection()

    kit.approach()
    yield lambda: kit.panel().method.count() > 1
    RESULT["methods"] = [kit.panel().method.itemText(i) for i in range(kit.panel().method.count())]
    kit.choose_method(METHOD)
    kit.dump(document, "Photograph", "base.before")
    gaps = kit.Gaps()
    kit.click(kit.panel().colorize)
    yield lambda: kit.idle()
    RESULT["status"] = kit.status()
    RESULT["worst gap"] = gaps.worst
    yield lambda: "Handtint color" in kit.names(document)
    RESULT["layers"] = kit.names(document)
    yield 0.3
    RESULT["active"] = document.activeNode().name()
    document.waitForDone()
    kit.dump(document, "Handtint color", "result.raw")
    kit.dump(document, "Photograph", "base.after")
    kit.dump(document, "Hints", "hints.after")
    with open(kit.path("composite.raw"), "wb") as out:
        out.write(bytes(document.pixelData(0, 0, document.width(), document.height())))
    yield 1.5  # Krita draws the layers' thumbnails when it rests
    shot = kit.screenshot("krita.png")
    yield lambda: shot.poll() is not None

    kit.trigger("edit_undo")
    yield lambda: "Handtint color" not in kit.names(document)
    RESULT["after undo"] = kit.names(document)
    yield lambda: kit.enabled("edit_redo")  # the layer is gone before Krita has finished undoing
    kit.trigger("edit_redo")
    yield lambda: "Handtint color" in kit.names(document)
    kit.dump(document, "Handtint color", "result.redone")

    kit.trigger("handtint_colorize")  # again: into the same layer
    yield lambda: not kit.idle()
    yield lambda: kit.idle()
    RESULT["after the second"] = kit.names(document)
    assert Krita.instance().activeDocument() == document
