"""What `handtint bench krita` does inside Krita: paints strokes with a real pointer and says when their color came.

Runs as a plug-in in Krita's Python, beside Handtint's own: standard library, PyQt and libkis only.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from krita import Extension, Krita, ManagedColor

try:
    from PyQt5 import QtCore, QtGui, QtWidgets
except ImportError:  # Krita 6
    from PyQt6 import QtCore, QtGui, QtWidgets

CANVASES = ("KisOpenGLCanvas2", "KisQPainterCanvas")
BRUSH, REACH = 28, 45
"""Pixels of the screen: the brush, and how long a stroke is to each side of its middle."""
BESIDE = 1.25
"""Where its color is looked for: so many brushes away from the stroke, which itself changes the picture, too."""
CHANGED = 4
"""Steps of 8 bits that count as a change."""
PATIENCE = 120.0
LATE = 10.0
"""Seconds after which a stroke counts as one whose color did not come."""
COLORS = [(200, 60, 40), (40, 110, 200), (60, 160, 60), (200, 160, 40), (150, 60, 170), (40, 150, 160)]
Steps = Iterator[float | Callable[[], bool]]


class Marks(QtCore.QObject):  # type: ignore[misc]
    """When what happened: the pointer's release as Krita sees it, requests, answers, the picture's change."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.at: dict[str, float] = {}
        self.armed = False
        self._look: Callable[[], bool] | None = None
        self._timer = QtCore.QTimer(self)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._wrap(model._talk, type(model.in_hand()))
        QtWidgets.QApplication.instance().installEventFilter(self)

    def arm(self, look: Callable[[], bool]) -> None:
        """From now on; `look` says whether the picture has changed."""
        self.at, self._look, self.armed = {}, look, True

    def eventFilter(self, target: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        released = event.type() == QtCore.QEvent.Type.MouseButtonRelease
        if released and self.armed and target.metaObject().className() in CANVASES:
            self._note("released")
            self._timer.start(2)
        return False

    def _beat(self) -> None:
        """Also called right after a write, while Krita draws and no timer is heard."""
        if self._look is not None and "released" in self.at and self._look():
            self._note("changed")
            self._timer.stop()
            self._look = None

    def _note(self, what: str) -> None:
        if self.armed and (what == "released" or "released" in self.at):
            self.at.setdefault(what, time.monotonic())

    def _wrap(self, talk: Any, documents: Any) -> None:
        ask, pump, show = talk.ask, talk.pump, documents.show

        def noted_show(*args: Any, **named: Any) -> Any:
            added = show(*args, **named)
            self._beat()
            return added

        def noted_ask(*args: Any) -> Any:
            self._note("asked")
            return ask(*args)

        def noted_pump(now: float) -> Any:
            outcome = pump(now)
            if outcome is not None:
                self._note("answered")
                self._note_seconds(outcome)
            return outcome

        talk.ask, talk.pump, documents.show = noted_ask, noted_pump, noted_show

    def _note_seconds(self, outcome: Any) -> None:
        if "released" in self.at:
            self.at.setdefault("engine", getattr(outcome, "seconds", 0.0))


class Bench(Extension):  # type: ignore[misc]
    """Runs the job that HANDTINT_JOB names, writes its report and quits Krita."""

    def setup(self) -> None:
        self.job = json.loads(Path(os.environ["HANDTINT_JOB"]).read_text(encoding="utf-8"))
        self.report: dict[str, Any] = {"strokes": [], "late": 0, "error": ""}
        self.notifier = Krita.instance().notifier()
        self.notifier.setActive(True)
        self.notifier.windowCreated.connect(lambda: QtCore.QTimer.singleShot(200, self.start))

    def createActions(self, window: Any) -> None:  # noqa: N802 - Krita's name
        pass

    def start(self) -> None:
        self.steps = self.run()
        self.step()

    def step(self) -> None:
        """One step more; each starts in Krita's own event loop, where it has an active layer."""
        try:
            wanted = next(self.steps)
        except StopIteration:
            self.finish()
        except BaseException:
            self.report["error"] = traceback.format_exc()
            self.finish()
        else:
            if callable(wanted):
                self.wait(wanted, time.monotonic() + PATIENCE)
            else:
                QtCore.QTimer.singleShot(round(1000 * wanted), self.step)

    def wait(self, condition: Callable[[], bool], end: float) -> None:
        if condition():
            QtCore.QTimer.singleShot(0, self.step)
        elif time.monotonic() > end:
            line = self.steps.gi_frame.f_lineno  # type: ignore[attr-defined]
            self.report["error"] = f"what line {line} waits for did not come about"
            self.finish()
        else:
            QtCore.QTimer.singleShot(20, lambda: self.wait(condition, end))

    def finish(self) -> None:
        path = Path(self.job["report"])
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.report), encoding="utf-8")
        part.replace(path)
        for document in Krita.instance().documents():
            document.setBatchmode(True)
            document.setModified(False)
        QtCore.QTimer.singleShot(0, lambda: Krita.instance().action("file_quit").trigger())

    def run(self) -> Steps:
        """The whole job."""
        krita = Krita.instance()
        window = krita.activeWindow()
        window.qwindow().showMaximized()
        window.qwindow().setGeometry(window.qwindow().screen().geometry())
        document = krita.openDocument(self.job["picture"])
        document.setBatchmode(True)
        window.addView(document)
        yield lambda: document.activeNode() is not None
        subprocess.run(["xdotool", "windowfocus", str(int(window.qwindow().winId()))])
        docker = next(found for found in window.dockers() if found.objectName() == "handtint_docker")
        docker.show()
        panel = docker.widget()
        model = panel._model
        model.look_up_document()
        model.greet()
        yield lambda: panel.method.count() > 1
        model.change(method=self.job["method"])
        model.deeds.add_layer("hints")
        yield lambda: document.activeNode() is not None and document.activeNode().uniqueId().toString() == _hints(model)
        model.set_live(True)
        yield lambda: _settled(model, document)
        self.report["size"] = [document.width(), document.height()]
        yield from self.strokes(document, model, Marks(model))

    def strokes(self, document: Any, model: Any, marks: Marks) -> Steps:
        """One stroke after the other, each when all is quiet; the first ones do not count."""
        place = Place(document, document.nodeByUniqueID(QtCore.QUuid(_hints(model))))
        for number in range(-self.job["warm"], self.job["strokes"]):
            view = Krita.instance().activeWindow().activeView()
            view.setBrushSize(place.on_picture(BRUSH))
            yield lambda: _settled(model, document)
            points, beside = place.choose()
            new = QtGui.QColor(*_another_color(_pixel(document, *beside[0])))
            view.setForeGroundColor(ManagedColor.fromQColor(new, view.canvas()))
            yield from self.stroke(document, marks, place.paint(points), beside)
            yield lambda: _settled(model, document)
            if number >= 0:
                self.note(marks.at, time.monotonic())

    def stroke(
        self, document: Any, marks: Marks, pointer: subprocess.Popen[bytes], beside: list[tuple[int, int]]
    ) -> Steps:
        """A stroke that is being painted, to its color, or to the end of all patience."""
        before = [_pixel(document, *spot) for spot in beside]
        marks.arm(lambda: _changed(document, beside, before))
        yield lambda: pointer.poll() is not None
        yield lambda: "released" in marks.at
        end = marks.at["released"] + LATE
        yield lambda: "changed" in marks.at or time.monotonic() > end

    def note(self, at: dict[str, float], settled: float) -> None:
        if "changed" not in at:
            self.report["late"] += 1
            return
        self.report["strokes"].append(
            {
                "color": at["changed"] - at["released"],
                "stroke": at["asked"] - at["released"],
                "answer": at["answered"] - at["asked"],
                "engine": at["engine"],
                "shown": at["changed"] - at["answered"],
                "settled": settled - at["released"],
            }
        )


