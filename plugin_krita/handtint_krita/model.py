"""What the docker shows and does, once per Krita: the choices, the document in hand, and the talk with the engine.

Lives in the extension, since Krita ends dockers before anything else. Knows no widget. Everything happens in short
turns of one timer: no thread, no waiting, no event loop of its own.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from handtint.client.link import EngineLink
from handtint.client.live import Ask, LiveSession
from handtint.errors import GuidanceError, HandtintError
from handtint.wire.messages import Colorized, Failure, Palette, Segmented
from handtint_krita import settings as stored
from handtint_krita.answer import Answer, FoundMap
from handtint_krita.asking import Asking
from handtint_krita.conversation import Conversation, engine_is_gone
from handtint_krita.document import Document
from handtint_krita.guard import guarded
from handtint_krita.inputs import Inputs
from handtint_krita.palettes import fitting, parse_palette
from handtint_krita.qt import QObject, QTimer, pyqtSignal
from handtint_krita.roles import Roles
from handtint_krita.settings import Store, with_usable_palette
from handtint_krita.view import EVERYTHING, View, sentence
from handtint_krita.words import tr

_SOON, _LIVE, _RARELY = 10, 50, 500
"""Milliseconds between turns: while the engine has something for us, while a brush may move, otherwise."""
_POLL = 1.0
"""Seconds between looks at the layers in Live where Krita gives no hint."""
_log = logging.getLogger(__name__)


class Model(QObject):  # type: ignore[misc]
    """One per Krita, whatever the number of windows and dockers.

    Parameters
    ----------
    krita : Any
        `Krita.instance()`.
    store : Store
        Where settings are kept.
    clock : Callable
        Seconds, monotonic.
    """

    changed = pyqtSignal()

    def __init__(
        self, krita: Any, store: Store, make_link: Callable[[], EngineLink], clock: Callable[[], float]
    ) -> None:
        super().__init__()
        self._krita, self._store, self._clock = krita, store, clock
        self._settings = with_usable_palette(stored.load(store))
        self._talk = Conversation(make_link)
        self._document: Document | None = None
        self._asking = Asking(self._talk)
        self._answer: Answer | FoundMap | None = None
        self._wanted = self._wanted_map = self._live = self._hinted = self._shown = self._held = False
        self._looked = 0.0
        self._status, self._trouble, self._palette_trouble = "", False, ""
        self.view = View()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)
        self._render()

    # What the painter does ------------------------------------------------------------------------------------------

    @guarded
    def look_up_document(self) -> None:
        """Take up the document that is in front now."""
        native = self._krita.activeDocument()
        if self._document is not None and not self._document.alive():
            self._leave_document()
        open_one = native is not None and native.rootNode() is not None  # it has none while it is being closed
        if open_one and (self._document is None or not self._document.is_(native)):
            self._say(tr("Live is off: another picture is in front.") if self._live else "")
            self._leave_document()
            self._document = Document(self._krita, native)
            self._document.settle_roles()
        if not self._timer.isActive():
            self._timer.start(_RARELY)
        self._render()

    @guarded
    def choose(self, **chosen: str) -> None:
        """Give layers their roles, or a file that of the exemplar."""
        document = self._in_hand()
        if chosen.get("exemplar_file"):
            self._asking.inputs.load(chosen["exemplar_file"])  # says at once if it is no picture
        document.set_roles(document.roles().given(**chosen))
        self._say("")
        self._note_change()

    @guarded
    def add_layer(self, role: str) -> None:
        """Add a layer on top for hints or a semantic map, ready to be painted on."""
        document = self._in_hand()
        if not document.may_write():
            self._say(tr("Krita is busy with a stroke: try again in a moment."))
            return
        gray = document.space.model == "GRAYA"
        document.add_layer(role)
        said = tr("Paint colors on the new layer.") if role == "hints" else tr("Paint classes on the new layer.")
        self._say(tr("The document was gray and is RGB now.") + " " + said if gray else said)

    @guarded
    def detect(self) -> None:
        """Find the objects in the base and add their map as a layer, as soon as nothing is being painted."""
        self._in_hand()
        self._wanted_map = True
        self._say("")
        self._turn()

    @guarded
    def paint_on_map(self) -> None:
        """Make the semantic layer the one that is painted on."""
        document = self._in_hand()
        document.activate(document.roles().semantic)

    @guarded
    def change(self, **values: Any) -> None:
        """Change settings by name."""
        changed = replace(self._settings, **values)
        if changed == self._settings:
            return
        self._settings = changed
        stored.save(self._store, changed)
        self._note_change()

    @guarded
    def set_palette(self, text: str) -> None:
        """Take a typed palette; a wrong one is said and changes nothing."""
        try:
            parse_palette(text)
        except GuidanceError as error:
            self._palette_trouble = sentence(str(error))
            self._render()
            return
        self._palette_trouble = ""
        self.change(palette=text)
        self._render()

    @guarded
    def colorize(self) -> None:
        """Color the document once, as soon as nothing is being painted."""
        self._in_hand()
        if self._palette_trouble:
            self._say(self._palette_trouble, trouble=True)
            return
        self._wanted = True
        self._say("")
        self._turn()

    @guarded
    def set_live(self, live: bool) -> None:
        """Color after every stroke, or stop doing so."""
        if live == self._live:
            return
        self._live = live
        if live:
            self._in_hand()
            self._shown = False
            self._say("")
            self._note_change()
        self._render()

    @guarded
    def cancel(self) -> None:
        """Call off what is under way."""
        self._wanted = self._wanted_map = False
        self._answer = None
        self._talk.cancel()
        self._say(tr("Cancelled."))

    @guarded
    def restart(self) -> None:
        """Find or start the engine anew."""
        self._talk.restart()
        self._say("")
        self._wake()

    @guarded
    def greet(self) -> None:
        """The painter reaches for the docker: have the engine ready by the time of the first press."""
        if self._document is not None and not self._talk.broken:
            self._talk.open()
            self._wake()

    @guarded
    def hint(self) -> None:
        """Krita's undo history moved: a layer may have changed."""
        self._hinted = True
        if self._live:
            self._wake()

    def close(self) -> None:
        """Krita ends."""
        self._timer.stop()
        self._talk.close()

    def report(self, error: Exception) -> None:
        """Turn an error into a sentence for the painter."""
        self._wanted = self._wanted_map = False
        if isinstance(error, HandtintError):
            _log.info("said to the painter: %s", error, exc_info=error)
            self._say(sentence(str(error)), trouble=True)
        else:
            _log.error("a slot failed", exc_info=error)
            self._say(tr("Something went wrong in Handtint: {error} (details in its log).", error=error), trouble=True)

    # The timer's turn -----------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        try:
            self._take_turn(self._clock())
        except Exception as error:
            self._live, self._answer = False, None  # else the next turn would fail in the same way
            self.report(error)

    def _take_turn(self, now: float) -> None:
        self._follow_document()
        self._receive(now)
        self._put_answer()
        self._held = self._document is not None and not self._document.may_write()
        if self._document is not None and not self._held:
            self._look(now)
            self._ask(now)
        self._pace()
        self._render()

    def _follow_document(self) -> None:
        if self._document is not None and not self._document.alive():
            self.look_up_document()
        elif self._document is not None and not self._talk.active:
            self._document.settle_roles()

    def _receive(self, now: float) -> None:
        outcome = self._talk.pump(now)
        if isinstance(outcome, Colorized | Segmented):
            self._answer = self._asking.answered(outcome)
        elif isinstance(outcome, Failure):
            self._say(sentence(outcome.text), trouble=True)
            self._live = self._live and not engine_is_gone(outcome)

    def _put_answer(self) -> None:
        """Show the answer that came, unless a stroke is going on; a change now would cut it."""
        answer = self._answer
        if answer is None or answer.outlived():
            self._answer = None
            return
        if not answer.document.may_write():
            return
        self._answer = None
        if not answer.fits():
            # The document was converted or resized meanwhile.
            self._wanted, self._wanted_map = isinstance(answer, Answer), isinstance(answer, FoundMap)
            return
        painted_on = answer.document.active()
        added, said = answer.put()
        if isinstance(answer, FoundMap):
            self._note_change()
        else:
            self._shown = answer.document is self._document
        if added and painted_on:
            # Krita makes a new layer the active one, a moment later: the brush must stay where it was.
            QTimer.singleShot(0, functools.partial(self._activate, answer.document, painted_on))
        self._say(said)

    @guarded
    def _activate(self, document: Document, layer: str) -> None:
        if document.alive():
            document.activate(layer)

    def _look(self, now: float) -> None:
        """In Live: has the painter changed a layer?"""
        if not self._live or not (self._hinted or now - self._looked > _POLL):
            return
        self._hinted, self._looked = False, now
        document = self._in_hand()
        if self._shown and not document.has(document.roles().result):
            # Adding it again would throw the painter's redo history away.
            self._live = False
            self._talk.cancel()
            self._say(tr("The color layer was removed: Live is off."))
        elif self._asking.inputs.look(document, self._takes()):
            self._talk.live.changed(now, None)

    def _ask(self, now: float) -> None:
        due = self._talk.live.due(now) if self._live else None
        if self._talk.finding or not (self._wanted or self._wanted_map or due is not None):
            return
        document, takes, inputs = self._in_hand(), self._takes(), self._asking.inputs
        self._asking.look(document, takes)
        if inputs.base(document) is None:
            raise GuidanceError(tr("The base layer is empty: choose the layer with the gray picture"))
        if self._wanted_map:
            if not self._talk.newest:  # colors that are under way come first: they would be lost
                self._wanted_map = not self._asking.for_map(document)
            return
        if takes == ("hints",) and inputs.empty("hints") and not (self._live and self._shown):
            self._wanted = False
            self._talk.live = LiveSession()  # the first stroke is a change
            self._say(tr("Paint some color on the hints layer: this method spreads it."))
            return
        sent = self._asking.for_color(document, self._settings, self._palette(), takes)
        if sent:
            self._wanted = False
            # Always at full size: Krita shows a stroke only when it has ended, so there is no moving hand to follow.
            self._talk.live.sent(sent, now, Ask.full)

    # Small things ---------------------------------------------------------------------------------------------------

    def _takes(self) -> tuple[str, ...]:
        method = self._talk.method(self._settings.method)
        return method.controls if method is not None else EVERYTHING

    def _palette(self) -> Palette | None:
        """What the method takes of the palette."""
        method = self._talk.method(self._settings.method)
        return fitting(parse_palette(self._settings.palette), method.palette_size if method is not None else 0)

    def _in_hand(self) -> Document:
        if self._document is None or not self._document.alive():
            raise GuidanceError(tr("Open a gray picture first"))
        return self._document

    def _leave_document(self) -> None:
        self._document = None
        self._asking.inputs = Inputs()
        self._talk.live = LiveSession()
        self._live = self._wanted = self._wanted_map = False

    def _note_change(self) -> None:
        if self._live:
            self._talk.live.changed(self._clock(), None)
            self._wake()
        self._render()

    def _wake(self) -> None:
        self._timer.start(_SOON)

    def _pace(self) -> None:
        soon = self._talk.active or self._wanted or self._wanted_map or self._answer is not None
        wanted = _SOON if soon else _LIVE if self._live else _RARELY
        if self._timer.interval() != wanted:
            self._timer.start(wanted)

    def _say(self, status: str, trouble: bool = False) -> None:
        self._status, self._trouble = status, trouble
        self._render()

    def _render(self) -> None:
        """Tell the dockers where something has changed."""
        view = self._make_view()
        if view != self.view:
            self.view = view
            self.changed.emit()

    def _make_view(self) -> View:
        document, talk = self._document, self._talk
        palette = self._palette()
        method = talk.method(self._settings.method)
        working = self._wanted or self._wanted_map or bool(talk.newest) or self._answer is not None
        return View(
            open=document is not None,
            layers=document.layers() if document is not None else (),
            roles=document.roles() if document is not None else Roles(),
            settings=self._settings,
            colors=palette.colors if palette is not None else (),
            palette_trouble=self._palette_trouble,
            methods=talk.methods,
            classes=talk.classes,
            thumbnail=self._asking.inputs.thumbnail(document) if document is not None else None,
            takes=self._takes(),
            help=method.help if method is not None else "",
            live=self._live,
            working=working,
            fraction=talk.fraction if working else 0.0,
            status=self._status_text(working),
            trouble=self._trouble or talk.broken,
            ready=talk.ready,
            restartable=talk.broken,
        )

    def _status_text(self, working: bool) -> str:
        if self._document is None:
            return tr("Open a gray picture to color it.")
        if self._held and (self._answer is not None or self._wanted or self._wanted_map):
            return tr("Waiting for the end of the stroke…")
        if working or (self._talk.active and not self._status):
            return self._talk.text
        return self._status or sentence(self._talk.text)
