"""The dialog's lists: layers with their pictures, and the engine's methods. `Any` is GIMP's and GTK's own objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GdkPixbuf, Gimp, Gtk, Pango  # noqa: E402

from handtint.wire.messages import MethodInfo  # noqa: E402
from handtint_gimp.colorize import DEFAULT_METHOD  # noqa: E402
from handtint_gimp.picture import layers  # noqa: E402

THUMBNAIL = 28
INDENT = "    "
DEFAULT_TITLE = "Automatic"
DEFAULT_HELP = "The best method that is installed."
WORDS_WIDTH = 48


class LayerCombo:
    """A choice among an image's layers, groups included, and of none where `none` has words for that."""

    def __init__(self, image: Any, chosen: Any, none: str | None) -> None:
        store = Gtk.ListStore(GdkPixbuf.Pixbuf, str)
        self._layers: list[Any] = []
        if none is not None:
            store.append([None, none])
            self._layers.append(None)
        for entry in layers(image):
            picture = entry.layer.get_thumbnail(THUMBNAIL, THUMBNAIL, Gimp.PixbufTransparency.SMALL_CHECKS)
            store.append([picture, INDENT * entry.depth + entry.name])
            self._layers.append(entry.layer)
        self.widget = Gtk.ComboBox(model=store, hexpand=True)
        _add_cells(self.widget)
        self.choose(chosen)

    @property
    def layer(self) -> Any:
        """The chosen layer, or None."""
        return self._layers[self.widget.get_active()]

    def choose(self, layer: Any) -> None:
        """Show a layer as chosen, the first entry where it is not in the list."""
        ids = [item.get_id() if item is not None else None for item in self._layers]
        wanted = layer.get_id() if layer is not None else None
        self.widget.set_active(ids.index(wanted) if wanted in ids else 0)


class MethodCombo:
    """The engine's methods once it has said them, and the default; kept equal to the argument `method`."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._methods: dict[str, MethodInfo] = {}
        self.widget = Gtk.ComboBoxText(hexpand=True)
        self.words = words_label()
        self._fill()
        self.widget.connect("changed", self._chosen)
        config.connect("notify::method", self._changed)

    def offer(self, methods: Sequence[MethodInfo]) -> None:
        """List what the engine has and can use."""
        self._methods = {method.name: method for method in methods if not method.missing}
        self._fill()

    def takes(self, control: str) -> bool:
        """Does the chosen method take this kind of guidance, as far as is known?"""
        method = self._methods.get(self._name())
        return method is None or control in method.controls

    def _name(self) -> str:
        return self._config.get_property("method") or DEFAULT_METHOD

    def _fill(self) -> None:
        chosen = self._name()
        self.widget.remove_all()
        self.widget.append(DEFAULT_METHOD, DEFAULT_TITLE)
        for name, method in self._methods.items():
            self.widget.append(name, method.title)
        if not self.widget.set_active_id(chosen):
            # From an earlier run, and the engine has not said yet what it has.
            self.widget.append(chosen, chosen)
            self.widget.set_active_id(chosen)
        self._show_words()

    def _chosen(self, widget: Any) -> None:
        name = widget.get_active_id()
        if name is not None and name != self._name():
            self._config.set_property("method", name)

    def _changed(self, config: Any, spec: Any) -> None:
        if self.widget.get_active_id() != self._name() and not self.widget.set_active_id(self._name()):
            self._fill()
        self._show_words()

    def _show_words(self) -> None:
        method = self._methods.get(self._name())
        self.words.set_text(method.help if method is not None else DEFAULT_HELP)


def words_label() -> Any:
    """A label for a sentence of help below a choice."""
    label = Gtk.Label(xalign=0.0, yalign=0.0, wrap=True, max_width_chars=WORDS_WIDTH, width_chars=WORDS_WIDTH)
    label.get_style_context().add_class("dim-label")
    return label


def _add_cells(combo: Any) -> None:
    picture, name = Gtk.CellRendererPixbuf(xpad=4), Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END)
    combo.pack_start(picture, False)
    combo.add_attribute(picture, "pixbuf", 0)
    combo.pack_start(name, True)
    combo.add_attribute(name, "text", 1)