class Place:
    """Where on the picture in front, and on the screen, strokes are painted."""

    def __init__(self, document: Any, hints: Any) -> None:
        self._document, self._hints = document, hints
        self._random = random.Random(7)
        window = Krita.instance().activeWindow().qwindow()
        widgets = (w for w in window.findChildren(QtWidgets.QWidget) if w.metaObject().className() in CANVASES)
        self._canvas = next(widget for widget in widgets if widget.isVisible())

    def on_picture(self, pixels: float) -> float:
        """So many pixels of the screen in pixels of the picture."""
        there = self._to_widget()
        return float(pixels / math.hypot(there.m11(), there.m12()))

    def choose(self) -> tuple[list[tuple[float, float]], list[tuple[int, int]]]:
        """Points of a stroke, and pixels beside it of a lightness that can have a color."""
        brush, reach = self.on_picture(BRUSH), self.on_picture(REACH)
        margin = reach + 2 * brush
        while True:
            x = self._random.uniform(margin, self._document.width() - margin)
            y = self._random.uniform(margin, self._document.height() - margin)
            turn = self._random.uniform(0, math.pi)
            along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
            points = [(x + step * reach * along[0], y + step * reach * along[1]) for step in (-1.0, -0.3, 0.3, 1.0)]
            beside = [
                (round(px + side * BESIDE * brush * across[0]), round(py + side * BESIDE * brush * across[1]))
                for px, py in points[1:3]
                for side in (-1, 1)
            ]
            if self._seen(points) and all(map(self._open, beside)):
                return points, beside

    def _open(self, spot: tuple[int, int]) -> bool:
        """Whether a stroke close by can change the pixel's color: none is painted on it, and its lightness has some."""
        lightness = max(_pixel(self._document, *spot)[:3])
        return 50 < lightness < 205 and not any(_pixel(self._hints, *spot))

    def paint(self, points: list[tuple[float, float]]) -> subprocess.Popen[bytes]:
        """Paint through the points with the pointer of the screen."""
        words: list[str] = []
        for index, point in enumerate(map(self._on_screen, points)):
            words += ["mousemove", str(point.x()), str(point.y()), "sleep", "0.05"]
            words += ["mousedown", "1", "sleep", "0.05"] if index == 0 else []
        return subprocess.Popen(["xdotool", *words, "mouseup", "1"])

    def _to_widget(self) -> Any:
        view = Krita.instance().activeWindow().activeView()
        to_flake, _ = view.flakeToImageTransform().inverted()
        return to_flake * view.flakeToCanvasTransform()

    def _seen(self, points: list[tuple[float, float]]) -> bool:
        there = self._to_widget()
        inside = self._canvas.rect().adjusted(40, 40, -40, -40)
        return all(inside.contains(there.map(QtCore.QPointF(*point)).toPoint()) for point in points)

    def _on_screen(self, point: tuple[float, float]) -> Any:
        return self._canvas.mapToGlobal(self._to_widget().map(QtCore.QPointF(*point)).toPoint())


