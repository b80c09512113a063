"""Runs of the filter that something ends from outside, and one after them. Standard library and PyGObject only."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402
from steps import Job, Report, describe, load, pixels, run, write_report  # noqa: E402


def interrupted(job: Job) -> Report:
    """One run for each name in `runs`, said before it begins."""
    image, base = load(job)
    hints = Gimp.Layer.new(
        image, "My hints", base.get_width(), base.get_height(), Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL
    )
    image.insert_layer(hints, None, 0)
    first = describe(image)
    report = {}
    for name in job["runs"]:
        base.invert(False)  # another picture for the engine each time
        before = pixels(base, "u8")
        write_report(job, {}, f"calling-{name}")
        status, error, layer = run(image, [base], hints, {"method": job["method"]})
        report[name] = {
            "status": status,
            "error": error,
            "unchanged": describe(image) == first,
            "untouched": pixels(base, "u8") == before,
        }
        if layer is not None:
            image.remove_layer(layer)
    return report


def refused(job: Job) -> Report:
    """One run that must not do anything."""
    image, base = load(job)
    before = describe(image)
    status, error, _ = run(image, [base], None, {})
    return {"status": status, "error": error, "unchanged": describe(image) == before}


SCENARIOS: dict[str, Any] = {"interrupted": interrupted, "refused": refused}
