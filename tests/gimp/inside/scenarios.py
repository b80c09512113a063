"""What the tests ask a real GIMP to do. Runs in GIMP's own Python; reads one job file, writes one report file.

Standard library and PyGObject only. Numbers are judged by the tests, outside.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
import interrupted  # noqa: E402
from faults import failures  # noqa: E402
from gi.repository import Gegl, Gimp, Gio  # noqa: E402
from orders import orders  # noqa: E402
from procedures import BAKE, baking, bereft, keeping, palettes  # noqa: E402
from steps import (  # noqa: E402
    DETECT,
    Job,
    Report,
    call,
    describe,
    dump,
    dump_projection,
    load,
    paint,
    pixels,
    run,
    wait_for,
    write_report,
)


def main() -> None:
    """Run the job that HANDTINT_JOB names. An exception ends GIMP's batch with a status of its own."""
    path = Path(os.environ["HANDTINT_JOB"])
    job = json.loads(path.read_text())
    report = SCENARIOS[job["scenario"]](job)
    write_report(job, report)


# Scenarios ----------------------------------------------------------------------------------------------------


def colorize(job: Job) -> Report:
    """Load, paint hints, run the filter once for each entry of `runs`, and dump everything around it."""
    image, base = load(job)
    hints = paint(job, image, base)
    dump(job, "base_before", base)
    if hints is not None:
        dump(job, "hints_before", hints)
    image.set_selected_layers([base])
    runs = [run_once(job, image, base, hints, number, one) for number, one in enumerate(job["runs"])]
    dump(job, "base_after", base)
    if hints is not None:
        dump(job, "hints_after", hints)
    return {"runs": runs} | describe(image)


def run_once(job: Job, image: Any, base: Any, hints: Any, number: int, one: Job) -> Report:
    """One run of the filter, its layer's content and what the image then looks like without the hints."""
    Gimp.Selection.none(image)
    if "selection" in one:
        image.select_rectangle(Gimp.ChannelOps.REPLACE, *one["selection"])
    status, error, layer = run(image, [base], hints if one.get("with_hints", True) else None, one.get("arguments", {}))
    Gimp.Selection.none(image)
    if layer is not None:
        dump(job, f"content_{number}", layer)
        dump_projection(job, f"projection_{number}", image, hints)
    return {"status": status, "error": error}


def methods(job: Job) -> Report:
    """One run for each entry of `runs`, with the layers and files that it names; they are gone before the next."""
    image, base = load(job)
    dump(job, "base_before", base)
    runs = {}
    for one in job["runs"]:
        before = [layer.get_id() for layer in image.get_layers()]
        values = {name: CONTROLS[name](job, image, value) for name, value in one["controls"].items()}
        hints = values.pop("hints", None)
        status, error, layer = run(image, [base], hints, {"method": one["method"], **values})
        dump(job, one["name"], layer if layer is not None else base)
        runs[one["name"]] = [status, error]
        for extra in [layer for layer in image.get_layers() if layer.get_id() not in before]:
            image.remove_layer(extra)
    dump(job, "base_after", base)
    return {"runs": runs} | describe(image)


def painted(job: Job, image: Any, name: str) -> Any:
    """A layer with the R'G'B'A bytes of a file."""
    width, height = image.get_width(), image.get_height()
    layer = Gimp.Layer.new(image, name, width, height, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    data = Path(job["folder"], f"{name}.rgba").read_bytes()
    layer.get_buffer().set(Gegl.Rectangle.new(0, 0, width, height), "R'G'B'A u8", data)
    layer.get_buffer().flush()
    layer.update(0, 0, width, height)
    return layer


def opened(job: Job, image: Any, path: str) -> Any:
    """The layer of another image."""
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path)).get_layers()[0]


def file(job: Job, image: Any, path: str) -> Any:
    return Gio.File.new_for_path(path)


