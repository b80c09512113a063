"""The docker's panel: shows the model's view and passes on what the painter does. Decides nothing, knows no libkis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handtint_krita.guard import guarded
from handtint_krita.model import Model
from handtint_krita.palettes import KritaPalettes, format_palette
from handtint_krita.qt import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QIcon,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    Qt,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from handtint_krita.view import View
from handtint_krita.widgets import ChoiceBox, Lamp, PercentSlider, ProgressLine, Swatches, Switch
from handtint_krita.words import tr

_TYPED = "\n"
"""Key of the palette that was typed; no palette of Krita has that name."""


class Panel(QWidget):  # type: ignore[misc]
    """One per window; all show the same model.

    Parameters
    ----------
    icon : Callable
        Krita's icon of a name.
    """

    def __init__(self, model: Model, palettes: KritaPalettes, icon: Callable[[str], Any]) -> None:
        super().__init__()
        self._model, self._palettes = model, palettes
        self._palette_name = ""
        self._make_choices(icon)
        self._make_buttons(icon)
        self._make_status(icon)
        self._lay_out()
        self._connect()
        model.changed.connect(self._render)
        self._render()

    # Building -------------------------------------------------------------------------------------------------------

    def _make_choices(self, icon: Callable[[str], Any]) -> None:
        self.base = ChoiceBox(tr("The layer with the gray picture. It is only read."))
        self.hints = ChoiceBox(tr("The layer that you paint colors on. It is only read."))
        self.add_hints = _tool_button(icon("addlayer"), tr("Add a new layer for hints on top"))
        self.palette_choice = ChoiceBox(tr("A few colors that the whole picture should keep to"))
        self.palette_text = QLineEdit()
        self.palette_text.setPlaceholderText("#7a4a2b, #c9b08d, …")
        self.palette_text.setToolTip(tr("Up to seven colors as #rrggbb"))
        self.swatches = Swatches()
        self.method = ChoiceBox(tr("How the picture is colored"))
        self.strength = PercentSlider(tr("How strong the color is; 0 % leaves the picture gray"))
        self.reach = PercentSlider(tr("How far a hint travels. Hints themselves are met at any reach."))

    def _make_buttons(self, icon: Callable[[str], Any]) -> None:
        self.colorize = QPushButton(icon("krita_tool_color_fill"), tr("Colorize"))
        self.colorize.setToolTip(tr("Color the picture once, on a layer of its own above the base"))
        self.live = Switch(icon("view-refresh"), tr("Live"))
        self.live.setToolTip(tr("Color again after every stroke"))
        for button in (self.colorize, self.live):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _make_status(self, icon: Callable[[str], Any]) -> None:
        self.progress = ProgressLine()
        self._cancel_icon, self._no_icon = icon("dialog-cancel"), QIcon()
        self.cancel = _tool_button(self._no_icon, tr("Call off what is under way"))
        self.lamp = Lamp()
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setMinimumHeight(2 * self.status.fontMetrics().lineSpacing() + 2)
        self.status.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.restart = QPushButton(icon("view-refresh"), tr("Start the engine again"))

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(8)
        column.addLayout(self._choices_grid())
        column.addWidget(_line())
        column.addLayout(_row(self.colorize, self.live, stretches=(3, 2)))
        status = _row(self.lamp, self.status, stretches=(0, 1))
        status.setAlignment(self.lamp, Qt.AlignmentFlag.AlignTop)
        column.addLayout(status)
        column.addLayout(_row(self.progress, self.cancel, stretches=(1, 0)))
        column.addWidget(self.restart)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _choices_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        hints = _row(self.hints, self.add_hints, stretches=(1, 0))
        rows = (
            (tr("Base"), self.base),
            (tr("Hints"), hints),
            (tr("Palette"), self.palette_choice),
            ("", self.palette_text),
            ("", self.swatches),
            (tr("Method"), self.method),
            (tr("Strength"), self.strength),
            (tr("Reach"), self.reach),
        )
        for row, (label, field) in enumerate(rows):
            if label:
                grid.addWidget(QLabel(label), row, 0)
            if isinstance(field, QHBoxLayout):
                grid.addLayout(field, row, 1)
            else:
                grid.addWidget(field, row, 1)
            if isinstance(field, PercentSlider):
                grid.setRowMinimumHeight(row, self.base.sizeHint().height())
        return grid

    def _connect(self) -> None:
        model = self._model
        self.base.chosen.connect(lambda layer: model.choose(base=layer))
        self.hints.chosen.connect(lambda layer: model.choose(hints=layer))
        self.add_hints.clicked.connect(lambda: model.add_hints())
        self.palette_choice.chosen.connect(self._choose_palette)
        self.palette_text.editingFinished.connect(self._type_palette)
        self.method.chosen.connect(lambda name: model.change(method=name))
        self.strength.changed.connect(lambda share: model.change(strength=share))
        self.reach.changed.connect(lambda share: model.change(reach=share))
        self.colorize.clicked.connect(lambda: model.colorize())
        self.live.toggled.connect(lambda on: model.set_live(on))
        self.cancel.clicked.connect(lambda: model.cancel())
        self.restart.clicked.connect(lambda: model.restart())

    # What the painter does ------------------------------------------------------------------------------------------

    @guarded
    def enterEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """The pointer comes near: the engine may start now, so that the first press need not wait."""
        self._model.greet()

    @guarded
    def _choose_palette(self, name: str) -> None:
        self._palette_name = name
        if name == _TYPED:
            self.palette_text.show()
            self.palette_text.setFocus()
            return
        text = format_palette(self._palettes.colors(name)) if name else ""
        self._show_palette_text(text)
        self._model.set_palette(text)

    @guarded
    def _type_palette(self) -> None:
        if self.palette_text.text() != self._model.view.settings.palette or self._model.view.palette_trouble:
            self._palette_name = _TYPED
            self._model.set_palette(self.palette_text.text())

    def report(self, error: Exception) -> None:
        """Where guarded methods leave what went wrong."""
        self._model.report(error)

    # Showing --------------------------------------------------------------------------------------------------------

    @guarded
    def _render(self) -> None:
        view = self._model.view
        self._render_layers(view)
        self._render_palette(view)
        self._render_method(view)
        self.strength.set_share(view.settings.strength)
        self.reach.set_share(view.settings.reach)
        self.live.set_on(view.live)
        for widget in (self.base, self.hints, self.add_hints, self.colorize, self.live):
            widget.setEnabled(view.open)
        self._render_status(view)

    def _render_layers(self, view: View) -> None:
        named = [(layer.id, "   " * layer.level + layer.name, "") for layer in view.layers]
        painted = [choice for choice, layer in zip(named, view.layers, strict=True) if layer.painted]
        self.base.set_choices(named, view.roles.base)
        hints = [("", tr("None"), ""), *(choice for choice in painted if choice[0] != view.roles.base)]
        self.hints.set_choices(hints, view.roles.hints)

    def _render_palette(self, view: View) -> None:
        if view.settings.palette and not self._palette_name:
            self._palette_name = _TYPED  # from the last time, or from another window
        elif not view.settings.palette and self._palette_name != _TYPED:
            self._palette_name = ""
        names = self._palettes.names()
        choices = [("", tr("None"), ""), (_TYPED, tr("Typed below"), ""), *((name, name, "") for name in names)]
        self.palette_choice.set_choices(choices, self._palette_name)
        if not self.palette_text.hasFocus() and not view.palette_trouble:
            self._show_palette_text(view.settings.palette)
        self.swatches.set_colors(view.colors)
        self.swatches.setVisible(bool(view.colors))
        self.palette_text.setVisible(bool(self._palette_name))

    def _show_palette_text(self, text: str) -> None:
        if self.palette_text.text() != text:
            self.palette_text.setText(text)
            self.palette_text.setCursorPosition(0)

    def _render_method(self, view: View) -> None:
        known = [(method.name, method.title, method.missing) for method in view.methods]
        name = view.settings.method
        if name and all(name != method.name for method in view.methods):
            known.append((name, name, ""))
        self.method.set_choices([("", tr("Automatic"), ""), *known], name)
        chosen = next((method for method in view.methods if method.name == name), None)
        self.method.setToolTip(chosen.help if chosen is not None else tr("How the picture is colored"))
        for widget in (self.palette_choice, self.palette_text, self.swatches):
            widget.setEnabled("palette" in view.takes)
        self.reach.setEnabled("hints" in view.takes)

    def _render_status(self, view: View) -> None:
        self.progress.set_fraction(view.fraction if view.working else None)
        self.cancel.setEnabled(view.working)
        self.cancel.setIcon(self._cancel_icon if view.working else self._no_icon)
        trouble = bool(view.palette_trouble) or view.trouble
        busy = "working" if view.working else "ready" if view.ready else "off"
        self.lamp.set_state("trouble" if trouble else busy)
        self.status.setText(view.palette_trouble or view.status)
        self.restart.setVisible(view.restartable)


def _tool_button(icon: Any, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon)
    button.setToolTip(tip)
    button.setAutoRaise(True)
    return button


def _row(*widgets: Any, stretches: tuple[int, ...]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for widget, stretch in zip(widgets, stretches, strict=True):
        row.addWidget(widget, stretch)
    return row


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
