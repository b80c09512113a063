"""Makes the pictures of these pages from scikit-image's photographs: `python docs/pictures.py [FOLDER]`.

The screenshots of the editors, krita.jpg, gimp.jpg and gimp-live.jpg, come from the tests in the editors (artifacts/).
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from handtint.cli import demo, tour
from handtint.cli.backend import Backend, open_backend
from handtint.cli.palette import parse_hex
from handtint.cli.planes import base_plane, pixels_of
from handtint.cli.suggest import map_uncertainty, suggest_colors
from handtint.colorizers.base import Control

Picture = NDArray[np.uint8]
WIDTH, QUALITY = 1200, 82
DAB, DAB_COLOR = (160, 330), "#2d7f86"
REACHES = (0.1, 0.5, 1.0)
SOFTNESSES = (0.0, 0.5, 1.0)
QUARREL = ("#c0502d", "#2d7f86") * 3
NEAR = np.s_[200:400, 60:360]
STRENGTHS = (0.3, 0.6, 1.0)
PALETTES = ("#2c4a6e,#8fb3d9,#d9c7a0", "#5b2333,#b5546a,#f0c7b8", "#2f4b26,#8a9a5b,#e4d8b4")
TABLES = ("table", "grass", "water")
PLACE = (286, 160)


def tour_picture(backend: Backend, gray: Picture) -> Picture:
    """Every control at a glance, as `handtint demo` leaves it."""
    return demo.demo_pictures(backend)["tour"]


def first_picture(backend: Backend, gray: Picture) -> Picture:
    """The strokes and their answer, the network by itself, and a palette, as `handtint demo` leaves them."""
    return demo.demo_pictures(backend)["before-after"]


def hints_picture(backend: Backend, gray: Picture) -> Picture:
    """One dab, and how far its color travels."""
    layer = np.zeros((*gray.shape[:2], 4), np.uint8)
    cv2.circle(layer, DAB, 12, (*bytes.fromhex(DAB_COLOR[1:]), 255), -1)
    method, shown = demo.best_method(Control.hints).name, tour.over(gray, layer)
    results = [demo.colorized(backend, gray, method, reach=reach, hints=layer) for reach in REACHES]
    return tour.tour_sheet([tour.Stop(f"Reach {r:.0%}", shown, seen) for r, seen in zip(REACHES, results, strict=True)])


def softness_picture(backend: Backend, gray: Picture) -> Picture:
    """Dabs that contradict each other, met exactly and loosely, seen from near."""
    layer = np.zeros((*gray.shape[:2], 4), np.uint8)
    for number, color in enumerate(QUARREL):
        place = DAB[0] - 50 + 30 * number, DAB[1] + 5 * number
        cv2.circle(layer, place, 9, (*bytes.fromhex(color[1:]), 255), -1)
    method, shown = demo.best_method(Control.hints).name, tour.over(gray, layer)[NEAR]
    seen = [demo.colorized(backend, gray, method, reach=0.5, softness=s, hints=layer)[NEAR] for s in SOFTNESSES]
    return tour.tour_sheet(
        [tour.Stop(f"Softness {s:.0%}", shown, result) for s, result in zip(SOFTNESSES, seen, strict=True)]
    )


def strength_picture(backend: Backend, gray: Picture) -> Picture:
    """The same answer with less and more color."""
    layer = tour.hint_layer((gray.shape[0], gray.shape[1]))
    method = demo.best_method(Control.hints).name
    results = [demo.colorized(backend, gray, method, strength=s, hints=layer) for s in STRENGTHS]
    pictures = tour.rows([[tour.fitted(result) for result in results]])
    return tour.captioned(pictures, [f"Strength {s:.0%}" for s in STRENGTHS])


def palette_picture(backend: Backend, gray: Picture) -> Picture:
    """The same photograph with three palettes."""
    method, stops = demo.best_method(Control.palette).name, []
    for text in PALETTES:
        palette = parse_hex(text)
        result = demo.colorized(backend, gray, method, palette=palette)
        stops.append(tour.Stop(text, tour.with_swatches(gray, palette.colors), result))
    return tour.tour_sheet(stops)


def semantic_picture(backend: Backend, gray: Picture) -> Picture:
    """What the table is said to be decides what color it gets."""
    method, colors, stops = demo.best_method(Control.semantic).name, demo.class_colors(), []
    for name in TABLES:
        layer = tour.map_layer((gray.shape[0], gray.shape[1]), colors | {"table": colors[name]})
        result = demo.colorized(backend, gray, method, semantic=layer)
        stops.append(tour.Stop(f"The table is: {name}", tour.over(gray, layer, demo.MAP_OPACITY), result))
    return tour.tour_sheet(stops)


def exemplar_picture(backend: Backend, gray: Picture) -> Picture:
    """The colors of three other photographs."""
    method = demo.best_method(Control.exemplar).name
    exemplars = {"A rocket": data.rocket(), "A cat": data.chelsea(), "An astronaut": data.astronaut()}
    results = {name: demo.colorized(backend, gray, method, exemplar=given) for name, given in exemplars.items()}
    return tour.tour_sheet([tour.Stop(name, given, results[name]) for name, given in exemplars.items()])


def suggest_picture(backend: Backend, gray: Picture) -> Picture:
    """A place, nine colors for it, and where a hint would help most."""
    base = base_plane(gray)
    found = suggest_colors("docs", base, PLACE, 9, backend)
    marked = np.repeat(gray, 3, axis=2)
    cv2.circle(marked, PLACE, 10, (255, 60, 60), 3)
    swatches = np.rint(np.array(found.colors).reshape(3, 3, 3) * 255).astype(np.uint8)
    grid = cv2.resize(swatches, tour.PANEL, interpolation=cv2.INTER_NEAREST)
    unsure = np.repeat(pixels_of(map_uncertainty("docs", base, backend).plane), 3, axis=2)
    pictures = tour.rows([[tour.fitted(marked), grid.astype(np.uint8), tour.fitted(unsure)]])
    return tour.captioned(pictures, ("A place", "Colors for it, likeliest first", "Lighter: less sure"))


PICTURES = {
    "first-stroke": first_picture,
    "tour": tour_picture,
    "hints": hints_picture,
    "softness": softness_picture,
    "strength": strength_picture,
    "palette": palette_picture,
    "semantic": semantic_picture,
    "exemplar": exemplar_picture,
    "suggest": suggest_picture,
}


def make(folder: Path) -> None:
    """Write every picture as a small JPEG."""
    gray = demo.gray_photograph()
    with open_backend("cpu", in_process=True) as backend:
        for name, paint in PICTURES.items():
            picture = paint(backend, gray)
            height = round(picture.shape[0] * WIDTH / picture.shape[1])
            small = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"{name}.jpg"), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
