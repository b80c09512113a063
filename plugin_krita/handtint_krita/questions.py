"""What the painter asks beside coloring: likely colors of a pixel, unsure places, themes, a picture's palette.

Knows no widget. Questions wait until the base is known, answers until the docker shows them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from handtint.wire.messages import (
    Colorize,
    Colorized,
    ExtractedPalette,
    ExtractPalette,
    Failure,
    MappedUncertainty,
    MapUncertainty,
    Message,
    MethodInfo,
    RecommendedThemes,
    RecommendThemes,
    Suggest,
    Suggested,
)
from handtint.wire.pixels import Extent, PixelFormat, Plane
from handtint_krita.conversation import Conversation
from handtint_krita.document import Document
from handtint_krita.palettes import fitting
from handtint_krita.qt import QImage
from handtint_krita.stroke import Spot
from handtint_krita.view import Answers, Suggestions, Theme

SUGGESTIONS, THEMES, THEME_COLORS, PALETTE_COLORS = 9, 4, 5, 5
THEME_SIDE, UNSURE_SIDE = 96, 256
"""Pixels of the longer side of a theme's thumbnail, and of the map of unsure places."""
Make = Callable[[int], Message]
"""Makes a request of an id."""


class _Question(NamedTuple):
    kind: str
    """Of one kind only the newest question counts; thumbnails are all wanted."""
    make: Make
    about: Any = None


class Questions:
    """The questions about one document.

    Parameters
    ----------
    talk : Conversation
        The talk with the engine.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._due: dict[str, Callable[[Document, Plane], _Question]] = {}
        self._asked: dict[int, _Question] = {}
        self._answers = Answers()

    @property
    def answers(self) -> Answers:
        """What came so far."""
        return replace(self._answers, asked=frozenset((*self._due, *(asked.kind for asked in self._asked.values()))))

    @property
    def due(self) -> bool:
        """Whether something waits for the base to be known."""
        return bool(self._due)

    def suggest(self, spot: Spot) -> None:
        """Ask for the likely colors of a pixel."""
        self._due["suggestions"] = lambda document, base: _Question(
            "suggestions", lambda id: Suggest(id, document.id, base, *spot, count=SUGGESTIONS), spot
        )

    def themes(self) -> None:
        """Ask for palettes that would suit the picture."""
        self._due["themes"] = lambda document, base: _Question(
            "themes",
            lambda id: RecommendThemes(id, document.id, base, colors=THEME_COLORS, count=THEMES),
            (document.id, base),
        )

    def unsure(self) -> None:
        """Ask where a hint would help most."""
        self._due["unsure"] = lambda document, base: _Question(
            "unsure", lambda id: MapUncertainty(id, document.id, base, _small(base.extent, UNSURE_SIDE))
        )

    def palette_of(self, source: Plane) -> None:
        """Ask for the main colors of a picture."""
        self._ask(_Question("palette", lambda id: ExtractPalette(id, source, PALETTE_COLORS)))

    def forget(self, *kinds: str) -> None:
        """Drop answers, and those that are under way."""
        for kind in kinds:
            self._due.pop(kind, None)
        self._asked = {id: asked for id, asked in self._asked.items() if asked.kind not in kinds}
        self._answers = replace(self._answers, **{kind: getattr(Answers(), kind) for kind in kinds})

    def ask(self, document: Document, base: Plane) -> None:
        """Send what is due."""
        due, self._due = self._due, {}
        for make in due.values():
            self._ask(make(document, base))

    def receive(self, by: MethodInfo | None) -> Failure | None:
        """Take in the answers that came; the last failure among them. `by` colors the thumbnails of themes."""
        failure = None
        came, self._talk.aside[:] = list(self._talk.aside), []
        for message in came:
            question = self._asked.pop(message.id, None)
            if question is None or (question.kind == "thumbnail" and isinstance(message, Failure)):
                continue
            if isinstance(message, Failure):
                failure = message if message.code != "cancelled" else failure
                continue
            self._answers = replace(self._answers, **_taken(self._answers, message, question.about))
            if isinstance(message, RecommendedThemes) and by is not None:
                document, base = question.about
                self._ask_for_thumbnails(document, base, by)
        return failure

    def _ask_for_thumbnails(self, document: str, base: Plane, by: MethodInfo) -> None:
        for index, theme in enumerate(self._answers.themes):
            self._ask(_thumbnail_question(index, theme, f"{document} theme {index}", base, by))

    def _ask(self, question: _Question) -> None:
        if question.kind != "thumbnail":
            gone = (question.kind, "thumbnail") if question.kind == "themes" else (question.kind,)
            self._asked = {id: asked for id, asked in self._asked.items() if asked.kind not in gone}
        self._asked[self._talk.ask_aside(question.make)] = question


def _thumbnail_question(index: int, theme: Theme, document: str, base: Plane, by: MethodInfo) -> _Question:
    """Each theme is a document of its own to the engine: else the second would take the first one's place."""
    palette = fitting(theme.palette, by.palette_size)
    size = _small(base.extent, THEME_SIDE)
    return _Question(
        "thumbnail",
        lambda id: Colorize(id, document, base, by.name, palette=palette, output=PixelFormat.bgra8, size=size),
        index,
    )


def _taken(answers: Answers, message: Message, about: Any) -> dict[str, Any]:
    """What a message changes in the answers."""
    if isinstance(message, Suggested):
        return {"suggestions": Suggestions(about, message.colors, message.uncertainty)}
    if isinstance(message, RecommendedThemes):
        return {"themes": tuple(map(Theme, message.themes))}
    if isinstance(message, MappedUncertainty):
        return {"unsure": message.plane}
    if isinstance(message, ExtractedPalette):
        return {"palette": message.palette}
    if isinstance(message, Colorized) and about < len(answers.themes):
        themes = list(answers.themes)
        themes[about] = themes[about]._replace(image=_image(message.plane))
        return {"themes": tuple(themes)}
    return {}


def _small(extent: Extent, side: int) -> Extent:
    """The extent with a longer side of `side` at most."""
    share = min(1.0, side / max(extent))
    return Extent(max(1, round(share * extent.width)), max(1, round(share * extent.height)))


def _image(plane: Plane) -> Any:
    """A QImage of a bgra8 plane, which is how Qt keeps colors on a little-endian machine."""
    width, height = plane.extent
    return QImage(bytes(plane.data), width, height, 4 * width, QImage.Format.Format_ARGB32).copy()
