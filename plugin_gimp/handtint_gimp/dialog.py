"""The filter's dialog: what the artist chooses, a wait that can be called off, and errors in place.

Knows nothing of pixels. `Any` is GIMP's and GTK's own objects: PyGObject has no types.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GimpUi, GLib, GObject, Gtk  # noqa: E402

from handtint.client.blocking import Engine  # noqa: E402
from handtint.client.delivery import spared  # noqa: E402
from handtint.client.link import LinkState  # noqa: E402
from handtint.errors import Cancelled, HandtintError  # noqa: E402
from handtint.wire.messages import Message, Progress  # noqa: E402
from handtint_gimp.choices import WORDS_WIDTH, ExemplarChoice, LayerCombo, MethodCombo, words_label  # noqa: E402
from handtint_gimp.colorize import (  # noqa: E402
    CONTROLS,
    PATIENCE,
    Outcome,
    Settings,
    colorize,
    detect,
    known_methods,
    only_taken,
)
from handtint_gimp.palettes import offer_classes  # noqa: E402
from handtint_gimp.picture import Picture  # noqa: E402
from handtint_gimp.preview import Preview  # noqa: E402
from handtint_gimp.roles import likely_hints, likely_semantic  # noqa: E402
from handtint_gimp.values import read_values  # noqa: E402

TITLE, BUSY_TITLE, DETECTING_TITLE = "Colorize with Handtint", "Colorizing…", "Detecting objects…"
TICK_MS = 100
FOUND = "The map is a layer now. Color with it, or leave and correct it: the palette 'Handtint classes' has its colors."
DETECT = 100
"""Response of the dialog: look for objects, then go on choosing. GIMP's own dialog uses 1 and the next ones itself."""
LEAVING = (Gtk.ResponseType.CANCEL, Gtk.ResponseType.CLOSE, Gtk.ResponseType.DELETE_EVENT)
GRAY_HINTS = (
    "This image is grayscale, so what is painted in it is gray too: choose Image > Mode > RGB to paint in color."
)


