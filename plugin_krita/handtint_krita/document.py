"""A Krita document as Handtint sees it: layers, pixels, roles, and the one layer that is ours.

Wraps libkis. Starts nothing, waits for nothing, knows no engine. Krita's oddities that shape this file: raw pixel
writes are neither undoable nor redrawn (so only our own layer gets them); any change of the tree while the pen is
down ends the stroke (so callers ask `may_write` first); objects of a closed document crash Krita (so callers ask
`alive` first); lists of nodes leak unless they are handed back to Python.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from handtint.errors import PictureError
from handtint.wire.pixels import Buffer, Extent, Plane
from handtint_krita.colorspace import ColorSpace, colored, pixel_format, transfer, travelling, travels
from handtint_krita.qt import QByteArray, QUuid, transferback
from handtint_krita.roles import Layer, Roles
from handtint_krita.words import tr

Pixels = Any
"""Raw pixels as libkis gives and takes them: QByteArray, bytes or bytearray, all with the buffer protocol."""
ANNOTATION = "handtint"
RESULT_NAME = "Handtint color"
PAINTED_NAMES = {"hints": "Hints", "semantic": "Semantic"}
"""Layers that we add for a role to be painted on, and layers of whose name we take it for granted."""
MAP_OPACITY = 128
"""Of 255: a map hides the picture that it explains."""
THUMBNAIL = 96
_PICTURES = ("paintlayer", "grouplayer", "filelayer", "clonelayer", "vectorlayer", "filllayer")
_PAINTED = ("paintlayer", "grouplayer")


class Document:
    """One open document of Krita.

    Parameters
    ----------
    krita : Any
        `Krita.instance()`.
    native : Any
        libkis' Document.
    """

    def __init__(self, krita: Any, native: Any) -> None:
        self._krita = krita
        self._native = native
        self.id: str = native.rootNode().uniqueId().toString()
        self.name: str = native.name()

    def is_(self, native: Any) -> bool:
        """Whether this wraps that document of libkis."""
        return bool(self._native == native)

    def alive(self) -> bool:
        """Whether Krita still has the document open."""
        return any(self._native == other for other in _handed_back(self._krita.documents()))

    def may_write(self) -> bool:
        """Whether nothing is being painted or computed, so that a change disturbs no stroke."""
        if not self._native.tryBarrierLock():
            return False
        self._native.unlock()
        return True

    @property
    def extent(self) -> Extent:
        return Extent(self._native.width(), self._native.height())

    @property
    def space(self) -> ColorSpace:
        return _space(self._native)

    # Layers -------------------------------------------------------------------------------------------------------

    def layers(self) -> tuple[Layer, ...]:
        """All layers that hold a picture, the topmost first, without our own."""
        result = self.roles().result
        found = _walk(self._native.rootNode(), 0)
        return tuple(layer for layer in found if layer.id != result)

    def has(self, layer: str) -> bool:
        """Whether the document has a layer of that id."""
        return self._node(layer) is not None

    def name_of(self, layer: str) -> str:
        """What the painter calls a layer; empty where it is gone."""
        node = self._node(layer)
        return str(node.name()) if node is not None else ""

    def roles(self) -> Roles:
        """The roles stored in the document; none once it is closed."""
        if not self.alive():  # asking for an annotation would end Krita
            return Roles()
        try:
            stored = json.loads(bytes(self._native.annotation(ANNOTATION)) or b"{}")
            return Roles(**{name: type(value)(stored.get(name, value)) for name, value in asdict(Roles()).items()})
        except (ValueError, TypeError, AttributeError):  # written by another version, or by another hand
            return Roles()

    def set_roles(self, roles: Roles) -> None:
        """Store roles in the document; they survive saving."""
        if self.alive() and roles != self.roles():
            data = QByteArray(json.dumps(asdict(roles)).encode())
            self._native.setAnnotation(ANNOTATION, "Which layer plays which part for Handtint", data)

    def settle_roles(self) -> None:
        """Give roles where nobody did: the lowest layer is the base, painted ones get theirs by name."""
        roles = self.roles()
        chosen = {role: getattr(roles, role) for role in PAINTED_NAMES}
        if self.has(roles.base) and all(not layer or self.has(layer) for layer in chosen.values()):
            return
        layers = self.layers()
        known = {layer.id for layer in layers}
        base = roles.base if roles.base in known else (layers[-1].id if layers else "")
        for role, name in PAINTED_NAMES.items():
            named = (x.id for x in layers if x.painted and x.name.casefold() == name.casefold() and x.id != base)
            chosen[role] = chosen[role] if chosen[role] in known else next(named, "")
        self.set_roles(roles.given(base=base, **chosen))

    # Pixels -------------------------------------------------------------------------------------------------------

    def read(self, layer: str) -> Pixels:
        """Pixels of a layer over the whole canvas, as they lie in Krita's memory. Compare them with ==."""
        node = self._existing(layer)
        plain = node.type() == "paintlayer" and not _handed_back(node.childNodes())
        return (node.pixelData if plain else node.projectionPixelData)(0, 0, *self.extent)

    def is_empty(self, layer: str) -> bool:
        """Whether nothing at all is painted on the layer (which says so without reading its pixels)."""
        return bool(self._existing(layer).bounds().isEmpty())

    def plane(self, layer: str, pixels: Pixels) -> Plane:
        """Pixels that were `read` from a layer, ready to travel; converted by Krita where the wire has no name."""
        space = _space(self._existing(layer))
        wire = travelling(space)
        data = pixels if travels(space) else self._converted(pixels, space, wire)
        return Plane(pixel_format(wire), self.extent, memoryview(data), transfer(wire))

    def answer_space(self) -> ColorSpace:
        """The space in which an answer for this document has to come."""
        return travelling(colored(self.space))

    # What we change -----------------------------------------------------------------------------------------------

    def make_colored(self) -> bool:
        """Convert a gray document to RGB (Krita's own undo step); True where that was needed."""
        space = self.space
        wanted = colored(space)
        if wanted == space:
            return False
        if not self._native.setColorSpace(*wanted):
            raise PictureError(tr("Krita could not convert this {model} document to RGB", model=space.model))
        self._native.waitForDone()
        return True

    def add_layer(self, role: str) -> str:
        """Add an empty paint layer on top for a role of `PAINTED_NAMES` (one undo step); its id."""
        self._insist_open()
        self.make_colored()
        return self._add_painted(role, None)

    def add_map(self, data: Buffer) -> str:
        """Add a semantic map (`answer_space`, whole canvas) as a layer on top (one undo step); its id."""
        self._insist_open()
        return self._add_painted("semantic", self._own_pixels(data))

    def _add_painted(self, role: str, pixels: Pixels) -> str:
        node = self._native.createNode(PAINTED_NAMES[role], "paintlayer")
        if pixels is not None:
            node.setPixelData(pixels, 0, 0, *self.extent)
        if role == "semantic":
            node.setOpacity(MAP_OPACITY)
        self._native.rootNode().addChildNode(node, None)
        added: str = node.uniqueId().toString()
        self.set_roles(self.roles().given(**{role: added}))
        return added

    def show(self, base: str, data: Buffer) -> bool:
        """Put an answer (`answer_space`, whole canvas) above the base; True where a layer had to be added for it.

        The first answer is a new layer, filled before it is added: one undo step. Later ones go into that same layer,
        unless it was removed, locked or painted on: then it is the painter's and a new one is added.
        """
        self._insist_open()
        pixels = self._own_pixels(data)
        own = self._own_layer()
        if own is None:
            self._add_result(self._existing(base), pixels)
        else:
            self._write(own, pixels)
            self._native.setModified(True)
            self._native.refreshProjection()
        return own is None

    def _own_pixels(self, data: Buffer) -> Pixels:
        """An answer in `answer_space` as this document keeps its pixels; a gray one is made RGB for that."""
        wire = self.answer_space()
        expected = self.extent.width * self.extent.height * pixel_format(wire).pixel_bytes
        got = memoryview(data).nbytes
        if got != expected:  # Krita 5.2 does not look and would read past the end
            raise PictureError(f"the answer should have {expected} bytes for this document, got {got}")
        self.make_colored()
        pixels = data if isinstance(data, bytes | bytearray) else bytes(data)  # libkis takes no memoryview
        return pixels if travels(self.space) else self._converted(pixels, wire, self.space)

    def thumbnail(self, layer: str) -> Any:
        """A small QImage of what is painted on a layer; None where that is nothing."""
        node = self._node(layer)
        if node is None or node.bounds().isEmpty():
            return None
        bounds = node.bounds()  # Krita would stretch it to whatever size it is asked for
        share = THUMBNAIL / max(bounds.width(), bounds.height())
        return node.thumbnail(max(1, round(share * bounds.width())), max(1, round(share * bounds.height())))

    def active(self) -> str:
        """Id of the layer that the painter works on; empty where Krita does not say."""
        node = self._native.activeNode()
        return node.uniqueId().toString() if node is not None else ""

    def activate(self, layer: str) -> None:
        """Make a layer the one that the painter works on; nothing happens where it is gone."""
        node = self._node(layer)
        if node is not None:
            self._native.setActiveNode(node)

    def _add_result(self, base: Any, pixels: Pixels) -> None:
        node = self._native.createNode(RESULT_NAME, "paintlayer")
        self._write(node, pixels)
        if self.space.model == "LABA":
            _turn_lightness_off(node)
        base.parentNode().addChildNode(node, base)
        self.set_roles(replace(self.roles(), result=node.uniqueId().toString(), content=zlib.crc32(pixels)))

    def _write(self, node: Any, pixels: Pixels) -> None:
        node.setPixelData(pixels, 0, 0, *self.extent)
        roles = self.roles()
        if roles.result == node.uniqueId().toString():
            self.set_roles(replace(roles, content=zlib.crc32(pixels)))

    def _own_layer(self) -> Any:
        roles = self.roles()
        node = self._node(roles.result)
        if node is None or node.locked() or _space(node) != self.space:
            return None
        held = zlib.crc32(node.pixelData(0, 0, *self.extent))
        return node if held == roles.content else None

    def _node(self, layer: str) -> Any:
        return self._native.nodeByUniqueID(QUuid(layer)) if layer else None

    def _insist_open(self) -> None:
        if not self.alive():  # adding a layer would end Krita
            raise PictureError(tr("The document was closed"))

    def _existing(self, layer: str) -> Any:
        node = self._node(layer)
        if node is None:
            raise PictureError(tr("That layer is no longer in the document: choose another one"))
        return node

    def _converted(self, pixels: Pixels, source: ColorSpace, target: ColorSpace) -> Pixels:
        """The pixels in another color space, through a document that nobody sees (exact, nothing to undo)."""
        width, height = self.extent
        hidden = self._krita.createDocument(width, height, "handtint", *source, 72.0)
        if hidden is None:
            raise PictureError(tr("Krita cannot convert from {space}", space=" ".join(source)))
        try:
            hidden.setBatchmode(True)
            node = hidden.topLevelNodes()[0]
            node.setPixelData(pixels, 0, 0, width, height)
            hidden.setColorSpace(*target)
            hidden.waitForDone()
            return hidden.topLevelNodes()[0].pixelData(0, 0, width, height)
        finally:
            hidden.close()


def _turn_lightness_off(node: Any) -> None:
    """The layer then changes a* and b* alone: exact, and it stays right when the base is edited."""
    channels = node.channels()
    for channel in channels:
        if channel.position() == 0:
            channel.setVisible(False)
    _handed_back(channels)


def _space(owner: Any) -> ColorSpace:
    return ColorSpace(owner.colorModel(), owner.colorDepth(), owner.colorProfile())


def _walk(parent: Any, level: int) -> Iterator[Layer]:
    for node in reversed(_handed_back(parent.childNodes())):
        kind = node.type()
        if kind in _PICTURES:
            yield Layer(node.uniqueId().toString(), node.name(), level, kind in _PAINTED)
        if kind == "grouplayer":
            yield from _walk(node, level + 1)


def _handed_back(objects: list[Any]) -> list[Any]:
    """The same list; Python then frees its objects (libkis forgets to)."""
    for item in objects:
        transferback(item)
    return objects
