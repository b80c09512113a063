"""All that a docker shows, as one value. Knows neither Qt nor Krita."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from handtint.wire.messages import Color, MethodInfo, Palette, SemanticClass
from handtint.wire.pixels import Plane
from handtint_krita.roles import Layer, Roles, Variant
from handtint_krita.settings import Settings
from handtint_krita.stroke import Spot
from handtint_krita.words import told

EVERYTHING = ("exemplar", "hints", "palette", "semantic")
"""Guidance that this docker can give; a method that is not known yet may take all of it."""


class Suggestions(NamedTuple):
    """Likely colors of one pixel, the likeliest first, all of its own lightness; `unsure` is 0 to 1."""

    spot: Spot
    colors: tuple[Color, ...]
    unsure: float


class Theme(NamedTuple):
    """A palette that would suit the picture, and the picture in it (a QImage, None until it has come)."""

    palette: Palette
    image: Any = None


@dataclass(frozen=True)
class Answers:
    """All that was answered, as the docker shows it; `asked` names what is still under way."""

    suggestions: Suggestions | None = None
    themes: tuple[Theme, ...] = ()
    unsure: Plane | None = None
    palette: Palette | None = None
    asked: frozenset[str] = frozenset()


class Present(NamedTuple):
    """The classes that there are, the largest first, and whether colors of no class are among them."""

    classes: tuple[SemanticClass, ...] = ()
    unknown: bool = False


class Help(NamedTuple):
    """What helps the painter to choose."""

    answers: Answers = Answers()
    suggesting: bool = False
    showing_unsure: bool = False
    present: Present = Present()


class View(NamedTuple):
    """All that a docker shows."""

    open: bool = False
    layers: tuple[Layer, ...] = ()
    roles: Roles = Roles()
    settings: Settings = Settings()
    palette: Palette | None = None
    variants: tuple[Variant, ...] = ()
    follows_anyway: bool = False
    help: Help = Help()
    palette_trouble: str = ""
    methods: tuple[MethodInfo, ...] = ()
    classes: tuple[SemanticClass, ...] = ()
    thumbnail: Any = None
    takes: tuple[str, ...] = EVERYTHING
    method_help: str = ""
    live: bool = False
    working: bool = False
    fraction: float = 0.0
    status: str = ""
    trouble: bool = False
    ready: bool = False
    restartable: bool = False
    device: str = ""


def class_title(entry: SemanticClass) -> str:
    """What the painter reads of a class."""
    return told(entry.name.replace("_", " "))


def sentence(text: str) -> str:
    """A message of ours as a sentence: a capital in front, a point at the end."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")
