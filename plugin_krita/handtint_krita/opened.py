"""The documents that the docker has had in hand and that are open still. Knows neither the engine nor widgets."""

from __future__ import annotations

from typing import Any

from handtint_krita.document import Document


class OpenedDocuments:
    """One per model.

    Parameters
    ----------
    krita : Any
        `Krita.instance()`.
    """

    def __init__(self, krita: Any) -> None:
        self._krita = krita
        self._known: list[Document] = []

    def take(self, native: Any) -> Document:
        """The same object as long as the document is open: it has seen what happened to the color layer."""
        self._known = [document for document in self._known if document.alive()]
        known = next((document for document in self._known if document.is_(native)), None)
        if known is None:
            known = Document(self._krita, native)
            self._known.append(known)
        return known
