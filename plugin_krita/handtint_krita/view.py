"""All that a docker shows, as one value. Knows neither Qt nor Krita."""

from __future__ import annotations

from typing import Any, NamedTuple

from handtint.wire.messages import Color, MethodInfo, SemanticClass
from handtint_krita.roles import Layer, Roles
from handtint_krita.settings import Settings

EVERYTHING = ("exemplar", "hints", "palette", "semantic")
"""Guidance that this docker can give; a method that is not known yet may take all of it."""


class View(NamedTuple):
    """All that a docker shows."""

    open: bool = False
    layers: tuple[Layer, ...] = ()
    roles: Roles = Roles()
    settings: Settings = Settings()
    colors: tuple[Color, ...] = ()
    palette_trouble: str = ""
    methods: tuple[MethodInfo, ...] = ()
    classes: tuple[SemanticClass, ...] = ()
    thumbnail: Any = None
    takes: tuple[str, ...] = EVERYTHING
    help: str = ""
    live: bool = False
    working: bool = False
    fraction: float = 0.0
    status: str = ""
    trouble: bool = False
    ready: bool = False
    restartable: bool = False


def sentence(text: str) -> str:
    """A message of ours as a sentence: a capital in front, a point at the end."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")
