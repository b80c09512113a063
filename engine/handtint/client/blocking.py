"""The engine for callers that may wait: scripts, the command line, the GIMP filter. Waits on the socket, not in sleeps.

Standard library and handtint.wire only.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType

from handtint.client.launcher import Launcher
from handtint.client.link import GONE, REFUSED, EngineLink, LinkState
from handtint.errors import Cancelled, EngineError, EngineFailed, EngineGone, EngineRefused
from handtint.wire.messages import Cancel, Failure, Message, Progress, Welcome
from handtint.wire.pixels import Plane

_TURN = 0.05
"""Longest wait in one go: how soon `cancelled` is heard, and how often a starting engine is looked for."""


class Engine:
    """A link with a clock: `call` waits for the answer, `start` and `receive` do not."""

    def __init__(
        self,
        client: str,
        *,
        launcher: Launcher | None = None,
        start: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.link = EngineLink(client, launcher=launcher or Launcher(), start=start)
        self._clock = clock
        self._waiting: list[Message] = []
        self._abandoned: set[int] = set()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close at once; the engine lives on."""
        self.link.close()

    def connect(self, *, timeout: float) -> Welcome:
        """Find or start the engine and learn what it offers."""
        self.link.open()
        end = self._clock() + timeout
        while True:
            self._pump()
            state = self.link.state
            if state is LinkState.ready and self.link.welcome is not None:
                return self.link.welcome
            if state is LinkState.refused:
                raise EngineRefused(self.link.text)
            if state is LinkState.failed:
                raise EngineGone(self.link.text)
            self._wait_until(end, f"the engine was expected within {timeout:g} s: {self.link.text}")

    def call(
        self,
        message: Message,
        *,
        timeout: float,
        whole: Mapping[str, Plane] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Message:
        """Send a request (its id is replaced) and wait for its answer; a Failure is raised."""
        id = self.start(message, whole)
        end = self._clock() + timeout
        while True:
            answer = self._take(id, on_progress)
            if answer is not None:
                return _checked(answer)
            if cancelled is not None and cancelled():
                self.cancel(id)
                raise Cancelled("the work was called off")
            try:
                self._wait_until(end, f"an answer within {timeout:g} s was expected, none came: {self.link.text}")
            except EngineGone:
                self.cancel(id)
                raise

    def start(self, message: Message, whole: Mapping[str, Plane] | None = None) -> int:
        """Send a request without waiting; returns the id that its answer will carry."""
        id = self.link.next_id()
        self.link.send(replace(message, id=id), whole)
        self._pump()
        return id

    def receive(self) -> list[Message]:
        """What has come since, Progress and Failure included; does not wait."""
        self._pump()
        waiting, self._waiting = self._waiting, []
        return waiting

    def cancel(self, id: int) -> None:
        """Call off a request, as far as the socket takes that at once; `receive` shows nothing of it any more."""
        call_off = Cancel(self.link.next_id(), id)
        self._abandoned |= {id, call_off.id}  # Before it is sent: the answers may be here already.
        self._waiting = [message for message in self._waiting if message.id != id]
        self.link.send(call_off)
        self._pump()

    def _pump(self) -> None:
        for message in self.link.pump(self._clock()):
            if message.id not in self._abandoned:
                self._waiting.append(message)
            elif not isinstance(message, Progress):
                self._abandoned.discard(message.id)

    def _take(self, id: int, on_progress: Callable[[Progress], None] | None) -> Message | None:
        self._pump()
        mine = [message for message in self._waiting if message.id == id]
        self._waiting = [message for message in self._waiting if message.id != id]
        for message in mine:
            if not isinstance(message, Progress):
                return message
            if on_progress is not None:
                on_progress(message)
        return None

    def _wait_until(self, end: float, expected: str) -> None:
        """Wait for the socket, one turn at most; raises when `end` has passed."""
        now = self._clock()
        if now >= end:
            raise EngineGone(expected)
        wait(self.link, now, min(_TURN, end - now))


def wait(link: EngineLink, now: float, longest: float) -> None:
    """Return when there is something to pump, or after `longest` seconds."""
    wake = link.wake(now)
    pause = longest if wake is None else min(wake, longest)
    handle = link.fileno()
    if handle is None:
        time.sleep(pause)
        return
    with selectors.DefaultSelector() as selector:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.wants_write else 0)
        selector.register(handle, events)
        selector.select(pause)


def error_of(failure: Failure) -> EngineError | Cancelled:
    """The exception that says what a Failure says."""
    if failure.code in ("cancelled", "superseded"):
        return Cancelled(failure.text)
    if failure.code == GONE:
        return EngineGone(failure.text)
    if failure.code in (REFUSED, "protocol"):
        return EngineRefused(failure.text)
    return EngineFailed(failure.code, failure.text)


def _checked(answer: Message) -> Message:
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer
