"""What was asked of the engine last, how far it is, and what came of it. Knows no Qt and no Krita."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from handtint.client.link import GONE, REFUSED, EngineLink, LinkState
from handtint.client.live import LiveSession
from handtint.wire.messages import (
    Cancel,
    Colorize,
    Colorized,
    Failure,
    Message,
    MethodInfo,
    Progress,
    Segment,
    Segmented,
    SemanticClass,
)
from handtint.wire.pixels import Plane
from handtint_krita.words import told, tr

_UNDER_WAY = (LinkState.starting, LinkState.connecting)
Request = Colorize | Segment
Reply = Colorized | Segmented | Failure
"""What comes of the newest request."""
_QUIET = ("superseded", "cancelled")


class Conversation:
    """Keeps to the newest request: whatever else comes is dropped.

    Attributes
    ----------
    newest : int
        Id of the request that waits for its answer, 0 for none.
    fraction : float
        How far the engine is with it, 0 to 1.
    live : LiveSession
        When to ask while the painter paints.
    aside : list of Message
        Answers to what was asked aside (`ask_aside`), for whoever asked to take out.
    """

    def __init__(self, make_link: Callable[[], EngineLink]) -> None:
        self._make_link = make_link
        self._link = make_link()
        self.begin()
        self.newest = 0
        self._for_map = False
        self.fraction = 0.0
        self._doing = ""
        self._aside: set[int] = set()
        self.aside: list[Message] = []

    def begin(self) -> None:
        """Another document, or nothing to color yet: whatever comes is the first change."""
        # Krita shows a stroke only when it has ended: there is nothing to gather before the first of several changes.
        self.live = LiveSession(grace=0.0)

    @property
    def device(self) -> str:
        """What the networks run on; empty until the engine has been spoken to."""
        return self._link.welcome.device if self._link.welcome is not None else ""

    @property
    def methods(self) -> tuple[MethodInfo, ...]:
        """What the engine offers; empty until it has been spoken to."""
        return self._link.welcome.methods if self._link.welcome is not None else ()

    @property
    def classes(self) -> tuple[SemanticClass, ...]:
        """The classes of semantic maps that the engine knows; empty until it has been spoken to."""
        return self._link.welcome.classes if self._link.welcome is not None else ()

    @property
    def finding(self) -> bool:
        """Whether a semantic map is being waited for; asking for colors now would take its place."""
        return bool(self.newest) and self._for_map

    def method(self, name: str) -> MethodInfo | None:
        """What the engine says of a method; of the one that it takes by itself where `name` is empty."""
        usable = (
            method for method in self.methods if (method.name == name if name else not (method.missing or method.needs))
        )
        return next(usable, None)

    @property
    def text(self) -> str:
        """How it stands, for the painter."""
        if self.newest and self._link.state is LinkState.ready:
            said = tr("Looking for objects…") if self._for_map else tr("Coloring…")
            doing = told(self._doing)
            return f"{doing[0].upper()}{doing[1:]}…" if doing else said
        return told(self._link.text)

    @property
    def ready(self) -> bool:
        """Whether the engine is there."""
        return self._link.state is LinkState.ready

    @property
    def broken(self) -> bool:
        """Whether only a new start would help."""
        return self._link.state in (LinkState.refused, LinkState.failed)

    @property
    def active(self) -> bool:
        """Whether something can come at any moment, so that `pump` is due soon."""
        return bool(self._link.unanswered) or self._link.wants_write or self._link.state in _UNDER_WAY

    @property
    def socket(self) -> int | None:
        """Number of the socket to the engine, None while there is none."""
        return self._link.fileno()

    def open(self) -> None:
        """Find or start the engine without a request."""
        if not self.ready and self._link.state not in _UNDER_WAY:
            self._link.open()

    def ask(self, make: Callable[[int], Request], whole: Mapping[str, Plane]) -> int:
        """Send the request that `make` makes of an id, with the planes behind its patches.

        It takes the place of the one under way.
        """
        request = make(self._link.next_id())
        self._link.send(request, whole)
        self.newest, self.fraction, self._doing = request.id, 0.0, ""
        self._for_map = isinstance(request, Segment)
        return request.id

    def ask_aside(self, make: Callable[[int], Message]) -> int:
        """Send a request that takes no other's place; its answer, or failure, comes into `aside`."""
        message = make(self._link.next_id())
        self._link.send(message)
        self._aside.add(message.id)
        return message.id

    def cancel(self) -> None:
        """Call the newest request off; its answer is dropped even if it comes."""
        if self.newest:
            self._link.send(Cancel(self._link.next_id(), self.newest))
            self.newest = 0

    def push(self, now: float) -> None:
        """Send at once what was asked; the next `pump` comes with the next turn only."""
        self._link.push(now)

    def pump(self, now: float) -> Reply | None:
        """Move bytes; the answer to the newest request if it has come."""
        outcome: Reply | None = None
        for message in self._link.pump(now):
            self.live.received(message, now)
            if message.id in self._aside and not isinstance(message, Progress):
                self._aside.remove(message.id)
                self.aside.append(message)
            if message.id != self.newest:
                continue
            if isinstance(message, Progress):
                self.fraction, self._doing = message.fraction, message.text
            elif isinstance(message, Failure):
                outcome = message if message.code not in _QUIET else outcome
            elif isinstance(message, Colorized | Segmented):
                outcome = message
            if not isinstance(message, Progress):
                self.newest = 0
        return outcome

    def restart(self) -> None:
        """Drop the connection and find or start the engine anew."""
        self._link.close()
        self._link = self._make_link()
        self.newest = 0
        self.aside += [Failure(id, "cancelled", "") for id in self._aside]
        self._aside.clear()
        self._link.open()

    def close(self) -> None:
        """Close at once; the engine lives on."""
        self._link.close()


def engine_is_gone(failure: Failure) -> bool:
    """Whether a failure means that no engine answers, so that starting it again may help."""
    return failure.code in (GONE, REFUSED)
