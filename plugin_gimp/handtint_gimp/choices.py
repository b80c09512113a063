"""The dialog's lists: layers, exemplars and the engine's methods. `Any` is GIMP's and GTK's own objects."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GdkPixbuf, Gimp, GLib, Gtk, Pango  # noqa: E402

from handtint.wire.messages import MethodInfo  # noqa: E402
from handtint.wire.pixels import Plane  # noqa: E402
from handtint_gimp.colorize import default_method  # noqa: E402
from handtint_gimp.names import DEFAULT_METHOD  # noqa: E402
from handtint_gimp.roles import layers  # noqa: E402
from handtint_gimp.values import exemplar_reader  # noqa: E402

THUMBNAIL = 28
INDENT = "    "
DEFAULT_TITLE = "Automatic"
DEFAULT_HELP = "The best method that is installed."
WORDS_WIDTH = 48


class LayerCombo:
    """A choice among an image's layers, groups included, and of none where `none` has words for that."""

    def __init__(self, image: Any, chosen: Any, none: str | None) -> None:
        self._none = none
        self._layers: list[Any] = []
        self.widget = Gtk.ComboBox(hexpand=True)
        _add_cells(self.widget)
        self.fill(image, chosen)

    def fill(self, image: Any, chosen: Any) -> None:
        """List what the image has now."""
        store = _picture_store()
        self._layers = []
        if self._none is not None:
            store.append([None, self._none])
            self._layers.append(None)
        self._layers += _append_layers(store, image, "")
        self.widget.set_model(store)
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


class ExemplarChoice:
    """A choice of a picture whose colors are borrowed: a layer of any open image, or a file; with its picture."""

    _NONE, _FILE = 0, 1

    def __init__(self, image: Any, file: Any) -> None:
        self._layers: list[Any] = []
        self._read_of = (0, "")
        self._reader: Callable[[], Plane] | None = None
        self.combo = Gtk.ComboBox(hexpand=True)
        _add_cells(self.combo)
        self._chooser = Gtk.FileChooserButton(title="Picture whose colors are borrowed", no_show_all=True)
        self._picture = Gtk.Image(no_show_all=True)
        self.widget = Gtk.Box(spacing=6)
        for part in (self._picture, self.combo, self._chooser):
            self.widget.pack_start(part, part is self.combo, True, 0)
        if file is not None:
            self._chooser.set_file(file)
        self._list(image)
        self.combo.set_active(self._FILE if file is not None else self._NONE)
        self.combo.connect("changed", self._show)
        self._chooser.connect("file-set", self._show)
        self._show()

    @property
    def layer(self) -> Any:
        """The chosen layer, or None."""
        return self._layers[self.combo.get_active()]

    @property
    def file(self) -> Any:
        """The chosen file, or None."""
        return self._chooser.get_file() if self.combo.get_active() == self._FILE else None

    @property
    def reader(self) -> Callable[[], Plane] | None:
        """Reads the chosen picture when it is first wanted, and no second time; None without one."""
        layer, file = self.layer, self.file
        chosen = (layer.get_id() if layer is not None else 0, file.get_uri() if file is not None else "")
        if chosen != self._read_of:
            read = exemplar_reader(layer, file)
            self._reader = functools.cache(read) if read is not None else None
            self._read_of = chosen
        return self._reader

    def fill(self, image: Any) -> None:
        """List what is open now; what was chosen stays chosen where it is still there."""
        layer, active = self.layer, self.combo.get_active()
        self._list(image)
        ids = [other.get_id() if other is not None else None for other in self._layers]
        if layer is not None:
            active = ids.index(layer.get_id()) if layer.get_id() in ids else self._NONE
        self.combo.set_active(active)

    def on_change(self, heard: Callable[..., None]) -> None:
        """Have it called when another one is chosen."""
        self.combo.connect("changed", heard)
        self._chooser.connect("file-set", heard)

    def _list(self, image: Any) -> None:
        store = _picture_store()
        store.append([None, "None: borrow no colors"])
        store.append([None, "A picture file…"])
        self._layers = [None, None, *_append_layers(store, image, "")]
        for other in Gimp.get_images():
            if other.get_id() != image.get_id():
                self._layers += _append_layers(store, other, f"{other.get_name()}: ")
        self.combo.set_model(store)

    def _show(self, *_: Any) -> None:
        self._chooser.set_visible(self.combo.get_active() == self._FILE)
        picture = _layer_picture(self.layer) if self.layer is not None else _file_picture(self.file)
        self._picture.set_visible(picture is not None)
        self._picture.set_from_pixbuf(picture)


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
        method = self._chosen_method()
        return method is None or control in method.controls

    def title(self) -> str:
        """What the artist calls the chosen method."""
        method = self._chosen_method()
        return method.title if method is not None else DEFAULT_TITLE

    def _chosen_method(self) -> MethodInfo | None:
        known = self._methods | default_method(tuple(self._methods.values()))
        return known.get(self._name())

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


def _picture_store() -> Any:
    return Gtk.ListStore(GdkPixbuf.Pixbuf, str)


def _append_layers(store: Any, image: Any, before: str) -> list[Any]:
    """Add an image's layers to a list, with `before` before their names; the layers."""
    entries = layers(image)
    for entry in entries:
        store.append([_layer_picture(entry.layer), before + INDENT * entry.depth + entry.name])
    return [entry.layer for entry in entries]


def _layer_picture(layer: Any) -> Any:
    return layer.get_thumbnail(THUMBNAIL, THUMBNAIL, Gimp.PixbufTransparency.SMALL_CHECKS)


def _file_picture(file: Any) -> Any:
    """A small picture of a file; None without one, or where only GIMP itself can read it."""
    if file is None or file.get_path() is None:
        return None
    try:
        return GdkPixbuf.Pixbuf.new_from_file_at_size(file.get_path(), THUMBNAIL, THUMBNAIL)
    except GLib.Error:
        return None


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
