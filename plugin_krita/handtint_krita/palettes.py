"""Palettes: typed as "#rrggbb, …", or taken from Krita's own. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from handtint.errors import GuidanceError
from handtint.wire.messages import Color, Palette
from handtint_krita.words import tr

MOST = 7
"""The most that any of the papers' networks was trained with."""
_COLOR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def parse_palette(text: str) -> Palette | None:
    """The palette that was typed; None where nothing was.

    Raises
    ------
    GuidanceError
        Names the word that is no color, or says that there are too many.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    if not words:
        return None
    if len(words) > MOST:
        raise GuidanceError(tr("A palette holds up to {most} colors, this one has {n}", most=MOST, n=len(words)))
    return Palette(tuple(_parse_color(word) for word in words))


def format_palette(colors: Sequence[Color]) -> str:
    """The text that `parse_palette` reads back."""
    return ", ".join("#" + "".join(f"{round(channel * 255):02x}" for channel in color) for color in colors)


def fitting(palette: Palette | None, size: int) -> Palette | None:
    """The palette with what a method takes of it, `size` colors at most; all of it where the size is 0 (not known)."""
    if palette is None or not size:
        return palette
    return replace(palette, colors=spread(palette.colors, size))


def _parse_color(word: str) -> Color:
    found = _COLOR.fullmatch(word)
    if found is None:
        raise GuidanceError(tr("A palette is typed like #7a4a2b, #c9b08d; {word} is no color", word=word))
    digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return Color(red, green, blue)


class KritaPalettes:
    """Krita's palettes, read once each: asking libkis for all of them leaks memory.

    Parameters
    ----------
    krita : Any
        `Krita.instance()`.
    make : Callable
        libkis' class Palette.
    """

    def __init__(self, krita: Any, make: Callable[[Any], Any]) -> None:
        self._krita = krita
        self._make = make
        self._resources: dict[str, Any] = {}

    def names(self) -> tuple[str, ...]:
        """Names of all palettes."""
        if not self._resources:
            self._resources = dict(self._krita.resources("palette"))
        return tuple(sorted(self._resources, key=str.casefold))

    def colors(self, name: str) -> tuple[Color, ...]:
        """Up to `MOST` different colors, spread evenly over the palette."""
        palette = self._make(self._resources[name])
        swatches = (palette.colorSetEntryByIndex(index) for index in range(palette.numberOfEntries()))
        found = dict.fromkeys(_swatch_color(swatch) for swatch in swatches if swatch.isValid())
        return spread(tuple(found), MOST)


def spread(colors: tuple[Color, ...], count: int) -> tuple[Color, ...]:
    """`count` of the colors, evenly chosen with the first and the last; all of them where there are no more."""
    if len(colors) <= count:
        return colors
    if count == 1:
        return colors[:1]
    return tuple(colors[round(index * (len(colors) - 1) / (count - 1))] for index in range(count))


def _swatch_color(swatch: Any) -> Color:
    color = swatch.color().colorForCanvas(None)
    return Color(round(color.redF(), 4), round(color.greenF(), 4), round(color.blueF(), 4))
