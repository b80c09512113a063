"""Large pictures band by band, on the caller's thread and on helpers. NumPy and OpenCV let go of the interpreter.

The caller works as well and waits for no helper that has not begun: where other programs hold the cores, and a helper
would come late, the caller has done the work by then.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

_Work = Callable[[slice], None]
T = TypeVar("T")


class Helpers:
    """Threads that lend a hand, for as long as the process lives or until they are closed.

    Parameters
    ----------
    count : int
        0 and up; they start with the first work.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(max(1, count), thread_name_prefix="handtint-band")

    def run(self, bands: Iterable[slice], work: _Work) -> None:
        """Call `work` for each band, the caller and the helpers in turn; an error of one of them is raised here."""
        left = deque(bands)
        lent = [self._pool.submit(_work_off, left, work) for _ in range(min(self._count, len(left) - 1))]
        try:
            _work_off(left, work)
        finally:
            _end(lent)

    def aside(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin something; what comes back gives its result, or raises its error.

        Who asks before a helper has begun does it himself.
        """
        lent = self._pool.submit(work)
        return lambda: work() if lent.cancel() else lent.result()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def in_bands(length: int, step: int, work: _Work) -> None:
    """Call `work` with slices of at most `step` that cover 0 to `length`, on two threads; errors are raised here."""
    _helpers().run(cut(length, step), work)


def aside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin something that goes on beside what the caller does next; what comes back gives its result."""
    return _helpers().aside(work)


def cut(length: int, step: int) -> list[slice]:
    """Slices of at most `step` that cover 0 to `length`."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def _work_off(left: deque[slice], work: _Work) -> None:
    """Take bands until none is left."""
    while left:
        try:
            band = left.popleft()
        except IndexError:  # another thread has just taken the last one
            return
        try:
            work(band)
        except BaseException:
            left.clear()
            raise


def _end(lent: list[Future[None]]) -> None:
    """Wait for the helpers that have begun, and raise what went wrong there."""
    for hand in lent:
        if not hand.cancel():
            hand.result()


@cache
def _helpers() -> Helpers:
    if hasattr(os, "register_at_fork"):  # threads stay behind in the parent: a child makes its own
        os.register_at_fork(after_in_child=_helpers.cache_clear)
    return Helpers(1)
