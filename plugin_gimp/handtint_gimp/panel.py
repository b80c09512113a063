"""The live panel: the picture follows while the artist paints hints, chooses colors and corrects the map.

Not modal: GIMP stays as it is. Knows nothing of pixels. `Any` is GIMP's and GTK's own objects.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GimpUi, GLib, GObject, Gtk  # noqa: E402

from handtint.client.blocking import Engine  # noqa: E402
from handtint.client.link import LinkState  # noqa: E402
from handtint.errors import Cancelled, HandtintError, PictureError  # noqa: E402
from handtint.wire.messages import (  # noqa: E402
    Color,
    Message,
    Palette,
    RecommendedThemes,
    RecommendThemes,
    Segment,
    Segmented,
    SemanticClass,
    Suggest,
    Suggested,
)
from handtint.wire.pixels import Plane  # noqa: E402
from handtint_gimp.canvas import Canvas  # noqa: E402
from handtint_gimp.choices import ExemplarChoice, LayerCombo, MethodCombo, words_label  # noqa: E402
from handtint_gimp.colorize import Settings  # noqa: E402
from handtint_gimp.dialog import sentence  # noqa: E402
from handtint_gimp.follower import Follower  # noqa: E402
from handtint_gimp.palettes import gegl_color, keep_palette, offer_classes, read_palette  # noqa: E402
from handtint_gimp.roles import is_in, layers, likely_hints, likely_semantic  # noqa: E402
from handtint_gimp.swatches import Legend, Swatches, ThemeList  # noqa: E402
from handtint_gimp.values import read_values  # noqa: E402
from handtint_gimp.watched import WatchedPicture  # noqa: E402

TITLE = "Handtint Live"
SIDE = 768
"""Pixels of a preview's longer side."""
THEMES, THEME_COLORS, SUGGESTIONS = 4, 5, 9
THEME_NAME = "Handtint theme"
_TURN_MS = 30
_LOOK_EVERY = 8
"""Turns between looks at the layers: about a quarter of a second."""
_GONE = "The layers for hints and colors are not in the picture any more."


