"""Puts requests for a document together and keeps what their answers are for. Knows no widget."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from handtint.wire.messages import Colorized, Palette, Segmented
from handtint.wire.pixels import Extent, Plane
from handtint_krita.answer import Answer, FoundMap
from handtint_krita.conversation import Conversation
from handtint_krita.document import Document
from handtint_krita.hashing import Hasher
from handtint_krita.inputs import Inputs
from handtint_krita.request import color_request, map_request
from handtint_krita.settings import Settings


class Asking:
    """One per model, for whichever document is in hand.

    Attributes
    ----------
    inputs : Inputs
        The pictures of that document; a new document takes new ones.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._hasher = Hasher()
        self._asked: Callable[[Any], Answer | FoundMap] | None = None
        self.inputs = Inputs()

    def look(self, document: Document, takes: tuple[str, ...]) -> bool:
        """Read what counts, unless planes that were read before are still being named; True where it has changed."""
        return not self._hasher.busy and self.inputs.look(document, takes)

    def base(self, document: Document) -> Plane | None:
        """The base as last seen; None as long as it is being named, or empty."""
        base = self.inputs.base(document)
        return base if base is not None and self._hasher.ready(base) else None

    def for_map(self, document: Document) -> bool:
        """Ask for the semantic map of the base; False as long as the base is being named."""
        base = self.base(document)
        if base is None:
            return False
        self._asked = functools.partial(FoundMap, document, document.roles().base)
        space = document.answer_space()
        self._talk.ask(functools.partial(map_request, document=document.id, base=base, answer=space), {})
        return True

    def for_color(
        self,
        document: Document,
        settings: Settings,
        palette: Palette | None,
        takes: tuple[str, ...],
        detail: Extent | None,
    ) -> int:
        """Ask for color, quickly where a `detail` is given; the request's id, 0 as long as planes are being named."""
        if not self.inputs.ready(document, takes, self._hasher):
            return 0
        pictures = self.inputs.pictures(document, takes)
        request = functools.partial(
            color_request,
            document=document.id,
            pictures=pictures,
            palette=palette,
            answer=document.answer_space(),
            settings=settings,
            takes=takes,
            detail=detail,
        )
        roles = document.roles()
        result = roles.result if document.has(roles.result) else ""
        self._asked = functools.partial(Answer, document, roles.base, result, settings.follows_base)
        return self._talk.ask(request, pictures.whole)

    def answered(self, outcome: Colorized | Segmented) -> Answer | FoundMap | None:
        """What was asked for last, ready to be put where it belongs."""
        return self._asked(outcome) if self._asked is not None else None
