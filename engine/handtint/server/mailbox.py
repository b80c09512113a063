"""What waits for the worker: per document only the newest request, the documents in turn, all of it bounded.

Knows nothing of sockets, pixels or methods. Safe to call from several threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from handtint.wire.messages import Message

Client = bytes
Key = tuple[Client, str]
"""A client and one of its documents: the unit in which requests replace each other and take turns."""


@dataclass(eq=False)
class Job:
    """A request on its way through the engine.

    Attributes
    ----------
    client : bytes
        The ROUTER's name for the peer that asked.
    document : str
        Requests of one client for one document replace each other.
    nbytes : int
        Memory that the request holds.
    progress : (float, str)
        How far it is, 0 to 1, and what is being done.
    taken : bool
        The worker has it and will answer it; until then whoever calls it off does.
    """

    client: Client
    document: str
    request: Message
    nbytes: int = 0
    progress: tuple[float, str] = (0.0, "waiting")
    taken: bool = False
    _ended_by: str = field(default="", init=False)

    @property
    def key(self) -> Key:
        return self.client, self.document

    @property
    def ended_by(self) -> str:
        """Why the work was called off: "superseded", "cancelled", "gone" or "stopping"; empty where it was not."""
        return self._ended_by

    def end(self, reason: str) -> None:
        """Call the work off; the first reason stands."""
        self._ended_by = self._ended_by or reason

    def cancelled(self) -> bool:
        return bool(self._ended_by)


class Put(NamedTuple):
    """What became of a job: whether it was taken in, and the waiting job whose place it took."""

    accepted: bool
    replaced: Job | None = None


class Mailbox:
    """Waiting and running jobs.

    A job that is called off while it waits leaves at once, and whoever called it off answers it. One that the worker
    has taken is answered by the worker.

    Parameters
    ----------
    max_waiting : int
        Jobs that may wait at once.
    max_bytes : int
        Memory that waiting jobs may hold, and leftovers as much again.
    """

    def __init__(self, *, max_waiting: int = 1024, max_bytes: int = 1 << 31) -> None:
        self._max_waiting = max_waiting
        self._max_bytes = max_bytes
        self._waiting: OrderedDict[Key, Job] = OrderedDict()
        self._leftovers: deque[Job] = deque()
        self._running: Job | None = None
        self._closed = False
        self._changed = threading.Condition()

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, job: Job) -> Put:
        """Let a job wait, unless the mailbox is full or closed.

        It takes the place, and the turn, of one that waits for the same document, and calls off one that is being
        worked on.
        """
        with self._changed:
            old = self._waiting.get(job.key)
            if self._closed or self._full(job, old):
                return Put(False)
            self._waiting[job.key] = job
            if old is not None:
                self._leave_over(old, "superseded")
            if self._running is not None and self._running.key == job.key:
                self._running.end("superseded")
            self._changed.notify()
            return Put(True, old)

    def take(self, timeout: float | None = None) -> Job | None:
        """The next job in turn; None after `timeout` seconds, or once the mailbox is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closed, timeout)
            if not self._waiting:
                return None
            job = self._waiting.popitem(last=False)[1]
            job.taken = True
            self._running = job
            return job

    def leftovers(self) -> list[Job]:
        """Jobs that were called off while they waited, oldest first: the pixels that they brought are still good."""
        with self._changed:
            jobs = list(self._leftovers)
            self._leftovers.clear()
            return jobs

    def done(self, job: Job) -> None:
        """The worker has ended this job, one way or another."""
        with self._changed:
            if self._running is job:
                self._running = None

    def cancel(self, client: Client, request_id: int) -> Job | None:
        """Call off a client's request and return it; None where it neither waits nor runs."""
        with self._changed:
            for job in self._alive():
                if job.client == client and job.request.id == request_id and not job.cancelled():
                    self._call_off(job, "cancelled")
                    return job
            return None

    def drop_client(self, client: Client) -> list[Job]:
        """Call off and return all that a vanished client asked for."""
        with self._changed:
            jobs = [job for job in self._alive() if job.client == client and not job.cancelled()]
            for job in jobs:
                self._call_off(job, "gone")
            return jobs

    def close(self, *, finish_running: bool) -> list[Job]:
        """Take no more jobs in and call off what waits, and what runs unless it may finish; what was called off."""
        with self._changed:
            self._closed = True
            jobs = [job for job in self._alive() if not (finish_running and job is self._running)]
            for job in jobs:
                self._call_off(job, "stopping")
            self._changed.notify_all()
            return jobs

    def running(self) -> Job | None:
        """The job that is being worked on."""
        return self._running

    def waiting(self) -> tuple[Job, ...]:
        """The jobs that wait, the next one first."""
        with self._changed:
            return tuple(self._waiting.values())

    def _full(self, job: Job, old: Job | None) -> bool:
        others = [waiting for waiting in self._waiting.values() if waiting is not old]
        # One job alone is always let in: it could never be done otherwise.
        return len(others) >= self._max_waiting or (
            bool(others) and sum(other.nbytes for other in others) + job.nbytes > self._max_bytes
        )

    def _alive(self) -> list[Job]:
        running = [self._running] if self._running is not None else []
        return running + list(self._waiting.values())

    def _call_off(self, job: Job, reason: str) -> None:
        job.end(reason)
        if self._waiting.get(job.key) is job:
            del self._waiting[job.key]
            self._leave_over(job, reason)

    def _leave_over(self, job: Job, reason: str) -> None:
        job.end(reason)
        if reason != "gone":
            self._leftovers.append(job)
        while len(self._leftovers) > self._max_waiting or sum(j.nbytes for j in self._leftovers) > self._max_bytes:
            self._leftovers.popleft()
