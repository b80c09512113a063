"""The few loops that NumPy would run in a dozen passes over memory, compiled by Numba; what loops, the callers know.

Compiled when first called, and kept on disk for later processes. They let go of the interpreter while they run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Loop = TypeVar("_Loop", bound=Callable[..., object])


def compiled(loop: _Loop) -> _Loop:
    """The same function as machine code; NumPy arrays and numbers in and out."""
    try:
        made = numba.njit(cache=True, nogil=True, error_model="numpy")(loop)
    except RuntimeError:  # there is no folder that a cache could be written to
        made = numba.njit(nogil=True, error_model="numpy")(loop)
    return cast("_Loop", made)
