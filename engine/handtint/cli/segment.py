"""`handtint segment`: what is where in a gray picture, as a map that can be painted on and given to `colorize`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.errors import EngineFailed, PictureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from handtint.cli.backend import Backend
    from handtint.wire.messages import Segmented, SemanticClass


@dataclass(frozen=True)
class Present:
    """A class that occurs in a map, and its share of the pixels."""

    index: int
    name: str
    color: str
    share: float


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Index PNG to write; NAME-map.png by default.")
@click.option("--legend", is_flag=True, help="Print the classes that were found, with their colors and shares.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--no-engine", is_flag=True, help="Work in this process instead of the running engine.")
@click.option("--force", is_flag=True, help="Overwrite an existing output (never the input).")
@click.option("--json", "as_json", is_flag=True, help="Print the classes that were found as JSON.")
def segment(
    image: Path, output: Path | None, legend: bool, device: str, no_engine: bool, force: bool, as_json: bool
) -> None:
    """Find what is where in a gray picture.

    The map is an index PNG of the picture's size in the classes' colors. Paint on it in those colors and give it to
    `handtint colorize --method semantic --semantic MAP.png`.
    """
    target = output or image.with_name(f"{image.stem}-map.png")
    _check(image, target, force=force)
    from handtint.cli.backend import open_backend
    from handtint.cli.files import write_index_map
    from handtint.cli.maps import palette_of
    from handtint.cli.planes import pixels_of

    with open_backend(device, in_process=no_engine) as backend:
        answer = find_map(image, backend)
    indices = pixels_of(answer.plane)[..., 0]
    write_index_map(target, indices, palette_of(answer.classes))
    found = classes_in(indices, answer.classes)
    if as_json:
        click.echo(json.dumps([vars(entry) for entry in found], indent=2))
    elif legend:
        for entry in found:
            click.echo(f"{entry.color}  {entry.index:3d}  {entry.share:6.1%}  {entry.name}")


def find_map(image: Path, backend: Backend) -> Segmented:
    """The map of a picture file, by the engine."""
    from handtint.cli.files import read_picture, to_srgb
    from handtint.cli.planes import base_plane
    from handtint.wire.messages import Segment, Segmented

    base = base_plane(to_srgb(read_picture(image)))
    answer = backend.call(Segment(id=0, document=str(image.resolve()), base=base))
    if not isinstance(answer, Segmented):
        raise EngineFailed("internal", f"expected a semantic map from the engine, got '{answer.type}'")
    return answer


def classes_in(indices: NDArray[np.uint8], classes: tuple[SemanticClass, ...]) -> list[Present]:
    """The classes that occur, the largest share first."""
    import numpy as np

    from handtint.cli.palette import to_hex

    counts = np.bincount(indices.reshape(-1), minlength=256)
    present = [
        Present(entry.index, entry.name, to_hex(entry.color), round(float(counts[entry.index]) / indices.size, 4))
        for entry in classes
        if counts[entry.index]
    ]
    return sorted(present, key=lambda entry: -entry.share)


def _check(image: Path, target: Path, *, force: bool) -> None:
    if not image.is_file():
        raise PictureError(f"{image}: expected a picture file, but there is no such file")
    from handtint.cli.files import check_target

    check_target(image, target, force=force)
