"""Keeps the colors of one picture in step with what is painted and chosen. Knows neither GTK nor GEGL.

No timer and no thread: whoever shows the colors calls `turn` often and `look` now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from handtint.client.blocking import Engine
from handtint.client.hints import HintsTracker
from handtint.client.live import Ask, LiveSession
from handtint.errors import HandtintError
from handtint.wire.messages import Colorize, Colorized, Failure, Message, Progress
from handtint.wire.pixels import Extent, Patch, Picture, PixelFormat, Plane, Rect
from handtint_gimp.colorize import Settings, build_request, methods_by_name, only_taken
from handtint_gimp.watched import WatchedPicture

_QUIET = ("superseded", "cancelled")
_PATIENCE = 60.0
_REMEMBERED = 16


class Follower:
    """Previews of a picture while it is worked on, and its full size at rest where that is wanted.

    Parameters
    ----------
    engine : Engine
    picture : WatchedPicture
    settings : callable
        What is chosen now.
    side : int
        Pixels of a preview's longer side.
    full : bool
        Whether full size is asked for at rest.

    Attributes
    ----------
    trouble : str
        Why there are no colors, a sentence; empty where there are.
    last_painted : Rect or None
        What of the hints changed last, in pixels of the base.
    answers : list of Message
        Replies to what others asked the engine for; whoever asked takes them out.
    """

    def __init__(
        self,
        engine: Engine,
        picture: WatchedPicture,
        settings: Callable[[], Settings],
        *,
        side: int,
        full: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._settings, self._side, self._full, self._clock = engine, settings, side, full, clock
        self.picture = picture
        self._live = LiveSession()
        self._trackers = {name: HintsTracker(engine.link.digest_of) for name in ("hints", "semantic")}
        self._known: dict[Message, Message] = {}
        self._asked: Ask = Ask.preview
        self.trouble = ""
        self.last_painted: Rect | None = None
        self.answers: list[Message] = []

    @property
    def busy(self) -> bool:
        """Is an answer on its way?"""
        return self._live.busy

    @property
    def rested(self) -> bool:
        """Is what is shown the newest state, as fine as it is wanted?"""
        return not self._live.busy and self._live.wake(self._clock()) is None

    def changed(self) -> None:
        """Something else was chosen."""
        self._live.changed(self._clock())

    def look(self) -> None:
        """See whether a layer has changed; PictureError where the picture is gone."""
        if self.picture.look(self._settings()):
            self.changed()

    def turn(self) -> tuple[Ask, Colorized] | None:
        """Hear the engine and ask it for what is due; the newest colors, if they have come."""
        now, shown = self._clock(), None
        for message in self._engine.receive():
            if self._live.received(message, now) and isinstance(message, Colorized):
                shown, self.trouble = (self._asked, message), ""
            elif isinstance(message, Failure) and message.code not in _QUIET:
                self.trouble = message.text
            elif not isinstance(message, (Colorized, Progress, Failure)):
                self.answers.append(message)
        due = self._live.due(now)
        if due is not None and self._engine.link.welcome is not None:
            self._ask(due, now)
        return shown

    def _ask(self, due: Ask, now: float) -> None:
        whole: dict[str, Plane] = {}
        try:
            request = self._request(due, whole)
        except HandtintError as error:
            self.trouble = str(error)
            self._live.sent(0, now, Ask.full)  # it waits for the next change
            return
        self._asked = due
        self._live.sent(self._engine.start(request, whole), now, due if self._full else Ask.full)

    def _request(self, due: Ask, whole: dict[str, Plane]) -> Colorize:
        welcome = self._engine.link.welcome
        methods = methods_by_name(welcome.methods if welcome is not None else ())
        request = build_request(self.picture, only_taken(self._settings(), methods), self._ask_once)
        if isinstance(request.hints, Plane):
            request = replace(request, hints=self._changed_part("hints", request.hints, whole))
        if isinstance(request.semantic, Plane):
            request = replace(request, semantic=self._changed_part("semantic", request.semantic, whole))
        if due is Ask.preview:
            request = replace(request, size=fitting(self.picture.extent, self._side), output=PixelFormat.rgba8)
        return request

    def _changed_part(self, name: str, plane: Plane, whole: dict[str, Plane]) -> Picture:
        tracker = self._trackers[name]
        begun = bool(tracker.whole)
        picture = tracker.update(plane)
        whole.update(tracker.whole)
        if name == "hints" and begun and isinstance(picture, Patch):  # the first one is all that there was
            self.last_painted = Rect(picture.x, picture.y, *picture.plane.extent)
        return picture

    def _ask_once(self, request: Message) -> Message:
        """What a request needs to know first: how a large palette boils down, which the engine need not say twice."""
        if request not in self._known:
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[request] = self._engine.call(request, timeout=_PATIENCE)
        return self._known[request]


def fitting(extent: Extent, side: int) -> Extent:
    """The same shape with `side` pixels at most."""
    scale = min(1.0, side / max(extent))
    return Extent(max(1, round(extent.width * scale)), max(1, round(extent.height * scale)))
