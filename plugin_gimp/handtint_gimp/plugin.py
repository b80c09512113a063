"""The procedures as GIMP registers them: names, menus, words. `Any` is GIMP's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GObject  # noqa: E402

from handtint_gimp import gegl, steps  # noqa: E402
from handtint_gimp.arguments import add_arguments, add_palette_arguments, add_panel_arguments, add_theme_arguments  # noqa: E402

COLORIZE = "plug-in-handtint-colorize"
DETECT = "plug-in-handtint-detect"
PALETTE = "plug-in-handtint-palette"
THEMES = "plug-in-handtint-themes"
BAKE = "plug-in-handtint-bake"
PANEL = "plug-in-handtint-live"
MENU = "<Image>/Colors"
SUBMENU = "<Image>/Colors/_Handtint"


class Handtint(Gimp.PlugIn):  # type: ignore[misc]
    """What GIMP asks for the procedures that there are."""

    def do_set_i18n(self, name: str) -> bool:
        """There are no translations yet."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Names of all procedures."""
        return list(_PROCEDURES)

    def do_create_procedure(self, name: str) -> Any:
        """Describe one procedure."""
        known = _PROCEDURES[name]
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, known.run, None)
        procedure.set_image_types(known.types)
        several = Gimp.ProcedureSensitivityMask.DRAWABLES if known.several else 0
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE | several)
        procedure.set_attribution("The Handtint authors", "MIT license", "2026")
        procedure.set_menu_label(known.label)
        procedure.set_documentation(known.blurb, known.help, name)
        known.add_arguments(procedure)
        procedure.add_menu_path(known.menu)  # has to come after the label
        return procedure


class Known(NamedTuple):
    """One procedure: what runs, and what GIMP says of it."""

    run: Callable[..., Any]
    label: str
    blurb: str
    help: str
    add_arguments: Callable[[Any], None]
    menu: str = SUBMENU
    types: str = "RGB*, GRAY*"
    several: bool = False


def _run(name: str) -> Callable[..., Any]:
    """The function of `runs` with this name, whose modules are read when it is called: GEGL starts meanwhile."""

    def run(*arguments: Any) -> Any:
        steps.note("called")
        gegl.begin()
        from handtint_gimp import runs

        return getattr(runs, name)(*arguments)

    return run


def _returns_map(procedure: Any) -> None:
    procedure.add_layer_return_value(
        "layer", "Semantic map", "The layer that holds the map", False, GObject.ParamFlags.READWRITE
    )


def _returns_baked(procedure: Any) -> None:
    procedure.add_layer_return_value(
        "layer", "Color layer", "The layer that was baked", False, GObject.ParamFlags.READWRITE
    )


_PROCEDURES = {
    COLORIZE: Known(
        _run("run_colorize"),
        "Colorize with Handt_int…",
        "Color gray layers: by themselves, from painted hints, a map of their objects, a palette or another picture",
        "Adds a layer in mode LCh Color above each selected layer; the layers themselves are not changed. A second "
        "run gives that color layer new colors, inside the selection if there is one.",
        add_arguments,
        menu=MENU,
        several=True,
    ),
    PANEL: Known(
        _run("run_panel"),
        "Handtint _Live…",
        "Color a gray layer while painting: the picture follows every stroke on its hints layer",
        "Opens a panel beside the picture and adds a layer for hints and one for colors, in one undo step; painting "
        "goes on as always, and adds no steps but its own.",
        add_panel_arguments,
    ),
    DETECT: Known(
        _run("run_detect"),
        "_Detect Objects with Handtint",
        "Find the objects in a gray layer and add a map of them as a layer",
        "The map has each class of objects in a color of its own; the palette 'Handtint classes' holds these colors, "
        "to correct the map with. Choose the map in Colorize with Handtint.",
        _returns_map,
    ),
    PALETTE: Known(
        _run("run_palette"),
        "_Palette from Image with Handtint…",
        "Keep the main colors of a layer as a palette",
        "Looks at what of the layer shows, inside the selection if there is one. The palette is named after the "
        "layer, and its entries after their shares; Colorize with Handtint heeds these shares.",
        add_palette_arguments,
        types="*",
    ),
    THEMES: Known(
        _run("run_themes"),
        "Suggest _Themes with Handtint…",
        "Keep palettes that would suit a gray layer",
        "The palettes are named after the layer, the one that suits best is the first. Choose one in Colorize with "
        "Handtint.",
        add_theme_arguments,
    ),
    BAKE: Known(
        _run("run_bake"),
        "_Bake Handtint's Colors",
        "Turn the color layer into one that every file format and program shows alike",
        "The color layer of the selected layer gets the mode Normal and the finished pixels, its opacity included: "
        "what PSD, ORA and TIFF cannot keep is not needed any more. Colorize with Handtint still finds it.",
        _returns_baked,
    ),
}


def main(argv: Sequence[str]) -> None:
    """Give GIMP what it asks for."""
    Gimp.main(Handtint.__gtype__, list(argv))
