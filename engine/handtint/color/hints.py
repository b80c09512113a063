"""Painted hints: from an RGBA layer to ab and coverage, and from a picture's size to a working size.

Knows nothing of files, editors or networks. Only the coverage says what is painted: neutral gray is a legal hint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from handtint.color.compiled import compiled
from handtint.color.lab import rgb_to_lab

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

PROMISED_COVERAGE = 0.5
"""From this coverage on a painted pixel is a promise; less is only weaker guidance (anti-aliased edges)."""
_CHUNK = 1 << 18
_ALL = slice(None)


class Hints(NamedTuple):
    """Painted colours.

    Attributes
    ----------
    ab : (2, H, W) float32
        About +-110; 0 where nothing is painted.
    mask : (H, W) float32
        Coverage, 0 to 1.
    """

    ab: FloatArray
    mask: FloatArray


def no_hints(size: tuple[int, int]) -> Hints:
    """Planes of `size`, (height, width), with nothing painted."""
    return Hints(np.zeros((2, *size), np.float32), np.zeros(size, np.float32))


def layer_to_hints(rgba: NDArray[Any], *, linear: bool = False) -> Hints:
    """The hints on a layer, as the editor holds it.

    Parameters
    ----------
    rgba : (H, W, 4) uint8, uint16 or float
        sRGB primaries, alpha not premultiplied; integers over their full range, floats 0-1.
    linear : bool
        The colours are linear light instead of sRGB-encoded.

    Returns
    -------
    Hints
        The lightness of the paint is dropped: a hint is met at the lightness of the picture.
    """
    if rgba.ndim != 3 or rgba.shape[2] != 4:
        raise ValueError(f"a hint layer must have shape (H, W, 4), got {rgba.shape}")
    scale = np.iinfo(rgba.dtype).max if np.issubdtype(rgba.dtype, np.integer) else 1
    mask = _unit(rgba[..., 3], scale)
    ab = np.zeros((2, *mask.shape), np.float32)
    painted = np.nonzero(mask)
    if len(painted[0]):
        colors = _unit(rgba[..., :3][painted], scale)
        lab = rgb_to_lab(torch.from_numpy(colors.T.copy())[:, None], linear=linear)  # (3, 1, N)
        ab[:, painted[0], painted[1]] = lab[1:, 0].numpy()
    return Hints(ab, mask)


def _unit(values: NDArray[Any], scale: float) -> FloatArray:
    """Values over 0 to `scale` as float32 0-1; what is not a number counts as 0."""
    result: FloatArray = np.clip(np.nan_to_num(values.astype(np.float32) / np.float32(scale)), 0.0, 1.0)
    return result


class Points(NamedTuple):
    """Only the painted pixels of a picture.

    Attributes
    ----------
    shape : (H, W)
        Of the picture.
    pixels : (N,) int64
        Row * W + column, ascending.
    ab : (2, N) float32
        About +-110.
    coverage : (N,) float32
        Above 0, up to 1.
    """

    shape: tuple[int, int]
    pixels: IntArray
    ab: FloatArray
    coverage: FloatArray

    def chunks(self) -> Iterator[slice]:
        """Slices of the points, small enough that a fully painted large picture needs little memory."""
        return (slice(start, start + _CHUNK) for start in range(0, len(self.pixels), _CHUNK))

    def places(self, chunk: slice = _ALL) -> tuple[IntArray, IntArray]:
        """Rows and columns."""
        rows, columns = np.divmod(self.pixels[chunk], self.shape[1])
        return rows, columns

    def promised(self) -> Points:
        """Those that are painted well enough to be a promise."""
        kept = self.coverage >= PROMISED_COVERAGE
        if kept.all():
            return self
        return Points(self.shape, self.pixels[kept], self.ab[:, kept], self.coverage[kept])

    def shrunk(self, size: tuple[int, int], *, pooled: bool = True) -> Points:
        """In a picture of `size`, (height, width), not larger, so that no stroke is lost, however thin.

        ab is averaged over each new pixel's area, weighted by coverage; the coverage is the most there is. Where not
        `pooled`, it is the mean over the new pixel's area, as the eye would see it.
        """
        if size == self.shape:
            return self
        down, across = _targets(self.shape[0], size[0]) * size[1], _targets(self.shape[1], size[1])
        # Calloc's zeros cost nothing where nothing is painted.
        slots = np.zeros(size[0] * size[1], np.int32)
        found = np.empty(min(len(slots), len(self.pixels)), np.int64)
        sums = np.zeros((4, len(found)))  # coverage, a and b by coverage, and the most coverage
        count = _pool(self.pixels, self.ab, self.coverage, self.shape[1], down, across, slots, found, sums)
        order = np.argsort(found[:count])
        total, first, second, peak = sums[:, order]
        if not pooled:
            peak = (total * (len(slots) / (self.shape[0] * self.shape[1]))).clip(0, 1)
        mean = np.stack((first / total, second / total)).astype(np.float32)
        return Points(size, found[order], mean, peak.astype(np.float32))

    def patched(self, place: tuple[int, int], part: Points) -> Points:
        """With a rectangle, whose first row and column are `place`, replaced by what is painted in `part`."""
        top, left = place
        rows, columns = self.places()
        kept = (rows < top) | (rows >= top + part.shape[0]) | (columns < left) | (columns >= left + part.shape[1])
        down, across = part.places()
        new, pixels = (down + top) * self.shape[1] + across + left, self.pixels[kept]
        at = np.searchsorted(pixels, new)
        return Points(
            self.shape,
            np.insert(pixels, at, new),
            np.insert(self.ab[:, kept], at, part.ab, axis=1),
            np.insert(self.coverage[kept], at, part.coverage),
        )

    @property
    def nbytes(self) -> int:
        """Memory of the points."""
        return self.pixels.nbytes + self.ab.nbytes + self.coverage.nbytes

    def layer(self, size: tuple[int, int] | None = None) -> Hints:
        """As planes of the picture's own shape, or of a larger `size` with nothing painted in its margin."""
        hints = no_hints(size or self.shape)
        place = self.places()
        hints.ab[:, *place] = self.ab
        hints.mask[place] = self.coverage
        return hints


