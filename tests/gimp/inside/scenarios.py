"""What the tests ask a real GIMP to do. Runs in GIMP's own Python; reads one job file, writes one report file.

Standard library and PyGObject only. Numbers are judged by the tests, outside.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402

PROCEDURE = "plug-in-handtint-colorize"
DETECT = "plug-in-handtint-detect"
PATIENCE = 60.0

Job = dict[str, Any]
Report = dict[str, Any]


def main() -> None:
    """Run the job that HANDTINT_JOB names. An exception ends GIMP's batch with a status of its own."""
    path = Path(os.environ["HANDTINT_JOB"])
    job = json.loads(path.read_text())
    report = SCENARIOS[job["scenario"]](job)
    write_report(job, report)


def write_report(job: Job, report: Report, name: str = "report") -> None:
    """Whole or not at all: a test may be waiting for it."""
    part = Path(job["folder"], f"{name}.part")
    part.write_text(json.dumps(report))
    part.rename(part.with_suffix(".json"))


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


def odd_layers(job: Job) -> Report:
    """Layers as artists have them: transparent, masked with the mask selected, and a result that is locked."""
    image, base = load(job)
    paint(job, image, base)
    hints = image.get_layers()[0]
    base.add_alpha()
    mask = base.create_mask(Gimp.AddMaskType.BLACK)
    base.add_mask(mask)
    dump(job, "base_before", base)
    masked, _, first = run(image, [mask], hints, {"method": "scribble"})
    dump(job, "base_after", base)
    dump(job, "content", first)
    names = [layer.get_name() for layer in image.get_layers()]
    first.set_lock_content(True)
    locked, _, second = run(image, [base], hints, {"method": "scribble"})
    return {
        "masked": masked, "names": names, "locked": locked, "new": second.get_id() != first.get_id(),
    }  # fmt: skip


def failures(job: Job) -> Report:
    """Runs that must fail, each with the number of layers and the base type that it leaves."""
    cases = {
        "indexed": indexed, "two layers": two_layers, "opaque hints": opaque_hints, "base as hints": base_as_hints,
        "hints of another image": hints_of_another_image, "palette missing": palette_missing,
        "unknown method": unknown_method, "channel": channel, "floating selection": floating_selection,
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
    image.undo_disable()  # forgets what this scenario did itself
    image.undo_enable()
    image.clean_all()
    Gimp.Display.new(image)
    Gimp.displays_flush()
    write_report(job, describe(image), "ready")
    first = describe(image)
    write_report(job, wait_for(image, has_color), "colored")
    return wait_for(image, lambda now: now == first) | {"dirty": image.is_dirty()}


def has_color(report: Report) -> bool:
    return any(layer["role"] == "color" for layer in report["layers"])


SCENARIOS = {
    "colorize": colorize, "odd_layers": odd_layers, "failures": failures, "dialog": dialog, "window": window,
    "methods": methods, "detect": detect,
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


# Ways to fail -------------------------------------------------------------------------------------------------


def indexed(image: Any, base: Any) -> Report:
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 32, False, True, "")
    return {}


def two_layers(image: Any, base: Any) -> Report:
    other = base.copy()
    image.insert_layer(other, None, 0)
    return {"drawables": [base, other]}


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


def unknown_method(image: Any, base: Any) -> Report:
    return {"method": "nonsense"}


def channel(image: Any, base: Any) -> Report:
    made = Gimp.Channel.new(image, "mask", base.get_width(), base.get_height(), 50.0, Gegl.Color.new("red"))
    image.insert_channel(made, None, 0)
    return {"drawables": [made]}


def floating_selection(image: Any, base: Any) -> Report:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 10, 50, 50)
    Gimp.Selection.float(image, [base], 5, 5)
    return {}


def selection_elsewhere(image: Any, base: Any) -> Report:
    base.resize(100, 100, 0, 0)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 200, 200, 50, 50)
    return {}


def result_as_base(image: Any, base: Any) -> Report:
    other = base.copy()
    other.attach_parasite(Gimp.Parasite.new("handtint-role", 1, b"color"))
    image.insert_layer(other, None, 0)
    return {"drawables": [other]}


# Steps --------------------------------------------------------------------------------------------------------


def load(job: Job) -> tuple[Any, Any]:
    """The picture of the job with `mode`, `precision`, `group` and `floating` applied; its layer is called Base."""
    Gegl.init(None)
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(job["picture"]))
    base = image.get_layers()[0]
    base.set_name("Base")
    if job.get("mode", "rgb") == "rgb":
        image.convert_rgb()
    if "precision" in job:
        image.convert_precision(getattr(Gimp.Precision, job["precision"]))
    if job.get("group"):
        group = Gimp.GroupLayer.new(image, "Group")
        image.insert_layer(group, None, 0)
        image.reorder_item(base, group, 0)
    if job.get("floating"):
        floating_selection(image, base)
    return image, base


