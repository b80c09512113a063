"""The docker's panel: shows the model's view and passes on what the painter does. Decides nothing, knows no libkis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handtint.wire.messages import Color
from handtint_krita.guard import guarded
from handtint_krita.guidance import ExemplarControl, HintsControl, PaletteControl, SemanticControl
from handtint_krita.model import Model
from handtint_krita.palettes import KritaPalettes
from handtint_krita.qt import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QIcon,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    Qt,
    QVBoxLayout,
    QWidget,
)
from handtint_krita.view import View
from handtint_krita.widgets import ChoiceBox, Lamp, PercentSlider, ProgressLine, Switch, tool_button
from handtint_krita.words import tr


class Panel(QWidget):  # type: ignore[misc]
    """One per window; all show the same model.

    Parameters
    ----------
    icon : Callable
        Krita's icon of a name.
    paint_with : Callable
        Makes a color the one that Krita paints with.
    """

    def __init__(
        self,
        model: Model,
        palettes: KritaPalettes,
        icon: Callable[[str], Any],
        paint_with: Callable[[Color], None],
    ) -> None:
        super().__init__()
        self._model = model
        self._make_choices()
        self.hints = HintsControl(model, icon)
        self.semantic = SemanticControl(model, icon, paint_with)
        self.palette_control = PaletteControl(model, palettes)
        self.exemplar = ExemplarControl(model, icon)
        self._controls = (self.hints, self.semantic, self.palette_control, self.exemplar)
        self._make_buttons(icon)
        self._make_status(icon)
        self._lay_out()
        self._connect()
        model.changed.connect(self._render)
        self._render()

    # Building -------------------------------------------------------------------------------------------------------

    def _make_choices(self) -> None:
        self.base = ChoiceBox(tr("The layer with the gray picture. It is only read."))
        self.method = ChoiceBox(tr("How the picture is colored"))
        self.help = QLabel()
        self.help.setWordWrap(True)
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
        self.cancel = tool_button(self._no_icon, tr("Call off what is under way"))
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
        for name, field in ((tr("Base"), self.base), (tr("Method"), self.method), ("", self.help)):
            _add_row(grid, QLabel(name), (field,))
        for control in self._controls:
            for label, widgets in control.rows:
                _add_row(grid, label, widgets)
        for name, slider in ((tr("Strength"), self.strength), (tr("Reach"), self.reach)):
            _add_row(grid, QLabel(name), (slider,))
            grid.setRowMinimumHeight(grid.rowCount() - 1, self.base.sizeHint().height())
        return grid

    def _connect(self) -> None:
        model = self._model
        self.base.chosen.connect(lambda layer: model.choose(base=layer))
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

    def report(self, error: Exception) -> None:
        """Where guarded methods leave what went wrong."""
        self._model.report(error)

    # Showing --------------------------------------------------------------------------------------------------------

    @guarded
    def _render(self) -> None:
        view = self._model.view
        self.base.set_choices(
            [(layer.id, "   " * layer.level + layer.name, "") for layer in view.layers], view.roles.base
        )
        self._render_method(view)
        self.strength.set_share(view.settings.strength)
        self.reach.set_share(view.settings.reach)
        self.live.set_on(view.live)
        for widget in (self.base, self.colorize, self.live):
            widget.setEnabled(view.open)
        self._render_status(view)

    def _render_method(self, view: View) -> None:
        known = [(method.name, method.title, method.missing) for method in view.methods]
        name = view.settings.method
        if name and all(name != method.name for method in view.methods):
            known.append((name, name, ""))
        self.method.set_choices([("", tr("Automatic"), ""), *known], name)
        self.help.setText(view.help)
        self.help.setVisible(bool(view.help))
        for control in self._controls:
            taken = control.name in view.takes
            control.render(view, "" if taken else tr("{method} has no use for this.", method=self.method.currentText()))
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


def _add_row(grid: QGridLayout, label: QLabel, widgets: tuple[Any, ...]) -> None:
    row = grid.rowCount()
    if label.text():  # an empty one would keep its height while what stands beside it is hidden
        grid.addWidget(label, row, 0)
    if len(widgets) == 1:
        grid.addWidget(widgets[0], row, 1)
    else:
        grid.addLayout(_row(*widgets, stretches=(1, *(0,) * (len(widgets) - 1))), row, 1)


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
