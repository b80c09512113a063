"""The docker's rows of the palette: where it comes from, its swatches, themes.

Shows the view and passes on what is done. Decides nothing, knows no libkis.
"""

from __future__ import annotations

from typing import Any

from handtint.wire.messages import Color, Palette
from handtint_krita.guard import guarded
from handtint_krita.guidance import Control, picture_dialog
from handtint_krita.model import Model
from handtint_krita.palettes import (
    KritaPalettes,
    format_palette,
    share_of,
    with_color,
    with_moved_color,
    with_other_color,
    with_share,
    without_color,
)
from handtint_krita.qt import QColor, QColorDialog, QLineEdit, QMenu
from handtint_krita.swatches import SwatchBar, ThemeList
from handtint_krita.view import View
from handtint_krita.widgets import ChoiceBox, Icons, NameBox, PercentSlider, popped_up, tool_button
from handtint_krita.words import tr

_OWN = "\n"
"""Key of the palette that was typed or edited; no palette of Krita has that name."""


class PaletteControl(Control):
    """A palette of Krita, of a picture, of a theme, or one's own."""

    name = "palette"

    def __init__(self, model: Model, palettes: KritaPalettes, icons: Icons) -> None:
        self.choice = ChoiceBox(tr("A few colors that the whole picture should keep to"))
        self.more = tool_button(icons, "palette-library", tr("Colors of a picture or layer, themes, saving"))
        self.text = QLineEdit()
        self.text.setPlaceholderText("#7a4a2b 40%, #c9b08d 60%, …")
        self.text.setToolTip(tr("Up to seven colors as #rrggbb, each with its share in percent or none at all"))
        self.swatches = SwatchBar()
        self.add = tool_button(icons, "addlayer", tr("Add the color that you paint with"))
        self.remove = tool_button(icons, "deletelayer", tr("Remove the marked color"))
        self.edit = tool_button(icons, "properties", tr("Change the marked color"))
        self.share = PercentSlider(tr("How much of the picture the marked color should take"))
        self.save = NameBox(tr("Save as"), tr("Save among Krita's palettes"))
        self.themes = ThemeList()
        rows = (
            (tr("Palette"), (self.choice, self.more)),
            ("", (self.text,)),
            ("", (self.swatches, self.add)),
            ("", (self.share, self.remove, self.edit)),
            ("", (self.save,)),
            ("", (self.themes,)),
        )
        super().__init__(model, rows)
        self._palettes, self._name, self._palette = palettes, "", None  # type: KritaPalettes, str, Palette | None
        self.menu, self.dialog = self._make_menu(), None  # type: Any, Any
        self._connect()

    def _make_menu(self) -> Any:
        menu, helper = QMenu(self.more), self._model.helper
        self.suggest_themes = menu.addAction(tr("Suggest themes for this picture"))
        self.suggest_themes.triggered.connect(lambda: helper.suggest_themes())
        menu.addSeparator()
        menu.addAction(tr("Colors of a picture file…")).triggered.connect(lambda: self._ask_for_file())
        self.of_layer = menu.addAction(tr("Colors of the active layer"))
        self.of_layer.triggered.connect(lambda: helper.palette_of_layer())
        menu.addSeparator()
        self.saving = menu.addAction(tr("Save as a Krita palette…"))
        self.saving.triggered.connect(lambda: self.save.ask(self._name if self._name != _OWN else tr("My colors")))
        return menu

    def _connect(self) -> None:
        self.choice.chosen.connect(self._choose)
        self.more.clicked.connect(lambda: popped_up(self.menu, self.more))
        self.text.editingFinished.connect(self._type)
        self.swatches.chosen.connect(lambda _index: self._show_share())
        self.swatches.moved.connect(lambda index, to: self._change(with_moved_color, index, to))
        self.swatches.removed.connect(lambda index: self._change(without_color, index))
        self.swatches.opened.connect(self._open_color)
        self.add.clicked.connect(lambda: self._add())
        self.remove.clicked.connect(lambda: self._change(without_color, self.swatches.selected))
        self.edit.clicked.connect(lambda: self._open_color(self.swatches.selected))
        self.share.changed.connect(lambda share: self._change(with_share, self.swatches.selected, share))
        self.save.named.connect(self._save)
        self.themes.chosen.connect(lambda index: self._model.helper.use_theme(index))

    def render(self, view: View, not_taken: str) -> None:
        super().render(view, not_taken)
        self._palette = view.palette
        self._render_name(view)
        if not self.text.hasFocus() and not view.palette_trouble:
            self._show_text(view.settings.palette)
        self.swatches.set_palette(view.palette)
        self._show_share()
        some = view.palette is not None
        for widget in (self.share, self.remove, self.edit):
            widget.setVisible(some)
        for widget in (self.text, self.swatches, self.add):
            widget.setVisible(bool(self._name))
        self.saving.setEnabled(some)
        themes = view.help.answers.themes
        self.themes.set_themes(themes)
        self.themes.setVisible(bool(themes) and not not_taken)

    def _render_name(self, view: View) -> None:
        known = format_palette(self._palettes.palette(self._name)) if self._name not in ("", _OWN) else ""
        if view.palette is not None and format_palette(view.palette) != known:
            self._name = _OWN  # edited, from the last time, or from another window
        elif view.palette is None and self._name != _OWN:
            self._name = ""
        names = self._palettes.names()
        choices = [("", tr("None"), ""), (_OWN, tr("My colors"), ""), *((name, name, "") for name in names)]
        self.choice.set_choices(choices, self._name)

    @guarded
    def _choose(self, name: str) -> None:
        self._name = name
        if name == _OWN:
            self.text.show()
            self.text.setFocus()
            return
        text = format_palette(self._palettes.palette(name)) if name else ""
        self._show_text(text)
        self._model.set_palette(text)

    @guarded
    def _type(self) -> None:
        if self.text.text() != self._model.view.settings.palette or self._model.view.palette_trouble:
            self._name = _OWN
            self._model.set_palette(self.text.text())

    @guarded
    def _change(self, edit: Any, *values: Any) -> None:
        """Do something to the palette; what comes out is the painter's own."""
        if self._palette is not None:
            self._take(edit(self._palette, *values))

    @guarded
    def _add(self) -> None:
        color = self._model.brush.color()
        self._take(with_color(self._palette, color))
        self.swatches.select(len(self.swatches.colors) - 1)

    def _take(self, palette: Palette | None) -> None:
        self._name = _OWN
        self._model.set_palette(format_palette(palette) if palette is not None else "")

    @guarded
    def _open_color(self, index: int) -> None:
        dialog = self.dialog = QColorDialog(QColor.fromRgbF(*self.swatches.colors[index]), self.swatches.window())
        dialog.colorSelected.connect(lambda color: self._change(with_other_color, index, _color(color)))
        dialog.open()

    @guarded
    def _ask_for_file(self) -> None:
        self.dialog = picture_dialog(self.choice, tr("Picture whose main colors are taken"))
        self.dialog.fileSelected.connect(lambda path: self._model.helper.palette_of_file(path))
        self.dialog.open()

    @guarded
    def _save(self, name: str) -> None:
        assert self._palette is not None
        self._name = self._palettes.save(name, self._palette)
        self._model.say(tr("Saved as {name}. Krita's own palette docker shows it after a restart.", name=self._name))

    def _show_share(self) -> None:
        if self._palette is not None:
            self.share.set_share(share_of(self._palette, self.swatches.selected))

    def _show_text(self, text: str) -> None:
        if self.text.text() != text:
            self.text.setText(text)
            self.text.setCursorPosition(0)


def _color(color: QColor) -> Color:
    return Color(color.redF(), color.greenF(), color.blueF())
