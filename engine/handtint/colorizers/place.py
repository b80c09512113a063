"""Where a method computes: on which device, and at which part of its working size. Loads nothing."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A device, written "cpu" or "cuda"; "cuda/2" is the GPU at half the method's working size.

    Attributes
    ----------
    device : str
        As torch takes it.
    part : int
        The working side is divided by this: at 2 a network needs about a quarter of the memory.
    """

    device: str
    part: int = 1

    def __str__(self) -> str:
        return self.device if self.part == 1 else f"{self.device}/{self.part}"


def parse_place(text: str) -> Place:
    """The place that is written so."""
    device, _, part = text.partition("/")
    return Place(device, int(part or 1))
