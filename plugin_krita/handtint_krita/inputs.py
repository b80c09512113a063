"""All pictures that go into a request: the layers by the part they play, as last seen, and the exemplar's file.

Asks for nothing, writes nothing; reads only what the chosen method takes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from handtint.client.hints import HintsTracker
from handtint.errors import GuidanceError
from handtint.wire.pixels import Plane
from handtint_krita.document import Document
from handtint_krita.exemplar import ExemplarFile
from handtint_krita.hashing import Hasher
from handtint_krita.request import Pictures
from handtint_krita.roles import PAINTED, Roles
from handtint_krita.watcher import WatchedLayer

_LAYERS = ("base", *PAINTED, "exemplar")


class Inputs:
    """The pictures of one document."""

    def __init__(self) -> None:
        self._layers = {role: WatchedLayer() for role in _LAYERS}
        self._trackers = {role: HintsTracker() for role in PAINTED}
        self._selection: Plane | None = None
        self._file = ExemplarFile()
        self._exemplars = 0
        """How often the layer of the exemplar was seen to change."""
        self._shown: object = None
        self._thumbnail: Any = None

    def look(self, document: Document, takes: Collection[str]) -> bool:
        """Read the layers that count; True where one of them holds something else than last time."""
        roles = document.roles()
        changed = [
            role
            for role, watched in self._layers.items()
            if (role == "base" or role in takes) and watched.look(document, getattr(roles, role))
        ]
        self._exemplars += "exemplar" in changed
        selection = document.selection()
        reselected = selection != self._selection
        if reselected:  # the plane stays the same object while it is the same, so that it is named once
            self._selection = selection
        return bool(changed) or reselected

    def empty(self, role: str) -> bool:
        """Whether nothing was there when last seen."""
        return self._layers[role].empty

    def base(self, document: Document) -> Plane | None:
        """The gray picture as last seen; None where the layer is gone or empty."""
        return self._layers["base"].plane(document, document.roles().base)

    def ready(self, document: Document, takes: Collection[str], hasher: Hasher) -> bool:
        """Whether `pictures` costs nothing any more: large planes are named on another thread first."""
        planes = self._planes(document, takes)
        # Of a layer whose earlier state has travelled only a rectangle is named.
        new = [plane for role, plane in planes.items() if not (role in PAINTED and self._trackers[role].whole)]
        return hasher.ready(*new, *([self._selection] if self._selection is not None else []))

    def pictures(self, document: Document, takes: Collection[str]) -> Pictures:
        """What was last seen, as it should travel. There has to be a base."""
        found: dict[str, Any] = dict(self._planes(document, takes))
        whole: dict[str, Plane] = {}
        for role in PAINTED:
            if role in found:
                found[role] = self._trackers[role].update(found[role])
                whole |= self._trackers[role].whole
        return Pictures(**found, selection=self._selection, whole=whole)

    def load(self, path: str) -> None:
        """Read an exemplar's file; GuidanceError where it is no picture."""
        self._file.plane(path)

    def thumbnail(self, document: Document) -> Any:
        """A small picture of the exemplar; None without one that can be read."""
        roles = document.roles()
        key = (roles.exemplar, roles.exemplar_file, self._exemplars)
        if key != self._shown:
            self._shown = key
            self._thumbnail = self._make_thumbnail(document, roles)
        return self._thumbnail

    def _make_thumbnail(self, document: Document, roles: Roles) -> Any:
        if not roles.exemplar_file:
            return document.thumbnail(roles.exemplar)
        try:
            return self._file.thumbnail(roles.exemplar_file)
        except GuidanceError:  # said when it is to be used
            return None

    def _planes(self, document: Document, takes: Collection[str]) -> dict[str, Plane]:
        roles = document.roles()
        found = {
            role: watched.plane(document, getattr(roles, role))
            for role, watched in self._layers.items()
            if role == "base" or role in takes
        }
        if "exemplar" in takes and roles.exemplar_file:
            found["exemplar"] = self._file.plane(roles.exemplar_file)
        return {role: plane for role, plane in found.items() if plane is not None}
