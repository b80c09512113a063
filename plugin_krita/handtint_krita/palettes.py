"""Palettes: typed as "#rrggbb, …", or taken from Krita's own. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from handtint.errors import GuidanceError
from handtint.wire.messages import Color, Palette
from handtint.wire.whole import write_whole
from handtint_krita.words import tr

MOST = 7
"""The most that any of the papers' networks was trained with."""
_COLOR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_NAME = re.compile(r"[^\w .()-]")


def parse_palette(text: str) -> Palette | None:
    """The palette that was typed, each color with its share behind it or none at all; None where nothing was typed.

    Raises
    ------
    GuidanceError
        Names the word that is no color, or says that there are too many colors or that some have no share.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    colors: list[Color] = []
    shares: list[float] = []
    for word in words:
        share = _SHARE.fullmatch(word)
        if share is not None and len(shares) < len(colors):
            shares += [0.0] * (len(colors) - 1 - len(shares)) + [float(share[1])]
        else:
            colors.append(_parse_color(word))
    if len(colors) > MOST:
        raise GuidanceError(tr("A palette holds up to {most} colors, this one has {n}", most=MOST, n=len(colors)))
    if not colors:
        return None
    return Palette(tuple(colors), _normal([*shares, *[0.0] * (len(colors) - len(shares))]) if any(shares) else ())


def format_palette(palette: Palette | Sequence[Color]) -> str:
    """The text that `parse_palette` reads back."""
    colors = palette.colors if isinstance(palette, Palette) else palette
    weights = palette.weights if isinstance(palette, Palette) else ()
    shares = [f" {100 * weight:.1f}%" for weight in weights] or [""] * len(colors)
    return ", ".join(hexed(color) + share for color, share in zip(colors, shares, strict=True))


def hexed(color: Color) -> str:
    """A color as #rrggbb."""
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in color)


def fitting(palette: Palette | None, size: int) -> Palette | None:
    """The palette with what a method takes of it, `size` colors at most; all of it where the size is 0 (not known)."""
    if palette is None or not size or len(palette.colors) <= size:
        return palette
    kept = spread(tuple(range(len(palette.colors))), size)
    weights = tuple(palette.weights[index] for index in kept) if palette.weights else ()
    return replace(palette, colors=tuple(palette.colors[index] for index in kept), weights=_normal(weights))


# What is done to swatches ---------------------------------------------------------------------------------------


def with_color(palette: Palette | None, color: Color) -> Palette:
    """The palette with one color more; of shares it takes an equal one from the others.

    Raises
    ------
    GuidanceError
        It is full.
    """
    if palette is None:
        return Palette((color,))
    count = len(palette.colors)
    if count >= MOST:
        raise GuidanceError(tr("A palette holds up to {most} colors: remove one first", most=MOST))
    weights = _normal((*palette.weights, sum(palette.weights) / count)) if palette.weights else ()
    return replace(palette, colors=(*palette.colors, color), weights=weights)


def without_color(palette: Palette, index: int) -> Palette | None:
    """The palette without one color; None where that was the last."""
    if len(palette.colors) <= 1:
        return None
    weights = palette.weights[:index] + palette.weights[index + 1 :]
    return replace(palette, colors=palette.colors[:index] + palette.colors[index + 1 :], weights=_normal(weights))


def with_other_color(palette: Palette, index: int, color: Color) -> Palette:
    """The palette with another color in one place."""
    return replace(palette, colors=(*palette.colors[:index], color, *palette.colors[index + 1 :]))


def with_moved_color(palette: Palette, index: int, to: int) -> Palette:
    """The palette with one color, and its share, in another place."""
    order = [at for at in range(len(palette.colors)) if at != index]
    order.insert(to, index)
    weights = tuple(palette.weights[at] for at in order) if palette.weights else ()
    return replace(palette, colors=tuple(palette.colors[at] for at in order), weights=weights)


def with_share(palette: Palette, index: int, share: float) -> Palette:
    """The palette with one color's share set; the others keep their proportions. Equal shares before there were any."""
    count = len(palette.colors)
    if count == 1:
        return replace(palette, weights=())
    weights = palette.weights or (1 / count,) * count
    rest = sum(weights) - weights[index]
    others = [(1 - share) * (weight / rest if rest > 0 else 1 / (count - 1)) for weight in weights]
    return replace(palette, weights=(*others[:index], share, *others[index + 1 :]))


def share_of(palette: Palette, index: int) -> float:
    """The share of one color."""
    return palette.weights[index] if palette.weights else 1 / len(palette.colors)


def _normal(weights: Sequence[float]) -> tuple[float, ...]:
    """Shares that sum up to 1; none where nothing is left to share."""
    total = sum(weights)
    return tuple(weight / total for weight in weights) if total > 0 else ()


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
        self._known: dict[str, Palette] = {}

    def names(self) -> tuple[str, ...]:
        """Names of all palettes, with those that were saved since Krita started."""
        return tuple(sorted({*self._all(), *self._known}, key=str.casefold))

    def _all(self) -> dict[str, Any]:
        if not self._resources:
            self._resources = dict(self._krita.resources("palette"))
        return self._resources

    def palette(self, name: str) -> Palette:
        """Up to `MOST` different colors, spread evenly over the palette, with their shares where it was saved here."""
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> Palette:
        palette = self._make(self._all()[name])
        swatches = [palette.colorSetEntryByIndex(index) for index in range(palette.numberOfEntries())]
        found = dict.fromkeys(_swatch_color(swatch) for swatch in swatches if swatch.isValid())
        shares = [_SHARE.fullmatch(swatch.name()) for swatch in swatches if swatch.isValid()]
        if len(found) == len(shares) <= MOST and all(shares):
            return Palette(tuple(found), _normal([float(share[1]) for share in shares if share is not None]), name)
        return Palette(spread(tuple(found), MOST), name=name)

    def save(self, name: str, palette: Palette) -> str:
        """Keep a palette among Krita's own (it reads them when it starts); the name that it has there."""
        kept = " ".join(_NAME.sub(" ", name).split()) or "Handtint"
        folder = Path(self._krita.getAppDataLocation()) / "palettes"
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{kept}.gpl", lambda stream: stream.write(_gimp_palette(kept, palette).encode()))
        self._known[kept] = replace(palette, name=kept)
        return kept


def _gimp_palette(name: str, palette: Palette) -> str:
    """A palette in the one format of both editors; entries are named by their shares."""
    names = [f"{100 * weight:.1f}%" for weight in palette.weights] or [str(n + 1) for n in range(len(palette.colors))]
    rows = (
        " ".join(f"{round(255 * channel):3d}" for channel in color) + f"\t{label}"
        for color, label in zip(palette.colors, names, strict=True)
    )
    return "\n".join(["GIMP Palette", f"Name: {name}", f"Columns: {len(palette.colors)}", "#", *rows, ""])


_Item = TypeVar("_Item")


def spread(items: tuple[_Item, ...], count: int) -> tuple[_Item, ...]:
    """`count` of the items, evenly chosen with the first and the last; all of them where there are no more."""
    if len(items) <= count:
        return items
    if count == 1:
        return items[:1]
    return tuple(items[round(index * (len(items) - 1) / (count - 1))] for index in range(count))


def _swatch_color(swatch: Any) -> Color:
    color = swatch.color().colorForCanvas(None)
    return Color(round(color.redF(), 4), round(color.greenF(), 4), round(color.blueF(), 4))
