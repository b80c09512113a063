"""One click sets a picture up; a real pointer paints on it; saved and reopened it goes on; results are kept."""

import kit
from krita import Selection
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QAction, QScrollArea, QToolButton

RESULT = globals()["RESULT"]


def inside(document):
    group = document.nodeByName("Colorization")
    return [node.name() for node in group.childNodes()] if group is not None else None


def shown(document):
    return {node.name(): node.visible() for node in document.nodeByName("Colorization").childNodes()}


def lightness(button):
    """Mean lightness of a button's icon, 0 to 255."""
    image = button.icon().pixmap(16, 16).toImage()
    seen = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return sum(color.lightness() * color.alpha() for color in seen) / sum(color.alpha() for color in seen)


def too_wide(panel):
    """What the docker cuts off at its right side."""
    viewport = panel.findChild(QScrollArea).viewport()
    right = viewport.mapToGlobal(viewport.rect().topRight()).x()
    seen = [w for w in viewport.findChildren(kit.QWidget) if w.isVisible()]
    return [type(w).__name__ for w in seen if w.mapToGlobal(w.rect().topRight()).x() > right]


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    panel = kit.panel()
    yield lambda: panel.base.count() == 1
    document.topLevelNodes()[0].setName("Photograph")
    kit.approach()
    yield lambda: panel.method.count() > 1
    kit.choose_method("scribble")

    kit.click(panel.new)
    yield lambda: inside(document) is not None and document.activeNode().name() == "Hints"
    RESULT["set up"] = [kit.names(document), inside(document)]
    RESULT["roles"] = [panel.base.currentText().strip(), panel.hints.layer.currentText().strip()]
    RESULT["same picture"] = kit.content(document, "Photograph") == kit.content(document, "Base")
    yield lambda: kit.settled(document)
    kit.trigger("edit_undo")
    yield lambda: inside(document) is None
    RESULT["undone"] = kit.names(document)
    yield lambda: kit.enabled("edit_redo") and kit.settled(document)
    kit.trigger("edit_redo")
    yield lambda: inside(document) is not None
    yield lambda: panel.hints.layer.currentText().strip() == "Hints"
    RESULT["roles after redo"] = [panel.base.currentText().strip(), panel.hints.layer.currentText().strip()]
    yield from kit.on_layer(document, "Hints")

    view = kit.krita.activeWindow().activeView()
    view.setBrushSize(24)
    yield from kit.placed()
    kit.pick_color(178, 107, 76)
    first = kit.stroke((110, 120), (130, 150), (150, 190))
    yield lambda: first.poll() is not None
    yield lambda: not document.nodeByName("Hints").bounds().isEmpty()
    yield from kit.colored()
    RESULT["colored"] = [inside(document), kit.colorful(kit.pixel(document, "Handtint color", 130, 150))]
    yield from kit.shown("setup.png")

    # Saved, closed, opened again: it goes on, into the same layer.
    saved = kit.path("saved.kra")
    document.saveAs(saved)
    document.waitForDone()
    document.setModified(False)
    document.close()
    yield lambda: kit.status() == "Open a gray picture to color it."
    document = kit.open_picture("saved.kra")
    yield lambda: document.activeNode() is not None
    yield lambda: panel.hints.layer.currentText().strip() == "Hints"
    RESULT["reopened"] = [panel.base.currentText().strip(), panel.hints.layer.currentText().strip()]
    yield from kit.on_layer(document, "Hints")
    kit.click(panel.live)
    yield lambda: panel.live.isChecked() and kit.settled(document)
    before = kit.pixel(document, "Handtint color", 420, 340)
    kit.krita.activeWindow().activeView().setBrushSize(24)
    kit.pick_color(60, 110, 160)
    yield from kit.placed()
    second = kit.stroke((400, 330), (420, 340), (445, 345))
    yield lambda: second.poll() is not None
    yield lambda: not kit.near(kit.pixel(document, "Handtint color", 420, 340), before)
    yield lambda: kit.settled(document)
    RESULT["went on"] = inside(document)
    kit.click(panel.live)

    # A variant is kept, another one is made, each can be seen; then the picture is baked.
    kit.click(panel.keep)
    RESULT["kept"] = kit.status()
    panel.strength.changed.emit(0.5)
    yield from kit.colored()
    yield lambda: panel.variants.count() == 2
    RESULT["variants"] = [panel.variants.itemText(i) for i in range(2)]
    RESULT["new one shown"] = shown(document)
    kit.choose(panel.variants, "Variant 1: Scribble")
    yield lambda: shown(document)["Variant 1: Scribble"]
    RESULT["old one shown"] = shown(document)
    kit.choose(panel.variants, "Handtint color")
    yield lambda: shown(document)["Handtint color"]

    # A selection limits where the color goes.
    selection = Selection()
    selection.select(100, 100, 200, 200, 255)
    document.setSelection(selection)
    yield from kit.colored()
    RESULT["selected"] = [kit.pixel(document, "Handtint color", x, 200)[3] for x in (50, 99, 100, 299, 300, 500)]
    document.setSelection(None)
    yield from kit.colored()
    RESULT["deselected"] = kit.pixel(document, "Handtint color", 50, 200)[3]
    kit.click(panel.bake)
    RESULT["baked"] = [kit.status(), sorted(inside(document))]

    # How the docker looks.
    buttons = panel.findChildren(QToolButton)
    RESULT["without an icon"] = [b.toolTip() for b in buttons if b.icon().isNull() and b.toolTip()]
    window = kit.krita.activeWindow().qwindow()
    window.resizeDocks([kit.dock()], [250], kit.Qt.Horizontal)
    yield lambda: kit.dock().width() <= 260
    yield from kit.shown("narrow.png")
    RESULT["width"], RESULT["cut off"] = kit.dock().width(), too_wide(panel)
    bright = next(action for action in window.findChildren(QAction) if action.text().replace("&", "") == "Krita bright")
    RESULT["icons on dark"] = [lightness(button) for button in (panel.hints.add, panel.engine)]
    bright.trigger()
    yield lambda: panel.palette().color(QPalette.Window).lightness() > 128
    yield from kit.shown("bright.png")
    RESULT["icons on bright"] = [lightness(button) for button in (panel.hints.add, panel.engine)]
    kit.click(panel.engine)
    yield lambda: panel.engine_menu.isVisible()
    kit.press(panel.engine_menu, "Show: Log of the engine")
    yield lambda: panel.log.isVisible()
    RESULT["log"] = panel.log.toPlainText()
    RESULT["engine"] = panel.device.text()
    panel.log.close()