def detect(job: Job) -> Report:
    """Find the objects, look at the map and the palette, then color with the map."""
    image, base = load(job)
    dump(job, "base_before", base)
    status, error, layer = call(DETECT, image, [base], {})
    report = {"status": status, "error": error} | describe(image)
    if layer is None:
        return report
    dump(job, "map", layer)
    dump(job, "base_after", base)
    palette = Gimp.Palette.get_by_name("Handtint classes")
    report["palette"] = [palette.get_entry_name(index)[1] for index in range(len(palette.get_colors()))]
    again, _, _ = call(DETECT, image, [layer], {})
    report["again"], report["palettes"] = again, len(Gimp.palettes_get_list("Handtint classes"))
    return report


def precisions(job: Job) -> Report:
    """One run in each mode, precision and profile: how it ended, the mode it leaves, and whether the base stayed."""
    first, _ = load(job | {"mode": "gray"})
    report = {}
    for mode, precision, profile in job["runs"]:
        image = first.duplicate()
        base = image.get_layers()[0]
        if mode == "rgb":
            image.convert_rgb()
        if image.get_precision() != getattr(Gimp.Precision, precision):
            image.convert_precision(getattr(Gimp.Precision, precision))
        if profile:
            made = getattr(Gimp.ColorProfile, f"new_{profile}")()
            image.convert_color_profile(made, Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, False)
        hints = paint(job, image, base) if mode == "rgb" else None  # marks on a gray image would be gray
        before = pixels(in_color(image.duplicate()).get_layer_by_name("Base"), "float")
        status, error, layer = run(image, [base], hints, {"method": "scribble"})
        name = f"{mode}_{precision}_{profile}"
        dump(job, f"{name}_base", base)
        dump(job, f"{name}_content", layer)
        dump_projection(job, f"{name}_projection", image, hints)
        report[name] = [[status, error], image.get_base_type().value_nick, pixels(base, "float") == before]
        image.delete()
    return report


def in_color(image: Any) -> Any:
    """An image as GIMP's own change of its mode leaves it, which rounds where it has a profile of its own."""
    if image.get_base_type() == Gimp.ImageBaseType.GRAY:
        image.convert_rgb()
    return image


def odd_layers(job: Job) -> Report:
    """Layers as artists have them: transparent, masked with the mask selected, and a result that is locked."""
    image, base = load(job)
    hints = paint(job, image, base)
    base.add_alpha()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, base.get_width(), job["cut"])
    base.edit_clear()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *job["masked"])
    mask = base.create_mask(Gimp.AddMaskType.SELECTION)
    base.add_mask(mask)
    Gimp.Selection.none(image)
    dump(job, "base_before", base)
    masked, _, first = run(image, [mask], hints, {"method": "scribble"})
    dump(job, "base_after", base)
    dump(job, "content", first)
    names = [layer.get_name() for layer in image.get_layers()]
    first.set_lock_content(True)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *job["selection"])
    locked, _, second = run(image, [base], hints, {"method": "scribble"})
    dump(job, "selected", second)
    Gimp.Selection.none(image)
    hints.add_mask(hints.create_mask(Gimp.AddMaskType.BLACK))
    _, _, third = run(image, [base], hints, {"method": "scribble"})
    dump(job, "hints_masked", third)
    return {
        "masked": masked, "names": names, "locked": locked, "new": second.get_id() != first.get_id(),
    }  # fmt: skip


def several(job: Job) -> Report:
    """Two selected layers, one of them a group with an offset, colored by one call; then once more."""
    image, base = load(job)
    group = Gimp.GroupLayer.new(image, "Group")
    image.insert_layer(group, None, 0)
    copy = Gimp.Layer.new_from_drawable(base, image)
    image.insert_layer(copy, group, 0)
    copy.resize(256, 300, -256, -30)
    hints = paint(job, image, base)
    dump(job, "base", base)
    dump(job, "group", group)
    status, error, first = run(image, [base, group], hints, {"method": "scribble"})
    report = {"status": status, "error": error, "first": first.get_name()} | describe(image)
    above = image.get_layers()[1]
    dump(job, "content", first)
    dump(job, "content_group", above)
    again, _, _ = run(image, [base, group], hints, {"method": "scribble"})
    return report | {"again": [again, len(image.get_layers())]}


