"""How often each kind of work was asked for and how long it took. Safe to call from several threads."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from handtint.wire.messages import MethodUse

_REMEMBERED = 512
"""Times of one kind that are kept: the latest say how it is now."""


@dataclass
class _Kind:
    answered: int = 0
    failed: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Usage:
    """Counts and times by kind; what was called off is neither answered nor failed."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}
        self._lock = threading.Lock()

    def answered(self, name: str, seconds: float) -> None:
        with self._lock:
            kind = self._kinds.setdefault(name, _Kind())
            kind.answered += 1
            kind.seconds.append(seconds)

    def failed(self, name: str) -> None:
        with self._lock:
            self._kinds.setdefault(name, _Kind()).failed += 1

    def all(self) -> tuple[MethodUse, ...]:
        """All kinds by name."""
        with self._lock:
            return tuple(_use(name, kind) for name, kind in sorted(self._kinds.items()))


def _use(name: str, kind: _Kind) -> MethodUse:
    rising = sorted(kind.seconds)
    if not rising:
        return MethodUse(name, kind.answered, kind.failed)
    median, high = (rising[round(share * (len(rising) - 1))] for share in (0.5, 0.95))
    return MethodUse(name, kind.answered, kind.failed, median, high)
