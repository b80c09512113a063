"""Semantic maps as planes: class numbers, or a picture painted in the classes' colors, and back.

Knows which color means which class; nothing of networks, sockets or what a class looks like in a photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.color.lab import White
from handtint.errors import PictureError
from handtint.server.composite import Look, compose
from handtint.server.describe import class_infos
from handtint.server.pixelmath import Bands, linear_to_lab, srgb_to_linear
from handtint.server.planes import family, painted_srgb, pixels
from handtint.weights import ClassEntry
from handtint.wire.messages import Segmented
from handtint.wire.pixels import Extent, PixelFormat, Plane, Transfer

IntArray = NDArray[np.int64]
Classes = Sequence[ClassEntry]

SAME = 4
"""Steps of 8 bits by which a channel may differ from a class's color: rounding. No two classes are so close."""
EDGE = 4.0
"""Pixels from a class's own color within which mixed colors are taken for a brush's soft edge."""
_SAID_FROM = 1e-3
"""Share of the painted pixels of no class's color from which we speak of it."""
_CHUNK = 1 << 16


class ReadMap(NamedTuple):
    """A semantic map, and what an artist should know of how it was read.

    Attributes
    ----------
    classes : (H, W) int64
        0 where nothing is painted.
    notes : tuple of str
        Sentences for the artist.
    """

    classes: IntArray
    notes: tuple[str, ...] = ()


def read_map(plane: Plane, entries: Callable[[], Classes], bands: Bands) -> ReadMap:
    """Classes of an `index8` plane, or of a picture with alpha in the classes' colors.

    A brush's soft edge mixes two classes' colors into that of a third: such pixels get the class of the nearest
    pixel that has one. What is still of no class's color gets the class whose color is nearest.
    """
    if plane.format is PixelFormat.index8:
        return ReadMap(pixels(plane)[..., 0].astype(np.int64))
    colors, painted = painted_srgb(plane, bands)
    found, known = _look_up(colors, painted, _table_as_in(plane, entries(), bands), bands)
    left = _mend_edges(found, known, painted & ~known)
    if left <= _SAID_FROM * np.count_nonzero(painted):
        return ReadMap(found)
    note = "Some colors of the semantic map are no class's color; each was taken for the class of the nearest color."
    return ReadMap(found, (note,))


def segmented(id: int, classes: IntArray, entries: Classes, look: Look, bands: Bands) -> Segmented:
    """The answer to a Segment whose map was found: as numbers, or painted as `look` says."""
    return Segmented(id, _paint(classes, entries, look, bands), class_infos(entries))


def check_map_output(pixel_format: PixelFormat) -> None:
    """PictureError where a format cannot hold a map."""
    if pixel_format is not PixelFormat.index8 and family(pixel_format) not in ("rgba", "bgra", "laba"):
        raise PictureError(f"expected index8 or a color format with alpha for the map, got {pixel_format.value}")


def _paint(classes: IntArray, entries: Classes, look: Look, bands: Bands) -> Plane:
    """(H, W) class numbers as the format of `look`; nothing is painted where the class is 0."""
    check_map_output(look.format)
    extent = Extent(classes.shape[1], classes.shape[0])
    if look.format is PixelFormat.index8:
        return Plane(look.format, extent, classes.astype(np.uint8).tobytes())
    row = _all_classes(entries, look, bands)
    table = pixels(row)[0].copy()
    table[0] = 0
    return Plane(look.format, extent, np.ascontiguousarray(table[classes]).data.cast("B"), row.transfer)


def _all_classes(entries: Classes, look: Look, bands: Bands) -> Plane:
    """One opaque pixel in each class's color."""
    table = np.array([entry.color for entry in entries], np.float32)
    light = srgb_to_linear(table[None] / np.float32(255))  # (1, C, 3)
    lightness, a, b = linear_to_lab(light, White.D65)
    return compose(lightness, np.stack((a, b)), None, look, bands)


def _table_as_in(plane: Plane, entries: Classes, bands: Bands) -> NDArray[np.uint8]:
    """(C, 3) sRGB bytes that the classes' colors have once they went through the numbers of this plane."""
    look = Look(plane.format, linear=plane.transfer is Transfer.linear)
    if family(plane.format) == "graya":
        look = Look(PixelFormat.rgba8)
    codes, _ = painted_srgb(_all_classes(entries, look, bands), bands)
    return _channels(codes[0]).astype(np.uint8)


def _look_up(
    colors: NDArray[np.uint32], painted: NDArray[np.bool_], table: NDArray[np.uint8], bands: Bands
) -> tuple[IntArray, NDArray[np.bool_]]:
    """Class of each pixel, (H, W), 0 where nothing is painted, and where it has that class's own color.

    Each color that occurs is compared once.
    """
    nearest, same = np.zeros(1 << 24, np.uint8), np.zeros(1 << 24, bool)
    same[colors] = True
    unique = np.flatnonzero(same)
    for start in range(0, len(unique), _CHUNK):
        chunk = unique[start : start + _CHUNK]
        distance = np.abs(_channels(chunk)[:, None] - table.astype(np.int16)).max(axis=2)  # (n, C)
        nearest[chunk] = distance.argmin(axis=1)
        same[chunk] = distance.min(axis=1) <= SAME
    classes, known = np.empty(colors.shape, np.int64), np.empty(colors.shape, bool)

    def work(rows: slice) -> None:
        classes[rows] = nearest[colors[rows]] * painted[rows]
        known[rows] = same[colors[rows]] & painted[rows]

    bands.run(len(colors), colors.shape[1], work)
    return classes, known


def _channels(codes: NDArray[Any]) -> NDArray[np.int16]:
    """(n,) packed colors to (n, 3)."""
    return np.stack((codes >> 16, codes >> 8 & 255, codes & 255), axis=1).astype(np.int16)


def _mend_edges(classes: IntArray, surely: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> int:
    """Give unknown pixels close to a known one its class; how many there are that lie farther away."""
    if not (unknown.any() and surely.any()):
        return int(unknown.sum())
    distance, labels = cv2.distanceTransformWithLabels(
        (~surely).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    of_label[labels[surely]] = classes[surely]
    edge = unknown & (distance <= EDGE)
    classes[edge] = of_label[labels[edge]]
    return int((unknown & ~edge).sum())
