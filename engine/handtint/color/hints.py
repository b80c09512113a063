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
        most = min(size[0] * size[1], len(self.pixels))
        found, mean, peak = np.empty(most, np.int64), np.empty((2, most), np.float32), np.empty(most, np.float32)
        targets = _targets(self.shape[0], size[0]), _targets(self.shape[1], size[1])
        share = 0.0 if pooled else size[0] * size[1] / (self.shape[0] * self.shape[1])
        count = _pool(self.pixels, self.ab, self.coverage, *targets, size[1], share, found, mean, peak)
        return Points(size, found[:count].copy(), mean[:, :count].copy(), peak[:count].copy())

    def patched(self, place: tuple[int, int], part: Points) -> Points:
        """With a rectangle, whose first row and column are `place`, replaced by what is painted in `part`."""
        top, left = place
        width = self.shape[1]
        # The rest stays as it is, however much there is of it: only the rows of the rectangle are looked at.
        first, last = np.searchsorted(self.pixels, (top * width, (top + part.shape[0]) * width))
        columns = self.pixels[first:last] % width
        kept = first + np.flatnonzero((columns < left) | (columns >= left + part.shape[1]))
        down, across = part.places()
        new = (down + top) * width + across + left
        order = np.argsort(np.concatenate((self.pixels[kept], new)), kind="stable")

        def joined(old: NDArray[Any], painted: NDArray[Any]) -> NDArray[Any]:
            among = np.concatenate((old[..., kept], painted), axis=-1)[..., order]
            return np.concatenate((old[..., :first], among, old[..., last:]), axis=-1)

        pixels, ab, coverage = joined(self.pixels, new), joined(self.ab, part.ab), joined(self.coverage, part.coverage)
        return Points(self.shape, pixels, ab, coverage)

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
    down: IntArray,
    across: IntArray,
    width: int,
    share: float,
    found: IntArray,
    mean: FloatArray,
    peak: FloatArray,
) -> int:
    """Gather points into the new pixels that hold them, `width` in a row; how many of those there are.

    The points come row by row, and so do the new pixels: one row of sums is enough. `peak` is the most coverage, or,
    where `share` is not 0, the sum of it by that share.
    """
    sums = np.zeros((4, width))  # coverage, a and b by coverage, and the most coverage
    count, row, start, end, target = 0, -1, 0, 0, 0
    for index in range(len(pixels)):
        pixel = pixels[index]
        if pixel >= end:
            row = pixel // len(across)
            start, end = row * len(across), (row + 1) * len(across)
            if down[row] != target:
                count = _empty_row(sums, target * width, share, found, mean, peak, count)
                target = down[row]
        place, cover = across[pixel - start], np.float64(coverage[index])
        sums[0, place] += cover
        sums[1, place] += cover * ab[0, index]
        sums[2, place] += cover * ab[1, index]
        sums[3, place] = max(sums[3, place], cover)
    return _empty_row(sums, target * width, share, found, mean, peak, count)


@compiled
def _empty_row(
    sums: NDArray[np.float64],
    start: int,
    share: float,
    found: IntArray,
    mean: FloatArray,
    peak: FloatArray,
    count: int,
) -> int:
    """Write down the new pixels of a row, whose first is `start`, from `count` on, and clear the sums."""
    for place in range(sums.shape[1]):
        total = sums[0, place]
        if total > 0.0:
            found[count] = start + place
            mean[0, count] = sums[1, place] / total
            mean[1, count] = sums[2, place] / total
            peak[count] = min(total * share, 1.0) if share > 0.0 else sums[3, place]
            count += 1
            sums[:, place] = 0.0
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
