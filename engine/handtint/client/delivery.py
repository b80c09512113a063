"""Which planes an engine has been given over one connection, so that each travels once. Opens no socket.

Standard library and handtint.wire only.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from handtint.client.hints import HintsTracker
from handtint.wire.messages import Message
from handtint.wire.pixels import Known, Patch, Picture, Plane, blank_digest

_REMEMBERED = 4096
"""Digests that are kept in mind; an engine's own memory ends long before."""


_LARGE = 1 << 20
"""Bytes of a plane for which it is worth while to ask whether it must travel at all."""
_PAINTED = ("hints", "semantic")
"""Fields of messages that hold layers to paint on."""


class Digests:
    """Digests by plane object: 16 MB take about 20 ms, and the same base comes with every stroke."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Plane], str]] = {}

    def of(self, plane: Plane) -> str:
        key = id(plane)
        if key not in self._known:
            self._known[key] = (weakref.ref(plane, lambda _: self._known.pop(key, None)), plane.digest())
        return self._known[key][1]


class Delivery:
    """Replaces whole planes by digests and back, for one connection.

    A patch names its result by how it was made. Where the whole had to travel instead, the engine knows the result
    by another name; `_names` keeps both together. A digest that the caller names himself may be known from another
    connection, and every engine since protocol 1.4 knows blank planes: these are tried before the whole is sent.
    """

    def __init__(self, digests: Digests) -> None:
        self._digests = digests
        self._given: dict[str, None] = {}
        self._lost: dict[str, None] = {}
        self._names: dict[str, str] = {}

    def travel(self, message: Message, whole: Mapping[str, Plane]) -> Message:
        """The message as it goes out: planes that were given before as Known, unknown ones whole where we have them."""
        changed: dict[str, Any] = {name: self._picture(picture, whole) for name, picture in pictures(message)}
        return replace(message, **changed) if changed else message

    def forget(self, missing: Iterable[str]) -> None:
        """The engine has lost these."""
        for digest in missing:
            self._given.pop(digest, None)
            self._lost[digest] = None
        _bound(self._lost)

    def take_back(self, sent: Message) -> None:
        """A message that `travel` made has not gone out after all."""
        for _, picture in pictures(sent):
            if not isinstance(picture, Known):
                self._given.pop(self._digests.of(picture) if isinstance(picture, Plane) else picture.digest(), None)

    def _picture(self, picture: Picture, whole: Mapping[str, Plane]) -> Picture:
        if isinstance(picture, Plane):
            return self._plane(picture)
        if isinstance(picture, Known):
            return self._known(picture, whole)
        return self._patch(picture, whole)

    def _plane(self, plane: Plane) -> Plane | Known:
        digest = self._digests.of(plane)
        if digest in self._given:
            return Known(digest)
        self._give(digest)
        return plane

    def _known(self, known: Known, whole: Mapping[str, Plane]) -> Picture:
        name = self._names.get(known.digest, known.digest)
        if name not in self._given and name in self._lost and known.digest in whole:
            return self._instead(known.digest, whole[known.digest])
        return Known(name)

    def _patch(self, patch: Patch, whole: Mapping[str, Plane]) -> Picture:
        digest = patch.digest()
        name = self._names.get(digest, digest)
        if name in self._given:
            return Known(name)
        parent = self._names.get(patch.parent, patch.parent)
        if parent not in self._given and digest in whole and not self._is_blank(parent, whole[digest]):
            return self._instead(digest, whole[digest])
        renamed = replace(patch, parent=parent)
        self._name(digest, renamed.digest())
        self._give(self._names.get(digest, digest))
        return renamed

    def _is_blank(self, parent: str, result: Plane) -> bool:
        return parent not in self._lost and parent == blank_digest(result.format, result.extent, result.transfer)

    def _instead(self, digest: str, plane: Plane) -> Plane | Known:
        self._name(digest, self._digests.of(plane))
        return self._plane(plane)

    def _name(self, digest: str, name: str) -> None:
        if digest != name:
            self._names[digest] = name
            _bound(self._names)

    def _give(self, digest: str) -> None:
        self._given[digest] = None
        _bound(self._given)


def pictures(message: Message) -> Iterator[tuple[str, Picture]]:
    """The fields of a message that hold pictures."""
    for field in fields(message):
        value = getattr(message, field.name)
        if isinstance(value, (Plane, Known, Patch)):
            yield field.name, value


def spared(message: Message) -> tuple[Message, dict[str, Plane]]:
    """A message of somebody who asks once and goes, with what need not travel left out, and the planes behind that.

    What is mostly empty goes as a patch of a blank plane, what is large by its digest: the engine may have it from
    the last run.
    """
    whole: dict[str, Plane] = {}
    changed: dict[str, Any] = {}
    for name, picture in pictures(message):
        if isinstance(picture, Plane) and memoryview(picture.data).nbytes >= _LARGE:
            tracker = HintsTracker()
            changed[name] = tracker.update(picture) if name in _PAINTED else Known(picture.digest())
            whole |= tracker.whole or {picture.digest(): picture}
    return replace(message, **changed) if changed else message, whole


def needs(message: Message) -> set[str]:
    """Digests that the engine must know already to understand this message."""
    found = set()
    for _, picture in pictures(message):
        if isinstance(picture, Known):
            found.add(picture.digest)
        elif isinstance(picture, Patch):
            found.add(picture.parent)
    return found


def _bound(known: dict[str, None] | dict[str, str]) -> None:
    while len(known) > _REMEMBERED:
        del known[next(iter(known))]
