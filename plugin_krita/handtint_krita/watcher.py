"""Notices that a layer has changed: Krita has no signal for a stroke, so its undo history serves as a hint.

Compares what was read before with what is there now; asks for nothing and writes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handtint.wire.pixels import Plane
from handtint_krita.document import Document, Pixels
from handtint_krita.qt import QAbstractItemView, QObject, pyqtSignal
from handtint_krita.stroke import Spot, middle_of_change

_HISTORY = "History"
"""Object name of Krita's Undo History docker; its model is reset after each stroke, undo and redo, also when hidden."""


class UndoHints(QObject):  # type: ignore[misc]
    """Says that something may have changed in a window. No public API of Krita: never rely on it alone."""

    hinted = pyqtSignal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._models: list[Any] = []

    def attach(self, window: Any) -> bool:
        """Listen to the undo history of a window of libkis; False where it has none."""
        docks = [dock for dock in window.dockers() if dock.objectName() == _HISTORY]
        view = docks[0].findChild(QAbstractItemView) if docks else None
        model = view.model() if view is not None else None
        if model is None:
            return False
        if model not in self._models:
            self._models.append(model)
            model.modelReset.connect(self.hinted)
        return True


class WatchedLayer:
    """One layer's pixels as last seen, and the plane that was made of them.

    The plane stays the same object while the pixels do, so that its digest is computed once.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._pixels: Pixels = None
        self._plane: Plane | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was there when last seen."""
        return self._pixels is None

    def look(self, document: Document, layer: str) -> bool:
        """Read the layer; True where it holds something else than last time."""
        key = (document.id, layer, document.extent, document.space)
        pixels = document.read(layer) if document.has(layer) and not document.is_empty(layer) else None
        if key == self._key and _same(pixels, self._pixels):
            return False
        self._key, self._pixels, self._plane = key, pixels, None
        return True

    def plane(self, document: Document, layer: str) -> Plane | None:
        """What was last seen, ready to travel; None where the layer is gone or empty."""
        if self._plane is None and self._pixels is not None:
            self._plane = document.plane(layer, self._pixels)
        return self._plane


class LastStroke:
    """Finds where a layer was painted on between two looks."""

    def __init__(self) -> None:
        self._watched = WatchedLayer()
        self._seen: tuple[str, str] | None = None
        self._plane: Plane | None = None

    def look(self, document: Document, layer: str) -> Spot | None:
        """A pixel in the middle of what has changed since the last look; None at the first one."""
        if not document.has(layer) or not self._watched.look(document, layer):
            return None
        before, first = self._plane, self._seen != (document.id, layer)
        self._seen = (document.id, layer)
        self._plane = self._watched.plane(document, layer)
        if first or self._plane is None:
            return None
        blank = replace(self._plane, data=bytes(memoryview(self._plane.data).nbytes))
        return middle_of_change(before if before is not None else blank, self._plane)


def _same(one: Pixels, other: Pixels) -> bool:
    """Equal pixels, or none both times. A QByteArray that begins with a zero equals None in PyQt."""
    if one is None or other is None:
        return one is other
    return bool(one == other)
