"""Memory for pixels by the tens of megabytes. Standard library only; knows nothing of what will lie in it."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress

_LARGE = 1 << 20
"""Bytes from which on the system is asked itself; a bytearray zeroes all at once (0.1 s at 96 MB)."""


def pages(size: int) -> memoryview:
    """Writable bytes, for as long as somebody holds the view.

    Where the system has pages of 2 MB it gives these: to fetch 4 KB at a time costs more than to fill them.
    """
    if size < _LARGE:
        return memoryview(bytearray(size))
    if sys.platform != "linux" or not hasattr(mmap, "MADV_HUGEPAGE"):
        return memoryview(mmap.mmap(-1, size))
    made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without them says EINVAL
        made.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(made)
