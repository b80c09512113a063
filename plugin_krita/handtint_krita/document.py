"""A Krita document as Handtint sees it: layers, pixels, roles, and the one layer that is ours.

Wraps libkis. Starts nothing, waits for nothing, knows no engine. Krita's oddities that shape this file: raw pixel
writes are neither undoable nor redrawn (so only our own layer gets them); any change of the tree while the pen is
down ends the stroke (so callers ask `may_write` first); objects of a closed document crash Krita (so callers ask
`alive` first); lists of nodes leak unless they are handed back to Python.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from handtint.errors import PictureError
from handtint.wire.pixels import Buffer, Extent, PixelFormat, Plane
from handtint_krita.colorspace import SRGB, ColorSpace, colored, pixel_format, transfer, travelling, travels
from handtint_krita.compositing import DIFFERENCE, NORMAL, Sheet, blending, difference, new_node, stacked
from handtint_krita.conversion import converted
from handtint_krita.nodes import handed_back, space_of, turn_lightness, walk
from handtint_krita.ownership import Ownership
from handtint_krita.qt import QByteArray, QUuid
from handtint_krita.roles import PAINTED, Layer, Roles, Variant, name_for, read_roles, write_roles
from handtint_krita.words import tr

Pixels = Any
"""Raw pixels as libkis gives and takes them: QByteArray, bytes or bytearray, all with the buffer protocol."""
ANNOTATION = "handtint"
MAP_OPACITY = 128
"""Of 255: a map hides the picture that it explains."""
THUMBNAIL = 96
_SOON_READ = 1 << 26
"""Bytes of a layer that are read and summed up in no more than some 50 ms."""


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
        self._given_up: Roles | None = None
        self._ownership = Ownership()

    def is_(self, native: Any) -> bool:
        """Whether this wraps that document of libkis."""
        return bool(self._native == native)

    def alive(self) -> bool:
        """Whether Krita still has the document open."""
        return any(self._native == other for other in handed_back(self._krita.documents()))

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
        return space_of(self._native)

    # Layers -------------------------------------------------------------------------------------------------------

    def layers(self) -> tuple[Layer, ...]:
        """All layers that hold a picture, the topmost first, without our own."""
        roles = self.roles()
        ours = {roles.result, *roles.variants}
        return tuple(layer for layer in walk(self._native.rootNode(), 0) if layer.id not in ours)

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
        return read_roles(bytes(self._native.annotation(ANNOTATION)))

    def set_roles(self, roles: Roles) -> None:
        """Store roles in the document; they survive saving."""
        if self.alive() and roles != self.roles():
            data = QByteArray(write_roles(roles))
            self._native.setAnnotation(ANNOTATION, "Which layer plays which part for Handtint", data)

    def settle_roles(self) -> None:
        """Give roles where nobody did: the lowest layer is the base, painted ones get theirs by name.

        Layers that were removed and come back, by undo and redo, have the roles again that they had.
        """
        if self._given_up is not None and self._complete(self._given_up):
            self.set_roles(self._given_up)
            self._given_up = None
        roles = self.roles()
        chosen = {role: getattr(roles, role) for role in PAINTED}
        if self.has(roles.base) and all(not layer or self.has(layer) for layer in chosen.values()):
            return
        if roles.base:
            self._given_up = roles
        layers = self.layers()
        known = {layer.id for layer in layers}
        base = roles.base if roles.base in known else (layers[-1].id if layers else "")
        for role in PAINTED:
            names = (role, name_for(role).casefold())
            named = (x.id for x in layers if x.painted and x.name.casefold() in names and x.id != base)
            chosen[role] = chosen[role] if chosen[role] in known else next(named, "")
        self.set_roles(roles.given(base=base, **chosen))

    def _complete(self, roles: Roles) -> bool:
        return all(self.has(layer) for layer in (roles.base, roles.hints, roles.semantic) if layer)

    # Pixels -------------------------------------------------------------------------------------------------------

    def read(self, layer: str) -> Pixels:
        """Pixels of a layer over the whole canvas, as they lie in Krita's memory. Compare them with ==."""
        node = self._existing(layer)
        plain = node.type() == "paintlayer" and not handed_back(node.childNodes())
        return (node.pixelData if plain else node.projectionPixelData)(0, 0, *self.extent)

    def is_empty(self, layer: str) -> bool:
        """Whether nothing at all is painted on the layer (which says so without reading its pixels)."""
        return bool(self._existing(layer).bounds().isEmpty())

    def plane(self, layer: str, pixels: Pixels) -> Plane:
        """Pixels that were `read` from a layer, ready to travel; converted by Krita where the wire has no name."""
        space = space_of(self._existing(layer))
        wire = travelling(space)
        data = pixels if travels(space) else converted(self._krita, pixels, self.extent, space, wire)
        return Plane(pixel_format(wire), self.extent, memoryview(data), transfer(wire))

    def selection(self) -> Plane | None:
        """How much of each pixel is selected; None where nothing is."""
        selection = self._native.selection()
        if selection is None:
            return None
        return Plane(PixelFormat.gray8, self.extent, bytes(selection.pixelData(0, 0, *self.extent)))

    def as_srgb(self, layer: str, pixels: Pixels, extent: Extent) -> bytes:
        """Some pixels of a layer as BGRA of 8 bits."""
        space = space_of(self._existing(layer))
        return bytes(converted(self._krita, pixels, extent, space, ColorSpace("RGBA", "U8", SRGB)))

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
        """Add an empty paint layer on top for a role of `PAINTED` (one undo step); its id."""
        self._insist_open()
        self.make_colored()
        return self._add_painted(role, None)

    def add_map(self, data: Buffer) -> str:
        """Add a semantic map (`answer_space`, whole canvas) as a layer on top (one undo step); its id."""
        self._insist_open()
        return self._add_painted("semantic", self._own_pixels(data))

    def add_colorization(self, base: str, *, semantic: bool, follows_base: bool) -> str:
        """Add a group with all that coloring takes above the layer `base`: one undo step; the id of its hints layer.

        The group holds a copy of that layer, so that the picture itself stays as it is.
        """
        self._insist_open()
        self.make_colored()
        picture = self._existing(base)
        copy, color = self._new_node("base"), self._new_result(blending(self.space, follows_base))
        copy.setPixelData(self._own_copy(base), 0, 0, *self.extent)
        painted = {role: self._new_node(role) for role in (("semantic", "hints") if semantic else ("hints",))}
        if semantic:
            painted["semantic"].setOpacity(MAP_OPACITY)
        group = self._native.createGroupLayer(name_for("group"))
        # Children that are added one by one would be an undo step each, even to a group that is in no document.
        group.setChildNodes([copy, color, *painted.values()])
        picture.parentNode().addChildNode(group, picture)
        ids = {role: node.uniqueId().toString() for role, node in painted.items()}
        empty = zlib.crc32(color.pixelData(0, 0, *self.extent))
        given = self.roles().given(base=copy.uniqueId().toString(), **ids)
        self._note_result(replace(given, result=color.uniqueId().toString(), content=empty))
        return str(ids["hints"])

    def others(self) -> dict[str, Any]:
        """The other documents that are open, by a name for each."""
        found: dict[str, Any] = {}
        for native in handed_back(self._krita.documents()):
            if not self.is_(native):
                name = Path(native.fileName()).name or native.name() or tr("Unnamed")
                found[name if name not in found else f"{name} ({len(found) + 1})"] = native
        return found

    def _own_copy(self, layer: str) -> Pixels:
        """A layer's pixels in the document's own space, in which a new layer comes."""
        return converted(self._krita, self.read(layer), self.extent, space_of(self._existing(layer)), self.space)

    def _new_node(self, part: str) -> Any:
        return self._native.createNode(name_for(part), "paintlayer")

    def _new_result(self, mode: str) -> Any:
        node = new_node(self._krita, self._native, name_for("result"), mode)
        turn_lightness(node, on=False)
        return node

    def _add_painted(self, role: str, pixels: Pixels) -> str:
        node = self._new_node(role)
        if pixels is not None:
            node.setPixelData(pixels, 0, 0, *self.extent)
        if role == "semantic":
            node.setOpacity(MAP_OPACITY)
        self._native.rootNode().addChildNode(node, None)
        added: str = node.uniqueId().toString()
        self.set_roles(self.roles().given(**{role: added}))
        return added

    def show(self, base: str, data: Buffer, *, follows_base: bool = False) -> bool:
        """Put an answer (`answer_space`, whole canvas) above the base; True where a layer had to be added for it.

        The first answer is a new layer, filled before it is added: one undo step. Later ones go into that same layer,
        unless it was removed, locked or painted on: then it is the painter's and a new one is added.
        """
        self._insist_open()
        pixels = self._own_pixels(data)
        mode = blending(self.space, follows_base)
        if mode == DIFFERENCE:
            pixels = difference(self._krita, pixels, self._own_copy(base), self.extent, self.space)
        own = self._own_layer()
        above = self._existing(base) if own is not None else self._top_of(base, self.roles().result)
        if own is not None and own.blendingMode() != mode:
            own = self._with_mode(own, mode)
        if own is None:
            self._add_result(above, pixels, mode)
        else:
            own.setPixelData(pixels, 0, 0, *self.extent)
            self._native.setModified(True)
            self._native.refreshProjection()  # before anything that can wait
            self._note_result(replace(self.roles(), content=zlib.crc32(pixels)))
        return own is None

    def _with_mode(self, own: Any, mode: str) -> Any:
        """Our own layer in another mode, None where it had to go: to undo that must show what was there before."""
        if DIFFERENCE not in (own.blendingMode(), mode) or own.bounds().isEmpty():
            own.setBlendingMode(mode)
            return own
        own.remove()
        return None

    def keep_result(self, name: str) -> bool:
        """Leave our layer to be compared with others, so that the next answer is a new layer; False without one."""
        self._insist_open()
        own = self._own_layer()
        if own is None or own.bounds().isEmpty():
            return False
        own.setName(name)
        self._native.setModified(True)
        roles = self.roles()
        self.set_roles(replace(roles, result="", content=0, variants=(*roles.variants, roles.result)))
        return True

    def bake(self, name: str) -> bool:
        """Add what base and color layer show together as an ordinary layer (one undo step); False without color."""
        self._insist_open()
        roles = self.roles()
        own = self._node(roles.result)
        if own is None or own.bounds().isEmpty() or not self.has(roles.base):
            return False
        held, alone = self._own_copy(roles.result), self.space.model == "LABA"
        color = Sheet(held, own.blendingMode(), own.opacity(), colors_alone=alone)
        sheets = (Sheet(self._own_copy(roles.base)), color)
        node = new_node(self._krita, self._native, name, NORMAL)
        node.setPixelData(stacked(self._krita, self.extent, self.space, sheets), 0, 0, *self.extent)
        own.parentNode().addChildNode(node, own)
        return True

    def result_is_visible(self) -> bool:
        """Whether our own layer, and all groups that it lies in, can be seen."""
        node = self._node(self.roles().result)
        while node is not None and node.visible():
            node = node.parentNode()
        return node is None

    def variants(self) -> tuple[Variant, ...]:
        """The results that were kept, and the one that is ours still; the oldest first."""
        roles = self.roles()
        nodes = (self._node(layer) for layer in (*roles.variants, roles.result))
        return tuple(Variant(n.uniqueId().toString(), n.name(), n.visible()) for n in nodes if n is not None)

    def show_variant(self, layer: str) -> None:
        """Show one of the kept results and hide the others."""
        self._insist_open()
        for variant in self.variants():
            node = self._existing(variant.id)
            node.setVisible(variant.id == layer)
        self._native.setModified(True)
        self._native.refreshProjection()

    def _own_pixels(self, data: Buffer) -> Pixels:
        """An answer in `answer_space` as this document keeps its pixels; a gray one is made RGB for that."""
        wire = self.answer_space()
        expected = self.extent.width * self.extent.height * pixel_format(wire).pixel_bytes
        got = memoryview(data).nbytes
        if got != expected:  # Krita 5.2 does not look and would read past the end
            raise PictureError(f"the answer should have {expected} bytes for this document, got {got}")
        self.make_colored()
        pixels = data if isinstance(data, bytes | bytearray) else bytes(data)  # libkis takes no memoryview
        return pixels if travels(self.space) else converted(self._krita, pixels, self.extent, wire, self.space)

    def thumbnail(self, layer: str, side: int = THUMBNAIL) -> Any:
        """A small QImage of what is painted on a layer; None where that is nothing."""
        node = self._node(layer)
        if node is None or node.bounds().isEmpty():
            return None
        bounds = node.bounds()  # Krita would stretch it to whatever size it is asked for
        share = side / max(bounds.width(), bounds.height())
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

    def _top_of(self, base: str, taken: str) -> Any:
        """What a new color layer comes above: a former one that became the painter's, beside the base, would hide it.

        Not for a layer that we have just removed: Krita ends where another one is put beside it.
        """
        lower, upper = self._existing(base), self._node(taken)
        beside = upper is not None and upper.parentNode() == lower.parentNode()
        return upper if beside and upper.index() > lower.index() else lower

    def _add_result(self, below: Any, pixels: Pixels, mode: str) -> None:
        node = self._new_result(mode)
        node.setPixelData(pixels, 0, 0, *self.extent)
        for kept in filter(None, map(self._node, self.roles().variants)):
            kept.setVisible(False)  # else the new one could not be seen
        below.parentNode().addChildNode(node, below)
        self._note_result(replace(self.roles(), result=node.uniqueId().toString(), content=zlib.crc32(pixels)))

    def _note_result(self, roles: Roles) -> None:
        self.set_roles(roles)
        self._ownership.written(roles.result)

    def _own_layer(self) -> Any:
        roles = self.roles()
        node = self._node(roles.result)
        if node is None or node.locked() or space_of(node) != self.space:
            return None
        ours = self._ownership.sure(roles.result, self.active()) or self._untouched(roles)
        return node if ours else None

    def watch_result(self) -> None:
        """Look whether the painter is on our own layer; to be called all the time."""
        roles = self.roles()
        result = roles.result if self.has(roles.result) else ""
        small = prod(self.extent) * pixel_format(self.answer_space()).pixel_bytes <= _SOON_READ
        self._ownership.look(result, self.active(), lambda: small and self._untouched(roles))

    def _untouched(self, roles: Roles) -> bool:
        """Whether our own layer holds what we wrote last."""
        return zlib.crc32(self._existing(roles.result).pixelData(0, 0, *self.extent)) == roles.content

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