def paint(job: Job, image: Any, base: Any) -> Any:
    """A hints layer of its own place and size with one square for each mark, or None."""
    if not job.get("marks"):
        return None
    x, y, width, height = job.get("hints_rect", [0, 0, image.get_width(), image.get_height()])
    kind = Gimp.ImageType.RGBA_IMAGE
    hints = Gimp.Layer.new(image, "My hints", width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(hints, None, 0)
    hints.set_offsets(x, y)
    for mark in job["marks"]:
        left, top, side = mark["x"] - x, mark["y"] - y, mark["side"]
        data = bytes([*mark["color"], 255]) * (side * side)
        hints.get_buffer().set(Gegl.Rectangle.new(left, top, side, side), "R'G'B'A u8", data)
    hints.get_buffer().flush()
    hints.update(0, 0, width, height)
    return hints


def run(
    image: Any, drawables: list[Any], hints: Any, arguments: Job, mode: Any = Gimp.RunMode.NONINTERACTIVE
) -> tuple[str, str, Any]:
    """Call the filter through the PDB: status, last error, layer."""
    return call(PROCEDURE, image, drawables, {"hints": hints, **arguments}, mode)


def call(
    name: str, image: Any, drawables: list[Any], arguments: Job, mode: Any = Gimp.RunMode.NONINTERACTIVE
) -> tuple[str, str, Any]:
    """Call one of our procedures through the PDB: status, last error, layer."""
    pdb = Gimp.get_pdb()
    procedure = pdb.lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    for argument, value in arguments.items():
        config.set_property(argument, palette(value) if argument == "palette" else value)
    result = procedure.run(config)
    status = result.index(0)
    done = status == Gimp.PDBStatusType.SUCCESS
    return status.value_nick, pdb.get_last_error(), result.index(1) if done else None


def palette(colors: list[str]) -> Any:
    """A GIMP palette of "#rrggbb" colors."""
    made = Gimp.Palette.new("Test colors")
    for number, color in enumerate(colors):
        made.add_entry(str(number), Gegl.Color.new(color))
    return made


def describe(image: Any) -> Report:
    """What a test wants to know of an image, as JSON."""
    return {
        "base_type": image.get_base_type().value_nick,
        "selected": [layer.get_name() for layer in image.get_selected_layers()],
        "layers": describe_layers(image.get_layers()),
    }


def describe_layers(items: list[Any]) -> list[Report]:
    return [
        {
            "name": layer.get_name(),
            "mode": layer.get_mode().value_nick,
            "space": layer.get_composite_space().value_nick,
            "opacity": round(layer.get_opacity(), 3),
            "rect": [*layer.get_offsets()[1:], layer.get_width(), layer.get_height()],
            "role": parasite(layer, "handtint-role"),
            "children": describe_layers(layer.get_children()) if layer.is_group() else [],
        }
        for layer in items
    ]


def parasite(layer: Any, name: str) -> str:
    found = layer.get_parasite(name)
    return bytes(found.get_data()).decode() if found is not None else ""


def dump(job: Job, name: str, layer: Any) -> None:
    """The layer's own pixels as R'G'B'A of the job's type."""
    Path(job["folder"], f"{name}.raw").write_bytes(pixels(layer, job.get("type", "u8")))


def dump_projection(job: Job, name: str, image: Any, hints: Any) -> None:
    """The picture as a person sees it with the hints hidden."""
    copy = image.duplicate()
    if hints is not None:
        copy.remove_layer(copy.get_layer_by_name(hints.get_name()))
    dump(job, name, copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE))
    copy.delete()


def pixels(layer: Any, kind: str) -> bytes:
    rect = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    data: bytes = layer.get_buffer().get(rect, 1.0, f"R'G'B'A {kind}", Gegl.AbyssPolicy.NONE)
    return data


def digest(layer: Any) -> int:
    return hash(pixels(layer, "u8"))


def wait_for(image: Any, is_so: Callable[[Report], bool]) -> Report:
    """Look at the image until it is so: there are no signals."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        now = describe(image)
        if is_so(now):
            return now
        time.sleep(0.05)
    raise RuntimeError(f"nothing happened in {PATIENCE} s: {describe(image)}")


if __name__ == "scenarios":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
