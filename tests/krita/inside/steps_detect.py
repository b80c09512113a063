"""Detect objects: the map comes as a layer, is corrected with a class's color and a real pointer, and counts."""

import kit

RESULT = globals()["RESULT"]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    yield lambda: kit.panel().base.count() == 1
    document.topLevelNodes()[0].setName("Photograph")
    kit.approach()
    yield lambda: kit.panel().method.count() > 1
    kit.choose_method("semantic")
    control = kit.panel().semantic
    RESULT["classes before"] = control.paint.isVisible()

    kit.click(control.detect)
    yield lambda: "Semantic" in kit.names(document)
    yield lambda: kit.idle() and document.activeNode().name() == "Semantic"
    RESULT["layers"], RESULT["said"] = kit.names(document), kit.status()
    RESULT["opacity"] = document.nodeByName("Semantic").opacity()
    RESULT["chosen"] = control.layer.currentText()
    kit.dump(document, "Semantic", "map.raw")
    kit.trigger("edit_undo")
    yield lambda: "Semantic" not in kit.names(document)
    yield lambda: control.layer.currentText() == "None"
    RESULT["after undo"] = kit.names(document)
    yield lambda: kit.enabled("edit_redo")
    kit.trigger("edit_redo")
    yield lambda: control.layer.findText("Semantic") > 0
    kit.choose(control.layer, "Semantic")
    yield from kit.colored()
    kit.dump(document, "Handtint color", "found.raw")

    document.setActiveNode(document.nodeByName("Photograph"))
    yield lambda: document.activeNode().name() == "Photograph"
    RESULT["classes"] = [control.paint.itemText(i) for i in range(1, control.paint.count())]
    kit.choose(control.paint, "grass")
    yield lambda: document.activeNode().name() == "Semantic"
    view = kit.krita.activeWindow().activeView()
    RESULT["color"] = [round(value * 255) for value in view.foregroundColor().components()[:3]]
    view.setBrushSize(90)
    yield 0.5
    stroke = kit.stroke((60, 60), (160, 60), (260, 60))
    yield lambda: stroke.poll() is not None
    yield lambda: document.tryBarrierLock()
    document.unlock()
    kit.dump(document, "Semantic", "edited.raw")
    yield from kit.colored()
    RESULT["said of the colors"] = kit.status()
    kit.dump(document, "Handtint color", "corrected.raw")
    yield 1.0
    yield from kit.shown("detect.png")

    kit.click(kit.panel().live)
    yield lambda: kit.settled(document)
    before = kit.content(document, "Handtint color")
    kit.choose(control.paint, "sky")
    yield lambda: document.activeNode().name() == "Semantic"
    stroke = kit.stroke((60, 240), (160, 240), (260, 240))
    yield lambda: stroke.poll() is not None
    yield lambda: kit.content(document, "Handtint color") != before
    yield lambda: kit.settled(document)
    RESULT["live"], RESULT["active"] = kit.panel().live.isChecked(), document.activeNode().name()
