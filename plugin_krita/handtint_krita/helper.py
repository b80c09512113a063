"""What helps the painter to choose: likely colors, unsure places, themes, colors of pictures, the classes there are.

Asks by way of `Questions`; paints nothing, changes no document.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handtint.errors import GuidanceError
from handtint.wire.messages import Palette
from handtint_krita.canvas import Overlay, canvas_in_front
from handtint_krita.exemplar import load_picture, picture_plane
from handtint_krita.guard import guarded
from handtint_krita.palettes import MOST, format_palette, spread
from handtint_krita.present import present_classes
from handtint_krita.qt import QApplication, isdeleted
from handtint_krita.questions import Questions
from handtint_krita.snapshots import keep_snapshot
from handtint_krita.stroke import Spot
from handtint_krita.view import Answers, Help, Present, sentence
from handtint_krita.viewing import taken
from handtint_krita.watcher import LastStroke
from handtint_krita.words import tr

if TYPE_CHECKING:
    from handtint_krita.asking import Asking
    from handtint_krita.conversation import Conversation
    from handtint_krita.document import Document
    from handtint_krita.model import Model

_PALETTE_SIDE = 192
"""Pixels of the longer side of a layer's picture of which a palette is made."""


class Helper:
    """One per model, for whichever document is in hand."""

    def __init__(self, model: Model, krita: Any, talk: Conversation) -> None:
        self._model, self._krita, self._talk = model, krita, talk
        self._stroke = LastStroke()
        self._overlay: Any = None
        self.leave()

    def leave(self) -> None:
        """Another document comes: what was answered is of no use any more."""
        self._questions = Questions(self._talk)
        self._suggesting = self._showing_unsure = False
        self._hinted, self._legend_of, self._present = True, "", Present()
        self._hide_overlay()

    def report(self, error: Exception) -> None:
        """Where guarded methods leave what went wrong."""
        self._model.report(error)

    @property
    def due(self) -> bool:
        """Whether something waits to be asked."""
        return self._questions.due

    @property
    def shown(self) -> Help:
        """What the docker shows of all this."""
        answers = self._questions.answers
        return Help(answers, self._suggesting, self._showing_unsure, self._present)

    # What the painter does ------------------------------------------------------------------------------------------

    @guarded
    def follow_strokes(self, on: bool) -> None:
        """Suggest colors for each stroke on the hints layer, or stop doing so."""
        document = self._model.in_hand()
        self._suggesting = on
        if on:
            self._stroke.look(document, document.roles().hints)
            self._model.say(tr("Paint a stroke on the hints layer: its likely colors come here."))
        else:
            self._questions.forget("suggestions")
            self._model.say("")

    @guarded
    def suggest_under_pointer(self) -> None:
        """Suggest colors for the pixel of the picture that the pointer is over."""
        document = self._model.in_hand()
        canvas = canvas_in_front(self._krita)
        spot = canvas.under_pointer() if canvas is not None else None
        if spot is None or not _inside(spot, document):
            raise GuidanceError(tr("Hold the pointer over the picture, then press the shortcut"))
        self._questions.suggest(spot)
        self._model.wake()

    @guarded
    def suggest_themes(self) -> None:
        """Look for palettes that would suit the picture."""
        self._model.in_hand()
        self._questions.forget("themes")
        self._questions.themes()
        self._model.say("")
        self._model.wake()

    @guarded
    def use_theme(self, index: int) -> None:
        """Make a theme the palette."""
        self._use(self._questions.answers.themes[index].palette)

    @guarded
    def show_unsure(self, on: bool) -> None:
        """Show over the canvas where a hint would help most, or stop doing so."""
        self._model.in_hand()
        self._showing_unsure = on
        if on:
            self._questions.unsure()
            self._model.wake()
        else:
            self._questions.forget("unsure")
            self._hide_overlay()
        self._model.say("")

    @guarded
    def palette_of_file(self, path: str) -> None:
        """Take the main colors of a picture file for the palette."""
        self._questions.palette_of(picture_plane(load_picture(path)))
        self._model.wake()

    @guarded
    def palette_of_layer(self) -> None:
        """Take the main colors of the layer that is worked on for the palette."""
        document = self._model.in_hand()
        image = document.thumbnail(document.active(), _PALETTE_SIDE)
        if image is None:
            raise GuidanceError(tr("The layer is empty: choose one with colors in the layers docker"))
        self._questions.palette_of(picture_plane(image))
        self._model.wake()

    @guarded
    def borrow_from_clipboard(self) -> None:
        """Make the picture in the clipboard the exemplar."""
        self.borrow(tr("Clipboard"), QApplication.clipboard().image())

    @guarded
    def borrow_from_document(self, name: str) -> None:
        """Make another document that is open the exemplar, as it looks now."""
        native = self._model.in_hand().others().get(name)
        if native is None:
            raise GuidanceError(tr("{name} was closed: choose another picture", name=name))
        self.borrow(name, native.projection(0, 0, native.width(), native.height()))

    @guarded
    def borrow(self, name: str, image: Any) -> None:
        """Make a QImage the exemplar."""
        self._model.in_hand()
        folder = Path(self._krita.getAppDataLocation()) / "handtint" / "exemplars"
        self._model.choose(exemplar_file=keep_snapshot(folder, name, image))

    def other_documents(self) -> list[str]:
        """Names of the documents that could be the exemplar."""
        return list(self._model.in_hand().others())

    # The model's turn -----------------------------------------------------------------------------------------------

    def hint(self) -> None:
        """A layer may have changed."""
        self._hinted = True

    def receive(self) -> None:
        """Take in what was answered."""
        failure = self._questions.receive(self._by())
        if failure is not None:
            shown = self._overlay is not None or "unsure" in self._questions.answers.asked
            self._showing_unsure = self._showing_unsure and shown
            self._model.say(sentence(failure.text), trouble=True)
        answers = self._questions.answers
        if answers.palette is not None:
            self._questions.forget("palette")
            self._use(answers.palette)
        self._show_overlay(answers)

    def turn(self, document: Document, asking: Asking) -> bool:
        """Ask what is due, look at what the hand has changed; True where the base was seen to have changed."""
        if self._hinted and self._suggesting:
            spot = self._stroke.look(document, document.roles().hints)
            if spot is not None:
                self._questions.suggest(spot)
        self._look_at_map(document)
        self._hinted = False
        if not self._questions.due:
            return False
        changed = asking.look(document, ())
        if asking.inputs.base(document) is None:
            self._questions.forget("suggestions", "themes", "unsure")
            raise GuidanceError(tr("The base layer is empty: choose the layer with the gray picture"))
        base = asking.base(document)
        if base is not None:
            self._questions.ask(document, base)
        return changed

    def _look_at_map(self, document: Document) -> None:
        layer = document.roles().semantic if "semantic" in taken(self._model.method()) else ""
        if not (self._hinted or layer != self._legend_of) or not self._talk.classes:
            return
        self._legend_of = layer
        self._present = present_classes(document, layer, self._talk.classes)

    # Small things ---------------------------------------------------------------------------------------------------

    def _by(self) -> Any:
        """The method that shows themes: the one in use where it takes a palette, else the first that does."""
        usable = [method for method in self._talk.methods if not (method.missing or method.needs)]
        paletted = [method for method in usable if "palette" in method.controls]
        chosen = self._model.method()
        return chosen if chosen in paletted else next(iter(paletted), None)

    def _use(self, palette: Palette) -> None:
        count = len(palette.colors)
        if count > MOST:
            palette = replace(palette, colors=spread(palette.colors, MOST), weights=())
        self._model.set_palette(format_palette(palette))

    def _show_overlay(self, answers: Answers) -> None:
        if answers.unsure is None or self._overlay is not None or not self._showing_unsure:
            return
        canvas = canvas_in_front(self._krita)
        if canvas is not None:
            self._overlay = Overlay(canvas, answers.unsure, self._model.in_hand().extent)

    def _hide_overlay(self) -> None:
        if self._overlay is not None and not isdeleted(self._overlay):
            self._overlay.leave()
        self._overlay = None


def _inside(spot: Spot, document: Document) -> bool:
    return 0 <= spot.x < document.extent.width and 0 <= spot.y < document.extent.height
