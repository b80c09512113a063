"""`handtint demo`: one photograph, hints and a palette through a real engine process, before and after as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handtint.errors import EngineFailed, PictureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from handtint.cli.backend import Backend
    from handtint.wire.messages import Palette

PALETTE = "#7a4a2b,#c9b08d,#5d6b7a"
DABS: tuple[tuple[int, int, int, str], ...] = (
    (300, 60, 14, "#5f4432"),  # coffee
    (60, 330, 16, "#8a3b1e"),  # table
    (420, 250, 12, "#b9c4cf"),  # saucer
    (505, 210, 10, "#b08a3c"),  # spoon
)
"""x, y, radius and colour of each hint, in the pixels of scikit-image's coffee photograph."""


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Folder.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
def demo(out: Path, device: str) -> None:
    """Colour scikit-image's coffee photograph and leave gray.png, hints.png and before-after.png."""
    from handtint.cli.backend import open_backend
    from handtint.cli.files import PictureFile, write_picture
    from handtint.cli.palette import parse_hex

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"{out}: the folder cannot be made ({error.strerror})") from error
    gray, hints = _gray_photograph(), _hints((400, 600))
    click.echo("Starting the engine (or finding the one that runs) ...")
    with open_backend(device, in_process=False) as backend:
        click.echo("Colouring with two palettes, then with hints ...")
        columns = [_colorize(backend, gray, None, None), _colorize(backend, gray, None, parse_hex(PALETTE))]
        columns.append(_colorize(backend, gray, hints, None))
    write_picture(out / "gray.png", PictureFile(gray))
    write_picture(out / "hints.png", PictureFile(hints))
    for name, picture in zip(("automatic", "palette", "hints"), columns, strict=True):
        write_picture(out / f"{name}.png", PictureFile(picture))
    write_picture(out / "before-after.png", PictureFile(_sheet(gray, hints, columns)))
    click.echo(f"Done: look at {out / 'before-after.png'}")


def _gray_photograph() -> NDArray[np.uint8]:
    """The coffee photograph without its colour: (400, 600, 1), the gray whose L* is the photograph's."""
    import numpy as np
    from skimage import color, data

    lab = color.rgb2lab(data.coffee())  # type: ignore[no-untyped-call]
    lab[..., 1:] = 0
    gray: NDArray[np.uint8] = np.rint(color.lab2rgb(lab)[..., :1] * 255).astype(np.uint8)
    return gray


def _hints(size: tuple[int, int]) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    hints = np.zeros((*size, 4), np.uint8)
    for x, y, radius, color in DABS:
        cv2.circle(hints, (x, y), radius, (*bytes.fromhex(color[1:]), 255), -1, cv2.LINE_8)
    return hints


def _colorize(
    backend: Backend, gray: NDArray[np.uint8], hints: NDArray[np.uint8] | None, palette: Palette | None
) -> NDArray[Any]:
    from handtint.cli.planes import base_plane, pixels_of, plane_of
    from handtint.wire.messages import Colorize, Colorized
    from handtint.wire.pixels import PixelFormat

    answer = backend.call(
        Colorize(
            id=0,
            document="demo",
            base=base_plane(gray),
            hints=plane_of(hints) if hints is not None else None,
            palette=palette,
            output=PixelFormat.rgb8,
        )
    )
    if not isinstance(answer, Colorized):
        raise EngineFailed("internal", f"expected a coloured picture from the engine, got '{answer.type}'")
    return pixels_of(answer.plane)


def _sheet(gray: NDArray[np.uint8], hints: NDArray[np.uint8], columns: list[NDArray[Any]]) -> NDArray[np.uint8]:
    """Gray with the hints painted on it, then each answer, side by side with a white line between."""
    import numpy as np

    painted = np.where(hints[..., 3:] > 0, hints[..., :3], np.repeat(gray, 3, axis=2)).astype(np.uint8)
    line = np.full((gray.shape[0], 8, 3), 255, np.uint8)
    parts = [painted]
    for column in columns:
        parts += [line, column]
    return np.concatenate(parts, axis=1)
