"""The procedures beside the filter, as a script calls them. Standard library and PyGObject only."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402
from steps import DETECT, Job, Report, call, describe, describe_layers, digest, dump, load, paint, pixels, run  # noqa: E402

PALETTE = "plug-in-handtint-palette"
THEMES = "plug-in-handtint-themes"
BAKE = "plug-in-handtint-bake"


def palettes(job: Job) -> Report:
    """Main colors of all, of what is selected and of what a mask leaves; then themes, twice."""
    Gegl.init(None)
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(job["colored"]))
    image.set_file(Gio.File.new_for_path(job["folder"] + "/stripes.xcf"))  # as a picture that is kept
    layer = image.get_layers()[0]
    before = set(names_of_palettes())
    report = {"all": main_colors(image, layer, 5)}
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *job["selection"])
    report["selected"] = main_colors(image, layer, 5)
    mask = layer.create_mask(Gimp.AddMaskType.SELECTION)
    Gimp.Selection.none(image)
    layer.add_mask(mask)
    report["masked"] = main_colors(image, layer, 5)

    gray, base = load(job)
    gray.insert_layer(base.copy(), None, 0)  # of two layers each is known by its own name
    pixels_before = pixels(base, "u8")
    for number in ("first", "again"):
        status, error, names = call(THEMES, gray, [base], {"count": 3, "colors": 4})
        themes = [content(Gimp.Palette.get_by_name(name)) for name in names or ()]
        report[number] = {"status": status, "error": error, "names": list(names or ()), "themes": themes}
    report["made"] = sorted(set(names_of_palettes()) - before)
    report["untouched"] = pixels(base, "u8") == pixels_before and len(gray.get_layers()) == 2
    return report


def main_colors(image: Any, layer: Any, count: int) -> Report:
    status, error, palette = call(PALETTE, image, [layer], {"colors": count})
    if palette is None:
        return {"status": status, "error": error}
    return {"status": status, "error": error, "name": palette.get_name(), "entries": content(palette)}


def content(palette: Any) -> list[list[str]]:
    """Name and "#rrggbb" of each entry."""
    return [
        [palette.get_entry_name(index)[1], html(color)] for index, color in enumerate(palette.get_colors())
    ]  # fmt: skip


def html(color: Any) -> str:
    from gi.repository import Babl

    return "#" + bytes(color.get_bytes(Babl.format("R'G'B' u8")).get_data()).hex()


def names_of_palettes() -> list[str]:
    return [palette.get_name() for palette in Gimp.palettes_get_list("")]


def baking(job: Job) -> Report:
    """Color, bake inside a selection that must not matter, color again; and what cannot be baked."""
    image, base = load(job)
    hints = paint(job, image, base)
    report: Report = {"nothing": call(BAKE, image, [base], {})[:2]}
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *job["selection"])
    _, _, layer = run(image, [base], hints, {"method": "scribble", "strength": 0.6})
    image.remove_layer(hints)
    dump_merged(job, "before", image)
    image.set_selected_layers([base])
    layer.set_lock_content(True)
    report["locked"] = call(BAKE, image, [base], {})[:2]
    layer.set_lock_content(False)
    status, error, baked = call(BAKE, image, [base], {})
    report |= {"status": status, "error": error, "same": baked.get_id() == layer.get_id()} | describe(image)
    report["selection_stays"] = not Gimp.Selection.is_empty(image) and not image.get_channels()
    dump_merged(job, "after", image)
    Gimp.Selection.none(image)
    status, error, again = run(image, [base], None, {"method": "scribble"})
    report["again"] = {"status": status, "same": again.get_id() == layer.get_id()}
    report["layers_again"] = describe_layers(image.get_layers())
    dump_merged(job, "again", image)
    dump(job, "base", base)
    image.remove_layer(base)
    report["orphan"] = call(BAKE, image, [layer], {})[:2]
    return report


def keeping(job: Job) -> Report:
    """Color and save the image."""
    image, base = load(job)
    status, error, _ = run(image, [base], paint(job, image, base), {"method": "scribble"})
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(job["kept"]), None)
    return {"status": status, "error": error} | describe(image)


def bereft(job: Job) -> Report:
    """Call every procedure beside the filter in a saved image, where no engine can be had."""
    Gegl.init(None)
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(job["kept"]))
    base = image.get_layer_by_name("Base")
    calls = {DETECT: {}, PALETTE: {"colors": 3}, THEMES: {"count": 2, "colors": 3}, BAKE: {}}
    return {name: engineless(image, base, name, arguments) for name, arguments in calls.items()}


def engineless(image: Any, base: Any, name: str, arguments: Job) -> Report:
    before = contents(image)
    status, error, _ = call(name, image, [base], arguments)
    return {"status": status, "error": error, "unchanged": contents(image) == before} | describe(image)


def contents(image: Any) -> tuple[Report, list[int], list[str]]:
    """All that a procedure could change: layers, their pixels, palettes."""
    return describe(image), [digest(layer) for layer in image.get_layers()], names_of_palettes()


def dump_merged(job: Job, name: str, image: Any) -> None:
    copy = image.duplicate()
    dump(job, name, copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE))
    copy.delete()
