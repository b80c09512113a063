"""Means with honest intervals: the bootstrap over pictures, paired where two methods saw the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
_BLOCK = 1_000


class Interval(NamedTuple):
    """A mean with its 95 % bootstrap interval; all NaN without values."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float], *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The mean of one value per picture, and the interval from resampling the pictures; NaN values are left out."""
    sample = np.asarray(values, np.float64)
    sample = sample[~np.isnan(sample)]
    if len(sample) == 0:
        return Interval(np.nan, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for start in range(0, resamples, _BLOCK):
        block = means[start : start + _BLOCK]
        block[:] = sample[rng.integers(len(sample), size=(len(block), len(sample)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(sample.mean()), float(low), float(high))


def paired_bootstrap(
    values: Sequence[float], others: Sequence[float], *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The mean of `values - others`, picture by picture, with its interval."""
    if len(values) != len(others):
        raise ValueError(f"expected values of the same pictures, got {len(values)} and {len(others)}")
    differences = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    return bootstrap(differences.tolist(), resamples=resamples, seed=seed)
