"""Large pictures band by band on two threads. NumPy and OpenCV let go of the interpreter while they compute."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_THREADS = 2


def in_bands(length: int, step: int, work: Callable[[slice], None]) -> None:
    """Call `work` with slices of at most `step` that cover 0 to `length`; an error of one of them is raised here."""
    bands = [slice(start, min(start + step, length)) for start in range(0, length, step)]
    if len(bands) == 1:
        work(bands[0])
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(work, bands):
            pass