class ColorizeDialog:
    """One dialog from its opening to the colored picture.

    Parameters
    ----------
    procedure, config : Gimp.Procedure, Gimp.ProcedureConfig
    engine : Engine
        Found or started while the artist still chooses.
    image, bases : Gimp.Image, list of Gimp.Layer
        Where the filter was called.
    """

    def __init__(self, procedure: Any, config: Any, engine: Engine, image: Any, bases: list[Any]) -> None:
        GimpUi.init(procedure.get_name())
        self._config, self._engine, self._image, self._all_bases = config, engine, image, bases
        self._busy = self._called_off = False
        self._dialog = GimpUi.ProcedureDialog.new(procedure, config, TITLE)
        self._dialog.set_ok_label("Colori_ze")
        self._dialog.set_resizable(False)  # so that the window follows what is shown in it
        several = f"The {len(bases)} selected layers" if len(bases) > 1 else None
        self._base = LayerCombo(image, None if several else bases[0], none=several)
        self._hints = LayerCombo(image, likely_hints(image, bases[0]), none="None: color without hints")
        self._semantic = LayerCombo(image, likely_semantic(image, bases[0]), none="None: color without a map")
        self._exemplar = ExemplarChoice(image, config.get_property("exemplar-file"))
        self._response = 0
        self._method = MethodCombo(config)
        self._preview = Preview(engine, self._settings, self._show_no_preview)
        self._build()
        self._preview.follow(image, bases[0])
        engine.link.open()
        self._timer = GLib.timeout_add(TICK_MS, self._tick)

    def run(self) -> Outcome:
        """Let the artist choose until the picture is colored; Cancelled if the dialog is left."""
        while self._dialog.run() or self._response == DETECT:
            self._show_error("")
            try:
                if self._response != DETECT:
                    return self._colorize()
                self._detect()
            except HandtintError as error:
                if isinstance(error, Cancelled):
                    raise
                self._show_error(str(error))
                self._show_engine()
        raise Cancelled("the dialog was left")

    def destroy(self) -> None:
        """Close the window."""
        GLib.source_remove(self._timer)
        self._dialog.destroy()

    # The run --------------------------------------------------------------------------------------------------

    def _colorize(self) -> Outcome:
        with self._busy_as(BUSY_TITLE):
            pictures = [Picture(self._image, base) for base in self._bases]
            settings = only_taken(self._settings(), known_methods(self._ask))
            self._keep()
            return colorize(pictures, settings, self._ask)

    def _detect(self) -> None:
        """Add a map of the objects; the artist may color with it, or close the dialog and correct it first."""
        with self._busy_as(DETECTING_TITLE):
            layer, classes = detect(Picture(self._image, self._bases[0]), self._ask)
        Gimp.displays_flush()
        offer_classes(classes)
        self._is_gray = False  # a gray image was made RGB to show the map
        for combo, chosen in (
            (self._base, self._base.layer),
            (self._hints, self._hints.layer),
            (self._semantic, layer),
        ):
            combo.fill(self._image, chosen)
        self._found.show()
        self._focus_ok()

    @property
    def _bases(self) -> list[Any]:
        """The layers to color."""
        return [self._base.layer] if self._base.layer is not None else self._all_bases

    def _settings(self) -> Settings:
        """What is chosen now."""
        return replace(
            read_values(self._config),
            hints=self._hints.layer,
            semantic=self._semantic.layer,
            exemplar=self._exemplar.reader,
        )

    def _keep(self) -> None:
        """For the next run without a dialog."""
        self._config.set_property("hints", self._hints.layer)
        self._config.set_property("semantic", self._semantic.layer)
        self._config.set_property("exemplar", self._exemplar.layer)
        self._config.set_property("exemplar-file", self._exemplar.file)

    def _ask(self, request: Message) -> Message:
        """Wait for the answer while the window stays alive."""
        message, whole = spared(request)
        return self._engine.call(
            message, timeout=PATIENCE, whole=whole, on_progress=self._show_progress, cancelled=self._turn
        )

    def _turn(self) -> bool:
        """Draw and hear the artist between two looks at the engine; has the work been called off?"""
        if self._engine.link.state is not LinkState.ready:
            self._bar.set_text(self._engine.link.text)
            self._bar.pulse()
        while Gtk.events_pending():
            Gtk.main_iteration()
        return self._called_off

    def _show_progress(self, progress: Progress) -> None:
        self._bar.set_fraction(progress.fraction)
        self._bar.set_text(progress.text)

    @contextmanager
    def _busy_as(self, title: str) -> Iterator[None]:
        self._set_busy(True, title)
        try:
            yield
        finally:
            self._set_busy(False, TITLE)

    def _set_busy(self, busy: bool, title: str) -> None:
        self._busy = busy
        self._dialog.set_title(title)
        self._grid.set_sensitive(not busy)
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, not busy)
        self._bar.set_visible(busy)
        self._bar.set_fraction(0.0)
        self._bar.set_text("")

    def _responded(self, dialog: Any, response: int) -> None:
        """While an answer is awaited, Cancel means: call it off."""
        self._response = response
        self._called_off = self._called_off or (self._busy and response in LEAVING)

    def _closed(self, dialog: Any, event: Any) -> bool:
        """The window's own close button would destroy the window under the wait."""
        self._called_off = self._called_off or self._busy
        return self._busy

    # What is shown --------------------------------------------------------------------------------------------

    def _tick(self) -> bool:
        """Find or start the engine while the artist chooses. During a run `Engine.call` does that."""
        if not self._busy:
            before = self._engine.link.welcome
            self._preview.turn()
            welcome = self._engine.link.welcome
            if welcome is not None and welcome is not before:
                self._method.offer(welcome.methods)
            self._show_engine()
        return bool(GLib.SOURCE_CONTINUE)

    def _show_engine(self) -> None:
        link = self._engine.link
        ready = link.state is LinkState.ready
        said = sentence(link.text) == self._error_text.get_text()
        self._state.set_text("The engine is ready." if ready else "" if said else sentence(link.text))
        self._follow()

    def _follow(self, *_: Any) -> None:
        """Only what counts can be set."""
        for control in CONTROLS:
            taken = self._method.takes(control)
            words = "" if taken else f"{self._method.title()} has no use for this."
            for widget in self._controls[control]:
                widget.set_sensitive(taken)
                widget.set_tooltip_text(words or self._tips[widget])
        if self._method.takes("palette"):
            self._palette.set_sensitive(self._config.get_property("use-palette"))
        painted = (self._hints.layer, self._semantic.layer)
        self._gray.set_visible(any(layer is not None for layer in painted) and self._is_gray)

    def _show_no_preview(self, text: str) -> None:
        """Why there is none; what the artist still has to choose is no error yet."""
        self._no_preview.set_text(sentence(text))
        self._no_preview.set_visible(bool(text))

    def _chose_base(self, *_: Any) -> None:
        self._preview.follow(self._image, self._bases[0])

    def _chose(self, *_: Any) -> None:
        self._preview.changed()

    def _show_error(self, text: str) -> None:
        self._error_text.set_text(sentence(text))
        self._error.set_visible(bool(text))

    def _build(self) -> None:
        self._is_gray = self._image.get_base_type() == Gimp.ImageBaseType.GRAY
        self._use_palette = self._dialog.get_widget("use-palette", GObject.TYPE_NONE)
        self._palette = self._dialog.get_widget("palette", GObject.TYPE_NONE)
        self._gray, self._found, self._state = hidden_words(GRAY_HINTS), hidden_words(FOUND), words_label()
        self._grid = Gtk.Grid(row_spacing=6, column_spacing=12, border_width=12)
        self._rows = 0
        self._add_row("_Layer to color", self._base.widget)
        self._add_row("_Method", self._method.widget)
        self._add_words(self._method.words)
        self._controls = {
            "hints": (self._add_row("_Hints", self._hints.widget), self._hints.widget),
            "semantic": (
                self._add_row("Sema_ntic map", self._map_row(), self._semantic.widget),
                self._semantic.widget,
                self._detect_button,
            ),
            "palette": (self._add_palette(), self._palette),
            "exemplar": (
                self._add_row("E_xemplar", self._exemplar.widget, self._exemplar.combo),
                self._exemplar.widget,
            ),
        }
        for words in (self._gray, self._found):
            self._add_words(words)
        self._add_scale("strength")
        self._controls["hints"] += (self._add_scale("reach"), self._add_scale("softness"))
        self._tips = {widget: widget.get_tooltip_text() for row in self._controls.values() for widget in row}
        self._grid.attach(self._state, 0, self._rows, 2, 1)
        self._bar = Gtk.ProgressBar(show_text=True, no_show_all=True, margin=12)
        self._error, self._error_text = _error_bar()
        self._no_preview = hidden_words("")
        self._preview.widget.pack_start(self._no_preview, False, False, 0)
        row = Gtk.Box(spacing=6)
        row.pack_start(self._preview.widget, True, True, 0)
        row.pack_start(self._grid, True, True, 0)
        content = self._dialog.get_content_area()
        for widget in (self._error, row, self._bar):
            content.pack_start(widget, False, False, 0)
            widget.show_all()
        self._focus_ok()
        self._dialog.connect("response", self._responded)
        self._dialog.connect("delete-event", self._closed)
        self._hints.widget.connect("changed", self._follow)
        for name in ("method", "use-palette"):
            self._config.connect(f"notify::{name}", self._follow)
        self._base.widget.connect("changed", self._chose_base)
        for combo in (self._hints.widget, self._semantic.widget):
            combo.connect("changed", self._chose)
        self._exemplar.on_change(self._chose)
        self._config.connect("notify", self._chose)

    def _focus_ok(self) -> None:
        """Return colors at once: a choice that has the focus would open instead."""
        self._dialog.get_widget_for_response(Gtk.ResponseType.OK).grab_focus()

    def _map_row(self) -> Any:
        """The choice of a map, and the button that finds one."""
        self._detect_button = Gtk.Button(label="_Detect", use_underline=True)
        self._detect_button.set_tooltip_text("Find the objects in the layer and add their map as a layer")
        self._detect_button.connect("clicked", lambda _: self._dialog.response(DETECT))
        row = Gtk.Box(spacing=6)
        row.pack_start(self._semantic.widget, True, True, 0)
        row.pack_start(self._detect_button, False, True, 0)
        return row

    def _add_row(self, words: str, widget: Any, target: Any = None) -> Any:
        """A row and its name, whose key leads to `target`, or to the widget itself."""
        label = Gtk.Label(label=words, xalign=1.0, use_underline=True, mnemonic_widget=target or widget)
        self._attach(label, widget)
        return label

    def _add_words(self, widget: Any) -> None:
        self._attach(None, widget)

    def _add_palette(self) -> Any:
        """The box to tick stands where other rows have their name."""
        label = self._palette.get_label()
        label.set_no_show_all(True)
        label.hide()
        self._use_palette.set_halign(Gtk.Align.END)
        self._attach(self._use_palette, self._palette)
        return self._use_palette

    def _add_scale(self, name: str) -> Any:
        scale = self._dialog.get_spin_scale(name, 100.0)
        scale.set_digits(0)
        self._grid.attach(scale, 0, self._rows, 2, 1)
        self._rows += 1
        return scale

    def _attach(self, left: Any, right: Any) -> None:
        if left is not None:
            self._grid.attach(left, 0, self._rows, 1, 1)
        self._grid.attach(right, 1, self._rows, 1, 1)
        self._rows += 1


def hidden_words(text: str) -> Any:
    """A label for a sentence that is shown when it is time for it."""
    label = words_label()
    label.set_text(text)
    label.set_no_show_all(True)
    return label


def sentence(text: str) -> str:
    """An error's message as it stands alone."""
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def _error_bar() -> tuple[Any, Any]:
    """A bar that is hidden until it has something to say, and its label."""
    bar = Gtk.InfoBar(message_type=Gtk.MessageType.ERROR, no_show_all=True)
    label = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=WORDS_WIDTH, selectable=True)
    label.show()
    bar.get_content_area().pack_start(label, True, True, 0)
    return bar, label
