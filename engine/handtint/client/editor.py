"""What a wrapper of an editor's document offers to the rest of a plug-in. Standard library and handtint.wire only."""

from __future__ import annotations

from typing import Protocol

from handtint.wire.messages import Colorized
from handtint.wire.pixels import Plane


class Editor(Protocol):
    """One open document. Pixels go through as the editor has them: the engine does the arithmetic."""

    @property
    def document(self) -> str:
        """Names the document as long as it is open; goes into `Colorize.document`."""

    def base(self) -> Plane:
        """The gray picture to be coloured. Raises PictureError where there is none that can be used."""

    def hints(self) -> Plane | None:
        """The artist's colour marks, of the base's extent, None without such a layer."""

    def selection(self) -> Plane | None:
        """The selection as gray8, of the base's extent, None without one."""

    def may_write(self) -> bool:
        """False while a write would end the artist's stroke or undo step; ask again a little later."""

    def write(self, answer: Colorized) -> None:
        """Show the answer in a layer of our own, as one undo step; never touches a layer that the artist paints on."""
