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
from handtint.client.live import Ask
from handtint.errors import GuidanceError, HandtintError
from handtint.wire.messages import Colorized, Failure, MethodInfo, Palette, Segmented
from handtint_krita import settings as stored
from handtint_krita.answer import Answer, FoundMap
from handtint_krita.asking import Asking
from handtint_krita.canvas import scale_in_front
from handtint_krita.conversation import Conversation, engine_is_gone
from handtint_krita.deeds import Brush, Deeds
from handtint_krita.document import Document
from handtint_krita.guard import guarded
from handtint_krita.helper import Helper
from handtint_krita.inputs import Inputs
from handtint_krita.listening import Listener
from handtint_krita.opened import OpenedDocuments
from handtint_krita.palettes import fitting, parse_palette
from handtint_krita.qt import QObject, QTimer, pyqtSignal
from handtint_krita.request import quick_detail
from handtint_krita.settings import Store, with_usable_palette
from handtint_krita.view import View, sentence
from handtint_krita.viewing import Doing, make_view, taken
from handtint_krita.words import told, tr

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
    brush : Brush
        What Krita paints with.

    Attributes
    ----------
    deeds, helper
        What the painter does to the document, and what helps to choose.
    """

    changed = pyqtSignal()

    def __init__(
        self,
        krita: Any,
        store: Store,
        make_link: Callable[[], EngineLink],
        clock: Callable[[], float],
        brush: Brush,
    ) -> None:
        super().__init__()
        self._krita, self._store, self._clock = krita, store, clock
        self.brush = brush
        self._settings = with_usable_palette(stored.load(store))
        self._talk = Conversation(make_link)
        self._document: Document | None = None
        self._opened = OpenedDocuments(krita)
        self._asking = Asking(self._talk)
        self.deeds, self.helper = Deeds(self), Helper(self, krita, self._talk)
        self._answer: Answer | FoundMap | None = None
        self._wanted = self._wanted_map = self._live = self._hinted = self._shown = self._held = self._turning = False
        self._looked = 0.0
        self._status, self._trouble, self._palette_trouble = "", False, ""
        self.view = View()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)
        self._listener = Listener(self)
        self._listener.heard.connect(self._turn)
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
            self.say(tr("Live is off: another picture is in front.") if self._live else "")
            self._leave_document()
            self._document = self._opened.take(native)
            self._document.settle_roles()
        if not self._timer.isActive():
            self._timer.start(_RARELY)
        self._render()

    @guarded
    def choose(self, **chosen: str) -> None:
        """Give layers their roles, or a file that of the exemplar."""
        document = self.in_hand()
        if chosen.get("exemplar_file"):
            self._asking.inputs.load(chosen["exemplar_file"])  # says at once if it is no picture
        document.set_roles(document.roles().given(**chosen))
        self.say("")
        self.note_change()

    @guarded
    def detect(self) -> None:
        """Find the objects in the base and add their map as a layer, as soon as nothing is being painted."""
        self.in_hand()
        self._wanted_map = True
        self.say("")
        self._turn()

    @guarded
    def change(self, **values: Any) -> None:
        """Change settings by name."""
        changed = replace(self._settings, **values)
        if changed == self._settings:
            return
        self._settings = changed
        stored.save(self._store, changed)
        self.note_change()

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
        self.in_hand()
        if self._palette_trouble:
            self.say(self._palette_trouble, trouble=True)
            return
        self._wanted = True
        self.say("")
        self._turn()

    @guarded
    def set_live(self, live: bool) -> None:
        """Color after every stroke, or stop doing so."""
        if live == self._live:
            return
        self._live = live
        if live:
            self.in_hand()
            self._shown = False
            self.say("")
            self.note_change()
        self._render()

    @guarded
    def cancel(self) -> None:
        """Call off what is under way."""
        self._wanted = self._wanted_map = False
        self._answer = None
        self._talk.cancel()
        self.say(tr("Cancelled."))

    @guarded
    def restart(self) -> None:
        """Find or start the engine anew."""
        self._talk.restart()
        self.say("")
        self.wake()

    @guarded
    def greet(self) -> None:
        """The painter reaches for the docker: have the engine ready by the time of the first press."""
        if self._document is not None and not self._talk.broken:
            self._talk.open()
            self.wake()

    @guarded
    def hint(self) -> None:
        """Krita's undo history moved: a layer may have changed."""
        self._hinted = True
        self.helper.hint()
        if self._document is not None:
            self.wake()

    def close(self) -> None:
        """Krita ends."""
        self._timer.stop()
        self._listener.watch(None)
        self._talk.close()

    def report(self, error: Exception) -> None:
        """Turn an error into a sentence for the painter."""
        self._wanted = self._wanted_map = False
        if isinstance(error, HandtintError):
            _log.info("said to the painter: %s", error, exc_info=error)
            self.say(sentence(str(error)), trouble=True)
        else:
            _log.error("a slot failed", exc_info=error)
            self.say(tr("Something went wrong in Handtint: {error} (details in its log).", error=error), trouble=True)

    # The timer's turn -----------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        if self._turning:  # Krita lets timers go on while it draws what we have written
            return
        self._turning = True
        try:
            self._take_turn(self._clock())
        except Exception as error:
            self._live, self._answer = False, None  # else the next turn would fail in the same way
            self.report(error)
        finally:
            self._turning = False
        self._listener.watch(self._talk.socket)

    def _take_turn(self, now: float) -> None:
        self._follow_document()
        self._receive(now)
        self.helper.receive()
        self._held = self._document is not None and not self._document.may_write()
        if self._document is None or self._held:
            self._put_answer()
        else:
            self._look(now)
            if self.helper.turn(self._document, self._asking):
                self.note_change()
            self._ask_and_show(now)
        self._pace()
        self._render()

    def _ask_and_show(self, now: float) -> None:
        """A newer stroke is asked for first: the engine works on it while Krita shows the answer that came."""
        if self._talk.live.due(now) is Ask.preview:
            self._ask(now)
            self._put_answer()
        else:
            self._put_answer()
            self._ask(now)

    def _follow_document(self) -> None:
        if self._document is not None and not self._document.alive():
            self.look_up_document()
        elif self._document is not None:
            self._document.watch_result()
            if not self._talk.active:
                self._document.settle_roles()

    def _receive(self, now: float) -> None:
        outcome = self._talk.pump(now)
        if isinstance(outcome, Colorized | Segmented):
            self._answer = self._asking.answered(outcome)
        elif isinstance(outcome, Failure):
            self.say(sentence(outcome.text), trouble=True)
            self._live = self._live and not engine_is_gone(outcome)

    def _put_answer(self) -> None:
        """Show the answer that came, unless a stroke is going on; a change now would cut it."""
        answer = self._answer
        if answer is None or answer.outlived():
            self._answer = None
            if answer is not None and answer.lost_its_base():
                self.say(tr("The base layer was removed meanwhile: its color was dropped."))
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
            self.note_change()
        else:
            self._shown = answer.document is self._document
        if added and painted_on:
            # Krita makes a new layer the active one, a moment later: the brush must stay where it was.
            QTimer.singleShot(0, functools.partial(self.activate, answer.document, painted_on))
        self.say(said)

    @guarded
    def activate(self, document: Document, layer: str) -> None:
        if document.alive():
            document.activate(layer)

    def _look(self, now: float) -> None:
        """In Live: has the painter changed a layer? Without a hint there is time until an answer has been shown."""
        unannounced = self._answer is None and now - self._looked > _POLL
        if not self._live or not (self._hinted or unannounced):
            return
        self._hinted, self._looked = False, now
        document = self.in_hand()
        if self._shown and not document.has(document.roles().result):
            # Adding it again would throw the painter's redo history away.
            self._live = False
            self._talk.cancel()
            self.say(tr("The color layer was removed: Live is off."))
        elif self._asking.inputs.look(document, self._takes()):
            self._talk.live.changed(now, None)

    def _ask(self, now: float) -> None:
        due = self._talk.live.due(now) if self._live else None
        if self._talk.finding or not (self._wanted or self._wanted_map or due is not None):
            return
        document, takes, inputs = self.in_hand(), self._takes(), self._asking.inputs
        if self._looked != now:
            self._asking.look(document, takes)
        if inputs.base(document) is None:
            raise GuidanceError(tr("The base layer is empty: choose the layer with the gray picture"))
        if self._wanted_map:
            if not self._talk.newest:  # colors that are under way come first: they would be lost
                self._wanted_map = not self._asking.for_map(document)
            return
        if takes == ("hints",) and inputs.empty("hints") and not (self._live and self._shown):
            self._wanted = False
            self._talk.begin()
            self.say(tr("Paint some color on the hints layer: this method spreads it."))
            return
        quick = due is Ask.preview and not self._wanted
        detail = quick_detail(document.extent, scale_in_front(self._krita)) if quick else None
        sent = self._asking.for_color(document, self._settings, self._palette(), takes, detail)
        if sent:
            self._wanted = False
            self._talk.live.sent(sent, now, Ask.full if detail is None else Ask.preview)
            self._talk.push(now)

    # Small things ---------------------------------------------------------------------------------------------------

    def method(self) -> MethodInfo | None:
        """The method that colors; None until the engine has been spoken to."""
        return self._talk.method(self._settings.method)

    def result_of(self) -> str:
        """What a result made now is called after."""
        method = self.method()
        return told(method.title) if method is not None else self._settings.method or tr("Automatic")

    def stop_live(self) -> None:
        """Color no more by itself."""
        self._live = False
        self._render()

    def _takes(self) -> tuple[str, ...]:
        return taken(self.method())

    def _palette(self) -> Palette | None:
        """What the method takes of the palette."""
        method = self.method()
        return fitting(parse_palette(self._settings.palette), method.palette_size if method is not None else 0)

    def in_hand(self) -> Document:
        if self._document is None or not self._document.alive():
            raise GuidanceError(tr("Open a gray picture first"))
        return self._document

    def _leave_document(self) -> None:
        self._document = None
        self._asking.inputs = Inputs()
        self._talk.begin()
        self.helper.leave()
        self._live = self._wanted = self._wanted_map = False

    def note_change(self) -> None:
        if self._live:
            self._talk.live.changed(self._clock(), None)
            self.wake()
        self._render()

    def wake(self) -> None:
        self._timer.start(0)

    def _pace(self) -> None:
        waiting = self._talk.active or self._wanted or self._wanted_map or self._answer is not None or self.helper.due
        wanted = _SOON if waiting or (self._live and self._hinted) else _LIVE if self._live else _RARELY
        if self._timer.interval() != wanted:
            self._timer.start(wanted)

    def say(self, status: str, trouble: bool = False) -> None:
        self._status, self._trouble = status, trouble
        self._render()

    def _render(self) -> None:
        """Tell the dockers where something has changed."""
        view = make_view(self._document, self._talk, self._settings, self._doing())
        if self._document is not None:
            view = view._replace(help=self.helper.shown, thumbnail=self._asking.inputs.thumbnail(self._document))
        if view != self.view:
            self.view = view
            self.changed.emit()

    def _doing(self) -> Doing:
        waiting = self._wanted or self._wanted_map
        return Doing(
            live=self._live,
            working=waiting or bool(self._talk.newest) or self._answer is not None,
            held=self._held and (waiting or self._answer is not None),
            said=self._status,
            trouble=self._trouble,
            palette_trouble=self._palette_trouble,
        )
