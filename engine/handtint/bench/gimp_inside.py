"""What `handtint bench gimp` does inside GIMP: calls the filter, and says the seconds of each call and of its steps.

Runs in GIMP's Python: standard library and PyGObject only.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp  # noqa: E402

PROCEDURE = "plug-in-handtint-colorize"


def main() -> None:
    """Measure each picture of the job that HANDTINT_JOB names."""
    job = json.loads(Path(os.environ["HANDTINT_JOB"]).read_text(encoding="utf-8"))
    Gegl.init(None)
    found = [measure(picture, job["method"], job["rounds"]) for picture in job["pictures"]]
    Path(job["report"]).write_text(json.dumps(found), encoding="utf-8")


def measure(picture: dict[str, Any], method: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds by kind of picture and step, one number for each round.

    A `new` picture is one that the engine has not seen; `again` is the same once more, as when something else is chosen
    for it. The first round of each, which is cold, is left out.
    """
    image, base, hints = open_picture(picture)
    found: dict[str, dict[str, list[float]]] = {"new": {}, "again": {}}
    for number in range(rounds + 1):
        change(base, number)
        for steps in found.values():
            for name, seconds in call(image, base, hints, method).items():
                steps.setdefault(name, []).append(seconds)
    image.delete()
    return {kind: {name: values[1:] for name, values in steps.items()} for kind, steps in found.items()}


def change(base: Any, number: int) -> None:
    """Make another picture of it."""
    put(base, (0, 0, 2, 1), "Y' u8", bytes(divmod(number, 256)))


def open_picture(picture: dict[str, Any]) -> tuple[Any, Any, Any]:
    """An RGB image of 8 bits from raw gray bytes, and a layer with one mark."""
    width, height = picture["width"], picture["height"]
    image = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
    image.undo_disable()
    base, hints = (
        Gimp.Layer.new(image, name, width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
        for name, kind in (("Base", Gimp.ImageType.RGB_IMAGE), ("Hints", Gimp.ImageType.RGBA_IMAGE))
    )
    for layer in (base, hints):
        image.insert_layer(layer, None, 0)
    hints.fill(Gimp.FillType.TRANSPARENT)
    put(base, (0, 0, width, height), "Y' u8", Path(picture["path"]).read_bytes())
    side = height // 20
    put(hints, (width // 3, height // 3, side, side), "R'G'B'A u8", bytes([170, 80, 40, 255]) * side * side)
    return image, base, hints


def put(layer: Any, rect: tuple[int, int, int, int], babl: str, data: bytes) -> None:
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(*rect), babl, data)
    buffer.flush()
    layer.update(*rect)


def call(image: Any, base: Any, hints: Any, method: str) -> dict[str, float]:
    """The whole filter through the PDB, a new process of the plug-in included; seconds by step."""
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURE)
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [base])
    config.set_property("hints", hints)
    config.set_property("method", method)
    start = time.perf_counter()
    result = procedure.run(config)
    end = time.perf_counter()
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(Gimp.get_pdb().get_last_error())
    noted = json.loads(Path(os.environ["HANDTINT_STEPS"]).read_text(encoding="utf-8").splitlines()[-1])
    return {
        "call": end - start,
        "engine": noted["engine"],
        "start": noted["called"] - start,  # the clock is the system's, the same for all of its processes
        "reach": noted["ready"] - noted["called"],
        "read": noted["read"] - noted["ready"],
        "wire": noted["answered"] - noted["read"] - noted["engine"],
        "write": noted["done"] - noted["answered"],
        "end": end - noted["done"],
    }


if __name__ == "gimp_inside":
    main()
