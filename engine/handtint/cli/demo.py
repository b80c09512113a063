"""`handtint demo`: one photograph and every kind of guidance through a real engine process, shown as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handtint.errors import EngineFailed, PictureError, UnknownMethod

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from handtint.cli.backend import Backend
    from handtint.colorizers.base import Control
    from handtint.colorizers.registry import Method

PALETTE = "#2c4a6e,#8fb3d9,#d9c7a0"
REACH = 0.8
MAP_OPACITY = 0.6
"""Of the map as the tour shows it; what the engine gets is opaque."""


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Folder.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
def demo(out: Path, device: str) -> None:
    """Color scikit-image's coffee photograph; before-after.png and tour.png show what came of it."""
    from handtint.cli.backend import open_backend
    from handtint.cli.files import PictureFile, write_picture

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"{out}: the folder cannot be made ({error.strerror})") from error
    click.echo("Starting the engine (or finding the one that runs) ...")
    with open_backend(device, in_process=False) as backend:
        click.echo("Coloring by itself, and by each kind of guidance ...")
        pictures = demo_pictures(backend)
    for name, picture in pictures.items():
        write_picture(out / f"{name}.png", PictureFile(picture))
    click.echo(f"Done: look at {out / 'before-after.png'} and {out / 'tour.png'}")


def demo_pictures(backend: Backend) -> dict[str, NDArray[np.uint8]]:
    """What the demo leaves, by name: the guidance, what came of each, and two sheets that show both."""
    from handtint.cli import tour
    from handtint.cli.palette import parse_hex
    from handtint.colorizers.base import Control

    gray, exemplar = gray_photograph(), exemplar_photograph()
    hints, semantic = tour.hint_layer((400, 600)), tour.map_layer((400, 600), class_colors())
    palette = parse_hex(PALETTE)
    given: dict[Control, dict[str, Any]] = {
        Control.hints: {"hints": hints},
        Control.palette: {"palette": palette},
        Control.semantic: {"semantic": semantic},
        Control.exemplar: {"exemplar": exemplar},
    }
    shown = {
        Control.hints: tour.over(gray, hints),
        Control.palette: tour.with_swatches(gray, palette.colors),
        Control.semantic: tour.over(gray, semantic, MAP_OPACITY),
        Control.exemplar: exemplar,
    }
    methods = {control: best_method(control).name for control in given}
    automatic = colorized(backend, gray, "")
    results = {control: colorized(backend, gray, methods[control], **given[control]) for control in given}
    stops = [tour.Stop(f"{c.value.capitalize()} ({methods[c]})", shown[c], results[c]) for c in given]
    before_after = [[shown[Control.hints], results[Control.hints]], [automatic, results[Control.palette]]]
    return {
        "gray": gray,
        "hint-layer": hints,
        "map-layer": semantic,
        "exemplar-picture": exemplar,
        "automatic": automatic,
        **{control.value: result for control, result in results.items()},
        "before-after": tour.rows(before_after),
        "tour": tour.tour_sheet(stops),
    }


def best_method(control: Control) -> Method:
    """The first method of the registry that takes this guidance and can be used now."""
    from handtint.colorizers.registry import METHODS

    for method in METHODS:
        if control in method.controls and method.missing() is None:
            return method
    raise UnknownMethod(f"expected a method that takes a {control.value}, none is installed; install the weights again")


def gray_photograph() -> NDArray[np.uint8]:
    """The coffee photograph without its color: (400, 600, 1), the gray whose L* is the photograph's."""
    import numpy as np
    from skimage import color, data

    lab = color.rgb2lab(data.coffee())  # type: ignore[no-untyped-call]
    lab[..., 1:] = 0
    gray: NDArray[np.uint8] = np.rint(color.lab2rgb(lab)[..., :1] * 255).astype(np.uint8)
    return gray


def exemplar_photograph() -> NDArray[np.uint8]:
    """Another photograph, whose blue evening the coffee borrows, (427, 640, 3)."""
    from skimage import data

    picture: NDArray[np.uint8] = data.rocket()  # type: ignore[no-untyped-call]
    return picture


def class_colors() -> dict[str, tuple[int, int, int]]:
    """In which color a map shows each class."""
    from handtint.weights import read_classes

    return {entry.name: entry.color for entry in read_classes()}


def colorized(
    backend: Backend, gray: NDArray[np.uint8], method: str, *, reach: float = REACH, **guidance: Any
) -> NDArray[Any]:
    """The photograph colored; guidance is arrays (H, W, C), a palette and numbers, by their names on the wire."""
    from handtint.cli.planes import base_plane, pixels_of, plane_of
    from handtint.wire.messages import Colorize, Colorized, Palette
    from handtint.wire.pixels import PixelFormat

    planes: dict[str, Any] = {
        name: given if isinstance(given, Palette | float) else plane_of(given) for name, given in guidance.items()
    }
    answer = backend.call(
        Colorize(
            id=0,
            document="demo",
            base=base_plane(gray),
            method=method,
            reach=reach,
            output=PixelFormat.rgb8,
            **planes,
        )
    )
    if not isinstance(answer, Colorized):
        raise EngineFailed("internal", f"expected a colored picture from the engine, got '{answer.type}'")
    return pixels_of(answer.plane)
