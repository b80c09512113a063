"""The docker's rows of guidance: hints, semantic map, exemplar (the palette has a file of its own).

Shows the view and passes on what is chosen. Decides nothing, knows no libkis.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handtint.wire.messages import SemanticClass
from handtint_krita.gamut import GamutPicker
from handtint_krita.guard import guarded
from handtint_krita.model import Model
from handtint_krita.qt import QFileDialog, QLabel, QMenu, QObject
from handtint_krita.swatches import ColorStrip, Legend
from handtint_krita.view import View, class_title
from handtint_krita.widgets import ChoiceBox, DropBox, Icons, popped_up, tool_button
from handtint_krita.words import tr

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
    """The layer with hints, and help with choosing their colors."""

    name = "hints"

    def __init__(self, model: Model, icons: Icons) -> None:
        self.layer = ChoiceBox(tr("The layer that you paint colors on. It is only read."))
        self.add = tool_button(icons, "addlayer", tr("Add a new layer for hints on top"))
        self.suggest = tool_button(icons, "krita_tool_color_sampler", tr("Suggest likely colors for each stroke"))
        self.unsure = tool_button(icons, "visible", tr("Show where a hint would help most"))
        for button in (self.suggest, self.unsure):
            button.setCheckable(True)
        self.colors = ColorStrip()
        self.gamut = GamutPicker()
        self.said = QLabel()
        self.said.setWordWrap(True)
        rows = (
            (tr("Hints"), (self.layer, self.add, self.suggest, self.unsure)),
            ("", (self.colors,)),
            ("", (self.gamut, self.said)),
        )
        super().__init__(model, rows)
        self.layer.chosen.connect(lambda layer: model.choose(hints=layer))
        self.add.clicked.connect(lambda: model.deeds.add_layer("hints"))
        self.suggest.clicked.connect(lambda on: model.helper.follow_strokes(on))
        self.unsure.clicked.connect(lambda on: model.helper.show_unsure(on))
        self.colors.chosen.connect(lambda index: model.deeds.paint_on("hints", self.colors.colors[index]))
        self.gamut.picked.connect(lambda color: model.deeds.paint_on("hints", color))

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        self.layer.set_choices(_painted_layers(view), view.roles.hints)
        self.suggest.setChecked(view.help.suggesting)
        self.unsure.setChecked(view.help.showing_unsure)
        found = view.help.answers.suggestions
        for widget in (self.colors, self.gamut, self.said):
            widget.setVisible(found is not None)
        if found is not None:
            self.colors.set_colors(found.colors)
            self.gamut.show_colors(found.colors)
            where = tr("Pixel {x}, {y}", x=found.spot.x, y=found.spot.y)
            lightness = tr("L* {lightness:.0f}", lightness=self.gamut.lightness)
            unsure = tr("unsure: {percent} %", percent=round(100 * found.unsure))
            self.said.setText("\n".join((where, lightness, unsure)))


class SemanticControl(Control):
    """The layer with the semantic map, what finds one, and the classes to correct it with."""

    name = "semantic"

    def __init__(self, model: Model, icons: Icons) -> None:
        self.layer = ChoiceBox(tr("The layer that says what is what in the picture, in the classes' colors."))
        self.add = tool_button(icons, "addlayer", tr("Add a new layer for a semantic map on top"))
        self.detect = tool_button(icons, "different-regions", tr("Detect objects: find a map, on a new layer"))
        self.legend = Legend()
        self.unknown = QLabel(tr("Some colors are no class's: each counts for the nearest one."))
        self.unknown.setWordWrap(True)
        self.paint = ChoiceBox(tr("Choose a class to paint it: its color becomes Krita's, on the semantic layer."))
        rows = (
            (tr("Semantic"), (self.layer, self.add, self.detect)),
            ("", (self.legend,)),
            ("", (self.unknown,)),
            ("", (self.paint,)),
        )
        super().__init__(model, rows)
        self._classes: tuple[SemanticClass, ...] = ()
        self.layer.chosen.connect(lambda layer: model.choose(semantic=layer))
        self.add.clicked.connect(lambda: model.deeds.add_layer("semantic"))
        self.detect.clicked.connect(lambda: model.detect())
        self.legend.chosen.connect(lambda index: self._paint(self.legend.classes[index]))
        self.paint.chosen.connect(self._choose_class)

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        self.layer.set_choices(_painted_layers(view), view.roles.semantic)
        self._show_classes(view.classes)
        self.legend.set_classes(view.help.present.classes)
        self.legend.setVisible(bool(view.help.present.classes))
        self.unknown.setVisible(view.help.present.unknown)
        self.paint.setVisible(bool(view.classes and view.roles.semantic))

    def _show_classes(self, classes: tuple[SemanticClass, ...]) -> None:
        named = tuple(sorted((found for found in classes if found.index), key=class_title))
        if named == self._classes:
            return
        self._classes = named
        choices = [("", tr("Paint a class…"), ""), *((found.name, class_title(found), "") for found in named)]
        self.paint.set_choices(choices, "")
        self.paint.set_colors([None, *(found.color for found in named)])

    @guarded
    def _choose_class(self, name: str) -> None:
        chosen = next((found for found in self._classes if found.name == name), None)
        if chosen is not None:
            self._paint(chosen)

    @guarded
    def _paint(self, chosen: SemanticClass) -> None:
        self._model.deeds.paint_on("semantic", chosen.color)


class ExemplarControl(Control):
    """A picture whose colors are borrowed: a layer, a file, the clipboard, another document."""

    name = "exemplar"

    def __init__(self, model: Model, icons: Icons) -> None:
        self.choice = ChoiceBox(
            tr("A picture whose colors are borrowed: one of the layers, or a picture from outside.")
        )
        self.open = tool_button(icons, "document-open", tr("A file, the clipboard or another open document"))
        self.clear = tool_button(icons, "edit-clear", tr("Borrow no colors"))
        self.drop = DropBox(tr("Drop a picture here"))
        super().__init__(model, ((tr("Exemplar"), (self.choice, self.open, self.clear)), ("", (self.drop,))))
        self.menu = QMenu(self.open)
        self.dialog: Any = None
        self.choice.chosen.connect(self._choose)
        self.open.clicked.connect(lambda: self._show_menu())
        self.clear.clicked.connect(lambda: self._choose(""))
        self.drop.file_dropped.connect(lambda path: model.choose(exemplar_file=path))
        self.drop.image_dropped.connect(lambda image: model.helper.borrow(tr("Dropped"), image))

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        roles = view.roles
        choices = [("", tr("None"), ""), *_layers(view)]
        if roles.exemplar_file:
            choices.insert(1, (_FILE, Path(roles.exemplar_file).stem, ""))
        self.choice.set_choices(choices, _FILE if roles.exemplar_file else roles.exemplar)
        self.clear.setVisible(bool(roles.exemplar or roles.exemplar_file))
        self.drop.set_image(view.thumbnail)
        self.drop.setVisible(not not_taken)

    @guarded
    def _choose(self, layer: str) -> None:
        if layer != _FILE:
            self._model.choose(exemplar=layer, exemplar_file="")

    @guarded
    def _show_menu(self) -> None:
        helper = self._model.helper
        self.menu.clear()
        self.menu.addAction(tr("Picture file…")).triggered.connect(lambda: self._ask_for_file())
        self.menu.addAction(tr("Clipboard")).triggered.connect(lambda: helper.borrow_from_clipboard())
        for name in helper.other_documents():
            action = self.menu.addAction(tr("Document {name}", name=name))
            action.triggered.connect(lambda _checked, name=name: helper.borrow_from_document(name))
        popped_up(self.menu, self.open)

    @guarded
    def _ask_for_file(self) -> None:
        self.dialog = picture_dialog(self.choice, tr("Picture whose colors are borrowed"))
        self.dialog.fileSelected.connect(lambda path: self._model.choose(exemplar_file=path))
        self.dialog.open()


def picture_dialog(parent: Any, title: str) -> Any:
    """A dialog for a picture file, to be opened and left alone: one that waits would run an event loop of its own."""
    dialog = QFileDialog(parent.window(), title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilter(tr("Pictures") + " (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif)")
    return dialog


def _layers(view: View) -> Choices:
    return [(layer.id, "   " * layer.level + layer.name, "") for layer in view.layers]


def _painted_layers(view: View) -> Choices:
    named = zip(_layers(view), view.layers, strict=True)
    painted = [choice for choice, layer in named if layer.painted and layer.id != view.roles.base]
    return [("", tr("None"), ""), *painted]
