"""Small widgets of the docker. They know neither Krita nor the model: values in, signals out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from handtint.wire.messages import Color
from handtint_krita.qt import (
    QColor,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QIcon,
    QImage,
    QLabel,
    QLineEdit,
    QMenu,
    QPainter,
    QPalette,
    QPixmap,
    QPlainTextEdit,
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
        self.setMinimumWidth(48)  # beside three buttons, in the narrowest docker
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
        self._slider.setMinimumWidth(40)
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


class DropBox(QLabel):  # type: ignore[misc]
    """Shows a small picture, or where one may be dropped."""

    file_dropped = pyqtSignal(str)
    image_dropped = pyqtSignal(object)

    HEIGHT = 56

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text, self._image = text, None
        self.setAcceptDrops(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setFrameShadow(QFrame.Shadow.Sunken)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumHeight(26)
        self.setText(text)

    @property
    def filled(self) -> bool:
        """Whether it shows a picture."""
        return self._image is not None

    def set_image(self, image: Any) -> None:
        """Show a QImage, or the text where it is None."""
        if image is self._image:
            return
        self._image = image
        if image is None:
            self.setText(self._text)
            return
        mode = Qt.TransformationMode.SmoothTransformation
        self.setPixmap(QPixmap.fromImage(image.scaledToHeight(self.HEIGHT, mode)))

    def dragEnterEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        if event.mimeData().hasImage() or self._file(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: Any) -> None:  # noqa: N802
        data = event.mimeData()
        path = self._file(data)
        event.acceptProposedAction()
        if path:
            self.file_dropped.emit(path)
        elif data.hasImage():
            self.image_dropped.emit(QImage(data.imageData()))

    @staticmethod
    def _file(data: Any) -> str:
        """The first file of this machine in what is dragged."""
        return next((url.toLocalFile() for url in data.urls() if url.isLocalFile()), "")


class NameBox(QWidget):  # type: ignore[misc]
    """A line for a name, with a button that takes it; hidden until `ask`. No dialog: it stays in the docker."""

    named = pyqtSignal(str)

    def __init__(self, label: str, tip: str) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setToolTip(tip)
        self.button = QPushButton(label)
        self.button.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.line.returnPressed.connect(self._take)
        self.button.clicked.connect(lambda: self._take())
        self.hide()

    def ask(self, name: str) -> None:
        """Come up with a proposal."""
        self.line.setText(name)
        self.show()
        self.line.setFocus()
        self.line.selectAll()

    def _take(self) -> None:
        if self.line.text().strip():
            self.hide()
            self.named.emit(self.line.text().strip())


class LogWindow(QPlainTextEdit):  # type: ignore[misc]
    """The end of a log file in a window of its own, which nobody has to close."""

    _BYTES = 1 << 16

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Tool)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.resize(640, 360)

    def read(self, title: str, path: Path) -> None:
        """Show a file; what cannot be read is said instead."""
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - self._BYTES))
                text = file.read().decode(errors="replace")
        except OSError as error:
            text = tr("There is no log yet: {reason}", reason=error.strerror)
        self.setWindowTitle(f"{title}: {path}")
        self.setPlainText(text)
        self.show()
        self.raise_()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())


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

    def __init__(self, text: str) -> None:
        super().__init__(text)
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


def popped_up(menu: QMenu, button: QWidget) -> None:
    """Show a menu below a button, and go on: a menu that waits for the choice would run an event loop of its own."""
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))


class Icons:
    """Gives widgets Krita's icons, and new ones when the theme changes from dark to light.

    Parameters
    ----------
    find : Callable
        Krita's icon of a name, as the theme of the moment has it.
    """

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find
        self._given: list[tuple[Any, str]] = []

    def on(self, button: Any, name: str) -> Any:
        """The button with its icon, which fades while the button is off (Krita's own icons do not)."""
        self._given.append((button, name))
        button.setIcon(_with_faded(self._find(name), button.iconSize()))
        return button

    def renew(self) -> None:
        """The theme has changed."""
        given, self._given = self._given, []
        for button, name in given:
            self.on(button, name)


def tool_button(icons: Icons, name: str, tip: str) -> QToolButton:
    """A flat button with an icon."""
    button = QToolButton()
    button.setToolTip(tip)
    button.setAutoRaise(True)
    icons.on(button, name)
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
