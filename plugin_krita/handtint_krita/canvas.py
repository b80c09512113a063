"""Where pixels of the picture lie on the screen, and what is drawn over them without touching the document.

Wraps libkis' view and Krita's canvas widget. Krita 5.2 is the first whose view tells how it is turned and zoomed.
"""

from __future__ import annotations

from typing import Any

from handtint.wire.pixels import Extent, Plane
from handtint_krita.qt import (
    QColor,
    QCursor,
    QImage,
    QPainter,
    QPen,
    QPointF,
    QRectF,
    Qt,
    QTimer,
    QTransform,
    QWidget,
)
from handtint_krita.stroke import Spot, best_place

_CANVASES = ("KisOpenGLCanvas2", "KisQPainterCanvas")
_FOLLOW = 60
"""Milliseconds between looks at where the picture lies; Krita has no signal for it."""
_HEAT = (255, 45, 170)
_STRONGEST = 190
"""Alpha of a place that is wholly unsure."""


class Canvas:
    """The canvas of the view that is in front, at this moment."""

    def __init__(self, view: Any, widget: Any) -> None:
        self._view, self.widget = view, widget

    def to_widget(self) -> Any:
        """QTransform from pixels of the picture to the widget."""
        return _to_widget(self._view)

    def under_pointer(self) -> Spot | None:
        """The pixel under the mouse pointer; None where the pointer is not over the canvas."""
        at = self.widget.mapFromGlobal(QCursor.pos())
        if not self.widget.rect().contains(at):
            return None
        from_widget, _ = self.to_widget().inverted()
        there = from_widget.map(QPointF(at))
        return Spot(int(there.x() // 1), int(there.y() // 1))


def canvas_in_front(krita: Any) -> Canvas | None:
    """The canvas that the painter sees, None where no picture is open; it takes a while to be found."""
    window = krita.activeWindow()
    view = _view_in_front(window)
    if view is None:
        return None
    widgets = window.qwindow().findChildren(QWidget)
    found = (w for w in widgets if w.metaObject().className() in _CANVASES and w.isVisible())
    widget = next(found, None)
    return Canvas(view, widget) if widget is not None else None


def scale_in_front(krita: Any) -> float:
    """Pixels of the screen for each of the picture's that the painter sees; 0 where no picture is open."""
    window = krita.activeWindow()
    view = _view_in_front(window)
    if view is None:
        return 0.0
    to_widget = _to_widget(view)
    return float((to_widget.m11() ** 2 + to_widget.m12() ** 2) ** 0.5 * window.qwindow().devicePixelRatioF())


def _view_in_front(window: Any) -> Any:
    view = window.activeView() if window is not None else None
    return view if view is not None and view.document() is not None else None


def _to_widget(view: Any) -> Any:
    to_flake, _ = view.flakeToImageTransform().inverted()
    return to_flake * view.flakeToCanvasTransform()


class Overlay(QWidget):  # type: ignore[misc]
    """Colors the places of the picture where a hint would help, over the canvas; lets every touch through."""

    def __init__(self, canvas: Canvas, plane: Plane, extent: Extent) -> None:
        super().__init__(canvas.widget)
        self._canvas, self._extent = canvas, extent
        self._image = _heat(plane)
        self._place = canvas.to_widget()
        for attribute in ("WA_TransparentForMouseEvents", "WA_NoSystemBackground", "WA_TranslucentBackground"):
            self.setAttribute(getattr(Qt.WidgetAttribute, attribute))
        self._spot = best_place(plane, extent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._follow)
        self._timer.start(_FOLLOW)
        self.setGeometry(canvas.widget.rect())
        self.show()

    def leave(self) -> None:
        """Show nothing any more. The canvas keeps what was drawn over it until it is painted again itself."""
        self.hide()
        self.deleteLater()
        self._canvas.widget.update()

    def _follow(self) -> None:
        place = self._canvas.to_widget()
        if place != self._place or self.geometry() != self._canvas.widget.rect():
            self._place = place
            self.setGeometry(self._canvas.widget.rect())
            self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(self._place)
        painter.drawImage(QRectF(0, 0, *self._extent), self._image)
        painter.setTransform(QTransform())
        at = self._place.map(QPointF(self._spot.x + 0.5, self._spot.y + 0.5))
        for color, width in ((QColor(0, 0, 0), 4.0), (QColor(255, 255, 255), 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(at, 11.0, 11.0)
        painter.end()


def _heat(plane: Plane) -> Any:
    """The unsure places of a gray8 plane as a QImage: the less sure, the more opaque."""
    width, height = plane.extent
    image = QImage(bytes(plane.data), width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable([QColor(*_HEAT, _STRONGEST * value // 255).rgba() for value in range(256)])
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
