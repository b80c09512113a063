"""Widgets that show colors to be clicked: a palette's swatches, suggestions, themes, classes.

They know neither Krita nor the model: values in, signals out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from handtint.wire.messages import Color, Palette, SemanticClass
from handtint_krita.palettes import hexed, share_of
from handtint_krita.qt import (
    QColor,
    QEvent,
    QPainter,
    QPalette,
    QPen,
    QPointF,
    QRectF,
    QSize,
    QSizePolicy,
    Qt,
    QToolTip,
    QWidget,
    event_position,
    pyqtSignal,
)
from handtint_krita.view import Theme, class_title
from handtint_krita.words import tr

_GAP = 3.0
_ROUND = 3


class Patches(QWidget):  # type: ignore[misc]
    """Colored patches that can be pointed at: what the widgets below have in common."""

    chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def places(self) -> Sequence[QRectF]:
        """Where each patch lies."""
        raise NotImplementedError

    def tip(self, index: int) -> str:
        """What is said of a patch where the pointer rests on it."""
        return ""

    def at(self, position: QPointF) -> int:
        """The patch at a position, -1 where there is none."""
        return next((index for index, place in enumerate(self.places()) if place.contains(position)), -1)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        index = self.at(event_position(event))
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index)

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            index = self.at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.tip(index) if index >= 0 else self.toolTip(), self)
            return True
        return bool(super().event(event))

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, self.heightForWidth(max(120, self.width())))

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        return 22

    def _painter(self) -> Any:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(self.palette().color(QPalette.ColorRole.Shadow))
        if not self.isEnabled():
            painter.setOpacity(0.4)
        return painter


def _inner(place: QRectF) -> QRectF:
    return place.adjusted(0.5, 0.5, -0.5, -0.5)


def _row(widths: Sequence[float], height: float) -> Iterator[QRectF]:
    left = 0.0
    for width in widths:
        yield QRectF(left, 0, width, height)
        left += width + _GAP


class ColorStrip(Patches):
    """Colors of equal width; a click chooses one."""

    def __init__(self) -> None:
        super().__init__()
        self.colors: tuple[Color, ...] = ()

    def set_colors(self, colors: tuple[Color, ...]) -> None:
        """Show these colors."""
        if colors != self.colors:
            self.colors = colors
            self.update()

    def places(self) -> Sequence[QRectF]:
        count = max(1, len(self.colors))
        width = (self.width() - _GAP * (count - 1)) / count
        return list(_row([width] * len(self.colors), self.height()))

    def tip(self, index: int) -> str:
        return tr("Paint with {color}", color=hexed(self.colors[index]))

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = self._painter()
        for color, place in zip(self.colors, self.places(), strict=True):
            painter.setBrush(QColor.fromRgbF(*color))
            painter.drawRoundedRect(_inner(place), _ROUND, _ROUND)
        painter.end()


class SwatchBar(Patches):
    """A palette's colors, as wide as their shares: a click selects, a double click edits, dragging reorders."""

    opened = pyqtSignal(int)
    moved = pyqtSignal(int, int)
    removed = pyqtSignal(int)

    _LEAST = 16.0
    _DRAG = 6.0

    def __init__(self) -> None:
        super().__init__()
        self.palette_shown: Palette | None = None
        self.selected = 0
        self._pressed: QPointF | None = None
        self._dragged_to = -1
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def set_palette(self, palette: Palette | None) -> None:
        """Show a palette; the same place stays selected."""
        if palette != self.palette_shown:
            self.palette_shown = palette
            self.selected = min(self.selected, max(0, len(self.colors) - 1))
            self.update()

    @property
    def colors(self) -> tuple[Color, ...]:
        """What is shown."""
        return self.palette_shown.colors if self.palette_shown is not None else ()

    def select(self, index: int) -> None:
        """Mark a color as the one that buttons are about."""
        self.selected = index
        self.update()

    def places(self) -> Sequence[QRectF]:
        palette, count = self.palette_shown, len(self.colors)
        if palette is None:
            return []
        room = max(0.0, self.width() - _GAP * (count - 1) - self._LEAST * count)
        return list(_row([self._LEAST + room * share_of(palette, index) for index in range(count)], self.height()))

    def tip(self, index: int) -> str:
        assert self.palette_shown is not None
        share = round(100 * share_of(self.palette_shown, index))
        color = hexed(self.colors[index])
        return tr("{color}, {share} %. Drag to reorder, double-click to edit.", color=color, share=share)

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        index = self.at(event_position(event))
        if index >= 0:
            self._pressed = event_position(event)
            self.select(index)

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        if self._pressed is None:
            return
        x = event_position(event).x()
        if abs(x - self._pressed.x()) > self._DRAG:
            self._dragged_to = min(range(len(self.colors)), key=lambda at: abs(self.places()[at].center().x() - x))
            self.update()

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        pressed, to = self._pressed, self._dragged_to
        self._pressed, self._dragged_to = None, -1
        self.update()
        if pressed is not None and to not in (-1, self.selected):
            index, self.selected = self.selected, to
            self.moved.emit(index, to)
        elif pressed is not None:
            self.chosen.emit(self.selected)

    def mouseDoubleClickEvent(self, event: Any) -> None:  # noqa: N802
        index = self.at(event_position(event))
        if index >= 0:
            self.opened.emit(index)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key(), 0)
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.colors:
            self.removed.emit(self.selected)
        elif step and 0 <= self.selected + step < len(self.colors):
            self.select(self.selected + step)
            self.chosen.emit(self.selected)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = self._painter()
        places = self.places()
        for color, place in zip(self.colors, places, strict=True):
            painter.setBrush(QColor.fromRgbF(*color))
            painter.drawRoundedRect(_inner(place), _ROUND, _ROUND)
        if places:
            at = self._dragged_to if self._dragged_to >= 0 else self.selected
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2.0))
            painter.drawRoundedRect(places[at].adjusted(1, 1, -1, -1), _ROUND, _ROUND)
        painter.end()


