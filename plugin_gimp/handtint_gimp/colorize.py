"""What one run does: collect from the picture, ask the engine, write the answer. Knows neither GEGL nor GTK.

All waiting is over before the picture is touched, so that an end at any moment leaves the image as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from handtint.errors import EngineFailed, GuidanceError
from handtint.wire.messages import (
    Color,
    Colorize,
    Colorized,
    ExtractedPalette,
    ExtractPalette,
    GetStatus,
    Message,
    MethodInfo,
    Palette,
    RecommendedThemes,
    RecommendThemes,
    Segment,
    Segmented,
    SemanticClass,
    Status,
)
from handtint.wire.pixels import Extent, PixelFormat, Plane
from handtint_gimp.names import DEFAULT_METHOD

if TYPE_CHECKING:
    from handtint_gimp.picture import Picture

PATIENCE = 3600.0
"""Seconds for one answer: a large picture on a slow machine takes long, and the artist can always call it off."""
COMMON_PALETTE = 5
"""As many colors of a palette are taken by every method that takes any."""

Ask = Callable[[Message], Message]
"""Sends a request, whatever its id, and waits for its reply; a Failure comes as an exception."""


class Swatches(NamedTuple):
    """The colors of an editor's palette: sRGB, three bytes each, and their shares where it says them."""

    name: str
    data: bytes
    weights: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        return len(self.data) // 3


@dataclass(frozen=True)
class Settings:
    """What the artist chose.

    Attributes
    ----------
    hints, semantic : layer or None
    exemplar : callable or None
        Reads the picture whose colors are borrowed.
    palette : Swatches, optional
    method : str
        DEFAULT_METHOD or the name of one.
    strength, reach, softness : float
        0 to 1: opacity of the color layer; how far a hint travels; 0 meets hints exactly.
    """

    hints: object = None
    semantic: object = None
    exemplar: Callable[[], Plane] | None = None
    palette: Swatches | None = None
    method: str = DEFAULT_METHOD
    strength: float = 1.0
    reach: float = 0.5
    softness: float = 0.0


CONTROLS = ("hints", "semantic", "palette", "exemplar")
"""The guidance among the settings, by the names that the engine has for it."""


@dataclass(frozen=True)
class Outcome:
    """The color layers, that of the first picture first, and sentences of the engine for the artist."""

    layers: tuple[object, ...]
    notes: tuple[str, ...]


def colorize(pictures: Sequence[Picture], settings: Settings, ask: Ask) -> Outcome:
    """Color layers of one image, all of them in one undo step.

    Raises
    ------
    HandtintError
        Something does not fit or the engine failed; nothing was changed.
    Cancelled
        The artist called it off; nothing was changed.
    """
    answers = [_colored(picture, settings, ask) for picture in pictures]
    for picture, answer in zip(pictures, answers, strict=True):
        picture.check_fits(answer.plane)
    inputs = {"hints": settings.hints, "semantic": settings.semantic}
    with pictures[0].one_step():
        layers = tuple(
            picture.write(answer.plane, opacity=settings.strength, inputs=inputs)
            for picture, answer in zip(pictures, answers, strict=True)
        )
    return Outcome(layers, tuple(dict.fromkeys(note for answer in answers for note in answer.notes)))


def _colored(picture: Picture, settings: Settings, ask: Ask) -> Colorized:
    answer = ask(build_request(picture, settings, ask))
    if not isinstance(answer, Colorized):
        raise _unexpected("colors", answer)
    return answer


def detect(picture: Picture, ask: Ask) -> tuple[object, tuple[SemanticClass, ...]]:
    """Find the objects in a picture and add their map as a layer; the layer, and the classes there are.

    Raises what `colorize` does.
    """
    request = Segment(0, picture.document, picture.read_base(), output=picture.answer_format)
    answer = ask(request)
    if not isinstance(answer, Segmented):
        raise _unexpected("a map", answer)
    return picture.add_map(answer.plane), answer.classes