@compiled
def _pool(
    pixels: IntArray,
    ab: FloatArray,
    coverage: FloatArray,
    width: int,
    down: IntArray,
    across: IntArray,
    slots: NDArray[np.int32],
    found: IntArray,
    sums: NDArray[np.float64],
) -> int:
    """Gather points into the new pixels that hold them; how many of those there are."""
    count = 0
    for index in range(len(pixels)):
        row, column = divmod(pixels[index], width)
        target = down[row] + across[column]
        slot = slots[target]
        if slot == 0:
            found[count] = target
            count += 1
            slot = slots[target] = count
        share = coverage[index]
        sums[0, slot - 1] += share
        sums[1, slot - 1] += share * ab[0, index]
        sums[2, slot - 1] += share * ab[1, index]
        sums[3, slot - 1] = max(sums[3, slot - 1], share)
    return count


def painted_points(hint_ab: FloatArray, hint_mask: FloatArray) -> Points:
    """The painted pixels of (2, H, W) float32 and its coverage (H, W) float32; NaN counts as not painted."""
    index = np.flatnonzero(hint_mask > 0)
    coverage = np.minimum(hint_mask.reshape(-1)[index], np.float32(1))
    ab = hint_ab.reshape(2, -1)[:, index]
    good = np.isfinite(ab).all(axis=0)
    if not good.all():
        index, coverage, ab = index[good], coverage[good], ab[:, good]
    height, width = hint_mask.shape
    return Points((height, width), index, ab, coverage)


def _targets(old: int, new: int) -> IntArray:
    """Index of the new pixel that holds each old pixel's centre."""
    return np.minimum((2 * np.arange(old) + 1) * new // (2 * old), new - 1)
