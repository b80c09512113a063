"""Does what the test outside asks for while GIMP's own window is open. Standard library and PyGObject only."""

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
from procedures import html  # noqa: E402
from steps import Job, Report, describe, digest, load, pixels, run, write_report  # noqa: E402
from steps import paint as paint_marks  # noqa: E402

PATIENCE = 120.0
"""Seconds without an order after which the test is taken to have ended."""


def orders(job: Job) -> Report:
    """Show the picture; then one answer to each order, until the order to end."""
    image, _ = load(job)
    image.undo_disable()  # forgets what this scenario did itself
    image.undo_enable()
    image.clean_all()
    display = Gimp.Display.new(image)
    Gimp.displays_flush()
    write_report(job, describe(image), "ready")
    number, heard = 0, time.monotonic()
    while time.monotonic() < heard + PATIENCE:
        path = Path(job["folder"], f"order-{number}.json")
        if not path.exists():
            time.sleep(0.02)
            continue
        order = json.loads(path.read_text())
        if order["what"] == "close":
            display.delete()
        answer = ORDERS[order["what"]](image, order) if image.is_valid() else None
        Gimp.displays_flush()
        write_report(job, {"answer": answer}, f"answer-{number}")
        if order["what"] == "end":
            return {}
        number, heard = number + 1, time.monotonic()
    raise RuntimeError(f"no order came in {PATIENCE} s")


def by_role(image: Any, role: str) -> Any:
    """The layer with this role, or None."""
    for layer in image.get_layers():
        found = layer.get_parasite("handtint-role")
        if found is not None and bytes(found.get_data()).decode() == role:
            return layer
    return None


def paint(image: Any, order: Job) -> None:
    """A square on the hints layer, as undoable as a stroke."""
    hints = by_role(image, "hints")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, order["x"], order["y"], order["side"], order["side"])
    Gimp.context_set_foreground(Gegl.Color.new(order["color"]))
    hints.edit_fill(Gimp.FillType.FOREGROUND)
    Gimp.Selection.none(image)


def painted(image: Any, order: Job) -> list[int] | None:
    """Left, top, width and height of what is painted on the hints layer, None where nothing is."""
    hints = by_role(image, "hints")
    width, height = hints.get_width(), hints.get_height()
    rect = Gegl.Rectangle.new(0, 0, width, height)
    alpha = hints.get_buffer().get(rect, 1.0, "A u8", Gegl.AbyssPolicy.NONE)
    rows = [y for y in range(height) if any(alpha[y * width : (y + 1) * width])]
    columns = [x for x in range(width) if any(alpha[x::width])]
    return [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1] if rows else None


def pixel(image: Any, order: Job) -> list[int] | None:
    """What the color layer has at a place, None without one."""
    layer = by_role(image, "color")
    if layer is None:
        return None
    rect = Gegl.Rectangle.new(order["x"], order["y"], 1, 1)
    return list(layer.get_buffer().get(rect, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))


def finished(image: Any, order: Job) -> Report:
    """How the color layer compares with what the filter itself makes of base, hints, and the order's guidance."""
    guidance: Job = {}
    if "palette" in order:
        guidance |= {"use-palette": True, "palette": Gimp.Palette.get_by_name(order["palette"])}
    if "exemplar" in order:
        guidance |= {"exemplar-file": Gio.File.new_for_path(order["exemplar"])}
    copy = image.duplicate()
    layer, hints = by_role(copy, "color"), by_role(copy, "hints")
    base = next(other for other in copy.get_layers() if other.get_name() == "Base")
    before = pixels(layer, "u8")
    status, error, again = run(copy, [base], hints, guidance)
    after = pixels(again, "u8") if again is not None else bytes(len(before))
    differing = sum(one != other for one, other in zip(before, after, strict=True))
    copy.delete()
    return {"status": status, "error": error, "differing": differing}


def palette(image: Any, order: Job) -> list[str] | None:
    """The colors of a palette, None where there is none of this name."""
    found = Gimp.Palette.get_by_name(order["name"])
    return [html(color) for color in found.get_colors()] if found is not None else None


def lock(image: Any, order: Job) -> None:
    """Lock the pixels of the color layer, or free them."""
    by_role(image, "color").set_lock_content(order["locked"])


def colorize(image: Any, order: Job) -> str:
    """Run the filter on the base with the marks of the order, as a script does; how it ended."""
    base = next(layer for layer in image.get_layers() if layer.get_name() == "Base")
    status, error, _ = run(image, [base], paint_marks(order, image, base), {"method": "scribble"})
    return f"{status}: {error}"


def remove(image: Any, order: Job) -> None:
    image.remove_layer(by_role(image, order["role"]))


def foreground(image: Any, order: Job) -> str:
    return html(Gimp.context_get_foreground())


def select(image: Any, order: Job) -> None:
    image.set_selected_layers([image.get_layer_by_name(order["name"])])


def take_color(image: Any, order: Job) -> None:
    Gimp.context_set_foreground(Gegl.Color.new(order["color"]))


ORDERS: dict[str, Callable[[Any, Job], Any]] = {
    "describe": lambda image, order: describe(image),
    "paint": paint,
    "painted": painted,
    "pixel": pixel,
    "finished": finished,
    "remove": remove,
    "foreground": foreground,
    "palette": palette,
    "lock": lock,
    "select": select,
    "digest": lambda image, order: digest(by_role(image, "color")),
    "colorize": colorize,
    "take color": take_color,
    "end": lambda image, order: None,
    "close": lambda image, order: None,
}