def main_colors(source: Plane, count: int, ask: Ask) -> Palette:
    """The main colors of a colored picture with their shares, the largest first."""
    answer = ask(ExtractPalette(0, source, count))
    if not isinstance(answer, ExtractedPalette):
        raise _unexpected("a palette", answer)
    return answer.palette


def suggest_themes(picture: Picture, colors: int, count: int, ask: Ask) -> tuple[Palette, ...]:
    """Palettes that would suit a gray picture, the best first."""
    answer = ask(RecommendThemes(0, picture.document, picture.read_base(), colors, count))
    if not isinstance(answer, RecommendedThemes):
        raise _unexpected("themes", answer)
    return answer.themes


def known_methods(ask: Ask) -> Mapping[str, MethodInfo]:
    """The engine's methods by name, and the default one that it would choose."""
    status = ask(GetStatus(0))
    return methods_by_name(status.methods if isinstance(status, Status) else ())


def methods_by_name(methods: Sequence[MethodInfo]) -> dict[str, MethodInfo]:
    """Methods, and the one that stands for DEFAULT_METHOD."""
    return {method.name: method for method in methods} | default_method(methods)


def default_method(methods: Sequence[MethodInfo]) -> dict[str, MethodInfo]:
    """The method that the engine takes where none is asked for, under the name that stands for it; nothing without."""
    usable = [method for method in methods if not (method.missing or method.needs)]
    return {DEFAULT_METHOD: usable[0]} if usable else {}


def only_taken(settings: Settings, methods: Mapping[str, MethodInfo]) -> Settings:
    """Without the guidance that the method does not take: the dialog shows that greyed."""
    method = methods.get(settings.method)
    unused = {name: None for name in CONTROLS if method is not None and name not in method.controls}
    return replace(settings, **unused)  # type: ignore[arg-type]  # all of these may be None


def build_request(picture: Picture, settings: Settings, ask: Ask) -> Colorize:
    """Everything that affects the answer; asks the engine only to boil a large palette down."""
    hints = picture.read_hints(settings.hints) if settings.hints is not None else None
    return Colorize(
        id=0,
        document=picture.document,
        base=picture.read_base(),
        method="" if settings.method == DEFAULT_METHOD else settings.method,
        hints=hints,
        palette=_palette(settings, ask),
        semantic=picture.read_semantic(settings.semantic) if settings.semantic is not None else None,
        exemplar=settings.exemplar() if settings.exemplar is not None else None,
        selection=picture.read_coverage(),
        reach=settings.reach,
        softness=settings.softness,
        output=picture.answer_format,
    )


def _palette(settings: Settings, ask: Ask) -> Palette | None:
    if settings.palette is None:
        return None
    if settings.palette.size <= COMMON_PALETTE:
        return build_palette(settings.palette, COMMON_PALETTE, ask)
    method = known_methods(ask).get(settings.method)
    most = method.palette_size if method is not None else 0
    return build_palette(settings.palette, most or COMMON_PALETTE, ask)


def build_palette(swatches: Swatches, most: int, ask: Ask) -> Palette:
    """An editor's palette as guidance: its own colors if they are no more than `most`, else the main ones."""
    if swatches.size < 1:
        raise GuidanceError(f"the palette '{swatches.name}' has no colors; choose another one")
    if swatches.size <= most:
        return Palette(_colors(swatches.data), swatches.weights, swatches.name)
    found = main_colors(Plane(PixelFormat.rgb8, Extent(swatches.size, 1), swatches.data), most, ask)
    return replace(found, name=swatches.name)


def _colors(data: Sequence[int]) -> tuple[Color, ...]:
    triples = (data[start : start + 3] for start in range(0, len(data), 3))
    return tuple(Color(red / 255, green / 255, blue / 255) for red, green, blue in triples)


def _unexpected(what: str, answer: Message) -> EngineFailed:
    return EngineFailed("internal", f"expected {what} from the engine, got '{answer.type}'; nothing was changed")
