"""The procedure's arguments: names, words and ranges, and what a run's values mean. `Any` is GIMP's own objects."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("GObject", "2.0")
from gi.repository import GObject  # noqa: E402

from handtint.errors import GuidanceError  # noqa: E402
from handtint_gimp.colorize import DEFAULT_METHOD, Settings, Swatches  # noqa: E402
from handtint_gimp.picture import palette_colors  # noqa: E402


def add_arguments(procedure: Any) -> None:
    """Declare what the procedure takes and returns; scripts use the same names as the dialog."""
    flags = GObject.ParamFlags.READWRITE
    procedure.add_layer_argument(
        "hints", "_Hints", "Layer with color marks on transparency; none to color without hints", True, flags
    )
    procedure.add_string_argument(
        "method", "_Method", "How to color: 'default', or the name of a method of the engine", DEFAULT_METHOD, flags
    )
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
    procedure.add_double_argument(
        "strength", "_Strength", "Opacity of the color layer: how colorful the picture becomes", 0.0, 1.0, 1.0, flags
    )
    procedure.add_double_argument(
        "reach", "R_each", "How far a hint's color travels; hints are met at any reach", 0.0, 1.0, 0.5, flags
    )
    procedure.add_layer_return_value("layer", "Color layer", "The layer that holds the colors", False, flags)


def read_settings(config: Any) -> Settings:
    """The values of a run."""
    return Settings(
        hints=config.get_property("hints"),
        palette=_swatches(config.get_property("palette")) if config.get_property("use-palette") else None,
        method=config.get_property("method") or DEFAULT_METHOD,
        strength=config.get_property("strength"),
        reach=config.get_property("reach"),
    )


def _swatches(palette: Any) -> Swatches:
    if palette is None or not palette.is_valid():
        raise GuidanceError("a palette is to be used and none is chosen; choose one, or do not use a palette")
    return Swatches(palette.get_name(), palette_colors(palette))
