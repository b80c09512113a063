"""`handtint suggest`: colors for a place of a gray picture, and a map of where a hint would help most."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.errors import EngineFailed, InputError, PictureError

if TYPE_CHECKING:
    from handtint.cli.backend import Backend
    from handtint.wire.messages import MappedUncertainty, Suggested
    from handtint.wire.pixels import Plane


def read_place(context: click.Context, option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """ "X,Y", whole pixels from the top left, as two numbers."""
    if value is None:
        return None
    parts = value.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise click.BadParameter(f"expected a pixel as X,Y from the top left, such as 120,45; got '{value}'")
    return int(parts[0]), int(parts[1])


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--at", "place", metavar="X,Y", callback=read_place, help="The pixel to find colors for.")
@click.option("--count", type=click.IntRange(1, 64), default=9, show_default=True, help="How many colors.")
@click.option("--uncertainty", type=click.Path(path_type=Path), help="Gray picture to write: white where it is unsure.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--no-engine", is_flag=True, help="Work in this process instead of the running engine.")
@click.option("--force", is_flag=True, help="Overwrite an existing output (never the input).")
@click.option("--json", "as_json", is_flag=True, help="Print the colors and how unsure they are as JSON.")
def suggest(
    image: Path,
    place: tuple[int, int] | None,
    count: int,
    uncertainty: Path | None,
    device: str,
    no_engine: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Print likely colors for a pixel of a gray picture, the likeliest first.

    They have that pixel's lightness, and can be shown on a screen. With --uncertainty, also where the picture needs
    a hint most.
    """
    _check(image, place, uncertainty, force=force)
    from handtint.cli.backend import open_backend
    from handtint.cli.files import PictureFile, read_picture, to_srgb, write_picture
    from handtint.cli.planes import base_plane, pixels_of

    base = base_plane(to_srgb(read_picture(image)))
    document = str(image.resolve())
    with open_backend(device, in_process=no_engine) as backend:
        if uncertainty is not None:
            write_picture(uncertainty, PictureFile(pixels_of(map_uncertainty(document, base, backend).plane)))
        if place is not None:
            _print(place, suggest_colors(document, base, place, count, backend), as_json=as_json)


def suggest_colors(document: str, base: Plane, place: tuple[int, int], count: int, backend: Backend) -> Suggested:
    """Colors for a pixel, by the engine."""
    from handtint.wire.messages import Suggest, Suggested

    answer = backend.call(Suggest(0, document, base, x=place[0], y=place[1], count=count))
    if not isinstance(answer, Suggested):
        raise EngineFailed("internal", f"expected suggestions from the engine, got '{answer.type}'")
    return answer


def map_uncertainty(document: str, base: Plane, backend: Backend) -> MappedUncertainty:
    """Where the colors are unsure, by the engine."""
    from handtint.wire.messages import MappedUncertainty, MapUncertainty

    answer = backend.call(MapUncertainty(0, document, base))
    if not isinstance(answer, MappedUncertainty):
        raise EngineFailed("internal", f"expected a map of uncertainty from the engine, got '{answer.type}'")
    return answer


def _check(image: Path, place: tuple[int, int] | None, uncertainty: Path | None, *, force: bool) -> None:
    if place is None and uncertainty is None:
        raise InputError("say which pixel with --at X,Y, or where to write a map with --uncertainty MAP.png")
    if not image.is_file():
        raise PictureError(f"{image}: expected a picture file, but there is no such file")
    if uncertainty is not None:
        from handtint.cli.files import check_target

        check_target(image, uncertainty, force=force)


def _print(place: tuple[int, int], found: Suggested, *, as_json: bool) -> None:
    from handtint.cli.palette import to_hex

    colors = [to_hex(color) for color in found.colors]
    if as_json:
        row = {"x": place[0], "y": place[1], "uncertainty": round(found.uncertainty, 4), "colors": colors}
        click.echo(json.dumps(row, indent=2))
    else:
        click.echo(",".join(colors))
