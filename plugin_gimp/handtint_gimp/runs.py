"""What GIMP calls: one function for each procedure; turns every failure into one sentence. `Any` is GIMP's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402

from handtint.client.blocking import Engine  # noqa: E402
from handtint.client.delivery import spared  # noqa: E402
from handtint.errors import Cancelled, HandtintError, PictureError  # noqa: E402
from handtint.wire.messages import Colorized, Message, Progress  # noqa: E402
from handtint_gimp import gegl, steps  # noqa: E402
from handtint_gimp.bake import bake  # noqa: E402
from handtint_gimp.colorize import (  # noqa: E402
    PATIENCE,
    Ask,
    Outcome,
    Settings,
    colorize,
    detect,
    known_methods,
    main_colors,
    only_taken,
    suggest_themes,
)
from handtint_gimp.coverage import selection_of  # noqa: E402
from handtint_gimp.exemplar import read_small  # noqa: E402
from handtint_gimp.palettes import keep_palette, offer_classes  # noqa: E402
from handtint_gimp.picture import Picture  # noqa: E402
from handtint_gimp.roles import (  # noqa: E402
    base_of,
    bases_of,
    is_in,
    likely_base,
    likely_bases,
    likely_hints,
    likely_semantic,
)
from handtint_gimp.values import read_settings  # noqa: E402

RESULT = 1

log = logging.getLogger(__name__)


# The arguments of all of these are those of Gimp.RunImageFunc.


def run_colorize(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """One run of the filter."""
    run = _COLORIZE[mode.value_nick]
    return _ended(procedure, mode, lambda: _layer(run(procedure, image, drawables, config).layers[0]))


def run_panel(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """The live panel; there is nothing in it for a script."""
    return _ended(procedure, mode, lambda: _layer(_live(procedure, mode, image, drawables, config)))


def run_detect(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """One search for objects; there is nothing to choose, so all modes are the same."""
    return _ended(procedure, mode, lambda: _layer(_detect(image, drawables)))


def run_palette(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """The main colors of a layer as a palette."""
    return _ended(procedure, mode, lambda: _keep_colors(procedure, mode, image, drawables, config))


def run_themes(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """Palettes that would suit a gray layer."""
    return _ended(procedure, mode, lambda: _keep_themes(procedure, mode, image, drawables, config))


def run_bake(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
    """Turn the color layer into one that needs no mode; there is nothing to choose."""
    return _ended(procedure, mode, lambda: _layer(_bake(image, drawables)))


def _ended(procedure: Any, mode: Any, work: Callable[[], Any]) -> Any:
    """What GIMP is told of a run that makes one value; the last it does is to show it, where a person may look."""
    try:
        if mode == Gimp.RunMode.INTERACTIVE:
            gegl.ready()
        value = work()
    except Cancelled:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    except HandtintError as error:
        return _failed(procedure, str(error))
    except Exception as error:  # GIMP itself would say "execution error" and nothing else.
        log.exception("unexpected")
        return _failed(procedure, f"Handtint met an error of its own; an undo takes back what it did: {error!r}")
    finally:
        gegl.ready()  # this process may end now, and must not do so while GEGL still starts
        if mode != Gimp.RunMode.NONINTERACTIVE:
            Gimp.displays_flush()
    steps.note("done")
    steps.write()
    result = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    result.remove(RESULT)
    result.insert(RESULT, value)
    return result


def _failed(procedure: Any, text: str) -> Any:
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


def _layer(layer: Any) -> Any:
    return GObject.Value(Gimp.Layer, layer)


# Colorize -----------------------------------------------------------------------------------------------------


def _run_dialog(procedure: Any, image: Any, drawables: list[Any], config: Any) -> Outcome:
    # GTK is only for those who need it: a script's GIMP may have no display.
    from handtint_gimp.dialog import ColorizeDialog

    with Engine(_client()) as engine:
        dialog = ColorizeDialog(procedure, config, engine, image, likely_bases(image, drawables))
        try:
            return _told(dialog.run())
        finally:
            dialog.destroy()


def _run_again(procedure: Any, image: Any, drawables: list[Any], config: Any) -> Outcome:
    """With the last dialog's values. Of another image they hold another image's layers."""
    bases = likely_bases(image, drawables)
    pictures = _pictures(image, bases)
    with _engine(_TITLE) as ask:
        settings = only_taken(_here(read_settings(config), image, bases[0]), known_methods(ask))
        return _told(colorize(pictures, settings, ask))


def _here(settings: Settings, image: Any, base: Any) -> Settings:
    """The same with layers of this image."""
    hints, semantic = settings.hints, settings.semantic
    return replace(
        settings,
        hints=hints if is_in(image, hints) else likely_hints(image, base),
        semantic=semantic if is_in(image, semantic) else likely_semantic(image, base),
    )


def _run_script(procedure: Any, image: Any, drawables: list[Any], config: Any) -> Outcome:
    pictures = _pictures(image, bases_of(drawables))
    with _engine(_TITLE) as ask:
        return colorize(pictures, read_settings(config), ask)


def _pictures(image: Any, bases: list[Any]) -> list[Picture]:
    return [Picture(image, base) for base in bases]


_TITLE = "Colorize with Handtint"
_COLORIZE = {"interactive": _run_dialog, "with-last-vals": _run_again, "noninteractive": _run_script}


# The others ---------------------------------------------------------------------------------------------------


def _live(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any) -> Any:
    if mode == Gimp.RunMode.NONINTERACTIVE:
        raise HandtintError("the live panel needs a person; scripts call plug-in-handtint-colorize")
    from handtint_gimp.panel import LivePanel

    with Engine(_client()) as engine:
        return LivePanel(procedure, config, engine, image, likely_base(image, _single(drawables))).run()


def _detect(image: Any, drawables: list[Any]) -> Any:
    picture = Picture(image, likely_base(image, _single(drawables)))
    with _engine("Detect objects with Handtint") as ask:
        layer, classes = detect(picture, ask)
    offer_classes(classes)
    return layer


def _bake(image: Any, drawables: list[Any]) -> Any:
    gegl.ready()
    return bake(image, _single(drawables))


def _keep_colors(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any) -> Any:
    layer = base_of(_single(drawables))
    _choose(procedure, mode, config, "Palette from Image", ["colors"])
    with _engine("Palette from image with Handtint") as ask:
        found = main_colors(read_small(layer, selection_of(image)), config.get_property("colors"), ask)
    name = f"Colors of {_title(image, layer)}"
    kept = keep_palette(name, found)
    _tell(mode, f"The palette '{name}' holds the {len(found.colors)} main colors.")
    return GObject.Value(Gimp.Palette, kept)


def _keep_themes(procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any) -> Any:
    picture = Picture(image, likely_base(image, _single(drawables)))
    _choose(procedure, mode, config, "Suggest Themes", ["count", "colors"])
    with _engine("Suggest themes with Handtint") as ask:
        themes = suggest_themes(picture, config.get_property("colors"), config.get_property("count"), ask)
    names = [f"Theme {number} for {_title(image, picture.base)}" for number in range(1, len(themes) + 1)]
    for name, theme in zip(names, themes, strict=True):
        keep_palette(name, theme)
    _tell(mode, f"There are {len(names)} palettes now, from '{names[0]}' on; choose one in Colorize with Handtint.")
    return GObject.Value(GObject.TYPE_STRV, names)


def _choose(procedure: Any, mode: Any, config: Any, title: str, names: list[str]) -> None:
    """Let the artist set these arguments; Cancelled where the dialog is left."""
    if mode != Gimp.RunMode.INTERACTIVE:
        return
    from handtint_gimp.small_dialog import choose

    if not choose(procedure, config, title, names):
        raise Cancelled("the dialog was left")


def _title(image: Any, layer: Any) -> str:
    """What a palette of a layer is named after: people know the names of files, not those of their single layers."""
    file = image.get_file() or image.get_imported_file()
    return str(file.get_basename() if file is not None and len(image.get_layers()) == 1 else layer.get_name())


# All of them --------------------------------------------------------------------------------------------------


@contextmanager
def _engine(words: str) -> Iterator[Ask]:
    """Ask and wait while GIMP's own progress bar shows how far it is. Its Cancel ends this process."""

    def show(progress: Progress) -> None:
        Gimp.progress_set_text(progress.text)
        Gimp.progress_update(progress.fraction)

    with Engine(_client()) as engine:

        def ask(request: Message) -> Message:
            steps.note("read")
            message, whole = spared(request)
            answer = engine.call(message, timeout=PATIENCE, whole=whole, on_progress=show)
            steps.note("answered")
            if isinstance(answer, Colorized):
                steps.note("engine", answer.seconds)
            return answer

        Gimp.progress_init(words)
        try:
            engine.connect(timeout=PATIENCE)  # while GEGL still starts
            gegl.ready()
            steps.note("ready")
            yield ask
        finally:
            Gimp.progress_end()


def _single(drawables: list[Any]) -> Any:
    if len(drawables) != 1:
        raise PictureError(f"expected one layer, got {len(drawables)}; select one and run again")
    return drawables[0]


def _told(outcome: Outcome) -> Outcome:
    for note in outcome.notes:
        Gimp.message(note)
    return outcome


def _tell(mode: Any, words: str) -> None:
    """Say what was done to a person; a script sees the result."""
    if mode != Gimp.RunMode.NONINTERACTIVE:
        Gimp.message(words)


def _client() -> str:
    return f"GIMP {Gimp.version()}"
