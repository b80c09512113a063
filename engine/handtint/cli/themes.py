"""`handtint themes`: palettes that would suit a gray picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.cli.palette import to_hex
from handtint.errors import EngineFailed, PictureError
from handtint.wire.messages import Palette, RecommendedThemes, RecommendThemes

if TYPE_CHECKING:
    from handtint.cli.backend import Backend

_DOCUMENT = "handtint themes"


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("-k", "colors", type=click.IntRange(1, 16), default=5, show_default=True, help="Colors in each theme.")
@click.option("--count", type=click.IntRange(1, 16), default=4, show_default=True, help="Themes.")
@click.option("--no-engine", is_flag=True, help="Work in this process instead of the running engine.")
@click.option("--json", "as_json", is_flag=True, help="Print colors and shares as JSON.")
def themes(image: Path, colors: int, count: int, no_engine: bool, as_json: bool) -> None:
    """Recommend palettes for a gray picture, the likeliest first: each line can be given to `colorize --palette`."""
    if not image.is_file():
        raise PictureError(f"{image}: expected a picture file, but there is no such file")
    from handtint.cli.backend import open_backend

    with open_backend("auto", in_process=no_engine) as backend:
        found = recommend_themes(image, colors, count, backend)
    click.echo(json.dumps([_rows(theme) for theme in found], indent=2) if as_json else as_lines(found))


def recommend_themes(image: Path, colors: int, count: int, backend: Backend) -> tuple[Palette, ...]:
    """Themes for a picture file, by the engine."""
    from handtint.cli.files import read_picture, to_srgb
    from handtint.cli.planes import base_plane

    base = base_plane(to_srgb(read_picture(image)))
    answer = backend.call(RecommendThemes(id=0, document=_DOCUMENT, base=base, colors=colors, count=count))
    if not isinstance(answer, RecommendedThemes):
        raise EngineFailed("internal", f"expected themes from the engine, got '{answer.type}'")
    return answer.themes


def as_lines(themes: tuple[Palette, ...]) -> str:
    """A table for people: the colors of a theme, as `--palette` takes them, and their shares in per cent."""
    return "\n".join(
        f"{','.join(to_hex(color) for color in theme.colors)}  {' '.join(f'{share:3.0%}' for share in theme.weights)}"
        for theme in themes
    )


def _rows(theme: Palette) -> list[dict[str, str | float]]:
    return [{"color": to_hex(c), "share": round(w, 4)} for c, w in zip(theme.colors, theme.weights, strict=True)]
