"""Symmetric positive definite systems in a band: Cholesky and both substitutions, for graphs of small pictures.

LAPACK is no faster at this size, and SciPy holds the interpreter meanwhile: nobody else could work beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handtint.color.compiled import compiled

DoubleArray = NDArray[np.float64]

_BLOCK = 4
"""Columns that are eliminated together, each of their numbers being fetched once."""
_ABREAST = 8


def blank_band(size: int, width: int) -> DoubleArray:
    """A matrix of zeros: row j holds column j from its diagonal down, `width` numbers, and zeros that stay."""
    wide = -(-(width + _BLOCK) // _ABREAST) * _ABREAST
    return np.zeros((size, wide))


def factor(band: DoubleArray, width: int) -> None:
    """Turn a matrix into its Cholesky factor, in place; ArithmeticError where it is not positive definite."""
    _factor(band, width)
    if not np.isfinite(band[:, 0]).all():
        raise ArithmeticError("the lightness graph could not be factored: it is not positive definite")


def solve(band: DoubleArray, width: int, right: DoubleArray) -> DoubleArray:
    """Solutions for right-hand sides (C, size), from the factor."""
    result = np.zeros((len(right), right.shape[1] + band.shape[1]))  # what reaches beyond the end meets zeros
    result[:, : right.shape[1]] = right
    _substitute(band, width, result)
    return result[:, : right.shape[1]]


@compiled
def _factor(band: DoubleArray, width: int) -> None:
    size = len(band)
    for first in range(0, size, _BLOCK):
        last = min(first + _BLOCK, size)
        for column in range(first, last):
            scale = 1.0 / np.sqrt(band[column, 0])
            for index in range(width):
                band[column, index] *= scale
            for row in range(column + 1, last):
                times, below, own = band[column, row - column], band[column, row - column :], band[row]
                for index in range(width - (row - column)):
                    own[index] -= times * below[index]
        if last - first < _BLOCK:
            return
        for row in range(last, min(last + width - 1, size)):
            down = row - first
            one, two = band[first, down:], band[first + 1, down - 1 :]
            three, four = band[first + 2, down - 2 :], band[first + 3, down - 3 :]
            by_one, by_two, by_three, by_four, own = one[0], two[0], three[0], four[0], band[row]
            for index in range(width + _BLOCK - 1 - down):
                own[index] -= (
                    by_one * one[index] + by_two * two[index] + by_three * three[index] + by_four * four[index]
                )


@compiled
def _substitute(band: DoubleArray, width: int, planes: DoubleArray) -> None:
    """Forward and back, in place, in planes (C, size and a margin of zeros)."""
    sums = np.empty(_ABREAST)
    for plane in range(len(planes)):
        values = planes[plane]
        for row in range(len(band)):
            values[row] /= band[row, 0]
            value, column, below = values[row], band[row], values[row:]
            for index in range(1, width):
                below[index] -= value * column[index]
        for row in range(len(band) - 1, -1, -1):
            value, column, below = values[row], band[row], values[row:]
            values[row] = 0.0
            sums[:] = 0.0
            for start in range(0, len(column), _ABREAST):  # several sums side by side, so that none waits for the last
                for index in range(_ABREAST):
                    sums[index] += column[start + index] * below[start + index]
            values[row] = (value - sums.sum()) / column[0]
