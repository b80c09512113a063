"""What the scripts of steps have in common: the window, the docker, documents, strokes. Runs inside Krita."""

import os
import subprocess
import time

from krita import Krita
from PyQt5.QtCore import QObject, QPoint, Qt, QTimer
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QWidget

SCRATCH = os.environ["HANDTINT_SCRATCH"]
krita = Krita.instance()


def path(name):
    return os.path.join(SCRATCH, name)


def show_window():
    """The main window over the whole screen, with our docker beside the layers and little else."""
    window = krita.activeWindow().qwindow()
    window.setGeometry(0, 0, 1480, 930)
    window.raise_()


def open_picture(name):
    document = krita.openDocument(path(name))
    document.setBatchmode(True)
    krita.activeWindow().addView(document)
    return document


def dock():
    return next(docker for docker in krita.activeWindow().dockers() if docker.objectName() == "handtint_docker")


def show_dock():
    """Krita decides about dockers when the first document opens: ours is shown after that."""
    for docker in krita.activeWindow().dockers():
        if docker.objectName() in ("ArtisticColorSelector", "ColorSelectorNg", "OverviewDocker", "KisHistogramDocker"):
            docker.hide()
    dock().show()
    dock().raise_()


def panel():
    return dock().widget()


def click(widget):
    QTest.mouseClick(widget, Qt.LeftButton)


def choose(box, text):
    """Choose from a combo box as a person does: with the keyboard, so that its signals come as theirs do."""
    row = box.findText(text)
    assert row >= 0, f"no {text!r} among {[box.itemText(i) for i in range(box.count())]}"
    box.setCurrentIndex(row)
    box.activated.emit(row)


def status():
    return panel().status.text()


def idle():
    return not panel().cancel.isEnabled()


def dump(document, name, file):
    """Write a layer's own pixels to a file of the scratch folder."""
    node = document.nodeByName(name)
    with open(path(file), "wb") as out:
        out.write(bytes(node.pixelData(0, 0, document.width(), document.height())))


def names(document):
    return [node.name() for node in document.topLevelNodes()]


def trigger(action):
    krita.action(action).trigger()


def canvas():
    """The widget that the picture is painted in."""
    window = krita.activeWindow().qwindow()
    found = [w for w in window.findChildren(QWidget) if w.metaObject().className().startswith("KisOpenGLCanvas2")]
    found += [w for w in window.findChildren(QWidget) if w.metaObject().className().startswith("KisQPainterCanvas")]
    return next(widget for widget in found if widget.isVisible())


def on_screen(document, x, y):
    """Where a pixel of a document that is zoomed to fit its canvas lies on the screen."""
    widget = canvas()
    scale = krita.activeWindow().activeView().canvas().zoomLevel() * 72.0 / 72.0
    left = (widget.width() - document.width() * scale) / 2
    top = (widget.height() - document.height() * scale) / 2
    return widget.mapToGlobal(QPoint(round(left + x * scale), round(top + y * scale)))


def xdotool(*words):
    return subprocess.Popen(["xdotool", *words])


class Gaps(QObject):
    """How long Krita's own thread was blocked at worst, seen by a timer of 5 ms."""

    def __init__(self):
        super().__init__()
        self.worst, self.last = 0.0, time.monotonic()
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.beat)
        self.timer.start(5)

    def beat(self):
        now = time.monotonic()
        self.worst, self.last = max(self.worst, now - self.last), now


def choose_method(name):
    """Choose a method by the name it has on the wire."""
    box = panel().method
    choose(box, box.itemText(box.findData(name)))
