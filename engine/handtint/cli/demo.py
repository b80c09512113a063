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

PALETTE = "#2c4a6e,#8fb3d9,#d9c7a0"
REACH = 0.8
WOOD, GLAZE, COFFEE, NEUTRAL = "#9a5a34", "#2d7f86", "#a8682c", "#8c8c8c"
STROKES: tuple[tuple[str, int, tuple[tuple[int, int], ...]], ...] = (
    (WOOD, 14, ((12, 282), (40, 340), (96, 386))),
    (WOOD, 14, ((330, 12), (410, 30), (470, 22))),
    (WOOD, 14, ((520, 70), (560, 150), (545, 230))),
    (WOOD, 14, ((500, 320), (560, 370))),
    (WOOD, 12, ((60, 140), (120, 90))),
    (WOOD, 10, ((492, 150), (502, 200), (492, 262))),
    (WOOD, 10, ((52, 196), (54, 244))),
    (GLAZE, 10, ((92, 220), (104, 270), (150, 325), (215, 362), (290, 372))),
    (GLAZE, 8, ((112, 172), (136, 136), (160, 112))),
    (GLAZE, 8, ((420, 308), (390, 346))),
    (GLAZE, 10, ((440, 150), (460, 200), (448, 260))),
    (GLAZE, 8, ((206, 190), (250, 215), (300, 222))),
    (GLAZE, 6, ((206, 262), (212, 296))),
    (COFFEE, 8, ((228, 150), (280, 172), (330, 150))),
    (NEUTRAL, 6, ((196, 66), (240, 36), (300, 28))),
    (NEUTRAL, 6, ((350, 282), (372, 300))),
)
"""Colour, width and corners (x, y) of each stroke, in the pixels of scikit-image's coffee photograph."""


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Folder.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
def demo(out: Path, device: str) -> None:
    """Colour scikit-image's coffee photograph; before-after.png shows what came of it."""
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
        click.echo("Colouring by itself, with a palette, and with hints ...")
        pictures = {
            "automatic": _colorize(backend, gray, None, None),
            "palette": _colorize(backend, gray, None, parse_hex(PALETTE)),
            "hints": _colorize(backend, gray, hints, None),
        }
    painted = _painted(gray, hints)
    pictures["before-after"] = _sheet(((painted, pictures["hints"]), (pictures["automatic"], pictures["palette"])))
    for name, picture in {"gray": gray, "hint-layer": hints, **pictures}.items():
        write_picture(out / f"{name}.png", PictureFile(picture))
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
    """The strokes on a transparent layer, (H, W, 4)."""
    import cv2
    import numpy as np

    hints = np.zeros((*size, 4), np.uint8)
    for color, width, corners in STROKES:
        paint = (*bytes.fromhex(color[1:]), 255)
        cv2.polylines(hints, [np.array(corners, np.int32)], False, paint, width, cv2.LINE_8)
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
            reach=REACH,
            output=PixelFormat.rgb8,
        )
    )
    if not isinstance(answer, Colorized):
        raise EngineFailed("internal", f"expected a coloured picture from the engine, got '{answer.type}'")
    return pixels_of(answer.plane)


def _painted(gray: NDArray[np.uint8], hints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The gray picture as the artist sees it with the strokes on it, (H, W, 3)."""
    import numpy as np

    return np.where(hints[..., 3:] > 0, hints[..., :3], np.repeat(gray, 3, axis=2)).astype(np.uint8)


def _sheet(rows: tuple[tuple[NDArray[Any], ...], ...]) -> NDArray[Any]:
    """Pictures of one size in rows, a white line between them."""
    import cv2
    import numpy as np

    white = (255, 255, 255)
    framed = [[cv2.copyMakeBorder(p, 0, 8, 0, 8, cv2.BORDER_CONSTANT, value=white) for p in row] for row in rows]
    sheet: NDArray[Any] = np.concatenate([np.concatenate(row, axis=1) for row in framed])[:-8, :-8]
    return sheet
