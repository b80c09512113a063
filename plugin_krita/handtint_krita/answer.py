"""An answer on its way into its document. Asks first whether it may be put there; waits for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from handtint.wire.messages import Colorized
from handtint_krita.colorspace import pixel_format
from handtint_krita.document import Document
from handtint_krita.words import tr


@dataclass(frozen=True)
class Answer:
    """What the engine made of the layer `base` of a document, which need not be the one in front any more.

    `result` is our own layer that was there when this was asked for, empty where there was none.
    """

    document: Document
    base: str
    result: str
    colorized: Colorized

    def outlived(self) -> bool:
        """Whether its place has gone meanwhile. Our own layer, too: who takes it back does not want it back at once."""
        document = self.document
        layers = [self.base, self.result] if self.result else [self.base]
        return not document.alive() or not all(map(document.has, layers))

    def fits(self) -> bool:
        """Whether the document still has the size and the color space that were asked for."""
        plane = self.colorized.plane
        wanted = (self.document.extent, pixel_format(self.document.answer_space()))
        return (plane.extent, plane.format) == wanted

    def put(self) -> tuple[bool, str]:
        """Show it, one undo step at most; whether a layer was added, and a sentence for the painter."""
        gray = self.document.space.model == "GRAYA"
        added = self.document.show(self.base, self.colorized.plane.data)
        said = [tr("Colored in {seconds:.1f} s.", seconds=self.colorized.seconds), *self.colorized.notes]
        if gray:
            said.append(tr("The document was gray and is RGB now."))
        return added, " ".join(said)
