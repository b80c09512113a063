"""Hints drawn from the truth, as an artist might give them: seeded, nested, kept as JSON for every method.

Knows nothing of methods. A file holds every mark of one picture; n hints are its first n marks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb

from handtint.color.hints import Hints, no_hints
from handtint.errors import GuidanceError

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200)
FORMAT = 1


class Sampler(Enum):
    """Whose protocol the hints follow.

    zhang: 6 x 6 px, places normal around the center (Zhang et al. 2017), pictures of 256 x 256.
    uniform: 2 x 2 px cells, uniform, none twice (iColoriT), pictures of 224 x 224.
    strokes: one stroke per large segment, largest first, 1-2 % of the longest side wide; the picture's own aspect.
    """

    zhang = "Z"
    uniform = "I"
    strokes = "U"

    @property
    def side(self) -> int:
        """Side of the pictures in px: both sides, or the longest where the aspect is kept."""
        return {Sampler.zhang: 256, Sampler.uniform: 224, Sampler.strokes: 384}[self]

    @property
    def square(self) -> bool:
        """Whether pictures are squashed into a square, as the paper does."""
        return self is not Sampler.strokes


@dataclass(frozen=True)
class Mark:
    """One hint.

    Attributes
    ----------
    points : tuple of (row, column)
        One: the upper left corner of a square. More: a line through them.
    width : int
        Side of the square or width of the line, px.
    ab : (float, float)
        Mean color of the truth under the mark.
    """

    points: tuple[tuple[int, int], ...]
    width: int
    ab: tuple[float, float]


@dataclass(frozen=True)
class HintFile:
    """All marks of one picture, in order.

    Attributes
    ----------
    picture : str
        Its name.
    sampler : str
        Value of `Sampler`.
    seed : int
    size : (height, width)
        Of the picture that the places belong to.
    """

    picture: str
    sampler: str
    seed: int
    size: tuple[int, int]
    marks: tuple[Mark, ...]

    def painted(self, count: int) -> Hints:
        """The first `count` marks as planes; a later mark covers an earlier one."""
        if count > len(self.marks):
            raise GuidanceError(f"expected at least {count} hints for {self.picture}, its file has {len(self.marks)}")
        hints = no_hints(self.size)
        for mark in self.marks[:count]:
            covered = covered_pixels(mark.points, mark.width, self.size)
            hints.ab[:, covered] = np.array(mark.ab, np.float32)[:, None]
            hints.mask[covered] = 1.0
        return hints

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}), encoding="utf-8")


def read_hints(path: Path) -> HintFile:
    """Read what `HintFile.save` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    if values.pop("format", None) != FORMAT:
        raise GuidanceError(f"{path}: expected a hint file of format {FORMAT}; delete it to have it drawn again")
    marks = tuple(
        Mark(tuple((row, column) for row, column in mark["points"]), mark["width"], (mark["ab"][0], mark["ab"][1]))
        for mark in values.pop("marks")
    )
    return HintFile(**{**values, "size": tuple(values["size"]), "marks": marks})


def draw_hints(picture: str, rgb: ByteArray, ab: FloatArray, sampler: Sampler, *, seed: int, most: int) -> HintFile:
    """Draw the marks of one picture.

    Parameters
    ----------
    picture : str
        Its name: part of the seed, so that the marks do not depend on the order of the pictures.
    rgb : (H, W, 3) uint8
        The picture at the size that is colored.
    ab : (2, H, W) float32
        Its colors, from which the marks take theirs.
    most : int
        Number of marks.
    """
    rng = np.random.default_rng([seed, *picture.encode()])
    size = (ab.shape[1], ab.shape[2])
    marks = _SAMPLERS[sampler](rgb, most, rng)
    colored = (Mark(points, width, _mean_color(ab, covered_pixels(points, width, size))) for points, width in marks)
    return HintFile(picture, sampler.value, seed, size, tuple(colored))


Places = list[tuple[tuple[tuple[int, int], ...], int]]


def _zhang(rgb: ByteArray, most: int, rng: np.random.Generator) -> Places:
    patch = 6
    room = np.array(rgb.shape[:2]) - patch + 1  # places of a corner along each side
    corners = np.clip(np.rint(rng.normal(room / 2, room / 4, (most, 2))), 0, room - 1).astype(int)
    return [(((int(row), int(column)),), patch) for row, column in corners]


def _uniform(rgb: ByteArray, most: int, rng: np.random.Generator) -> Places:
    rows, columns = rgb.shape[0] // 2, rgb.shape[1] // 2
    cells = rng.permutation(rows * columns)[:most]  # unlike a choice of `most`, the same first ones for any number
    return [(((2 * int(cell // columns), 2 * int(cell % columns)),), 2) for cell in cells]


def _strokes(rgb: ByteArray, most: int, rng: np.random.Generator) -> Places:
    longest = max(rgb.shape[:2])
    labels = find_segments(rgb)
    segments = int(labels.max()) + 1
    width = max(1, round(longest * rng.uniform(0.01, 0.02)))
    # A picture with fewer segments gets a second stroke in each, and so on.
    return [(draw_stroke(labels == i % segments, rng), width) for i in range(most)]


def find_segments(rgb: ByteArray) -> NDArray[np.int64]:
    """Label per pixel of (H, W, 3) uint8, the largest segment first; felzenszwalb of the colored picture."""
    least = (max(rgb.shape[:2]) // 24) ** 2
    labels = felzenszwalb(rgb, scale=150.0, sigma=0.8, min_size=least)
    order = np.argsort(-np.bincount(labels.reshape(-1)), kind="stable")
    return np.asarray(np.argsort(order)[labels], np.int64)


def draw_stroke(segment: NDArray[np.bool_], rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
    """A slightly bent line that starts well inside a segment and ends at its border; at least two points."""
    longest = max(segment.shape)
    depth = cv2.distanceTransform(np.pad(segment.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= 0.6 * depth.max())
    pick = rng.integers(len(rows))
    place = np.array([rows[pick], columns[pick]], np.float64)
    points = [place, place]
    angle, step = rng.uniform(0.0, 2.0 * np.pi), longest / 96.0
    for turn in rng.normal(0.0, 0.3, rng.integers(4, 16)):
        angle += turn
        place = place + step * np.array([np.sin(angle), np.cos(angle)])
        row, column = np.rint(place).astype(int)
        if not (0 <= row < segment.shape[0] and 0 <= column < segment.shape[1] and segment[row, column]):
            break
        points.append(place)
    return tuple((round(float(row)), round(float(column))) for row, column in points)


_SAMPLERS: dict[Sampler, Callable[[ByteArray, int, np.random.Generator], Places]] = {
    Sampler.zhang: _zhang,
    Sampler.uniform: _uniform,
    Sampler.strokes: _strokes,
}


def covered_pixels(points: tuple[tuple[int, int], ...], width: int, size: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) bool: the pixels of a square or of a line."""
    covered = np.zeros(size, np.uint8)
    if len(points) == 1:
        row, column = points[0]
        covered[row : row + width, column : column + width] = 1
    else:
        line = np.array([(column, row) for row, column in points], np.int32).reshape(-1, 1, 2)
        cv2.polylines(covered, [line], False, 1, width)
    return covered > 0


def _mean_color(ab: FloatArray, covered: NDArray[np.bool_]) -> tuple[float, float]:
    a, b = ab[:, covered].mean(axis=1, dtype=np.float64)
    return round(float(a), 3), round(float(b), 3)
