"""The whole docker on PyQt6, as Krita 6 has it: registered, built, shown in every state, clicked."""

import importlib
import os
import time
from pathlib import Path

import pytest
from krita import Krita
from PyQt6.QtCore import QMimeData, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtTest import QTest

import handtint_krita
from handtint.wire.messages import Color, MethodInfo, Palette, SemanticClass
from handtint.wire.pixels import Extent, PixelFormat, Plane
from handtint_krita import words
from handtint_krita.qt import QApplication, QColor, QEvent, QImage, QPalette, QPoint, QPointF, QtCore, QtWidgets
from handtint_krita.roles import Layer, Roles, Variant
from handtint_krita.settings import Settings
from handtint_krita.stroke import Spot
from handtint_krita.view import Answers, Help, Present, Suggestions, Theme, View

SCRATCH = Path(os.environ["HANDTINT_SCRATCH"])
WIDTH = 250
LONG = "A photograph with a long name"
PALETTE = Palette((Color(0.8, 0.2, 0.1), Color(0.1, 0.5, 0.3), Color(0.2, 0.3, 0.8)), (0.5, 0.3, 0.2))
CLASSES = tuple(SemanticClass(index, name, Color(index / 5, 0.4, 0.6)) for index, name in enumerate(
    ("unlabelled", "sky", "lower_clothes", "grass", "person")))  # fmt: skip
METHODS = (
    MethodInfo(
        "unified", "Handtint", "Colors by itself.", ("exemplar", "hints", "palette", "semantic"), palette_size=7
    ),
    MethodInfo("scribble", "Scribble", "Spreads your hints.", ("hints",)),
    MethodInfo("bins", "Bins", "", (), missing="its weights are not installed"),
)


def full():
    """Everything that the docker can show at once."""
    image = QImage(96, 64, QImage.Format.Format_RGB32)
    image.fill(QColor(90, 120, 60))
    layers = (
        Layer("h", "Hints", 1, True),
        Layer("b", "Base", 1, True),
        Layer("p", "A photograph with a long name", 0, True),
    )
    suggested = Suggestions(Spot(120, 45), tuple(Color(0.2 + n / 20, 0.4, 0.5) for n in range(9)), 0.4)
    answers = Answers(suggested, (Theme(PALETTE, image), Theme(PALETTE)), None, PALETTE)
    return View(
        open=True,
        layers=layers,
        roles=Roles("b", "h", "p", "p"),
        settings=Settings("unified", "#cc331a 50%, #1a804d 30%, #334dcc 20%", 0.8),
        palette=PALETTE,
        variants=(Variant("v", "Variant 1: Scribble", True),),
        help=Help(answers, True, False, Present(CLASSES[1:], True)),
        methods=METHODS,
        classes=CLASSES,
        thumbnail=image,
        method_help="Colors by itself, follows hints, a palette, a map and an exemplar, alone or all at once, live.",
        working=True,
        fraction=0.4,
        status="Coloring…",
        ready=True,
        device="cpu",
    )


STATES = {
    "nothing-open": lambda: View(status="Open a gray picture to color it."),
    "full": full,
    "ready": lambda: full()._replace(help=Help(), working=False, thumbnail=None, status="Colored in 1.2 s."),
    "hints-only": lambda: full()._replace(takes=("hints",), settings=Settings("scribble"), palette=None, help=Help()),
    "trouble": lambda: full()._replace(
        help=Help(), working=False, ready=False, trouble=True, restartable=True,
        status="The engine could not be started with /nowhere/handtint serve: no such file. Install Handtint again.",
    ),
    "lab": lambda: full()._replace(help=Help(), follows_anyway=True),
}  # fmt: skip


@pytest.fixture(scope="module")
def extension():
    return Krita.instance().extensions[0]


@pytest.fixture(scope="module")
def dock(extension):
    (factory,) = Krita.instance().factories
    made = factory.kind()
    made.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, False)
    made.resize(WIDTH, 900)
    made.show()
    yield made
    made.close()


