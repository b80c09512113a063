"""Answers on their way into their document. Ask first whether they may be put there; wait for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from handtint.wire.messages import Colorized, Segmented
from handtint.wire.pixels import Plane
from handtint_krita.colorspace import pixel_format
from handtint_krita.document import Document
from handtint_krita.words import told, tr


@dataclass(frozen=True)
class Answer:
    """What the engine made of the layer `base` of a document, which need not be the one in front any more.

    `result` is our own layer that was there when this was asked for, empty where there was none; `follows_base` says
    that it shall go along with edits of the base.
    """

    document: Document
    base: str
    result: str
    follows_base: bool
    colorized: Colorized

    def outlived(self) -> bool:
        """Whether its place has gone meanwhile. Our own layer, too: who takes it back does not want it back at once."""
        document = self.document
        layers = [self.base, self.result] if self.result else [self.base]
        return not document.alive() or not all(map(document.has, layers))

    def lost_its_base(self) -> bool:
        """Whether the document is there, but without the layer that was colored."""
        return _lost(self.document, self.base)

    def fits(self) -> bool:
        """Whether the document still has the size and the color space that were asked for."""
        return _fits(self.document, self.colorized.plane)

    def put(self) -> tuple[bool, str]:
        """Show it, one undo step at most; whether a layer was added, and a sentence for the painter."""
        gray = self.document.space.model == "GRAYA"
        added = self.document.show(self.base, self.colorized.plane.data, follows_base=self.follows_base)
        said = [tr("Colored in {seconds:.1f} s.", seconds=self.colorized.seconds), *map(told, self.colorized.notes)]
        if gray:
            said.append(tr("The document was gray and is RGB now."))
        if not self.document.result_is_visible():
            said.append(tr("The color layer is hidden."))
        return added, " ".join(said)


@dataclass(frozen=True)
class FoundMap:
    """The semantic map that the engine found in the layer `base` of a document."""

    document: Document
    base: str
    segmented: Segmented

    def outlived(self) -> bool:
        """Whether its place has gone meanwhile."""
        return not self.document.alive() or not self.document.has(self.base)

    def lost_its_base(self) -> bool:
        """Whether the document is there, but without the layer that was looked at."""
        return _lost(self.document, self.base)

    def fits(self) -> bool:
        """Whether the document still has the size and the color space that were asked for."""
        return _fits(self.document, self.segmented.plane)

    def put(self) -> tuple[bool, str]:
        """Add it as a layer to be painted on, one undo step; and a sentence for the painter."""
        gray = self.document.space.model == "GRAYA"
        self.document.add_map(self.segmented.plane.data)
        said = tr("The map is a layer of its own: correct it with the classes' colors.")
        return False, tr("The document was gray and is RGB now.") + " " + said if gray else said


def _fits(document: Document, plane: Plane) -> bool:
    return (plane.extent, plane.format) == (document.extent, pixel_format(document.answer_space()))


def _lost(document: Document, base: str) -> bool:
    return document.alive() and not document.has(base)
