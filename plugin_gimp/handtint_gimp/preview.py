"""A small picture of what the filter would do, in its dialog. `Any` is GIMP's and GTK's own objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GdkPixbuf, Gimp, GLib, Gtk  # noqa: E402

from handtint.client.blocking import Engine  # noqa: E402
from handtint.errors import HandtintError  # noqa: E402
from handtint.wire.pixels import Plane  # noqa: E402
from handtint_gimp.colorize import Settings  # noqa: E402
from handtint_gimp.follower import Follower  # noqa: E402
from handtint_gimp.watched import WatchedPicture  # noqa: E402

SIDE = 320
_LOOK_EVERY = 4
"""Turns between looks at the layers: the artist may paint while the dialog is open."""


class Preview:
    """The picture and the box that switches it off.

    Parameters
    ----------
    engine : Engine
    settings : callable
        What is chosen now.
    say : callable
        Takes a sentence where there is no preview, or an empty one.
    """

    def __init__(self, engine: Engine, settings: Callable[[], Settings], say: Callable[[str], None]) -> None:
        self._engine, self._settings, self._say = engine, settings, say
        self._follower: Follower | None = None
        self._turns = 0
        self._on = Gtk.CheckButton(label="Pre_view", use_underline=True, active=True)
        self._on.connect("toggled", self._toggled)
        self._picture = Gtk.Image(halign=Gtk.Align.CENTER)
        self._picture.set_size_request(SIDE, SIDE * 3 // 4)
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin=12)
        self.widget.pack_start(self._picture, True, True, 0)
        self.widget.pack_start(self._on, False, False, 0)
        self._base: Any = None

    def follow(self, image: Any, base: Any) -> None:
        """Show this layer from now on."""
        self._base, self._follower = base, None
        self._show_gray()
        try:
            picture = WatchedPicture(image, base)
        except HandtintError as error:
            self._say(str(error))
            return
        self._follower = Follower(self._engine, picture, self._settings, side=SIDE, full=False)
        self._follower.changed()

    def changed(self) -> None:
        """Something else was chosen."""
        if self._follower is not None:
            self._follower.changed()

    def turn(self) -> None:
        """Ask and show what is due. Messages of the engine are taken even where nothing is shown."""
        if self._follower is None or not self._on.get_active():
            self._engine.receive()
            return
        self._turns += 1
        try:
            if self._turns % _LOOK_EVERY == 1:
                self._follower.look()
            shown = self._follower.turn()
        except HandtintError as error:
            self._say(str(error))
            return
        self._say(self._follower.trouble)
        if shown is not None:
            self._show(shown[1].plane)

    def _toggled(self, *_: Any) -> None:
        self._show_gray()
        self.changed()

    def _show_gray(self) -> None:
        self._picture.set_from_pixbuf(self._base.get_thumbnail(SIDE, SIDE, Gimp.PixbufTransparency.SMALL_CHECKS))

    def _show(self, plane: Plane) -> None:
        """The colors over the layer, of which some may be left out."""
        width, height = plane.extent
        below = self._base.get_thumbnail(SIDE, SIDE, Gimp.PixbufTransparency.SMALL_CHECKS)
        below = below.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)
        data = GLib.Bytes.new(bytes(plane.data))
        colors = GdkPixbuf.Pixbuf.new_from_bytes(
            data, GdkPixbuf.Colorspace.RGB, True, 8, width, height, 4 * width
        )  # fmt: skip
        colors.composite(below, 0, 0, width, height, 0, 0, 1, 1, GdkPixbuf.InterpType.NEAREST, 255)
        self._picture.set_from_pixbuf(below)