def duplicated(job: Job) -> Report:
    """Color; color and bake two duplicates of the image; then color the first one beside a copy of its color layer."""
    image, base = load(job)
    hints = paint(job, image, base)
    _, _, first = run(image, [base], hints, {"method": "scribble"})
    report: Report = {"plain": in_duplicate(job, image, "plain")}
    # So that the color layer has the same tattoo in the duplicate by chance.
    above = Gimp.Layer.new(image, "Above", 9, 9, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(above, None, 0)
    report["by chance"] = in_duplicate(job, image, "by_chance")
    report["tattoos"] = [first.get_tattoo(), image.duplicate().get_layer_by_name(first.get_name()).get_tattoo()]
    beside = first.copy()
    image.insert_layer(beside, None, 0)
    before = pixels(beside, "u8")
    _, _, second = run(image, [base], None, {"method": "scribble"})
    return report | {"same": second.get_id() == first.get_id(), "copy_stays": pixels(beside, "u8") == before}


def in_duplicate(job: Job, image: Any, name: str) -> list[Any]:
    """Color without hints and bake in a duplicate of the image; how that ended, and whether no layer was added."""
    copy = image.duplicate()
    base = copy.get_layer_by_name("Base")
    before = [layer.get_id() for layer in copy.get_layers()]
    status, error, layer = run(copy, [base], None, {"method": "scribble"})
    dump(job, name, layer)
    baked, _, finished = call(BAKE, copy, [base], {})
    added = [layer.get_id() for layer in copy.get_layers()] != before
    return [status, error, baked, finished.get_id() == layer.get_id(), added]


def dialog(job: Job) -> Report:
    """Open the dialog on the hints layer, as an artist does who has just painted them; then repeat without it."""
    image, base = load(job)
    chosen = paint(job, image, base) or base
    image.set_selected_layers([chosen])
    status, error, layer = run(image, [chosen], None, {}, Gimp.RunMode.INTERACTIVE)
    report = {"status": status, "error": error} | describe(image)
    if layer is not None:
        dump(job, "content", layer)
        layer.fill(Gimp.FillType.WHITE)
        report["again"], _, layer = run(image, [chosen], None, {}, Gimp.RunMode.WITH_LAST_VALS)
        report["layers_again"] = describe(image)["layers"]
        dump(job, "content_again", layer)
    return report


def window(job: Job) -> Report:
    """Inside GIMP's own window: report the image whenever it changes, until it is back to what it was."""
    image, base = load(job)
    paint(job, image, base)
    if job.get("second"):
        second = base.copy()
        second.set_name("Second")
        image.insert_layer(second, None, 0)
        image.set_selected_layers([second, base])
    image.undo_disable()  # forgets what this scenario did itself
    image.undo_enable()
    image.clean_all()
    Gimp.Display.new(image)
    Gimp.displays_flush()
    write_report(job, describe(image), "ready")
    first = describe(image)
    write_report(job, wait_for(image, lambda now: color_layers(now) == len(first["selected"])), "colored")
    return wait_for(image, lambda now: now == first) | {"dirty": image.is_dirty()}


def color_layers(report: Report) -> int:
    return sum(layer["role"] == "color" for layer in report["layers"])


SCENARIOS = {
    "colorize": colorize, "odd_layers": odd_layers, "precisions": precisions,
    "several": several, "duplicated": duplicated, "failures": failures, "dialog": dialog, "window": window,
    "methods": methods, "detect": detect, "palettes": palettes, "baking": baking, "keeping": keeping, "bereft": bereft,
    "orders": orders, **interrupted.SCENARIOS,
}  # fmt: skip
CONTROLS: dict[str, Callable[[Job, Any, Any], Any]] = {
    "hints": painted,
    "semantic": painted,
    "use-palette": lambda job, image, value: value,
    "palette": lambda job, image, value: value,
    "exemplar": opened,
    "exemplar-file": file,
}
"""From what a run of `methods` names to the value of an argument."""


if __name__ == "scenarios":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
