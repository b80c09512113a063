"""What one run does: collect from the picture, ask the engine, write the answer. Knows neither GEGL nor GTK.

All waiting is over before the picture is touched, so that an end at any moment leaves the image as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from handtint.errors import EngineFailed, GuidanceError
from handtint.wire.messages import Color, Colorize, Colorized, ExtractedPalette, ExtractPalette, Message, Palette
from handtint.wire.pixels import Extent, PixelFormat, Plane

if TYPE_CHECKING:
    from handtint_gimp.picture import Picture

DEFAULT_METHOD = "default"
"""What the artist chooses to leave the choice to the engine."""
PATIENCE = 3600.0
"""Seconds for one answer: a large picture on a slow machine takes long, and the artist can always call it off."""
MAX_PALETTE = 5
"""Palettes with more colors than methods take are boiled down to this many by the engine."""

Ask = Callable[[Message], Message]
"""Sends a request, whatever its id, and waits for its reply; a Failure comes as an exception."""


class Swatches(NamedTuple):
    """The colors of an editor's palette: sRGB, three bytes each."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data) // 3


@dataclass(frozen=True)
class Settings:
    """What the artist chose.

    Attributes
    ----------
    hints : layer or None
    palette : Swatches, optional
    method : str
        DEFAULT_METHOD or the name of one.
    strength, reach : float
        0 to 1: opacity of the color layer; how far a hint travels.
    """

    hints: object = None
    palette: Swatches | None = None
    method: str = DEFAULT_METHOD
    strength: float = 1.0
    reach: float = 0.5


@dataclass(frozen=True)
class Outcome:
    """The color layer, and sentences of the engine for the artist."""

    layer: object
    notes: tuple[str, ...]


def colorize(picture: Picture, settings: Settings, ask: Ask) -> Outcome:
    """Color a picture.

    Raises
    ------
    HandtintError
        Something does not fit or the engine failed; nothing was changed.
    Cancelled
        The artist called it off; nothing was changed.
    """
    request = build_request(picture, settings, ask)
    answer = ask(request)
    if not isinstance(answer, Colorized):
        raise EngineFailed("internal", f"expected colors from the engine, got '{answer.type}'; nothing was changed")
    layer = picture.write(answer.plane, opacity=settings.strength, hints=settings.hints)
    return Outcome(layer, answer.notes)


def build_request(picture: Picture, settings: Settings, ask: Ask) -> Colorize:
    """Everything that affects the answer; asks the engine only to boil a large palette down."""
    hints = picture.read_hints(settings.hints) if settings.hints is not None else None
    # An earlier result takes new colors inside the selection only; a new layer has to be transparent outside.
    selection = picture.read_selection()
    return Colorize(
        id=0,
        document=picture.document,
        base=picture.read_base(),
        method="" if settings.method == DEFAULT_METHOD else settings.method,
        hints=hints,
        palette=build_palette(settings.palette, ask) if settings.palette is not None else None,
        selection=selection if picture.result_layer() is None else None,
        reach=settings.reach,
        output=picture.answer_format,
    )


def build_palette(swatches: Swatches, ask: Ask) -> Palette:
    """An editor's palette as guidance: its own colors if they are few, else the main ones."""
    if swatches.size < 1:
        raise GuidanceError(f"the palette '{swatches.name}' has no colors; choose another one")
    if swatches.size <= MAX_PALETTE:
        return Palette(_colors(swatches.data), name=swatches.name)
    source = Plane(PixelFormat.rgb8, Extent(swatches.size, 1), swatches.data)
    answer = ask(ExtractPalette(0, source, MAX_PALETTE))
    if not isinstance(answer, ExtractedPalette):
        raise EngineFailed("internal", f"expected a palette from the engine, got '{answer.type}'")
    return Palette(answer.palette.colors, answer.palette.weights, swatches.name)


def _colors(data: Sequence[int]) -> tuple[Color, ...]:
    triples = (data[start : start + 3] for start in range(0, len(data), 3))
    return tuple(Color(red / 255, green / 255, blue / 255) for red, green, blue in triples)
