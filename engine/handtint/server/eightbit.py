"""From Lab to sRGB of 8 bits in one pass over memory; for quick answers from coarse colors, stretched and clipped.

The same numbers as pixelmath, but for rounding. Knows nothing of formats, sockets or methods.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handtint.color.compiled import compiled
from handtint.color.gamut import f_inverse, mark_inside, pull_inside, screen_matrix

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.uint32]
ByteArray = NDArray[np.uint8]

_TOP = 65535
"""Steps of linear light that are told apart: from one to the next is a twentieth of a level of 8 bits at most."""


class _Screen(NamedTuple):
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


def grid(coarse: int, fine: int, part: slice) -> Grid:
    """The pixels `part` of a fine axis of `fine` pixels on a coarse one of `coarse`, middles on middles."""
    place = (np.arange(part.start, part.stop) + 0.5) * (coarse / fine) - 0.5
    place = np.clip(place, 0.0, coarse - 1.0)
    before = np.floor(place).astype(np.uint32)
    after = np.minimum(before + 1, coarse - 1).astype(np.uint32)
    return Grid(before, after, (place - before).astype(np.float32))


def encode_rows(
    out: ByteArray, lightness: FloatArray, ab: FloatArray, strength: float, *, blue_first: bool, rows: slice
) -> None:
    """Fill some rows; where there is alpha, it is opaque.

    Parameters
    ----------
    out : (H, W, 3 or 4) uint8
        Contiguous.
    lightness : (H, W) float32
        L* (D65), 0-100.
    ab : (2, H, W) float32
        Inside the sRGB gamut at that lightness.
    strength : float
        ab is multiplied by this, 0 to 1.
    """
    screen = _Screen(np.float32(strength), screen_matrix(), _levels(), blue_first)
    _encode(out, _as_numbers(out), lightness, ab, screen, rows.start, rows.stop)


def encode_stretched_rows(
    out: ByteArray,
    lightness: FloatArray,
    coarse: FloatArray,
    down: Grid,
    across: Grid,
    strength: float,
    *,
    blue_first: bool,
    rows: slice,
) -> None:
    """The same of coarse ab, (2, h, w) float32: smoothly enlarged and clipped into the gamut at each pixel first."""
    screen = _Screen(np.float32(strength), screen_matrix(), _levels(), blue_first)
    _encode_stretched(out, _as_numbers(out), lightness, coarse, down, across, screen, rows.start, rows.stop)


@cache
def _levels() -> ByteArray:
    """8-bit sRGB of linear light in steps; (65536,)."""
    light = np.arange(_TOP + 1) / _TOP
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1.0 / 2.4) - 0.055)
    return np.rint(255.0 * encoded).astype(np.uint8)


def _as_numbers(out: ByteArray) -> NDArray[np.uint32]:
    """(H, W), one number for the four bytes of a pixel, the first of them in its lowest digits; (H, 0) for three."""
    if out.shape[2] == 4:
        return out.view("<u4")[..., 0]
    return np.empty((len(out), 0), np.uint32)


@compiled
def _encode(
    out: ByteArray,
    numbers: NDArray[np.uint32],
    lightness: FloatArray,
    ab: FloatArray,
    screen: _Screen,
    start: int,
    stop: int,
) -> None:
    steps = np.empty((3, lightness.shape[1]), np.uint32)
    for y in range(start, stop):
        _steps(lightness[y], ab[0, y], ab[1, y], screen.strength, screen.matrix, steps)
        _look_up(out[y], numbers[y], steps, screen.levels, screen.blue_first)


@compiled
def _encode_stretched(
    out: ByteArray,
    numbers: NDArray[np.uint32],
    lightness: FloatArray,
    coarse: FloatArray,
    down: Grid,
    across: Grid,
    screen: _Screen,
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
    return np.uint32(np.int32(share * np.float32(_TOP) + np.float32(0.5)))  # many at once as int32, not as uint32


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
