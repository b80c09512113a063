"""Requests that wait for their answer, and what becomes of them when the engine is lost.

Standard library and handtint.wire only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from handtint.wire import messages as m
from handtint.wire.pixels import Plane

GONE, REFUSED = "gone", "refused"
"""Failure codes that are made at this end and never travel."""


@dataclass
class Pending:
    """A request without its answer. `sent` is what the engine got on this connection."""

    message: m.Message
    whole: Mapping[str, Plane] = field(default_factory=dict)
    sent: m.Message | None = None
    losses: int = 0
    refills: int = 0

    def lose(self, reason: str, cancelled: Collection[int]) -> m.Message | None:
        """The engine is gone, and the request with it: its answer, or None for it to be asked once more.

        `cancelled` are the ids that were being called off.
        """
        if self.sent is None:
            return None
        self.sent = None
        self.losses += 1
        id = self.message.id
        if isinstance(self.message, m.Shutdown):
            return m.Stopping(id)
        if isinstance(self.message, m.Cancel):
            return m.CancelDone(id, self.message.target, found=False)
        if id in cancelled:
            return m.Failure(id, "cancelled", "The request was called off.")
        if self.losses > 1:
            return m.Failure(id, GONE, f"The engine ended twice while it worked on this: {reason}.")
        return None
