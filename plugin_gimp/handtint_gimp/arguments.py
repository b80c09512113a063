"""The procedures' arguments: names, words and ranges. `Any` is GIMP's own objects.

Imports nothing of the engine's: GIMP asks for arguments before every run, and most of a run's start is imports.
"""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("GObject", "2.0")
gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GObject  # noqa: E402

from handtint_gimp.names import DEFAULT_METHOD  # noqa: E402

MAX_COLORS = 16
"""The most that the engine finds or suggests."""


def add_arguments(procedure: Any) -> None:
    """Declare what the filter takes and returns; scripts use the same names as the dialog."""
    flags = GObject.ParamFlags.READWRITE
    procedure.add_layer_argument(
        "hints", "_Hints", "Layer with color marks on transparency; none to color without hints", True, flags
    )
    _add_method(procedure)
    procedure.add_layer_argument(
        "semantic",
        "Sema_ntic map",
        "Layer painted in the colors of the classes of things, as Detect Objects makes one; none to go without",
        True,
        flags,
    )
    _add_palette(procedure)
    procedure.add_layer_argument(
        "exemplar", "E_xemplar", "Layer of any open image whose colors are borrowed; none to borrow none", True, flags
    )
    procedure.add_file_argument(
        "exemplar-file",
        "Exemplar _file",
        "Picture file whose colors are borrowed, instead of a layer",
        Gimp.FileChooserAction.OPEN,
        True,
        None,
        flags,
    )
    _add_numbers(procedure)
    procedure.add_layer_return_value(
        "layer", "Color layer", "The layer that holds the colors; of several, that of the first", False, flags
    )


def add_panel_arguments(procedure: Any) -> None:
    """What the live panel starts with."""
    _add_method(procedure)
    _add_palette(procedure)
    _add_numbers(procedure)
    procedure.add_layer_return_value(
        "layer", "Color layer", "The layer that holds the colors", False, GObject.ParamFlags.READWRITE
    )


def _add_method(procedure: Any) -> None:
    procedure.add_string_argument(
        "method",
        "_Method",
        "How to color: 'default', or the name of a method of the engine",
        DEFAULT_METHOD,
        GObject.ParamFlags.READWRITE,
    )


def _add_palette(procedure: Any) -> None:
    flags = GObject.ParamFlags.READWRITE
    procedure.add_boolean_argument(
        "use-palette", "_Palette", "Let the colors of a palette guide the picture", False, flags
    )
    # The dialog puts the context's palette where there is none, hence the box to tick.
    procedure.add_palette_argument(
        "palette",
        "Palette to use",
        "The colors to guide with; they count only with use-palette",
        True,
        None,
        False,
        flags,
    )


def _add_numbers(procedure: Any) -> None:
    flags = GObject.ParamFlags.READWRITE
    procedure.add_double_argument(
        "strength", "S_trength", "Opacity of the color layer: how colorful the picture becomes", 0.0, 1.0, 1.0, flags
    )
    procedure.add_double_argument(
        "reach", "R_each", "How far a hint's color travels; hints are met at any reach", 0.0, 1.0, 0.5, flags
    )
    procedure.add_double_argument(
        "softness",
        "So_ftness",
        "How loosely hints are met: without it exactly; more evens out strokes that disagree",
        0.0,
        1.0,
        0.0,
        flags,
    )


def add_palette_arguments(procedure: Any) -> None:
    """What Palette from Image takes and returns."""
    flags = GObject.ParamFlags.READWRITE
    procedure.add_int_argument("colors", "_Colors", "How many colors the palette has at most", 1, MAX_COLORS, 5, flags)
    procedure.add_palette_return_value("palette", "Palette", "The palette with the main colors", flags)


def add_theme_arguments(procedure: Any) -> None:
    """What Suggest Themes takes and returns."""
    flags = GObject.ParamFlags.READWRITE
    procedure.add_int_argument("count", "_Themes", "How many palettes are suggested", 1, MAX_COLORS, 4, flags)
    procedure.add_int_argument("colors", "_Colors", "How many colors each palette has", 1, MAX_COLORS, 5, flags)
    procedure.add_string_array_return_value(
        "palettes", "Palettes", "Names of the palettes, the one that suits best first", flags
    )
