"""The docker's rows of guidance: hints, semantic map, palette, exemplar. Shows the view and passes on what is chosen.

Decides nothing, knows no libkis.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from handtint.wire.messages import Color, SemanticClass
from handtint_krita.guard import guarded
from handtint_krita.model import Model
from handtint_krita.palettes import KritaPalettes, format_palette
from handtint_krita.qt import QFileDialog, QLabel, QLineEdit, QObject
from handtint_krita.view import View
from handtint_krita.widgets import ChoiceBox, Swatches, Thumbnail, tool_button
from handtint_krita.words import tr

_TYPED = "\n"
"""Key of the palette that was typed; no palette of Krita has that name."""
_FILE = "\n"
"""Key of the exemplar that is a file; no layer has that id."""
Choices = list[tuple[str, str, str]]
Row = tuple[str, tuple[Any, ...]]


class Control(QObject):  # type: ignore[misc]
    """One kind of guidance: its rows, greyed where the method does not take it."""

    name = ""

    def __init__(self, model: Model, rows: tuple[Row, ...]) -> None:
        super().__init__()
        self._model = model
        self.rows = tuple((QLabel(text), widgets) for text, widgets in rows)
        self._tips = {widget: widget.toolTip() for _, widgets in self.rows for widget in widgets}

    def render(self, view: View, not_taken: str) -> None:
        """Show the view; `not_taken` says why the method has no use for this guidance, empty where it has."""
        for label, widgets in self.rows:
            label.setEnabled(not not_taken)
            for widget in widgets:
                widget.setEnabled(view.open and not not_taken)
                widget.setToolTip(not_taken or self._tips[widget])

    def report(self, error: Exception) -> None:
        """Where guarded methods leave what went wrong."""
        self._model.report(error)


class HintsControl(Control):
    """The layer with hints."""

    name = "hints"

    def __init__(self, model: Model, icon: Callable[[str], Any]) -> None:
        self.layer = ChoiceBox(tr("The layer that you paint colors on. It is only read."))
        self.add = tool_button(icon("addlayer"), tr("Add a new layer for hints on top"))
        super().__init__(model, ((tr("Hints"), (self.layer, self.add)),))
        self.layer.chosen.connect(lambda layer: model.choose(hints=layer))
        self.add.clicked.connect(lambda: model.add_layer("hints"))

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        self.layer.set_choices(_painted_layers(view), view.roles.hints)


class SemanticControl(Control):
    """The layer with the semantic map, what finds one, and the classes to correct it with."""

    name = "semantic"

    def __init__(self, model: Model, icon: Callable[[str], Any], paint_with: Callable[[Color], None]) -> None:
        self.layer = ChoiceBox(tr("The layer that says what is what in the picture, in the classes' colors."))
        self.add = tool_button(icon("addlayer"), tr("Add a new layer for a semantic map on top"))
        self.detect = tool_button(icon("different-regions"), tr("Detect objects: find a map, on a new layer"))
        self.paint = ChoiceBox(tr("Choose a class to paint it: its color becomes Krita's, on the semantic layer."))
        rows = ((tr("Semantic"), (self.layer, self.add, self.detect)), ("", (self.paint,)))
        super().__init__(model, rows)
        self._paint_with = paint_with
        self._classes: tuple[SemanticClass, ...] = ()
        self.layer.chosen.connect(lambda layer: model.choose(semantic=layer))
        self.add.clicked.connect(lambda: model.add_layer("semantic"))
        self.detect.clicked.connect(lambda: model.detect())
        self.paint.chosen.connect(self._choose_class)

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        self.layer.set_choices(_painted_layers(view), view.roles.semantic)
        self._show_classes(view.classes)
        self.paint.setVisible(bool(view.classes and view.roles.semantic))

    def _show_classes(self, classes: tuple[SemanticClass, ...]) -> None:
        named = tuple(sorted((found for found in classes if found.index), key=lambda found: found.name))
        if named == self._classes:
            return
        self._classes = named
        choices = [("", tr("Paint a class…"), ""), *((found.name, found.name.replace("_", " "), "") for found in named)]
        self.paint.set_choices(choices, "")
        self.paint.set_colors([None, *(found.color for found in named)])

    @guarded
    def _choose_class(self, name: str) -> None:
        chosen = next((found for found in self._classes if found.name == name), None)
        if chosen is not None:
            self._model.paint_on_map()
            self._paint_with(chosen.color)


class PaletteControl(Control):
    """A palette of Krita, or a typed one."""

    name = "palette"

    def __init__(self, model: Model, palettes: KritaPalettes) -> None:
        self.choice = ChoiceBox(tr("A few colors that the whole picture should keep to"))
        self.text = QLineEdit()
        self.text.setPlaceholderText("#7a4a2b, #c9b08d, …")
        self.text.setToolTip(tr("Up to seven colors as #rrggbb"))
        self.swatches = Swatches()
        super().__init__(model, ((tr("Palette"), (self.choice,)), ("", (self.text,)), ("", (self.swatches,))))
        self._palettes, self._name = palettes, ""
        self.choice.chosen.connect(self._choose)
        self.text.editingFinished.connect(self._type)

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        self._render_name(view)
        if not self.text.hasFocus() and not view.palette_trouble:
            self._show_text(view.settings.palette)
        self.swatches.set_colors(view.colors)
        self.swatches.setVisible(bool(view.colors))
        self.text.setVisible(bool(self._name))

    def _render_name(self, view: View) -> None:
        if view.settings.palette and not self._name:
            self._name = _TYPED  # from the last time, or from another window
        elif not view.settings.palette and self._name != _TYPED:
            self._name = ""
        names = self._palettes.names()
        choices = [("", tr("None"), ""), (_TYPED, tr("Typed below"), ""), *((name, name, "") for name in names)]
        self.choice.set_choices(choices, self._name)

    @guarded
    def _choose(self, name: str) -> None:
        self._name = name
        if name == _TYPED:
            self.text.show()
            self.text.setFocus()
            return
        text = format_palette(self._palettes.colors(name)) if name else ""
        self._show_text(text)
        self._model.set_palette(text)

    @guarded
    def _type(self) -> None:
        if self.text.text() != self._model.view.settings.palette or self._model.view.palette_trouble:
            self._name = _TYPED
            self._model.set_palette(self.text.text())

    def _show_text(self, text: str) -> None:
        if self.text.text() != text:
            self.text.setText(text)
            self.text.setCursorPosition(0)


class ExemplarControl(Control):
    """A picture whose colors are borrowed: a layer, or a file."""

    name = "exemplar"

    def __init__(self, model: Model, icon: Callable[[str], Any]) -> None:
        self.choice = ChoiceBox(tr("A picture whose colors are borrowed: one of the layers, or a file."))
        self.open = tool_button(icon("document-open"), tr("Choose a picture file"))
        self.clear = tool_button(icon("edit-clear"), tr("Borrow no colors"))
        self.thumbnail = Thumbnail()
        super().__init__(model, ((tr("Exemplar"), (self.choice, self.open, self.clear)), ("", (self.thumbnail,))))
        self._dialog: Any = None
        self.choice.chosen.connect(self._choose)
        self.open.clicked.connect(lambda: self._ask_for_file())
        self.clear.clicked.connect(lambda: self._choose(""))

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        roles = view.roles
        choices = [("", tr("None"), ""), *_layers(view)]
        if roles.exemplar_file:
            choices.insert(1, (_FILE, Path(roles.exemplar_file).name, ""))
        self.choice.set_choices(choices, _FILE if roles.exemplar_file else roles.exemplar)
        self.clear.setVisible(bool(roles.exemplar or roles.exemplar_file))
        self.thumbnail.set_image(view.thumbnail)

    @guarded
    def _choose(self, layer: str) -> None:
        if layer != _FILE:
            self._model.choose(exemplar=layer, exemplar_file="")

    @guarded
    def _ask_for_file(self) -> None:
        # Shown and left alone: a dialog that waits would run an event loop of its own inside Krita's.
        self._dialog = QFileDialog(self.choice.window(), tr("Picture whose colors are borrowed"))
        self._dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._dialog.setNameFilter(tr("Pictures") + " (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif)")
        self._dialog.fileSelected.connect(lambda path: self._model.choose(exemplar_file=path))
        self._dialog.open()


def _layers(view: View) -> Choices:
    return [(layer.id, "   " * layer.level + layer.name, "") for layer in view.layers]


def _painted_layers(view: View) -> Choices:
    named = zip(_layers(view), view.layers, strict=True)
    painted = [choice for choice, layer in named if layer.painted and layer.id != view.roles.base]
    return [("", tr("None"), ""), *painted]
