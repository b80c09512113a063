"""Starts GEGL beside other work, and keeps its memory small, which is what makes it fast. Knows no layer.

`Any` is GEGL's own objects.
"""

from __future__ import annotations

import functools
import threading

import gi

gi.require_version("Gegl", "0.4")
from gi.repository import Gegl  # noqa: E402

_ROWS, _PIXEL_BYTES = 256, 16
"""Two rows of GIMP's tiles, and the most that a pixel takes in one of them."""
_LARGE_BLOCK = 16 << 20


@functools.cache
def begin() -> threading.Thread:
    """Start GEGL on a thread: for 60 ms it loads its operations, and needs neither Python nor GIMP for that."""
    thread = threading.Thread(target=Gegl.init, args=(None,))
    thread.start()
    return thread


def ready() -> None:
    """Wait until pixels can be read. Nothing else of GEGL, babl or GTK may be used before."""
    begin().join()
    _keep_blocks()


def keep_tiles(width: int, height: int = 0) -> None:
    """Let GEGL keep the tiles of so many pixels, and not all that pass through.

    Where rows are read or written one after the other no row of tiles is wanted again, and fresh memory for the next
    one costs more than its pixels.
    """
    Gegl.config().set_property("tile-cache-size", _PIXEL_BYTES * width * max(height, _ROWS))


@functools.cache
def _keep_blocks() -> None:
    """For glibc: once a large block was freed, smaller ones are taken from memory that is there, not from the system.

    The block itself is never touched and costs nothing.
    """
    bytes(_LARGE_BLOCK)