class ThemeList(Patches):
    """Themes under each other: the picture in each, and its colors by their shares."""

    _HEIGHT, _WIDTH = 40, 56

    def __init__(self) -> None:
        super().__init__()
        self.themes: tuple[Theme, ...] = ()

    def set_themes(self, themes: tuple[Theme, ...]) -> None:
        """Show these themes."""
        if themes != self.themes:
            self.themes = themes
            self.updateGeometry()
            self.update()

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        return max(1, len(self.themes)) * (self._HEIGHT + int(_GAP))

    def places(self) -> Sequence[QRectF]:
        step = self._HEIGHT + _GAP
        return [QRectF(0, step * index, self.width(), self._HEIGHT) for index in range(len(self.themes))]

    def tip(self, index: int) -> str:
        return tr("Use this palette")

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = self._painter()
        for theme, place in zip(self.themes, self.places(), strict=True):
            self._paint_image(painter, theme.image, QRectF(place.left(), place.top(), self._WIDTH, self._HEIGHT))
            colors = theme.palette.colors
            room = place.width() - self._WIDTH - _GAP
            shares = [share_of(theme.palette, index) for index in range(len(colors))]
            left = place.left() + self._WIDTH + _GAP
            for color, share in zip(colors, shares, strict=True):
                painter.setBrush(QColor.fromRgbF(*color))
                painter.drawRect(_inner(QRectF(left, place.top() + 6, room * share, self._HEIGHT - 12)))
                left += room * share
        painter.end()

    def _paint_image(self, painter: Any, image: Any, place: QRectF) -> None:
        if image is None:
            painter.setBrush(self.palette().color(QPalette.ColorRole.AlternateBase))
            painter.drawRoundedRect(_inner(place), _ROUND, _ROUND)
            return
        share = min(place.width() / image.width(), place.height() / image.height())
        size = QRectF(0, 0, share * image.width(), share * image.height())
        size.moveCenter(place.center())
        painter.drawImage(size, image)


class Legend(Patches):
    """The classes that a map shows, each with its color; a click chooses one to paint with."""

    _HEIGHT, _SQUARE = 20, 12

    def __init__(self) -> None:
        super().__init__()
        self.classes: tuple[SemanticClass, ...] = ()

    def set_classes(self, classes: tuple[SemanticClass, ...]) -> None:
        """Show these classes."""
        if classes != self.classes:
            self.classes = classes
            self.updateGeometry()
            self.update()

    def names(self) -> list[str]:
        """As they are shown."""
        return [class_title(entry) for entry in self.classes]

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        places = self._laid_out(width)
        return int(places[-1].bottom()) + 1 if places else self._HEIGHT

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        self.updateGeometry()

    def places(self) -> Sequence[QRectF]:
        return self._laid_out(self.width())

    def tip(self, index: int) -> str:
        return tr("Paint {name} on the semantic layer", name=self.names()[index])

    def _laid_out(self, width: int) -> list[QRectF]:
        metrics, found = self.fontMetrics(), []
        left, top = 0.0, 0.0
        for name in self.names():
            wide = min(float(width), self._SQUARE + 8.0 + metrics.horizontalAdvance(name))
            if left and left + wide > width:
                left, top = 0.0, top + self._HEIGHT
            found.append(QRectF(left, top, wide, self._HEIGHT))
            left += wide + 6
        return found

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = self._painter()
        text = self.palette().color(QPalette.ColorRole.WindowText)
        edge = self.palette().color(QPalette.ColorRole.Shadow)
        for entry, name, place in zip(self.classes, self.names(), self.places(), strict=True):
            painter.setPen(edge)
            painter.setBrush(QColor.fromRgbF(*entry.color))
            square = QRectF(place.left(), place.center().y() - self._SQUARE / 2, self._SQUARE, self._SQUARE)
            painter.drawRoundedRect(_inner(square), 2, 2)
            painter.setPen(text)
            painter.drawText(place.adjusted(self._SQUARE + 4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
        painter.end()
