"""Runs that must fail, each with what it leaves. Standard library and PyGObject only."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402
from steps import (  # noqa: E402
    Job,
    Report,
    describe,
    digest,
    floating_selection,
    load,
    run,
)


def failures(job: Job) -> Report:
    """Runs that must fail, each with the number of layers and the base type that it leaves."""
    cases = {
        "indexed": indexed, "all masked": all_masked, "opaque hints": opaque_hints, "base as hints": base_as_hints,
        "hints of another image": hints_of_another_image, "palette missing": palette_missing,
        "empty palette": empty_palette, "unknown method": unknown_method, "channel": channel,
        "floating selection": floating_selection,
        "selection elsewhere": selection_elsewhere, "result as base": result_as_base,
        "opaque map": opaque_map, "two exemplars": two_exemplars, "no picture as exemplar": no_picture_as_exemplar,
    }  # fmt: skip
    image, _ = load(job)
    return {name: failing(image.duplicate(), case) for name, case in cases.items() if name in job["cases"]}


def failing(image: Any, case: Callable[[Any, Any], Report]) -> Report:
    base = image.get_layers()[0]
    arguments = case(image, base)
    before, pixels = describe(image), digest(base)
    status, error, _ = run(
        image, arguments.pop("drawables", [base]), arguments.pop("hints", None), {"method": "scribble"} | arguments
    )
    unchanged = describe(image) == before and digest(base) == pixels
    return {"status": status, "error": error, "unchanged": unchanged}


def indexed(image: Any, base: Any) -> Report:
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 32, False, True, "")
    return {}


def all_masked(image: Any, base: Any) -> Report:
    base.add_alpha()
    base.add_mask(base.create_mask(Gimp.AddMaskType.BLACK))
    return {}


def opaque_hints(image: Any, base: Any) -> Report:
    other = base.copy()
    image.insert_layer(other, None, 0)
    return {"hints": other}


def opaque_map(image: Any, base: Any) -> Report:
    other = base.copy()
    image.insert_layer(other, None, 0)
    return {"semantic": other}


def two_exemplars(image: Any, base: Any) -> Report:
    return {"exemplar": base, "exemplar-file": Gio.File.new_for_path(os.environ["HANDTINT_JOB"])}


def no_picture_as_exemplar(image: Any, base: Any) -> Report:
    return {"exemplar-file": Gio.File.new_for_path(os.environ["HANDTINT_JOB"])}


def base_as_hints(image: Any, base: Any) -> Report:
    base.add_alpha()
    return {"hints": base}


def hints_of_another_image(image: Any, base: Any) -> Report:
    return {"hints": image.duplicate().get_layers()[0]}


def palette_missing(image: Any, base: Any) -> Report:
    return {"use-palette": True}


def empty_palette(image: Any, base: Any) -> Report:
    return {"use-palette": True, "palette": []}


def unknown_method(image: Any, base: Any) -> Report:
    return {"method": "nonsense"}


def channel(image: Any, base: Any) -> Report:
    made = Gimp.Channel.new(image, "mask", base.get_width(), base.get_height(), 50.0, Gegl.Color.new("red"))
    image.insert_channel(made, None, 0)
    return {"drawables": [made]}


def selection_elsewhere(image: Any, base: Any) -> Report:
    base.resize(100, 100, 0, 0)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 200, 200, 50, 50)
    return {}


def result_as_base(image: Any, base: Any) -> Report:
    other = base.copy()
    other.attach_parasite(Gimp.Parasite.new("handtint-role", 1, b"color"))
    image.insert_layer(other, None, 0)
    return {"drawables": [other]}
