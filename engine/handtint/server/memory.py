"""The process's memory: how much it has, and giving freed memory back. Knows nothing of what it is used for."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path


def give_back() -> bool:
    """Let the C library return the pages that it holds and nobody uses; False where it has no such call.

    Pictures of many sizes leave holes: 300 of them had an engine hold 88 MB that nothing was in.
    """
    if not sys.platform.startswith("linux"):
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
    if trim is None:
        return False
    trim(0)
    return True


def give_back_gpu() -> None:
    """Let torch return what it holds of a GPU's memory and nobody uses; where there is no torch or GPU, nothing."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()


def resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not say: no /proc, or no file left to open.

    Strangers' connections may have taken all that this process may open, and a status is answered all the same.
    """
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
