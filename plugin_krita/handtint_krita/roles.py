"""Layers as a list shows them, and which of them plays which part. Knows neither Qt nor Krita."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Layer(NamedTuple):
    """A layer as a list shows it; `level` is how many groups it lies in."""

    id: str
    name: str
    level: int
    painted: bool


@dataclass(frozen=True)
class Roles:
    """Which layer plays which part, by unique id; empty where nothing was chosen.

    Attributes
    ----------
    content : int
        Checksum of what we last wrote into the result layer. Where the layer holds something else, the painter has
        worked on it and it is ours no longer.
    """

    base: str = ""
    hints: str = ""
    result: str = ""
    content: int = 0
