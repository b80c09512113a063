"""libkis' nodes: listing them without a leak, their color space, their lightness channel. Wraps libkis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handtint_krita.colorspace import ColorSpace
from handtint_krita.qt import transferback
from handtint_krita.roles import Layer

_PICTURES = ("paintlayer", "grouplayer", "filelayer", "clonelayer", "vectorlayer", "filllayer")
_PAINTED = ("paintlayer", "grouplayer")


def turn_lightness(node: Any, *, on: bool) -> None:
    """Off, a Lab layer changes a* and b* alone: exact, and it stays right when the base is edited."""
    if node.colorModel() != "LABA":
        return
    channels = node.channels()
    for channel in channels:
        if channel.position() == 0:
            channel.setVisible(on)
    handed_back(channels)


def space_of(owner: Any) -> ColorSpace:
    """The color space of a document or a layer."""
    return ColorSpace(owner.colorModel(), owner.colorDepth(), owner.colorProfile())


def walk(parent: Any, level: int) -> Iterator[Layer]:
    """All layers below a node that hold a picture, the topmost first."""
    for node in reversed(handed_back(parent.childNodes())):
        kind = node.type()
        if kind in _PICTURES:
            yield Layer(node.uniqueId().toString(), node.name(), level, kind in _PAINTED)
        if kind == "grouplayer":
            yield from walk(node, level + 1)


def handed_back(objects: list[Any]) -> list[Any]:
    """The same list; Python then frees its objects (libkis forgets to)."""
    for item in objects:
        transferback(item)
    return objects