def _hints(model: Any) -> str:
    return str(model.in_hand().roles().hints)


def _settled(model: Any, document: Any) -> bool:
    """Nothing is under way and nothing is due: not in Krita, not in the docker."""
    talk = model._talk
    if talk.newest or model._answer is not None or talk.live.wake(time.monotonic()) is not None:
        return False
    if model._hinted or not document.tryBarrierLock():
        return False
    document.unlock()
    return True


def _another_color(shown: bytes) -> tuple[int, int, int]:
    """Of COLORS the one that differs most, its lightness apart, from a pixel of eight bits (BGRA)."""

    def chroma(red: int, green: int, blue: int) -> tuple[int, int]:
        return red - green, blue - green

    here = chroma(shown[2], shown[1], shown[0])
    return max(COLORS, key=lambda color: math.dist(chroma(*color), here))


def _pixel(shown: Any, x: int, y: int) -> bytes:
    """Of the picture as it is shown, or of one layer."""
    return bytes(shown.pixelData(x, y, 1, 1))


def _changed(document: Any, spots: list[tuple[int, int]], before: list[bytes]) -> bool:
    pairs = zip((_pixel(document, *spot) for spot in spots), before, strict=True)
    return any(abs(a - b) >= CHANGED for now, then in pairs for a, b in zip(now, then, strict=True))


Krita.instance().addExtension(Bench(Krita.instance()))
