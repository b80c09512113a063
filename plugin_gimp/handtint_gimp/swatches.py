"""Rows of colors to press, for the live panel. `Any` is GTK's own objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GdkPixbuf, Gtk  # noqa: E402

from handtint.wire.messages import Color, Palette, SemanticClass  # noqa: E402

_SIDE = 18


class Swatches:
    """A row of colors; `pressed` is called with the one that is pressed. Hidden while it is empty."""

    def __init__(self, pressed: Callable[[Color], None], tip: str) -> None:
        self._pressed, self._tip = pressed, tip
        self.widget = Gtk.Box(spacing=2, no_show_all=True)

    def show(self, colors: Iterable[Color]) -> None:
        """Show these colors, in their order."""
        _empty(self.widget)
        for color in colors:
            button = Gtk.Button(image=_chip([color]), relief=Gtk.ReliefStyle.NONE, tooltip_text=self._tip)
            button.connect("clicked", lambda _, color=color: self._pressed(color))
            _add(self.widget, button)
        self.widget.set_visible(bool(self.widget.get_children()))


class ThemeList:
    """One row for each palette; pressing it chooses all of it."""

    def __init__(self, pressed: Callable[[Palette], None]) -> None:
        self._pressed = pressed
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2, no_show_all=True)

    def show(self, themes: Sequence[Palette]) -> None:
        """Show these palettes, the best first."""
        _empty(self.widget)
        for theme in themes:
            button = Gtk.Button(image=_chip(theme.colors, theme.weights), tooltip_text="Guide with this palette")
            button.connect("clicked", lambda _, theme=theme: self._pressed(theme))
            _add(self.widget, button)
        self.widget.set_visible(bool(themes))


class Legend:
    """The classes of semantic maps; pressing one takes its color up."""

    def __init__(self, pressed: Callable[[SemanticClass], None]) -> None:
        self._pressed = pressed
        self.widget = Gtk.FlowBox(selection_mode=Gtk.SelectionMode.NONE, max_children_per_line=4, no_show_all=True)

    def show(self, classes: Sequence[SemanticClass]) -> None:
        """Show these classes by name."""
        _empty(self.widget)
        for known in classes:
            label = known.name.replace("_", " ")
            button = Gtk.Button(label=label, image=_chip([known.color]), always_show_image=True)
            button.set_relief(Gtk.ReliefStyle.NONE)
            button.set_tooltip_text(f"Paint with the color of '{label}'")
            button.connect("clicked", lambda _, known=known: self._pressed(known))
            _add(self.widget, button)
        self.widget.set_visible(bool(classes))


def _chip(colors: Sequence[Color], weights: Sequence[float] = ()) -> Any:
    """A bar of colors, each as wide as its share."""
    shares = weights or [1.0 / len(colors)] * len(colors)
    width = _SIDE if len(colors) == 1 else 12 * _SIDE
    bar = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, width, _SIDE)
    left = 0.0
    for color, share in zip(colors, shares, strict=True):
        start, left = round(left), left + width * share / sum(shares)
        if round(left) > start:
            bar.new_subpixbuf(start, 0, min(width, round(left)) - start, _SIDE).fill(_rgba(color))
    return Gtk.Image.new_from_pixbuf(bar)


def _rgba(color: Color) -> int:
    red, green, blue = (round(255 * min(1.0, max(0.0, channel))) for channel in color)
    return red << 24 | green << 16 | blue << 8 | 255


def _add(box: Any, button: Any) -> None:
    box.add(button)
    button.show_all()
    if isinstance(box, Gtk.FlowBox):
        button.get_parent().show()


def _empty(box: Any) -> None:
    for child in box.get_children():
        box.remove(child)
