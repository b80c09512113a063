"""Small widgets of the docker. They know neither Krita nor the model: values in, signals out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handtint.wire.messages import Color
from handtint_krita.qt import (
    QColor,
    QComboBox,
    QHBoxLayout,
    QIcon,
    QLabel,
    QPainter,
    QPalette,
    QPixmap,
    QPointF,
    QPushButton,
    QRectF,
    QSignalBlocker,
    QSize,
    QSizePolicy,
    QSlider,
    Qt,
    QToolButton,
    QWidget,
    pyqtSignal,
)
from handtint_krita.words import tr


class ChoiceBox(QComboBox):  # type: ignore[misc]
    """A combo box of (key, text) that shrinks with the docker and speaks only when the painter chose."""

    chosen = pyqtSignal(str)

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.setToolTip(tip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._choices: tuple[tuple[str, str, str], ...] = ()
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index)))

    def set_choices(self, choices: Sequence[tuple[str, str, str]], current: str) -> None:
        """Show (key, text, why it is greyed); `current` is the key that is chosen."""
        block = QSignalBlocker(self)
        if tuple(choices) != self._choices:
            self._choices = tuple(choices)
            self.clear()
            for row, (key, text, missing) in enumerate(choices):
                self.addItem(text, key)
                if missing:
                    self.model().item(row).setEnabled(False)
                    self.setItemData(row, missing, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(self.findData(current))
        del block

    def set_colors(self, colors: Sequence[Color | None]) -> None:
        """Show a swatch before each choice that has a color."""
        side = self.iconSize().height()
        for row, color in enumerate(colors):
            swatch = QPixmap(side, side)
            swatch.fill(QColor.fromRgbF(*color) if color is not None else Qt.GlobalColor.transparent)
            self.setItemIcon(row, QIcon(swatch))

    def wheelEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Scrolling the docker must not choose another layer."""
        event.ignore()


class PercentSlider(QWidget):  # type: ignore[misc]
    """A slider for a share, 0 to 1, with its value in percent."""

    changed = pyqtSignal(float)

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.setToolTip(tip)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._slider.setMinimumWidth(60)
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("100 % "))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider, 1)
        row.addWidget(self._value)
        self._slider.valueChanged.connect(self._moved)
        self._show_value(0)

    def set_share(self, share: float) -> None:
        """Show a value without saying that it changed."""
        block = QSignalBlocker(self._slider)
        self._slider.setValue(round(share * 100))
        self._show_value(self._slider.value())
        del block

    def _moved(self, value: int) -> None:
        self._show_value(value)
        self.changed.emit(value / 100)

    def _show_value(self, value: int) -> None:
        self._value.setText(tr("{value} %", value=value))


class Swatches(QWidget):  # type: ignore[misc]
    """The colors of a palette side by side."""

    def __init__(self) -> None:
        super().__init__()
        self._colors: tuple[Color, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_colors(self, colors: tuple[Color, ...]) -> None:
        """Show these colors."""
        if colors != self._colors:
            self._colors = colors
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, 18)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = self.palette().color(QPalette.ColorRole.Shadow)
        gap, count = 3.0, max(1, len(self._colors))
        width = (self.width() - gap * (count - 1)) / count
        painter.setPen(edge)
        for index, color in enumerate(self._colors):
            painter.setBrush(QColor.fromRgbF(*color))
            painter.drawRoundedRect(QRectF(index * (width + gap) + 0.5, 0.5, width - 1, self.height() - 1), 3, 3)
        painter.end()


class Thumbnail(QLabel):  # type: ignore[misc]
    """A small picture, hidden where there is none."""

    HEIGHT = 56

    def __init__(self) -> None:
        super().__init__()
        self._image: Any = None
        self.hide()

    def set_image(self, image: Any) -> None:
        """Show a QImage, or nothing where it is None."""
        if image is self._image:
            return
        self._image = image
        if image is not None:
            mode = Qt.TransformationMode.SmoothTransformation
            self.setPixmap(QPixmap.fromImage(image.scaledToHeight(self.HEIGHT, mode)))
        self.setVisible(image is not None)


class Lamp(QWidget):  # type: ignore[misc]
    """A dot that says how it stands with the engine before one has read the sentence."""

    COLORS = {"off": "#7a7a7a", "ready": "#6fae5c", "working": "#d8a03c", "trouble": "#d0564b"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._state = "off"
        self.setFixedSize(12, 12)

    def set_state(self, state: str) -> None:
        """One of `COLORS`."""
        if state != self._state:
            self._state = state
            self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.COLORS[self._state]))
        painter.drawEllipse(QPointF(6, 6), 4.5, 4.5)
        painter.end()


class ProgressLine(QWidget):  # type: ignore[misc]
    """A thin bar; nothing is to be seen while nothing is under way. Showing and hiding a QProgressBar costs 20 ms."""

    def __init__(self) -> None:
        super().__init__()
        self._fraction: float | None = None
        self.setFixedHeight(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float | None) -> None:
        """How far, 0 to 1; None for nothing under way."""
        if fraction != self._fraction:
            self._fraction = fraction
            self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        if self._fraction is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for role, share in ((QPalette.ColorRole.Dark, 1.0), (QPalette.ColorRole.Highlight, max(0.02, self._fraction))):
            painter.setBrush(self.palette().color(role))
            painter.drawRoundedRect(QRectF(0, 0, self.width() * share, self.height()), 3, 3)
        painter.end()


class Switch(QPushButton):  # type: ignore[misc]
    """A button that stays down, in the theme's highlight color so that one sees it from afar."""

    def __init__(self, icon: Any, text: str) -> None:
        super().__init__(icon, text)
        self.setCheckable(True)
        self.toggled.connect(lambda on: self._paint_state(on))

    def set_on(self, on: bool) -> None:
        """Show a state without saying that it changed."""
        block = QSignalBlocker(self)
        self.setChecked(on)
        self._paint_state(on)
        del block

    def _paint_state(self, on: bool) -> None:
        colors = QPalette()
        if on:
            colors.setColor(QPalette.ColorRole.Button, colors.color(QPalette.ColorRole.Highlight))
            colors.setColor(QPalette.ColorRole.ButtonText, colors.color(QPalette.ColorRole.HighlightedText))
        self.setPalette(colors)


def tool_button(icon: Any, tip: str) -> QToolButton:
    """A flat button with an icon, which fades while the button is off (Krita's own icons do not)."""
    button = QToolButton()
    button.setIcon(_with_faded(icon, button.iconSize()))
    button.setToolTip(tip)
    button.setAutoRaise(True)
    return button


def _with_faded(icon: Any, size: QSize) -> Any:
    shown = icon.pixmap(size)
    faded = QPixmap(shown.size())
    faded.fill(Qt.GlobalColor.transparent)
    painter = QPainter(faded)
    painter.setOpacity(0.3)
    painter.drawPixmap(0, 0, shown)
    painter.end()
    both = QIcon()
    both.addPixmap(shown)
    both.addPixmap(faded, QIcon.Mode.Disabled)
    return both
