"""The demo's pictures: strokes, a map, and sheets that show what was given above what came of it. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
GAP = 8
CAPTION = 40
PANEL = (480, 320)
"""Width and height of a picture of the tour."""

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
"""Color, width and corners (x, y) of each stroke, in the pixels of scikit-image's coffee photograph."""

SHAPES: tuple[tuple[str, tuple[int, int], tuple[int, int], float], ...] = (
    ("table", (300, 200), (600, 600), 0.0),
    ("plate", (280, 236), (206, 154), 6.0),
    ("plate", (286, 210), (95, 92), 0.0),
    ("plate", (290, 114), (121, 92), 0.0),
    ("food", (288, 152), (80, 50), 0.0),
)
"""Class, and the ellipse that is painted in its color: centre, half axes and angle; later ones over earlier ones."""


class Stop(NamedTuple):
    """One column of the tour: what was given, in words and as a picture, and what came of it."""

    title: str
    given: Picture
    result: Picture


def hint_layer(size: tuple[int, int]) -> Picture:
    """The strokes on a transparent layer, (H, W, 4)."""
    layer = np.zeros((*size, 4), np.uint8)
    for color, width, corners in STROKES:
        paint = (*bytes.fromhex(color[1:]), 255)
        cv2.polylines(layer, [np.array(corners, np.int32)], False, paint, width, cv2.LINE_8)
    return layer


def map_layer(size: tuple[int, int], colors: Mapping[str, tuple[int, int, int]]) -> Picture:
    """The map as a painter paints it, (H, W, 4): the table, the cup and the saucer, the coffee."""
    layer = np.zeros((*size, 4), np.uint8)
    for name, center, axes, angle in SHAPES:
        cv2.ellipse(layer, center, axes, angle, 0, 360, (*colors[name], 255), -1, cv2.LINE_8)
    return layer


def over(gray: Picture, layer: Picture, opacity: float = 1.0) -> Picture:
    """The gray picture as the artist sees it with a layer on it, (H, W, 3)."""
    alpha = layer[..., 3:] / 255.0 * opacity
    return np.rint(layer[..., :3] * alpha + gray * (1 - alpha)).astype(np.uint8)


def with_swatches(gray: Picture, colors: Sequence[Sequence[float]]) -> Picture:
    """The gray picture with a palette along its lower edge, (H, W, 3)."""
    picture = np.repeat(gray, 3, axis=2)
    height, width = picture.shape[:2]
    edges = np.linspace(0, width, len(colors) + 1).astype(int)
    for left, right, color in zip(edges[:-1], edges[1:], colors, strict=True):
        picture[height * 5 // 6 :, left:right] = np.rint(np.array(color) * 255).astype(np.uint8)
    return picture


def rows(pictures: Sequence[Sequence[Picture]]) -> Picture:
    """Pictures of one size in rows, a white line between them."""
    white = (255, 255, 255)
    framed = [
        [cv2.copyMakeBorder(p, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=white) for p in row] for row in pictures
    ]
    sheet: NDArray[Any] = np.concatenate([np.concatenate(row, axis=1) for row in framed])[:-GAP, :-GAP]
    return sheet.astype(np.uint8)


def tour_sheet(stops: Sequence[Stop]) -> Picture:
    """What was given above what came of it, a column for each control, its name on top."""
    pictures = rows([[fitted(stop.given) for stop in stops], [fitted(stop.result) for stop in stops]])
    return captioned(pictures, [stop.title for stop in stops])


def captioned(pictures: Picture, titles: Sequence[str]) -> Picture:
    """Rows of pictures with a title above each column."""
    sheet = Image.new("RGB", (pictures.shape[1], pictures.shape[0] + CAPTION), "white")
    sheet.paste(Image.fromarray(pictures), (0, CAPTION))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(24)
    for index, title in enumerate(titles):
        pen.text((index * (PANEL[0] + GAP) + PANEL[0] / 2, CAPTION / 2), title, "black", font, anchor="mm")
    return np.asarray(sheet)


def fitted(picture: Picture) -> Picture:
    """The middle of a picture at the tour's size."""
    height, width = picture.shape[:2]
    scale = max(PANEL[0] / width, PANEL[1] / height)
    scaled = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    top, left = (scaled.shape[0] - PANEL[1]) // 2, (scaled.shape[1] - PANEL[0]) // 2
    return scaled[top : top + PANEL[1], left : left + PANEL[0]].astype(np.uint8)
