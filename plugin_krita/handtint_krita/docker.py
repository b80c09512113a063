"""The docker's panel: shows the model's view and passes on what the painter does. Decides nothing, knows no libkis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handtint_krita.guard import guarded
from handtint_krita.guidance import ExemplarControl, HintsControl, SemanticControl
from handtint_krita.model import Model
from handtint_krita.palette_control import PaletteControl
from handtint_krita.palettes import KritaPalettes
from handtint_krita.qt import (
    QEvent,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    Qt,
    QVBoxLayout,
    QWidget,
)
from handtint_krita.view import View
from handtint_krita.widgets import (
    ChoiceBox,
    Icons,
    Lamp,
    LogWindow,
    PercentSlider,
    ProgressLine,
    Switch,
    popped_up,
    tool_button,
)
from handtint_krita.words import told, tr


class Panel(QWidget):  # type: ignore[misc]
    """One per window; all show the same model.

    Parameters
    ----------
    icons : Icons
        Where buttons have their icons from.
    logs : Mapping
        Logs by what they are called.
    """

    def __init__(
        self,
        model: Model,
        palettes: KritaPalettes,
        icons: Icons,
        logs: Mapping[str, Path],
    ) -> None:
        super().__init__()
        self._model, self._icons = model, icons
        self._make_choices()
        self.hints = HintsControl(model, icons)
        self.semantic = SemanticControl(model, icons)
        self.palette_control = PaletteControl(model, palettes, icons)
        self.exemplar = ExemplarControl(model, icons)
        self._controls = (self.hints, self.semantic, self.palette_control, self.exemplar)
        self._make_buttons(icons)
        self._make_results(icons)
        self._make_status(icons)
        self._make_engine(icons, logs)
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
        self.softness = PercentSlider(tr("How loosely hints are met; at 0 % exactly"))
        self.blend = ChoiceBox(
            tr("Exact: the color layer holds the whole picture. Follows the base: it goes along with its edits.")
        )

    def _make_buttons(self, icons: Icons) -> None:
        self.colorize = icons.on(QPushButton(tr("Colorize")), "krita_tool_color_fill")
        self.colorize.setToolTip(tr("Color the picture once, on a layer of its own above the base"))
        self.live = icons.on(Switch(tr("Live")), "view-refresh")
        self.live.setToolTip(tr("Color again after every stroke"))
        for button in (self.colorize, self.live):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _make_results(self, icons: Icons) -> None:
        self.new = icons.on(QPushButton(tr("New colorization")), "addlayer")
        self.new.setToolTip(tr("Add a group with a copy of the base and layers for hints and color: one undo step"))
        self.variants = ChoiceBox(tr("The results that were kept: choose the one to be seen"))
        self.keep = tool_button(icons, "duplicatelayer", tr("Keep this result as a variant, and try another"))
        self.bake = tool_button(icons, "merge-layer-below", tr("Bake: make the colored picture an ordinary layer"))

    def _make_engine(self, icons: Icons, logs: Mapping[str, Path]) -> None:
        self.lamp = Lamp()
        self.device = QLabel()
        self.engine = tool_button(icons, "properties", tr("The engine: start it again, read its log"))
        self.engine_menu = QMenu(self.engine)
        self.again = self.engine_menu.addAction(tr("Start the engine again"))
        self.log = LogWindow(self)
        for title, path in logs.items():
            action = self.engine_menu.addAction(tr("Show: {title}", title=title))
            action.triggered.connect(lambda _checked, title=title, path=path: self.log.read(title, path))

    def _make_status(self, icons: Icons) -> None:
        self.progress = ProgressLine()
        self.cancel = tool_button(icons, "dialog-cancel", tr("Call off what is under way"))
        policy = self.cancel.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.cancel.setSizePolicy(policy)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setMinimumHeight(2 * self.status.fontMetrics().lineSpacing() + 2)
        self.status.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.restart = icons.on(QPushButton(tr("Start the engine again")), "view-refresh")

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(8)
        column.addLayout(self._choices_grid())
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(_line())
        outer.addLayout(self._lay_out_foot())

    def _lay_out_foot(self) -> QVBoxLayout:
        """What is used all the time stays in sight, however far the rest is scrolled."""
        foot = QVBoxLayout()
        foot.setContentsMargins(6, 4, 6, 6)
        foot.setSpacing(4)
        foot.addLayout(_row(self.colorize, self.live, stretches=(3, 2)))
        foot.addLayout(_row(self.progress, self.cancel, stretches=(1, 0)))
        foot.addWidget(self.status)
        foot.addWidget(self.restart)
        foot.addLayout(_row(self.lamp, self.device, self.engine, stretches=(0, 1, 0)))
        return foot

    def _choices_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        for name, field in ((tr("Base"), self.base), ("", self.new), (tr("Method"), self.method), ("", self.help)):
            _add_row(grid, QLabel(name), (field,))
        for control in self._controls:
            for label, widgets in control.rows:
                _add_row(grid, label, widgets)
        sliders = ((tr("Strength"), self.strength), (tr("Reach"), self.reach), (tr("Softness"), self.softness))
        for name, slider in sliders:
            _add_row(grid, QLabel(name), (slider,))
            grid.setRowMinimumHeight(grid.rowCount() - 1, self.base.sizeHint().height())
        _add_row(grid, QLabel(tr("Blend")), (self.blend,))
        _add_row(grid, QLabel(tr("Results")), (self.variants, self.keep, self.bake))
        return grid

    def _connect(self) -> None:
        model = self._model
        self.base.chosen.connect(lambda layer: model.choose(base=layer))
        self.method.chosen.connect(lambda name: model.change(method=name))
        self.strength.changed.connect(lambda share: model.change(strength=share))
        self.reach.changed.connect(lambda share: model.change(reach=share))
        self.softness.changed.connect(lambda share: model.change(softness=share))
        self.blend.chosen.connect(lambda way: model.change(follows_base=bool(way)))
        self.new.clicked.connect(lambda: model.deeds.new_colorization())
        self.keep.clicked.connect(lambda: model.deeds.keep_variant())
        self.bake.clicked.connect(lambda: model.deeds.bake())
        self.variants.chosen.connect(lambda layer: model.deeds.show_variant(layer))
        self.engine.clicked.connect(lambda: popped_up(self.engine_menu, self.engine))
        self.again.triggered.connect(lambda: model.restart())
        self.colorize.clicked.connect(lambda: model.colorize())
        self.live.toggled.connect(lambda on: model.set_live(on))
        self.cancel.clicked.connect(lambda: model.cancel())
        self.restart.clicked.connect(lambda: model.restart())

    # What the painter does ------------------------------------------------------------------------------------------

    @guarded
    def enterEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """The pointer comes near: the engine may start now, so that the first press need not wait."""
        self._model.greet()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        """Krita may take another theme at any time."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._icons.renew()

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
        self.softness.set_share(view.settings.softness)
        self.live.set_on(view.live)
        self._render_results(view)
        for widget in (self.base, self.new, self.colorize, self.live):
            widget.setEnabled(view.open)
        self._render_status(view)

    def _render_results(self, view: View) -> None:
        if view.follows_anyway:
            self.blend.set_choices([("", tr("Exact and following"), "")], "")
        else:
            ways = [("", tr("Exact"), ""), ("yes", tr("Follows the base"), "")]
            self.blend.set_choices(ways, "yes" if view.settings.follows_base else "")
        shown = next((variant.id for variant in view.variants if variant.shown), "")
        choices = [(variant.id, variant.name, "") for variant in view.variants]
        self.variants.set_choices(choices or [("", tr("None yet"), "")], shown)
        for widget in (self.variants, self.keep, self.bake):
            widget.setEnabled(bool(view.variants))

    def _render_method(self, view: View) -> None:
        known = [(method.name, told(method.title), told(method.missing)) for method in view.methods]
        name = view.settings.method
        if name and all(name != method.name for method in view.methods):
            known.append((name, name, ""))
        self.method.set_choices([("", tr("Automatic"), ""), *known], name)
        self.help.setText(view.method_help)
        self.help.setVisible(bool(view.method_help))
        for control in self._controls:
            taken = control.name in view.takes
            control.render(view, "" if taken else tr("{method} has no use for this.", method=self.method.currentText()))
        for slider in (self.reach, self.softness):
            slider.setEnabled("hints" in view.takes)

    def _render_status(self, view: View) -> None:
        self.progress.set_fraction(view.fraction if view.working else None)
        self.cancel.setEnabled(view.working)
        self.cancel.setVisible(view.working)
        trouble = bool(view.palette_trouble) or view.trouble
        busy = "working" if view.working else "ready" if view.ready else "off"
        self.lamp.set_state("trouble" if trouble else busy)
        self.status.setText(view.palette_trouble or view.status)
        self.restart.setVisible(view.restartable)
        where = "" if view.device == "auto" else view.device  # it has not looked yet
        running = tr("Engine on {device}", device=where) if where else tr("Engine: running")
        self.device.setText(running if view.ready else tr("Engine: not running"))


def _add_row(grid: QGridLayout, label: QLabel, widgets: tuple[Any, ...]) -> None:
    row, named = grid.rowCount(), bool(label.text())
    if named:  # an empty one would keep its height while what stands beside it is hidden
        grid.addWidget(label, row, 0)
    span = (row, 1) if named else (row, 0, 1, 2)
    if len(widgets) == 1:
        grid.addWidget(widgets[0], *span)
    else:
        grid.addLayout(_row(*widgets, stretches=(1, *(0,) * (len(widgets) - 1))), *span)


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
