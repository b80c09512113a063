"""Whether the engine is still there while its answer is waited for. Opens no socket; time comes in.

Standard library only.
"""

from __future__ import annotations

from enum import Enum


class Pulse(Enum):
    """What is to be made of an engine's silence."""

    well = "well"
    ask = "ask"
    silent = "silent"
    lost = "lost"


class Heartbeat:
    """Has an engine that says nothing asked for a sign of life, and says when it has been silent for too long.

    A pause of the caller's own (a busy editor, a computer that slept) is not the engine's silence: it begins anew.

    Parameters
    ----------
    ask, silent, lost : float
        Seconds without a byte after which it is asked, taken to be suspended, and given up.
    """

    def __init__(self, *, ask: float = 3.0, silent: float = 6.0, lost: float = 30.0) -> None:
        self.ask, self.silent, self.lost = ask, silent, lost
        self._moved = 0
        self._asked = False
        self._since: float | None = None
        self._looked = 0.0

    def begin(self) -> None:
        """Another engine: what was heard of the last one, and when, says nothing of it."""
        self._since = None

    def look(self, now: float, moved: int, *, waiting: bool) -> Pulse:
        """What to do now; `moved` counts the bytes that went either way, `waiting` says if an answer is due."""
        paused = not 0.0 <= now - self._looked <= 2.0 * self.ask
        self._looked = now
        if not waiting:
            self._since = None
            return Pulse.well
        if self._since is None or paused or moved != self._moved:
            self._since, self._moved, self._asked = now, moved, False
        silence = now - self._since
        if silence >= self.lost:
            return Pulse.lost
        if silence >= self.silent:
            return Pulse.silent
        if silence >= self.ask and not self._asked:
            self._asked = True
            return Pulse.ask
        return Pulse.well

    def wake(self, now: float) -> float | None:
        """Seconds after which to look again, None for never."""
        if self._since is None:
            return None
        left = self._since + self.ask - now
        return left if 0.0 < left < self.ask else self.ask