class LivePanel:
    """One panel for one layer, from its opening to its end.

    Parameters
    ----------
    procedure, config : Gimp.Procedure, Gimp.ProcedureConfig
    engine : Engine
    image, base : Gimp.Image, Gimp.Layer
    """

    def __init__(self, procedure: Any, config: Any, engine: Engine, image: Any, base: Any) -> None:
        GimpUi.init(procedure.get_name())
        self._config, self._engine, self._image, self._base = config, engine, image, base
        self._picture = WatchedPicture(image, base, heed_selection=False)
        self._hints: Any = None
        self._canvas: Canvas | None = None
        self._unshown: Plane | None = None
        self._closing = False
        self._layers: list[int] = []
        self._turns = 0
        self._asked_at: object = None
        self._loop = GLib.MainLoop()
        self._dialog = GimpUi.ProcedureDialog.new(procedure, config, TITLE)
        self._dialog.set_ok_label("_Done")
        self._dialog.set_modal(False)
        self._dialog.set_resizable(False)  # so that the window follows what is shown in it
        self._method = MethodCombo(config)
        self._semantic = LayerCombo(image, likely_semantic(image, base), none="None: color without a map")
        self._exemplar = ExemplarChoice(image, None)
        self._build()
        self._follower = Follower(engine, self._picture, self._settings, side=SIDE, full=True)
        self._set_up()
        engine.link.open()

    def run(self) -> Any:
        """Stay open until the artist is done or the picture is closed; the color layer.

        Raises
        ------
        Cancelled
            The picture was closed, or the layers are gone; the artist knows.
        """
        self._dialog.show()
        GimpUi.window_set_transient(self._dialog)
        timer = GLib.timeout_add(_TURN_MS, self._tick)
        self._loop.run()
        GLib.source_remove(timer)
        self._dialog.destroy()
        if self._canvas is None or not self._image.is_valid() or not self._alive():
            raise Cancelled("the picture or its layers are not there any more")
        return self._canvas.layer

    # Every few milliseconds -----------------------------------------------------------------------------------

    def _tick(self) -> bool:
        self._turns += 1
        try:
            self._turn()
        except HandtintError as error:
            self._say(str(error))
        return bool(GLib.SOURCE_CONTINUE)

    def _turn(self) -> None:
        if not self._image.is_valid() or not self._base.is_valid():
            self._loop.quit()
            return
        before = self._engine.link.welcome
        shown = self._follower.turn()
        self._greet(before)
        self._start_again.set_visible(self._engine.link.state in (LinkState.failed, LinkState.refused))
        if not self._alive():
            self._say(_GONE)
            self._again.show()
            return
        self._again.hide()
        if shown is not None:
            self._unshown = shown[1].plane
        trouble = self._show_colors() or self._follower.trouble
        self._hear_answers()
        if self._turns % _LOOK_EVERY == 0:
            self._look_at_layers()
            self._follower.look()
            self._ask_suggestions()
        self._say(trouble or self._state())
        if self._closing and (self._follower.rested or trouble):
            self._loop.quit()

    def _show_colors(self) -> str:
        """Show the newest colors; why that cannot be, if so. They wait until it can."""
        if self._unshown is None or self._canvas is None:
            return ""
        try:
            self._canvas.show(self._unshown)
        except PictureError as error:
            return str(error)
        self._unshown = None
        return ""

    def _alive(self) -> bool:
        """Are our layers there? Undo takes them away and redo brings them back."""
        return self._canvas is not None and is_in(self._image, self._hints) and is_in(self._image, self._canvas.layer)

    def _state(self) -> str:
        link = self._engine.link
        if link.state is not LinkState.ready:
            return link.text
        if self._closing:
            return "Coloring at full size before this closes…"
        return "Coloring…" if not self._follower.rested else "Paint on the hints layer: the picture follows."

    def _look_at_layers(self) -> None:
        """Offer the layers that there are now."""
        found = [entry.layer.get_id() for entry in layers(self._image)]
        if found != self._layers:
            self._layers = found
            self._semantic.fill(self._image, self._semantic.layer)
            self._exemplar.fill(self._image)

    def _greet(self, before: object) -> None:
        welcome = self._engine.link.welcome
        if welcome is not None and welcome is not before:
            self._method.offer(welcome.methods)
            self._legend.show([known for known in welcome.classes if known.index])
            self._chose()  # what another engine has failed at is asked of this one

    def _hear_answers(self) -> None:
        for answer in self._follower.answers:
            if isinstance(answer, Suggested):
                self._suggestions.show(answer.colors)
                self._suggested.show()
            elif isinstance(answer, RecommendedThemes):
                self._themes.show(answer.themes)
            elif isinstance(answer, Segmented):
                offer_classes(answer.classes)
                self._semantic.fill(self._image, self._picture.add_map(answer.plane))
                Gimp.displays_flush()
        self._follower.answers.clear()

    def _ask_suggestions(self) -> None:
        """What the place of the last stroke might be, once the hand rests."""
        place = self._follower.last_painted
        if place is None or place is self._asked_at or not self._follower.rested:
            return
        self._asked_at = place
        x, y = place.x + place.width // 2, place.y + place.height // 2
        self._ask(Suggest(0, self._side_document, self._picture.read_base(), x, y, SUGGESTIONS))

    @property
    def _side_document(self) -> str:
        """Asked for under another name than the colors, whose requests would take the place of this one."""
        return f"{self._picture.document}-panel"

    def _ask(self, request: Message) -> None:
        self._engine.start(request)

    # What the artist does -------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        """Our layers, those that are there or new ones."""
        self._picture.place_again()
        hints = likely_hints(self._image, self._base)
        self._hints, color = self._picture.set_up(hints)
        Gimp.displays_flush()
        self._canvas = Canvas(color)
        self._semantic.fill(self._image, self._semantic.layer)
        self._follower.changed()

    def _set_up_again(self, *_: Any) -> None:
        try:
            self._set_up()
        except HandtintError as error:
            self._say(str(error))

    def _settings(self) -> Settings:
        # The strength is the layer's opacity: it needs no new colors.
        return replace(
            read_values(self._config),
            hints=self._hints,
            semantic=self._semantic.layer,
            exemplar=self._exemplar.reader,
            strength=1.0,
        )

    def _chose(self, *_: Any) -> None:
        self._follow()
        self._follower.changed()

    def _set_strength(self, *_: Any) -> None:
        if self._alive() and self._canvas is not None:
            self._canvas.layer.set_opacity(100.0 * self._config.get_property("strength"))
            Gimp.displays_flush()

    def _pick(self, color: Color) -> None:
        """Take a color up to paint with."""
        Gimp.context_set_foreground(gegl_color(color))
        if self._alive():
            self._image.set_selected_layers([self._hints])
        Gimp.displays_flush()

    def _pick_class(self, known: SemanticClass) -> None:
        Gimp.context_set_foreground(gegl_color(known.color))
        if is_in(self._image, self._semantic.layer):
            self._image.set_selected_layers([self._semantic.layer])
        Gimp.displays_flush()

    def _ask_themes(self, *_: Any) -> None:
        base = self._picture.read_base()
        self._ask(RecommendThemes(0, self._side_document, base, THEME_COLORS, THEMES))

    def _ask_map(self, *_: Any) -> None:
        picture = self._picture
        self._ask(Segment(0, self._side_document, picture.read_base(), output=picture.answer_format))

    def _take_theme(self, theme: Palette) -> None:
        self._config.set_property("palette", keep_palette(THEME_NAME, theme))
        self._config.set_property("use-palette", True)

    def _responded(self, dialog: Any, response: int) -> None:
        """Done, or the window's own button. What is shown has to be at full size first, unless it is pressed twice."""
        if response not in (Gtk.ResponseType.OK, Gtk.ResponseType.CANCEL, Gtk.ResponseType.DELETE_EVENT):
            return
        if self._closing or not self._alive() or self._engine.link.state is not LinkState.ready:
            self._loop.quit()
            return
        self._follower.look()
        self._closing = True

    # What is shown --------------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        if self._status.get_text() != sentence(text):
            self._status.set_text(sentence(text))

    def _follow(self) -> None:
        """Only what counts can be set."""
        painted = self._semantic.layer is not None
        self._legend_place.set_visible(painted)
        for name, widget in (("hints", self._hint_tools), ("palette", self._palette_tools)):
            widget.set_sensitive(self._method.takes(name))
        for name, choice in (("semantic", self._semantic), ("exemplar", self._exemplar)):
            choice.widget.set_sensitive(self._method.takes(name))
        palette = self._config.get_property("palette")
        shown = palette is not None and palette.is_valid() and self._config.get_property("use-palette")
        self._strip.show(_colors(read_palette(palette).data) if shown else ())

    def _build(self) -> None:
        self._status = words_label()
        self._again = Gtk.Button(label="Set _up again", use_underline=True, no_show_all=True)
        self._again.connect("clicked", self._set_up_again)
        self._start_again = Gtk.Button(label="Start the engine _again", use_underline=True, no_show_all=True)
        self._start_again.connect("clicked", lambda _: self._engine.link.open())
        detect = Gtk.Button(label="F_ind objects", use_underline=True)
        detect.set_tooltip_text("Find the objects in the layer and add their map as a layer")
        detect.connect("clicked", self._ask_map)
        map_row = _named("Sema_ntic map", self._semantic.widget)
        map_row.pack_start(detect, False, False, 0)
        self._suggestions = Swatches(self._pick, "Paint with this color")
        self._suggested = words_label()
        self._suggested.set_text("Likely where you painted last; press one to paint with it:")
        self._suggested.set_no_show_all(True)
        self._strip = Swatches(self._pick, "Paint with this color")
        self._themes = ThemeList(self._take_theme)
        self._legend = Legend(self._pick_class)
        self._legend_place = Gtk.ScrolledWindow(no_show_all=True, min_content_height=150)
        self._legend_place.add(self._legend.widget)
        ask_themes = Gtk.Button(label="Su_ggest themes", use_underline=True)
        ask_themes.connect("clicked", self._ask_themes)
        self._hint_tools = _column(self._scale("reach"), self._scale("softness"), self._suggested, self._suggestions)
        self._palette_tools = _column(
            self._dialog.get_widget("use-palette", GObject.TYPE_NONE),
            self._dialog.get_widget("palette", GObject.TYPE_NONE),
            self._strip,
            ask_themes,
            self._themes,
        )
        rows = (
            self._status, self._again, self._start_again, _named("_Method", self._method.widget), self._method.words,
            self._scale("strength"), self._hint_tools, Gtk.Separator(), self._palette_tools, Gtk.Separator(),
            map_row, self._legend_place,
            _named("E_xemplar", self._exemplar.widget, self._exemplar.combo),
        )  # fmt: skip
        box = _column(*rows)
        box.set_border_width(12)
        box.show_all()
        self._dialog.get_content_area().pack_start(box, True, True, 0)
        # What is done live is done: there is nothing that Cancel could call off, an undo takes all of it back.
        self._dialog.get_widget_for_response(Gtk.ResponseType.CANCEL).hide()
        self._dialog.connect("response", self._responded)
        self._dialog.connect("delete-event", lambda *_: True)  # the answer to it closes the window
        self._semantic.widget.connect("changed", self._chose)
        self._exemplar.on_change(self._chose)
        for name in ("method", "use-palette", "palette", "reach", "softness"):
            self._config.connect(f"notify::{name}", self._chose)
        self._config.connect("notify::strength", self._set_strength)

    def _scale(self, name: str) -> Any:
        scale = self._dialog.get_spin_scale(name, 100.0)
        scale.set_digits(0)
        return scale


def _column(*parts: Any) -> Any:
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
    for part in parts:
        box.pack_start(part if isinstance(part, Gtk.Widget) else part.widget, False, False, 0)
    return box


def _named(words: str, widget: Any, target: Any = None) -> Any:
    """A row and its name, whose key leads to `target`, or to the widget itself."""
    row = Gtk.Box(spacing=12)
    row.pack_start(Gtk.Label(label=words, use_underline=True, mnemonic_widget=target or widget), False, False, 0)
    row.pack_start(widget, True, True, 0)
    return row


def _colors(data: bytes) -> list[Color]:
    triples = [data[start : start + 3] for start in range(0, len(data), 3)]
    return [Color(*(channel / 255.0 for channel in triple)) for triple in triples[:16]]
