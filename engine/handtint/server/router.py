"""The loop that speaks: one thread for all that comes in by the doors, never blocked by work.

Control messages are answered at once, work goes through the mailbox. Knows nothing of pixels or methods.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import zmq

from handtint.errors import ProtocolError
from handtint.server.backlog import Backlog
from handtint.server.desk import Desk, is_work
from handtint.server.doors import Doors
from handtint.server.mailbox import Client, Job
from handtint.server.wake import Wake
from handtint.wire.codec import MessageError, decode, encode
from handtint.wire.messages import Failure, Message, Progress

TICK = 0.25
"""Seconds between looks at who still listens; each one shows as a Progress."""
_AT_ONCE = 16
"""Messages that are taken in before the answers get their turn."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """How long the loop waits for what.

    Attributes
    ----------
    idle_exit : float, optional
        Seconds without a message after which the loop ends; never where None.
    grace, idle_grace : float
        Seconds that a stopping loop waits for work which does not end, and for a worker that has none.
    tick : float
        Seconds between two looks at the clock.
    unread : int
        Bytes of answers that may wait for one client before its further work is refused.
    """

    idle_exit: float | None = None
    grace: float = 5.0
    idle_grace: float = 0.5
    tick: float = TICK
    unread: int = 1 << 30


class Router:
    """Speaks with the clients until it is stopped.

    Parameters
    ----------
    desk : Desk
        Answers what can be answered at once and puts the rest into the mailbox.
    doors : Doors
        Where clients come in.
    worker_alive : callable
        Whether the worker may still deliver something.
    answered : callable
        Called after each message that was sent.
    clock : callable
        Seconds, monotonic.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        doors: Doors,
        worker_alive: Callable[[], bool],
        wake: Wake,
        limits: Limits | None = None,
        answered: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._worker_alive = worker_alive
        self._wake = wake
        self._limits = limits or Limits()
        self._answered = answered
        self._clock = clock
        self._backlog = Backlog()
        self._replies: deque[tuple[Job, Message]] = deque()
        self._doors = doors
        self._stop_asked = False
        self._stopping_since: float | None = None

    def deliver(self, job: Job, reply: Message) -> None:
        """Hand a reply over; from the worker's thread."""
        self._replies.append((job, reply))
        self._wake.ring()

    def stop(self) -> None:
        """Call all work off and end; from any thread or signal handler."""
        self._stop_asked = True
        self._wake.ring()

    def run(self) -> None:
        """Serve until stopped, shut down or idle for too long."""
        poller = zmq.Poller()
        for source in (*self._doors.sockets, *self._doors.bells, self._wake.fileno()):
            poller.register(source, zmq.POLLIN)
        last_heard = last_tick = self._clock()
        while not self._finished():
            poller.poll(round(self._limits.tick * 1000))
            self._wake.hear()
            self._doors.attend()
            now = self._clock()
            if self._receive() or self._desk.busy():
                last_heard = now
            self._send_replies()
            if now - last_tick >= self._limits.tick:
                last_tick = now
                self._look_around(now - last_heard)

    def _finished(self) -> bool:
        if not self._worker_alive() and not self._desk.stopping:
            _log.error("the worker is gone: the engine ends")
            self._stop_asked = True
        if self._stop_asked and not self._desk.stopping:
            self._send_all(self._desk.stop(finish_running=False))
        if not self._desk.stopping:
            return False
        now = self._clock()
        self._stopping_since = now if self._stopping_since is None else self._stopping_since
        if not self._worker_alive():
            self._send_replies()
            return True
        # Shutdown lets the work in hand end; only who is told to stop now stops waiting. A worker without work may
        # still be loading what it would have needed.
        patience = self._limits.grace if self._desk.busy() else self._limits.idle_grace
        return self._stop_asked and now - self._stopping_since > patience

    def _look_around(self, idle: float) -> None:
        """Tell everybody who waits how it goes, and so find out who has vanished."""
        for job in self._desk.jobs():
            fraction, text = job.progress
            self._send(job.client, Progress(job.request.id, fraction, text))
        if self._limits.idle_exit is not None and idle > self._limits.idle_exit and not self._desk.stopping:
            _log.info("no request for %.0f s: the engine ends", idle)
            self.stop()

    def _receive(self) -> bool:
        """Take in what has come, a few messages at a time; whether anything had."""
        heard = False
        for _ in range(_AT_ONCE):
            came = self._doors.receive()
            if came is None:
                break
            heard = True
            client, frames = came
            self._send_all(self._take_in(client, [frame.buffer for frame in frames]))
        return heard

    def _take_in(self, client: Client, frames: list[memoryview]) -> list[tuple[Client, Message]]:
        try:
            message = decode(frames)
        except MessageError as error:
            _log.info("a message that cannot be read: %s", error)
            return [(client, error.failure())]
        if is_work(message) and self._backlog.nbytes(client) > self._limits.unread:
            _log.warning("a client asks for more and does not read its answers")
            text = "expected the answers so far to be read before more is asked for; read them and ask again"
            return [(client, Failure(message.id, "out_of_memory", text))]
        try:
            return self._desk.take_in(client, message, sum(frame.nbytes for frame in frames))
        except Exception:
            # Whatever it was, the other clients still want their answers.
            _log.exception("a '%s' message failed", message.type)
            return [(client, Failure(message.id, "internal", "the engine failed at this request; its log says more"))]

    def _send_replies(self) -> None:
        while self._replies:
            job, reply = self._replies.popleft()
            if job.ended_by != "gone":
                self._send(job.client, reply)

    def _send_all(self, replies: list[tuple[Client, Message]]) -> None:
        for client, reply in replies:
            self._send(client, reply)

    def _send(self, client: Client, message: Message) -> None:
        try:
            frames = encode(message)
        except ProtocolError as error:
            _log.exception("a '%s' reply cannot be sent", message.type)
            frames = encode(Failure(message.id, "internal", str(error)))
        try:
            # Not copied: libzmq sends from the arrays themselves and lets go of them afterwards.
            nbytes = memoryview(frames[-1]).nbytes
            large = nbytes > self._doors.copy_threshold
            tracker = self._doors.send(client, frames, track=large)
            if tracker is not None:
                self._backlog.add(client, tracker, nbytes)
            self._answered()
        except zmq.Again:
            if not isinstance(message, Progress):
                self._lose(client, "does not read its answers")
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._lose(client, "has vanished")

    def _lose(self, client: Client, reason: str) -> None:
        self._backlog.forget(client)
        dropped = self._desk.lose(client)
        _log.info("a client %s; %d of its requests were dropped", reason, dropped)
