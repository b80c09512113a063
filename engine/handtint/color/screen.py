"""From Lab to what a screen shows, color by color: the loops behind gamut.py and the engine's answers of 8 bits.

All in one file: a compiled loop holds those that it calls, and Numba looks only at its own file to see if it is stale.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handtint.color.compiled import compiled

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IndexArray = NDArray[np.uint32]

TOLERANCE = 2e-5
"""Linear light that a channel may lie outside 0-1: rounding of float32, a fifteenth of an 8-bit level at black."""
_STEPS = 10
MOST_LIGHT = 65535
"""Steps of linear light that are told apart: from one to the next is a twentieth of a level of 8 bits at most."""
_DELTA = 6.0 / 29.0


class Screen(NamedTuple):
    """How Lab becomes numbers of a screen.

    Attributes
    ----------
    strength : float32
        ab is multiplied by this.
    matrix : (3, 3) float32
        XYZ to linear light.
    levels : (65536,) uint8
        Of linear light in steps.
    blue_first : bool
    """

    strength: np.float32
    matrix: FloatArray
    levels: ByteArray
    blue_first: bool


class Grid(NamedTuple):
    """Where the pixels of one axis lie between those of a coarser one.

    Attributes
    ----------
    before, after : (N,) uint32
        The two neighbors; the same one at the borders.
    share : (N,) float32
        Of the later one, 0 to 1.
    """

    before: IndexArray
    after: IndexArray
    share: FloatArray


@compiled
def f_inverse(t: np.float32) -> np.float32:
    """As in `lab`."""
    line = np.float32(3 * _DELTA**2) * (t - np.float32(4 / 29))
    return t * t * t if t > np.float32(_DELTA) else line


@compiled
def _off_middle(matrix: FloatArray, x: np.float32, y: np.float32, z: np.float32) -> np.float32:
    """How far the channel that is farthest from 0.5 is from it: linear light of XYZ."""
    half = np.float32(0.5)
    red = abs(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z - half)
    green = abs(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z - half)
    blue = abs(matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z - half)
    return max(red, max(green, blue))


@compiled
def mark_inside(
    matrix: FloatArray, lightness: FloatArray, ab: FloatArray, inside: BoolArray, start: int, stop: int
) -> None:
    """Whether all three channels lie inside 0-1, for the colours from `start` to `stop`; no branches but at the end."""
    limit = np.float32(0.5 + TOLERANCE)
    light, a, b = lightness[start:stop], ab[0, start:stop], ab[1, start:stop]
    for index in range(stop - start):
        middle = (light[index] + np.float32(16)) * np.float32(1 / 116)
        x = f_inverse(middle + a[index] * np.float32(1 / 500))
        y = f_inverse(middle)
        z = f_inverse(middle - b[index] * np.float32(1 / 200))
        inside[index] = _off_middle(matrix, x, y, z) <= limit


@compiled
def pull_inside(
    matrix: FloatArray, lightness: FloatArray, ab: FloatArray, inside: BoolArray, start: int, stop: int
) -> None:
    """Shorten the colours that are not inside, by bisection along the ray from neutral, which always fits.

    The test is stricter than `mark_inside`, so that rounding does not clip the result a second time.
    """
    limit, none = np.float32(0.5 + TOLERANCE / 2), np.float32(0)
    places, count = np.empty(stop - start + 1, np.int64), 0
    for index in range(stop - start):  # without branches: that many colors are inside that NumPy's way takes as long
        places[count] = start + index
        count += 1 - int(inside[index])
    outside = places[:count]
    first, third, middle, scale = np.empty((4, count), np.float32)
    for index, place in enumerate(outside):
        middle[index] = (lightness[place] + np.float32(16)) * np.float32(1 / 116)
        first[index] = ab[0, place] * np.float32(1 / 500)
        third[index] = ab[1, place] * np.float32(-1 / 200)
    scale[:] = 0.0
    step = np.float32(1)
    for _ in range(_STEPS):  # many colours at once, in each step
        step *= np.float32(0.5)
        for index in range(len(outside)):
            tried = scale[index] + step
            x, y = f_inverse(middle[index] + first[index] * tried), f_inverse(middle[index])
            z = f_inverse(middle[index] + third[index] * tried)
            scale[index] += step if _off_middle(matrix, x, y, z) <= limit else none
    for index, place in enumerate(outside):
        ab[0, place] *= scale[index]
        ab[1, place] *= scale[index]


@compiled
def encode(
    out: ByteArray,
    numbers: NDArray[np.uint32],
    lightness: FloatArray,
    ab: FloatArray,
    screen: Screen,
    start: int,
    stop: int,
) -> None:
    steps = np.empty((3, lightness.shape[1]), np.uint32)
    for y in range(start, stop):
        _steps(lightness[y], ab[0, y], ab[1, y], screen.strength, screen.matrix, steps)
        _look_up(out[y], numbers[y], steps, screen.levels, screen.blue_first)


@compiled
def encode_stretched(
    out: ByteArray,
    numbers: NDArray[np.uint32],
    lightness: FloatArray,
    coarse: FloatArray,
    down: Grid,
    across: Grid,
    screen: Screen,
    start: int,
    stop: int,
) -> None:
    width = lightness.shape[1]
    steps, inside = np.empty((3, width), np.uint32), np.empty(width, np.bool_)
    line, row = np.empty((2, coarse.shape[2]), np.float32), np.empty((2, width), np.float32)
    for y in range(start, stop):
        for plane in range(2):
            above, below, share = coarse[plane, down.before[y]], coarse[plane, down.after[y]], down.share[y]
            for x in range(line.shape[1]):
                line[plane, x] = above[x] + share * (below[x] - above[x])
        for x in range(width):
            before, after, share = across.before[x], across.after[x], across.share[x]
            row[0, x] = line[0, before] + share * (line[0, after] - line[0, before])
            row[1, x] = line[1, before] + share * (line[1, after] - line[1, before])
        mark_inside(screen.matrix, lightness[y], row, inside, 0, width)
        if not inside.all():
            pull_inside(screen.matrix, lightness[y], row, inside, 0, width)
        _steps(lightness[y], row[0], row[1], screen.strength, screen.matrix, steps)
        _look_up(out[y], numbers[y], steps, screen.levels, screen.blue_first)


@compiled
def _steps(
    light: FloatArray, a: FloatArray, b: FloatArray, strength: np.float32, matrix: FloatArray, steps: IndexArray
) -> None:
    """Linear light in steps, (3, W), of one row; without branches, so that many pixels are worked out at once."""
    first, third = strength * np.float32(1 / 500), strength * np.float32(-1 / 200)
    for index in range(len(light)):
        middle = (light[index] + np.float32(16)) * np.float32(1 / 116)
        x, y, z = f_inverse(middle + a[index] * first), f_inverse(middle), f_inverse(middle + b[index] * third)
        steps[0, index] = _step(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z)
        steps[1, index] = _step(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z)
        steps[2, index] = _step(matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z)


@compiled
def _step(light: np.float32) -> np.uint32:
    positive = light if light > np.float32(0) else np.float32(0)  # this way round NaN is no place in a table either
    share = positive if positive < np.float32(1) else np.float32(1)
    return np.uint32(np.int32(share * np.float32(MOST_LIGHT) + np.float32(0.5)))  # many at once as int32, not as uint32


@compiled
def _look_up(
    out: ByteArray, numbers: NDArray[np.uint32], steps: IndexArray, levels: ByteArray, blue_first: bool
) -> None:
    """One row's levels, into (W, 3), or as (W,) numbers: one of these is written faster than four bytes."""
    first, last = (steps[2], steps[0]) if blue_first else (steps[0], steps[2])
    middle, opaque = steps[1], np.uint32(0xFF000000)
    for index in range(len(numbers)):
        low, high = np.uint32(levels[first[index]]), np.uint32(levels[last[index]]) << np.uint32(16)
        numbers[index] = low | np.uint32(levels[middle[index]]) << np.uint32(8) | high | opaque
    if len(numbers) == 0:
        for index in range(len(out)):
            out[index, 0] = levels[first[index]]
            out[index, 1] = levels[middle[index]]
            out[index, 2] = levels[last[index]]
