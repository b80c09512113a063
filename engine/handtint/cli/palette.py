"""`handtint palette`, and every way in which a palette can be written on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.errors import EngineFailed, GuidanceError, PictureError
from handtint.wire.messages import Color, ExtractedPalette, ExtractPalette, Palette

if TYPE_CHECKING:
    from handtint.cli.backend import Backend

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_DEFAULT_COUNT = 5


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("-k", "count", type=click.IntRange(1, 16), default=_DEFAULT_COUNT, show_default=True, help="Colors.")
@click.option("--no-engine", is_flag=True, help="Work in this process instead of the running engine.")
@click.option("--json", "as_json", is_flag=True, help="Print colors and shares as JSON.")
def palette(image: Path, count: int, no_engine: bool, as_json: bool) -> None:
    """Print the main colors of a picture, the largest share first."""
    if not image.is_file():
        raise PictureError(f"{image}: expected a picture file, but there is no such file")
    from handtint.cli.backend import open_backend

    with open_backend("auto", in_process=no_engine) as backend:
        found = extract_palette(image, count, backend)
    if as_json:
        rows = [{"color": to_hex(c), "share": round(w, 4)} for c, w in zip(found.colors, found.weights, strict=True)]
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(",".join(to_hex(color) for color in found.colors))


def read_palette(text: str, backend: Backend) -> Palette:
    """A palette from "#rrggbb,…", a .gpl file or a picture; GuidanceError says why not."""
    path = Path(text)
    if path.suffix.lower() == ".gpl":
        return parse_gpl(path)
    if text.lstrip().startswith("#") or all(_HEX.fullmatch(part.strip()) for part in text.split(",")):
        return parse_hex(text)
    if not path.is_file():
        raise GuidanceError(f'{text}: expected a palette as "#rrggbb,#rrggbb", a .gpl file or a picture; found none')
    return extract_palette(path, _DEFAULT_COUNT, backend)


def parse_hex(text: str) -> Palette:
    """ "#c08040,#204060" to a palette of equal shares."""
    colors = []
    for part in text.split(","):
        match = _HEX.fullmatch(part.strip())
        if match is None:
            raise GuidanceError(f"expected colors like #c08040 with commas between them, got '{part.strip()}'")
        colors.append(_color(*bytes.fromhex(match[1])))
    return Palette(tuple(colors))


def parse_gpl(path: Path) -> Palette:
    """A GIMP palette file: a first line "GIMP Palette", then lines of red, green, blue (0-255) and a name."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise GuidanceError(f"{path}: the palette cannot be read ({error.strerror})") from error
    if not lines or lines[0].strip() != "GIMP Palette":
        raise GuidanceError(f'{path}: expected a GIMP palette (first line "GIMP Palette")')
    rows = [re.match(r"\s*(\d+)\s+(\d+)\s+(\d+)", line) for line in lines[1:]]
    channels = [tuple(int(value) for value in row.groups()) for row in rows if row]
    if not channels or any(value > 255 for row in channels for value in row):
        raise GuidanceError(f"{path}: expected rows of red, green and blue from 0 to 255, found none that fit")
    return Palette(tuple(_color(*row) for row in channels), name=path.stem)


def extract_palette(image: Path, count: int, backend: Backend) -> Palette:
    """The main colors of a picture file, by the engine."""
    from handtint.cli.files import read_picture, to_srgb
    from handtint.cli.planes import exemplar_plane

    answer = backend.call(ExtractPalette(id=0, source=exemplar_plane(to_srgb(read_picture(image))), count=count))
    if not isinstance(answer, ExtractedPalette):
        raise EngineFailed("internal", f"expected a palette from the engine, got '{answer.type}'")
    return answer.palette


def to_hex(color: Color) -> str:
    """An sRGB color as #rrggbb."""
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in color)


def _color(red: int, green: int, blue: int) -> Color:
    return Color(red / 255.0, green / 255.0, blue / 255.0)
