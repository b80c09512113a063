"""What helps to choose: swatches, themes, suggestions, unsure places, the legend, exemplars from everywhere."""

import kit
from portraits import portraits
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QLineEdit

RESULT = globals()["RESULT"]
CUT_OFF = RESULT["cut off"] = {}


def foreground():
    """What Krita paints with: red, green, blue."""
    return [round(value * 255) for value in kit.krita.activeWindow().activeView().foregroundColor().components()[2::-1]]


def swatches():
    return [[round(255 * channel) for channel in color] for color in kit.panel().palette_control.swatches.colors]


def bytes_of(colors):
    return [[round(255 * channel) for channel in color] for color in colors]


def read(name):
    with open(kit.path(name), "rb") as file:
        return file.read()


def steps():
    kit.show_window()
    document = kit.open_picture("gray.png")
    yield lambda: document.activeNode() is not None
    kit.show_dock()
    panel = kit.panel()
    yield lambda: panel.base.count() == 1
    kit.approach()
    yield lambda: panel.method.count() > 1
    kit.choose_method("global_local")
    kit.click(panel.new)
    yield lambda: document.activeNode() is not None and document.activeNode().name() == "Hints"
    yield from edit_palette(document)
    yield from take_palettes(document)
    yield from suggest_themes(document)
    yield from suggest_colors(document)
    yield from show_unsure()
    yield from use_legend(document)
    yield from borrow(document)


def edit_palette(document):
    control = kit.panel().palette_control
    kit.type_palette("#c02020 50%, #20c020 30%, #2020c0 20%")
    yield lambda: len(swatches()) == 3
    places = [place.center().toPoint() for place in control.swatches.places()]
    RESULT["wide as their shares"] = [round(place.width()) for place in control.swatches.places()]
    QTest.mousePress(control.swatches, Qt.LeftButton, pos=places[2])
    QTest.mouseMove(control.swatches, places[1])
    QTest.mouseMove(control.swatches, places[0])
    QTest.mouseRelease(control.swatches, Qt.LeftButton, pos=places[0])
    RESULT["moved"] = swatches()
    kit.press_patch(control.swatches, 1)
    kit.click(control.remove)
    RESULT["removed"] = swatches()
    kit.pick_color(200, 180, 20)
    kit.click(control.add)
    RESULT["added"] = swatches()
    control.share._slider.setValue(60)
    RESULT["weighed"] = control.text.text()
    kit.click(control.edit)
    yield lambda: control.dialog is not None and control.dialog.isVisible()
    control.dialog.setCurrentColor(QColor(10, 20, 30))
    control.dialog.accept()
    yield lambda: [10, 20, 30] in swatches()
    RESULT["edited"] = swatches()
    RESULT["named"] = control.choice.currentText()
    yield from kit.shown("palette.png")
    yield from portraits("palette", CUT_OFF)


def take_palettes(document):
    control = kit.panel().palette_control
    kit.choose(control.choice, next(name for name in control._palettes.names() if "Gray" not in name))
    RESULT["of krita"] = swatches()
    kit.click(control.more)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Colors of a picture file…")
    yield lambda: control.dialog.isVisible()
    control.dialog.findChild(QLineEdit).setText(kit.path("halves.png"))
    control.dialog.accept()
    yield lambda: len(swatches()) == 2
    RESULT["of a file"] = control.text.text()
    kit.fill(document, "Hints", read("red.raw"))
    kit.click(control.more)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Colors of the active layer")
    yield lambda: swatches() == [[255, 0, 0]]
    kit.fill(document, "Hints", bytes(4 * document.width() * document.height()))
    kit.type_palette("#c08040 40%, #204060 60%")
    kit.click(control.more)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Save as a Krita palette…")
    control.save.line.setText("Harbor")
    kit.click(control.save.button)
    RESULT["saved"], RESULT["saved name"] = kit.status(), control.choice.currentText()
    kit.type_palette("")
    kit.choose(control.choice, "Harbor")
    RESULT["chosen again"] = control.text.text()


def suggest_themes(document):
    control = kit.panel().palette_control
    kit.type_palette("")
    kit.click(control.more)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Suggest themes for this picture")
    yield lambda: control.themes.themes and all(theme.image is not None for theme in control.themes.themes)
    for index, theme in enumerate(control.themes.themes):
        theme.image.save(kit.path(f"theme{index}.png"))
    RESULT["themes"] = [bytes_of(theme.palette.colors) for theme in control.themes.themes]
    yield from kit.shown("themes.png")
    yield from portraits("themes", CUT_OFF)
    kit.press_patch(control.themes, 1)
    yield lambda: bool(swatches())
    RESULT["theme in use"] = swatches()
    yield from kit.colored()
    RESULT["colored with it"] = kit.status()
    kit.type_palette("")


