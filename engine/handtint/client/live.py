"""When to ask while somebody paints: a preview while the hand moves, full size when it rests, the newest state wins.

Standard library and handtint.wire only. No timer, no thread: time comes in, what is due goes out.
"""

from __future__ import annotations

from enum import Enum

from handtint.wire.messages import Colorized, Message, Progress
from handtint.wire.pixels import Rect


class Ask(Enum):
    """What to ask the engine for."""

    preview = "preview"
    full = "full"


class LiveSession:
    """One document that is being painted. Every call says what time it is, in seconds of any clock.

    At most one request is out. A change that comes while a preview is out waits for its answer, so that the engine
    is never buried; a change that comes while a full size is out is asked for at once, and takes its place.

    Attributes
    ----------
    grace : float
        Seconds for which changes are gathered before the first of them is asked for.
    rest : float
        Seconds without a change after which the hand is taken to rest.
    max_wait : float
        Seconds after which a request without any sign of life is given up.
    """

    def __init__(self, *, grace: float = 0.05, rest: float = 0.4, max_wait: float = 30.0) -> None:
        self.grace, self.rest, self.max_wait = grace, rest, max_wait
        self._state = 0
        self._previewed = 0
        self._finished = 0
        self._first_change = self._last_change = 0.0
        self._dirty: Rect | None = None
        self._everything = False
        self._out: tuple[int, Ask] | None = None
        self._heard = 0.0

    @property
    def dirty(self) -> Rect | None:
        """Rectangle around the changes since the last request, None where all of it may have changed."""
        return None if self._everything else self._dirty

    @property
    def busy(self) -> bool:
        """Is an answer on its way?"""
        return self._out is not None

    def changed(self, now: float, dirty: Rect | None = None) -> None:
        """The editor saw a change; `dirty` is where, None for anywhere."""
        if self._state == self._previewed:
            self._first_change = now
        self._state += 1
        self._last_change = now
        if dirty is None:
            self._everything = True
        else:
            self._dirty = dirty if self._dirty is None else _around(self._dirty, dirty)

    def due(self, now: float) -> Ask | None:
        """What to build and send now, if anything."""
        ask, at = self._next()
        if ask is None or now < at or self._blocked(ask, now):
            return None
        return ask

    def sent(self, id: int, now: float, kind: Ask) -> None:
        """The request that was due is on its way with this id."""
        self._previewed = self._state
        if kind is Ask.full:
            self._finished = self._state
        self._out = (id, kind)
        self._heard = now
        self._dirty, self._everything = None, False

    def received(self, message: Message, now: float) -> bool:
        """An answer came in. True: it is the one that is waited for, show it."""
        if self._out is None or message.id != self._out[0]:
            return False
        if isinstance(message, Progress):
            self._heard = now
            return False
        self._out = None
        if isinstance(message, Colorized):
            return True
        # A request that failed fails again: full size is not asked for before the next change.
        self._finished = self._previewed
        return False

    def wake(self, now: float) -> float | None:
        """Seconds until `due` can say something else without a call in between, None for never."""
        ask, at = self._next()
        if ask is None:
            return None
        if self._blocked(ask, now):
            at = max(at, self._heard + self.max_wait)
        return max(0.0, at - now)

    def _next(self) -> tuple[Ask | None, float]:
        """What is to be asked next, and when at the earliest."""
        rested = self._last_change + self.rest
        if self._state != self._previewed:
            return Ask.preview, min(self._first_change + self.grace, rested)
        if self._state != self._finished:
            return Ask.full, rested
        return None, 0.0

    def _blocked(self, ask: Ask, now: float) -> bool:
        """Must it wait for the answer that is out?"""
        if self._out is None or now >= self._heard + self.max_wait:
            return False
        return not (ask is Ask.preview and self._out[1] is Ask.full)


def _around(one: Rect, other: Rect) -> Rect:
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Rect(x, y, right - x, bottom - y)