@pytest.fixture
def show(extension, dock):
    """Shows a state as if the model had come to it."""
    model = extension.model
    before = model.view

    def shown(view):
        model._timer.stop()
        model.view = view
        model.changed.emit()
        QApplication.processEvents()

    yield shown
    shown(before)


def until(condition):
    end = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < end, "the condition was not met"
        QApplication.processEvents()


def click(widget, at=None):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at.toPoint() if at is not None else QPoint())


def visible(dock):
    return [w for w in dock.findChildren(QtWidgets.QWidget) if w.isVisible()]


def wide(dock):
    """What the docker cuts off at its right side."""
    viewport = dock.widget().findChild(QtWidgets.QScrollArea).viewport()
    right = viewport.mapToGlobal(viewport.rect().topRight()).x()
    inside = [w for w in viewport.findChildren(QtWidgets.QWidget) if w.isVisible()]
    return [type(w).__name__ for w in inside if w.mapToGlobal(w.rect().topRight()).x() > right]


def test_it_is_qt_6_that_all_modules_run_on():
    assert QtCore.QT_VERSION_STR.startswith("6.")
    for path in Path(handtint_krita.__file__).parent.glob("[!_]*.py"):
        importlib.import_module(f"handtint_krita.{path.stem}")


def theme(dark):
    colors = QPalette()
    shades = {"Window": "#474747", "Base": "#3a3a3a", "Button": "#4d4d4d", "Text": "#e0e0e0"} if dark else {
        "Window": "#e2e2e2", "Base": "#f4f4f4", "Button": "#d8d8d8", "Text": "#202020"}  # fmt: skip
    for role in ("Window", "Base", "Button", "Text"):
        colors.setColor(getattr(QPalette.ColorRole, role), QColor(shades[role]))
    for role in ("WindowText", "ButtonText"):
        colors.setColor(getattr(QPalette.ColorRole, role), QColor(shades["Text"]))
    return colors


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_fits_into_250_pixels(dock, show, state, dark):
    QApplication.setPalette(theme(dark))
    show(STATES[state]())
    until(lambda: dock.width() == WIDTH)
    assert dock.grab().save(str(SCRATCH / f"{state}-{'dark' if dark else 'light'}.png"))
    assert wide(dock) == []


def test_everything_is_said_in_the_painters_language(extension, show, monkeypatch):
    """With every text of the catalog marked, what is shown without a mark went past it."""
    monkeypatch.setattr(words, "_spoken", Marked())
    (factory,) = Krita.instance().factories
    dock = factory.kind()
    dock.resize(WIDTH, 900)
    dock.show()
    show(full())
    panel = dock.widget()
    said = [text for widget in visible(dock) for text in texts(widget)]
    said += [action.text() for menu in (panel.engine_menu, panel.palette_control.menu) for action in menu.actions()]
    view = full()
    own = {
        view.method_help,
        view.status,
        "Base",
        "Hints",
        "A photograph with a long name",
        "Variant 1: Scribble",
        "unified",
    }
    bare = {text.strip() for text in said if text.strip() and "«" not in text} - own
    assert {text for text in bare if not text.startswith("#")} == set()
    dock.close()
    dock.deleteLater()


@pytest.mark.parametrize("state", ["full", "nothing-open"])
def test_the_longer_words_of_german_fit_too(show, state):
    words.speak(["de"])
    (factory,) = Krita.instance().factories
    dock = factory.kind()
    dock.resize(WIDTH, 900)
    dock.show()
    QApplication.setPalette(theme(dark=True))
    show(STATES[state]())
    until(lambda: dock.width() == WIDTH)
    assert dock.grab().save(str(SCRATCH / f"{state}-german.png"))
    words.speak(["en"])
    assert wide(dock) == []
    dock.close()
    dock.deleteLater()


class Marked(dict):
    def get(self, text, default=None):
        return f"«{text}»"


