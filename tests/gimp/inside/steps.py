"""Steps that scenarios are made of: load, paint, call, describe, dump. Standard library and PyGObject only."""

from __future__ import annotations

import json
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


def write_report(job: Job, report: Report, name: str = "report") -> None:
    """Whole or not at all: a test may be waiting for it."""
    part = Path(job["folder"], f"{name}.part")
    part.write_text(json.dumps(report))
    part.rename(part.with_suffix(".json"))


def load(job: Job) -> tuple[Any, Any]:
    """The picture of the job with `mode`, `precision`, `offset`, `group` and `floating` applied; its layer is Base."""
    Gegl.init(None)
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(job["picture"]))
    base = image.get_layers()[0]
    base.set_name("Base")
    if job.get("mode", "rgb") == "rgb":
        image.convert_rgb()
    if "precision" in job:
        image.convert_precision(getattr(Gimp.Precision, job["precision"]))
    if "offset" in job:
        base.set_offsets(*job["offset"])
    if job.get("group"):
        group = Gimp.GroupLayer.new(image, "Group")
        image.insert_layer(group, None, 0)
        image.reorder_item(base, group, 0)
    if job.get("floating"):
        floating_selection(image, base)
    return image, base


def floating_selection(image: Any, base: Any) -> Report:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 10, 50, 50)
    Gimp.Selection.float(image, [base], 5, 5)
    return {}


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
        config.set_property(argument, palette(value) if isinstance(value, list) else value)
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
