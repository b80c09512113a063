"""What the painter does to the document by a button: set it up, add layers, keep results. Knows no widget."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol

from handtint.errors import GuidanceError
from handtint.wire.messages import Color
from handtint_krita.guard import guarded
from handtint_krita.qt import QTimer
from handtint_krita.words import tr

if TYPE_CHECKING:
    from handtint_krita.document import Document
    from handtint_krita.model import Model


class Brush(Protocol):
    """What Krita paints with."""

    def color(self) -> Color: ...

    def take(self, color: Color) -> None: ...


class Deeds:
    """Everything here waits for no engine; it is refused while a stroke is going on, which it would cut."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def report(self, error: Exception) -> None:
        """Where guarded methods leave what went wrong."""
        self._model.report(error)

    @guarded
    def new_colorization(self) -> None:
        """Add a group with a copy of the base and all layers that coloring takes, ready to be painted on."""
        document = self._quiet()
        base = document.roles().base
        if not document.has(base) or document.is_empty(base):
            raise GuidanceError(tr("The base layer is empty: choose the layer with the gray picture"))
        gray = document.space.model == "GRAYA"
        method = self._model.method()
        hints = document.add_colorization(
            base,
            semantic=method is not None and "semantic" in method.controls,
            follows_base=self._model.view.settings.follows_base,
        )
        self._later(document, hints)
        said = tr("Paint colors on the layer Hints. The layer below the group is as it was.")
        self._model.say(tr("The document was gray and is RGB now.") + " " + said if gray else said)
        self._model.note_change()

    @guarded
    def add_layer(self, role: str) -> None:
        """Add a layer on top for hints or a semantic map, ready to be painted on."""
        document = self._quiet()
        gray = document.space.model == "GRAYA"
        document.add_layer(role)
        said = tr("Paint colors on the new layer.") if role == "hints" else tr("Paint classes on the new layer.")
        self._model.say(tr("The document was gray and is RGB now.") + " " + said if gray else said)

    @guarded
    def paint_on(self, role: str, color: Color) -> None:
        """Paint with a color from now on, on the layer of a role where there is one."""
        document = self._model.in_hand()
        document.activate(getattr(document.roles(), role))
        self._model.brush.take(color)

    @guarded
    def bake(self) -> None:
        """Give the painter the colored picture as an ordinary layer, which nothing of ours changes any more."""
        document = self._quiet()
        if not document.bake(tr("Colored picture")):
            raise GuidanceError(tr("Nothing to bake: color the picture first"))
        self._model.stop_live()
        self._model.say(tr("The colored picture is an ordinary layer of yours: hide it to see what is colored next."))

    @guarded
    def keep_variant(self) -> None:
        """Keep this result to be compared with others."""
        document = self._quiet()
        name = tr("Variant {n}: {how}", n=len(document.roles().variants) + 1, how=self._model.result_of())
        if not document.keep_result(name):
            raise GuidanceError(tr("Nothing to keep: color the picture first, or the color layer is yours already"))
        self._model.say(tr("Kept. Change something and color again; both are in the list of results."))

    @guarded
    def show_variant(self, layer: str) -> None:
        """Show one of the results and hide the others."""
        self._quiet().show_variant(layer)
        self._model.say("")

    def _quiet(self) -> Document:
        """The document in hand, where nothing is being painted."""
        document = self._model.in_hand()
        if not document.may_write():
            raise GuidanceError(tr("Krita is busy with a stroke: try again in a moment"))
        return document

    def _later(self, document: Document, layer: str) -> None:
        """Krita makes a new layer the active one, a moment later: ours has to come after that."""
        QTimer.singleShot(0, functools.partial(self._model.activate, document, layer))
