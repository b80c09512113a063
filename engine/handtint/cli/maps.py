"""Semantic maps as files: index PNGs in the classes' colors, or pictures that were painted in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handtint.cli.files import IndexMap, read_index_map, read_picture, to_srgb_with_alpha
from handtint.cli.planes import index_plane, painted_plane
from handtint.weights import read_classes
from handtint.wire.messages import SemanticClass
from handtint.wire.pixels import Plane


def semantic_plane(path: Path, size: tuple[int, int]) -> Plane:
    """A map of the picture's (height, width): numbers where the file has them, else its colors for the engine."""
    stored = read_index_map(path)
    if stored is not None:
        return index_plane(path, class_numbers(stored), size)
    return painted_plane(path, to_srgb_with_alpha(read_picture(path)), size)


def class_numbers(stored: IndexMap) -> NDArray[np.uint8]:
    """Class of each pixel of an index PNG.

    An editor may have sorted the palette anew, or left out what is not used: where every color in use is a class's
    own, the colors say which classes are meant. Otherwise the numbers do.
    """
    if stored.colors is None:
        return stored.indices
    by_color = {entry.color: entry.index for entry in read_classes()}
    used = np.unique(stored.indices)
    meant = [by_color.get((int(r), int(g), int(b))) for r, g, b in stored.colors[used]]
    if any(label is None for label in meant):
        return stored.indices
    table = np.zeros(256, np.uint8)
    table[used] = [label or 0 for label in meant]
    return np.asarray(table[stored.indices])


def palette_of(classes: tuple[SemanticClass, ...]) -> NDArray[np.uint8]:
    """(C, 3) uint8 display colors, each at its class's number."""
    colors = np.zeros((1 + max(entry.index for entry in classes), 3), np.uint8)
    for entry in classes:
        colors[entry.index] = [round(255.0 * channel) for channel in entry.color]
    return colors