def texts(widget):
    yield widget.toolTip()
    if isinstance(widget, QtWidgets.QComboBox):
        yield from (widget.itemText(row) for row in range(widget.count()))
    elif isinstance(widget, QtWidgets.QLineEdit):
        yield widget.placeholderText()
    elif hasattr(widget, "text") and callable(widget.text):
        yield widget.text()


def test_the_docker_is_clicked_through(extension, dock, show):
    """Nothing is open: each click is answered by a sentence, none by an exception."""
    panel, model = dock.widget(), extension.model
    show(full())
    bar, swatches = panel.palette_control, panel.palette_control.swatches
    last = len(PALETTE.colors) - 1
    click(swatches, swatches.places()[last].center())
    assert swatches.selected == last
    QTest.mousePress(swatches, Qt.MouseButton.LeftButton, pos=swatches.places()[last].center().toPoint())
    QTest.mouseMove(swatches, swatches.places()[0].center().toPoint())
    QTest.mouseRelease(swatches, Qt.MouseButton.LeftButton, pos=swatches.places()[0].center().toPoint())
    QTest.keyClick(swatches, Qt.Key.Key_Right)
    show(full())
    for patches in (panel.hints.colors, panel.semantic.legend, bar.themes):
        click(patches, patches.places()[0].center())
        show(full())
        QApplication.sendEvent(patches, help_event(patches))
        assert model.view.trouble or model.view.status
        show(full())
    click(panel.hints.gamut, QPointF(60, 60))
    for button in (panel.hints.suggest, panel.hints.unsure, panel.semantic.detect, panel.new, panel.keep, panel.bake,
                   panel.hints.add, panel.colorize, panel.cancel):  # fmt: skip
        show(full())
        click(button)
        until(lambda: model.view.status != "Coloring…")
        assert model.view.status
    show(full())
    for button, menu in ((panel.engine, panel.engine_menu), (bar.more, bar.menu)):
        click(button)
        until(menu.isVisible)
        menu.close()
    panel.log.read("Log", SCRATCH / "nothing.log")
    assert "There is no log yet" in panel.log.toPlainText()
    panel.log.close()
    QTest.keyClick(panel.strength._slider, Qt.Key.Key_Left)
    QApplication.sendEvent(panel.exemplar.drop, drop_event(SCRATCH / "no picture.txt"))
    until(lambda: bool(model.view.status))


def help_event(widget):
    from PyQt6.QtGui import QHelpEvent

    at = widget.places()[0].center().toPoint()
    return QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at))


def drop_event(path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    none = Qt.KeyboardModifier.NoModifier
    return QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)


def test_dialogs_open_and_are_left_alone(dock, show):
    show(full())
    bar = dock.widget().palette_control
    bar.swatches.opened.emit(0)
    until(lambda: bar.dialog is not None and bar.dialog.isVisible())
    bar.dialog.close()
    dock.widget().exemplar._ask_for_file()
    until(dock.widget().exemplar.dialog.isVisible)
    dock.widget().exemplar.dialog.close()


def test_the_overlay_and_pictures_are_drawn(tmp_path):
    from handtint_krita.canvas import _heat
    from handtint_krita.exemplar import load_picture, picture_plane

    heat = _heat(Plane(PixelFormat.gray8, Extent(2, 1), b"\x00\xff"))
    assert [heat.pixelColor(x, 0).alpha() for x in (0, 1)] == [0, 190]
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 20, 30))
    assert image.save(str(tmp_path / "small.png"))
    plane = picture_plane(load_picture(str(tmp_path / "small.png")))
    assert (plane.extent, bytes(plane.data)) == (Extent(3, 2), bytes((10, 20, 30, 255)) * 6)


def test_the_engine_is_found_and_says_what_it_can(extension, dock):
    """The real engine, over the plug-in's own transport."""
    extension.setup()
    extension.createActions(Krita.instance().window)
    model = extension.model
    model.restart()
    until(lambda: model.view.ready and model.view.methods)
    titles = [dock.widget().method.itemText(row) for row in range(dock.widget().method.count())]
    assert titles[0] == "Automatic"
    assert "Scribble" in titles
    Krita.instance().notifier().applicationClosing.emit()