def suggest_colors(document):
    hints = kit.panel().hints
    document.setActiveNode(document.nodeByName("Hints"))
    yield lambda: document.activeNode().name() == "Hints"
    yield lambda: kit.settled(document)
    kit.click(hints.suggest)
    RESULT["asked for a stroke"] = kit.status()
    kit.krita.activeWindow().activeView().setBrushSize(20)
    yield 0.5
    stroke = kit.stroke((50, 200), (70, 220), (90, 240))
    yield lambda: stroke.poll() is not None
    yield lambda: hints.colors.isVisible()
    RESULT["stroke"] = list(kit.panel()._model.view.help.answers.suggestions.spot)
    RESULT["suggested"] = bytes_of(hints.colors.colors)
    document.setActiveNode(document.nodeByName("Base"))
    yield lambda: document.activeNode().name() == "Base"
    kit.press_patch(hints.colors, 2)
    yield lambda: document.activeNode().name() == "Hints"
    RESULT["third"] = foreground()
    at = hints.gamut.place_of(hints.colors.colors[0]).toPoint()
    QTest.mouseClick(hints.gamut, Qt.LeftButton, pos=at)
    RESULT["from the gamut"] = foreground()
    yield from kit.shown("suggestions.png")
    yield from portraits("suggestions", CUT_OFF)

    place = kit.on_screen(210, 60)
    moved = kit.xdotool("mousemove", str(place.x()), str(place.y()), "sleep", "0.2", "key", "ctrl+alt+shift+s")
    yield lambda: moved.poll() is not None
    yield lambda: list(kit.panel()._model.view.help.answers.suggestions.spot) != RESULT["stroke"]
    RESULT["pointer"] = list(kit.panel()._model.view.help.answers.suggestions.spot)
    kit.click(hints.suggest)
    RESULT["suggestions gone"] = not hints.colors.isVisible()


def overlays():
    return [w for w in kit.canvas().children() if type(w).__name__ == "Overlay" and w.isVisible()]


def show_unsure():
    hints = kit.panel().hints
    kit.click(hints.unsure)
    yield lambda: bool(overlays())
    yield from kit.shown("unsure.png")
    kit.click(hints.unsure)
    yield lambda: not overlays()
    yield from kit.shown("sure.png")


def use_legend(document):
    control = kit.panel().semantic
    kit.choose_method("semantic")
    kit.click(control.add)
    yield lambda: "Semantic" in kit.names(document) and kit.settled(document)
    RESULT["no classes"] = control.legend.isVisible()
    kit.fill(document, "Semantic", read("semantic0.raw"))
    document.setActiveNode(document.nodeByName("Base"))
    kit.choose(control.layer, "None")
    kit.choose(control.layer, "Semantic")
    yield lambda: control.legend.isVisible() and document.activeNode().name() == "Base"
    RESULT["legend"] = control.legend.names()
    kit.press_patch(control.legend, control.legend.names().index("sky"))
    yield lambda: document.activeNode().name() == "Semantic"
    RESULT["sky"] = foreground()
    RESULT["unknown before"] = control.unknown.isVisible()
    yield from kit.shown("legend.png")
    yield from portraits("legend", CUT_OFF)

    kit.pick_color(255, 0, 255)
    kit.krita.activeWindow().activeView().setBrushSize(120)
    yield 0.5
    stroke = kit.stroke((60, 240), (160, 240), (260, 240))
    yield lambda: stroke.poll() is not None
    yield lambda: control.unknown.isVisible()
    yield from kit.colored()
    RESULT["unknown"] = kit.status()


def borrow(document):
    control = kit.panel().exemplar
    kit.choose_method("exemplar")
    image = QImage(60, 40, QImage.Format_RGB32)
    image.fill(QColor(220, 120, 40))
    QApplication.clipboard().setImage(image)
    kit.click(control.open)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Clipboard")
    yield lambda: control.drop.filled
    RESULT["clipboard"] = control.choice.currentText()

    view = kit.krita.activeWindow().activeView()
    kit.open_picture("exemplar0.png")
    yield lambda: kit.krita.activeDocument() != document
    view.setVisible()
    yield lambda: kit.krita.activeDocument() == document and bool(kit.panel()._model.view.open)
    yield lambda: control.choice.currentText().startswith("Clipboard")
    kit.click(control.open)
    yield lambda: control.menu.isVisible()
    kit.press(control.menu, "Document exemplar0.png")
    yield lambda: control.choice.currentText().startswith("exemplar0.png")
    yield from kit.colored()
    RESULT["borrowed"] = kit.status()

    kit.click(control.clear)
    yield lambda: not control.drop.filled
    drop(control.drop, kit.path("exemplar0.png"))
    yield lambda: control.drop.filled
    RESULT["dropped"] = control.choice.currentText()
    yield from kit.shown("exemplar-drop.png")
    yield from portraits("exemplar-drop", CUT_OFF)
    drop(control.drop, kit.path("semantic0.raw"))
    RESULT["dropped nonsense"] = kit.status()


def drop(widget, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    for kind in (QDragEnterEvent, QDropEvent):
        QApplication.sendEvent(widget, kind(QPoint(5, 5), Qt.CopyAction, data, Qt.LeftButton, Qt.NoModifier))
