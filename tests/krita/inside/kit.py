"""What the scripts of steps have in common: the window, the docker, documents, strokes. Runs inside Krita."""

import os
import subprocess
import time

from krita import Document, Krita, ManagedColor, Node
from PyQt5.QtCore import QObject, QPointF, Qt, QTimer
from PyQt5.QtGui import QColor
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QWidget

SCRATCH = os.environ["HANDTINT_SCRATCH"]
krita = Krita.instance()


def path(name):
    return os.path.join(SCRATCH, name)


def show_window():
    """The main window over the whole screen, with our docker beside the layers and little else."""
    window = krita.activeWindow().qwindow()
    window.showMaximized()
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
        if docker.objectName() in ("sharedtooldocker", "PresetDocker"):
            docker.hide()
    dock().show()
    dock().raise_()
    krita.activeWindow().qwindow().resizeDocks([dock()], [560], Qt.Vertical)
    krita.activeWindow().qwindow().resizeDocks([dock()], [290], Qt.Horizontal)


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


def press(menu, text):
    """Choose from a menu that is open."""
    entry = next(action for action in menu.actions() if action.text() == text)
    QTest.mouseClick(menu, Qt.LeftButton, pos=menu.actionGeometry(entry).center())


def press_patch(widget, index):
    """Click one of the patches of a widget that shows several."""
    QTest.mouseClick(widget, Qt.LeftButton, pos=widget.places()[index].center().toPoint())


def status():
    return panel().status.text()


def idle():
    return not panel().cancel.isEnabled()


def content(document, name):
    """A layer's own pixels over the whole canvas."""
    return bytes(document.nodeByName(name).pixelData(0, 0, document.width(), document.height()))


def dump(document, name, file):
    """Write a layer's own pixels to a file of the scratch folder."""
    with open(path(file), "wb") as out:
        out.write(content(document, name))


def names(document):
    return [node.name() for node in document.topLevelNodes()]


def settled(document):
    """Whether nothing is under way and nothing is due. Krita drops an undo that comes while it computes."""
    talk = panel()._model._talk
    if talk.newest or talk.live.wake(time.monotonic()) is not None or not document.tryBarrierLock():
        return False
    document.unlock()
    return idle()


def trigger(action):
    krita.action(action).trigger()


def enabled(action):
    """Whether it would do anything: Krita ignores an action that is off."""
    return krita.action(action).isEnabled()


def canvas():
    """The widget that the picture is painted in."""
    window = krita.activeWindow().qwindow()
    found = [w for w in window.findChildren(QWidget) if w.metaObject().className().startswith("KisOpenGLCanvas2")]
    found += [w for w in window.findChildren(QWidget) if w.metaObject().className().startswith("KisQPainterCanvas")]
    return next(widget for widget in found if widget.isVisible())


def xdotool(*words):
    return subprocess.Popen(["xdotool", *words])


def approach():
    """Move the pointer over the docker: it then has the engine started."""
    at = panel().mapToGlobal(panel().rect().center())
    return xdotool("mousemove", str(at.x()), str(at.y()), "mousemove_relative", "5", "5")


def screenshot(name):
    """Saves the whole screen; wait until the process has ended."""
    return subprocess.Popen(["import", "-window", "root", path(name)])


def shown(name):
    """Steps: a screenshot, once Krita has drawn what it has."""
    yield 0.5
    shot = screenshot(name)
    yield lambda: shot.poll() is not None


_PIXELS = {
    Node: ("pixelData", "projectionPixelData", "setPixelData", "addChildNode", "setBlendingMode"),
    Document: ("pixelData", "refreshProjection", "setColorSpace", "waitForDone"),
    Krita: ("createDocument",),
}
"""What of libkis reads, writes or shows pixels."""


