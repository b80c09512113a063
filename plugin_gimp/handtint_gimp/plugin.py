"""The procedures as GIMP registers and runs them; turn every failure into one sentence. `Any` is GIMP's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402

from handtint.client.blocking import Engine  # noqa: E402
from handtint.errors import Cancelled, HandtintError, PictureError  # noqa: E402
from handtint.wire.messages import Message, Progress  # noqa: E402
from handtint_gimp.arguments import add_arguments, read_settings  # noqa: E402
from handtint_gimp.colorize import (  # noqa: E402
    PATIENCE,
    Ask,
    Outcome,
    colorize,
    detect,
    known_methods,
    only_taken,
)
from handtint_gimp.palettes import offer_classes  # noqa: E402
from handtint_gimp.picture import Picture, start_gegl  # noqa: E402
from handtint_gimp.roles import base_of, is_in, likely_base, likely_hints, likely_semantic  # noqa: E402

COLORIZE = "plug-in-handtint-colorize"
DETECT = "plug-in-handtint-detect"
RESULT = 1

log = logging.getLogger(__name__)


class Handtint(Gimp.PlugIn):  # type: ignore[misc]
    """What GIMP asks for the procedures that there are."""

    def do_set_i18n(self, name: str) -> bool:
        """There are no translations yet."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Names of all procedures."""
        return [COLORIZE, DETECT]

    def do_create_procedure(self, name: str) -> Any:
        """Describe one procedure."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, _PROCEDURES[name], None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_attribution("The Handtint authors", "MIT license", "2026")
        (_describe_detect if name == DETECT else _describe_colorize)(procedure)
        procedure.add_menu_path("<Image>/Colors")  # has to come after the label
        return procedure


def _describe_colorize(procedure: Any) -> None:
    procedure.set_menu_label("Colorize with Handt_int…")
    procedure.set_documentation(
        "Color a gray layer: by itself, from painted hints, a map of its objects, a palette or another picture",
        "Adds a layer in mode LCh Color above the layer; the layer itself is not changed. A second run on the "
        "same layer gives that color layer new colors, inside the selection if there is one.",
        COLORIZE,
    )
    add_arguments(procedure)


def _describe_detect(procedure: Any) -> None:
    procedure.set_menu_label("_Detect Objects with Handtint")
    procedure.set_documentation(
        "Find the objects in a gray layer and add a map of them as a layer",
        "The map has each class of objects in a color of its own; the palette 'Handtint classes' holds these colors, "
        "to correct the map with. Choose the map in Colorize with Handtint.",
        DETECT,
    )
    flags = GObject.ParamFlags.READWRITE
    procedure.add_layer_return_value("layer", "Semantic map", "The layer that holds the map", False, flags)


def main(argv: Sequence[str]) -> None:
    """Give GIMP what it asks for."""
    Gimp.main(Handtint.__gtype__, list(argv))


def run_colorize(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """One run of the filter; what GIMP calls. The arguments are those of Gimp.RunImageFunc."""
    return _ended(procedure, lambda: _RUNS[mode.value_nick](procedure, image, drawables, config).layer)


def run_detect(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """One search for objects; there is nothing to choose, so all modes are the same."""
    return _ended(procedure, lambda: _run_detect(image, drawables))


_PROCEDURES = {COLORIZE: run_colorize, DETECT: run_detect}


def _ended(procedure: Any, work: Callable[[], Any]) -> Any:
    """What GIMP is told of a run whose result is a layer."""
    try:
        start_gegl()
        layer = work()
    except Cancelled:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    except HandtintError as error:
        return _failed(procedure, str(error))
    except Exception as error:  # GIMP itself would say "execution error" and nothing else.
        log.exception("unexpected")
        return _failed(procedure, f"Handtint met an error of its own; an undo takes back what it did: {error!r}")
    result = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    result.remove(RESULT)
    result.insert(RESULT, GObject.Value(Gimp.Layer, layer))
    return result


def _run_dialog(procedure: Any, image: Any, drawables: list[Any], config: Any) -> Outcome:
    # GTK is only for those who need it: a script's GIMP may have no display.
    from handtint_gimp.dialog import ColorizeDialog

    with Engine(_client()) as engine:
        dialog = ColorizeDialog(procedure, config, engine, image, likely_base(image, _single(drawables)))
        try:
            return _told(dialog.run())
        finally:
            dialog.destroy()


def _run_again(procedure: Any, image: Any, drawables: list[Any], config: Any) -> Outcome:
    """With the last dialog's values. Of another image they hold another image's layers."""
    base = likely_base(image, _single(drawables))
    settings = read_settings(config)
    if not is_in(image, settings.hints):
        settings = replace(settings, hints=likely_hints(image, base))
    if not is_in(image, settings.semantic):
        settings = replace(settings, semantic=likely_semantic(image, base))
    with Engine(_client()) as engine, _progress(engine) as ask:
        return _told(colorize(Picture(image, base), only_taken(settings, known_methods(ask)), ask))


def _run_script(procedure: Any, image: Any, drawables: list[Any], config: Any) -> Outcome:
    with Engine(_client()) as engine, _progress(engine) as ask:
        return colorize(Picture(image, base_of(_single(drawables))), read_settings(config), ask)


def _run_detect(image: Any, drawables: list[Any]) -> Any:
    base = likely_base(image, _single(drawables))
    with Engine(_client()) as engine, _progress(engine, "Detect objects with Handtint") as ask:
        layer, classes = detect(Picture(image, base), ask)
    offer_classes(classes)
    return layer


_RUNS = {"interactive": _run_dialog, "with-last-vals": _run_again, "noninteractive": _run_script}


@contextmanager
def _progress(engine: Engine, words: str = "Colorize with Handtint") -> Iterator[Ask]:
    """Ask and wait while GIMP's own progress bar shows how far it is. Its Cancel ends this process."""

    def show(progress: Progress) -> None:
        Gimp.progress_set_text(progress.text)
        Gimp.progress_update(progress.fraction)

    def ask(request: Message) -> Message:
        return engine.call(request, timeout=PATIENCE, on_progress=show)

    Gimp.progress_init(words)
    try:
        yield ask
    finally:
        Gimp.progress_end()


def _single(drawables: list[Any]) -> Any:
    if len(drawables) != 1:
        raise PictureError(f"expected one layer to color, got {len(drawables)}; select one and run again")
    return drawables[0]


def _told(outcome: Outcome) -> Outcome:
    for note in outcome.notes:
        Gimp.message(note)
    return outcome


def _client() -> str:
    return f"GIMP {Gimp.version()}"


def _failed(procedure: Any, text: str) -> Any:
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)
