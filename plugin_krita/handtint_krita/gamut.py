"""A widget that shows all colors of one lightness to be chosen from. Knows neither Krita nor the model."""

from __future__ import annotations

from typing import Any

from handtint.wire.messages import Color
from handtint_krita.lab import REACH, gamut_picture, nearest_srgb, to_lab
from handtint_krita.qt import (
    QColor,
    QImage,
    QPainter,
    QPalette,
    QPen,
    QPointF,
    QRectF,
    Qt,
    QWidget,
    event_position,
    pyqtSignal,
)
from handtint_krita.words import tr


class GamutPicker(QWidget):  # type: ignore[misc]
    """All colors of one lightness, a to the right and b upwards; pressing and dragging choose one."""

    picked = pyqtSignal(object)

    SIDE = 120
    _GRID = 40

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(self.SIDE, self.SIDE)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(tr("All colors that this pixel can have at its own lightness. Press to paint with one."))
        self.lightness = -1.0
        self._image: Any = None
        self._dots: tuple[Color, ...] = ()
        self._picked: Color | None = None

    def show_colors(self, colors: tuple[Color, ...]) -> None:
        """Show the gamut at the lightness that these colors share, and where in it they lie."""
        if colors == self._dots or not colors:
            return
        self._dots, self._picked = colors, None
        lightness = round(to_lab(colors[0])[0])
        if lightness != self.lightness:
            self.lightness = lightness
            bits = gamut_picture(lightness, self._GRID)
            format = QImage.Format.Format_ARGB32
            self._image = QImage(bits, self._GRID, self._GRID, 4 * self._GRID, format).copy()
        self.update()

    def place_of(self, color: Color) -> QPointF:
        """Where a color lies."""
        _, a, b = to_lab(color)
        return QPointF(self.SIDE * (a / REACH + 1) / 2, self.SIDE * (1 - b / REACH) / 2)

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        self._pick(event_position(event))

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        self._pick(event_position(event))

    def _pick(self, at: QPointF) -> None:
        if self.lightness < 0:
            return
        a, b = REACH * (2 * at.x() / self.SIDE - 1), REACH * (1 - 2 * at.y() / self.SIDE)
        self._picked = nearest_srgb(self.lightness, a, b)
        self.update()
        self.picked.emit(self._picked)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        if self._image is not None:
            painter.drawImage(QRectF(self.rect()), self._image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, radius in [(dot, 3.0) for dot in self._dots] + ([(self._picked, 6.0)] if self._picked else []):
            for shade, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.4)):
                painter.setPen(QPen(shade, width))
                painter.drawEllipse(self.place_of(color), radius, radius)
        painter.end()