class Own:
    """What the docker's turns cost Krita's own thread, without what Krita itself needs for pixels and layers.

    Counts the thread's CPU time, which a busy machine does not lengthen.
    """

    def __init__(self, model):
        self.worst, self.turns, self.krita = 0.0, 0, 0.0
        for kind, names in _PIXELS.items():
            for name in names:
                setattr(kind, name, self._counted(getattr(kind, name)))
        for signal in (model._timer.timeout, model._listener.heard):
            signal.disconnect()
            signal.connect(lambda: self._turn(model))

    def _counted(self, call):
        def counted(*args):
            start = time.thread_time()
            try:
                return call(*args)
            finally:
                self.krita += time.thread_time() - start

        return counted

    def _turn(self, model):
        start, krita_before = time.thread_time(), self.krita
        model._turn()
        spent = time.thread_time() - start - (self.krita - krita_before)
        self.worst, self.turns = max(self.worst, spent), self.turns + 1


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


def colored():
    """Steps: press Colorize and wait until the color is there."""
    click(panel().colorize)
    yield lambda: idle() and status() not in ("", "Ready.")
    assert status().startswith("Colored in"), status()


def type_palette(text):
    control = panel().palette_control
    control.text.setText(text)
    control.text.editingFinished.emit()


def fill(document, name, pixels):
    """Give a layer pixels for the whole canvas, as if they had been painted."""
    document.nodeByName(name).setPixelData(pixels, 0, 0, document.width(), document.height())
    document.refreshProjection()
    document.waitForDone()


def choose_method(name):
    """Choose a method by the name it has on the wire."""
    box = panel().method
    choose(box, box.itemText(box.findData(name)))


def on_screen(x, y):
    """Where a pixel of the picture in front lies on the screen."""
    view = krita.activeWindow().activeView()
    to_flake, _ = view.flakeToImageTransform().inverted()
    return canvas().mapToGlobal(view.flakeToCanvasTransform().map(to_flake.map(QPointF(x, y))).toPoint())


def placed():
    """Steps: wait until the picture stays where it is on the screen for 25 turns of Krita's event loop.

    A view that has just come up finds its size, zoom and place one after the other.
    """
    seen = []

    def still():
        view = krita.activeWindow().activeView()
        shown = view is not None and view.document() is not None
        corners = (canvas().rect().topLeft(), canvas().rect().bottomRight()) if shown else ()
        seen.append((view.flakeToCanvasTransform(), *map(canvas().mapToGlobal, corners)) if shown else None)
        return len(seen) > 25 and seen[-1] is not None and all(place == seen[-1] for place in seen[-25:])

    yield still


def on_layer(document, name):
    """Steps: make a layer the one that is painted on, once Krita itself no longer does so with another one.

    A layer that was added, also by undo and redo, becomes the active one a moment later.
    """
    yield lambda: settled(document)
    yield 0
    document.setActiveNode(document.nodeByName(name))
    yield lambda: settled(document)
    yield 0
    document.setActiveNode(document.nodeByName(name))
    yield lambda: document.activeNode() is not None and document.activeNode().name() == name


def stroke(*points, release=True):
    """Paint through these pixels of the picture with a real pointer; wait until the process has ended."""
    words = []
    for index, point in enumerate(points):
        at = on_screen(*point)
        words += ["mousemove", str(at.x()), str(at.y()), "sleep", "0.1"]
        if index == 0:
            words += ["mousedown", "1", "sleep", "0.1"]
    return xdotool(*words, *(["mouseup", "1"] if release else []))


def pick_color(red, green, blue):
    view = krita.activeWindow().activeView()
    view.setForeGroundColor(ManagedColor.fromQColor(QColor(red, green, blue), view.canvas()))


def pixel(document, name, x, y):
    """BGRA of one pixel of a layer, None where there is no such layer."""
    node = document.nodeByName(name)
    return tuple(bytes(node.pixelData(x, y, 1, 1))) if node is not None else None


def near(pixel, other):
    """Whether two pixels are the same but for rounding on the engine's side."""
    return pixel is not None and all(abs(a - b) <= 6 for a, b in zip(pixel, other, strict=True))


def colorful(pixel):
    """Whether it is clearly no gray."""
    return pixel is not None and max(pixel[:3]) - min(pixel[:3]) > 20
