"""What becomes of each message: control is answered at once, work goes into the mailbox. No sockets, no pixels."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from handtint import __version__
from handtint.server.mailbox import Client, Job, Key, Mailbox
from handtint.server.worker import called_off
from handtint.wire.messages import (
    OLDEST_MINOR,
    PROTOCOL,
    Cancel,
    CancelDone,
    Colorize,
    ExtractPalette,
    Failure,
    GetStatus,
    Hello,
    MapUncertainty,
    Message,
    MethodInfo,
    MethodUse,
    RecommendThemes,
    Segment,
    SemanticClass,
    Shutdown,
    Status,
    Stopping,
    Suggest,
    Welcome,
)

Reply = tuple[Client, Message]
_MAX_DOCUMENTS = 4096
_log = logging.getLogger(__name__)


def is_work(message: Message) -> bool:
    """Whether the worker answers it, and not the desk."""
    return isinstance(message, (Colorize, Segment, RecommendThemes, Suggest, MapUncertainty, ExtractPalette))


@dataclass(frozen=True)
class Facts:
    """What the desk may tell about the rest of the engine; each is asked for at the moment of the answer."""

    device: Callable[[], str]
    methods: Callable[[], tuple[MethodInfo, ...]]
    classes: Callable[[], tuple[SemanticClass, ...]]
    loaded: Callable[[], tuple[str, ...]]
    cached_planes: Callable[[], int]
    cached_bytes: Callable[[], int]
    memory_budget: int
    uptime: Callable[[], float]
    memory: Callable[[], int]
    used: Callable[[], tuple[MethodUse, ...]]


class Desk:
    """Takes messages in and says what to send to whom."""

    def __init__(self, mailbox: Mailbox, facts: Facts) -> None:
        self._mailbox = mailbox
        self._facts = facts
        self._documents: OrderedDict[Key, None] = OrderedDict()
        self._served = 0
        self.stopping = False

    def take_in(self, client: Client, message: Message, nbytes: int) -> list[Reply]:
        """The replies that can be given now; work is answered later, by the worker."""
        if is_work(message):
            return self._put(client, message, nbytes)
        if isinstance(message, Cancel):
            return self._cancel(client, message)
        if isinstance(message, Shutdown):
            _log.info("a client asked the engine to stop")
            return [(client, Stopping(message.id)), *self.stop(finish_running=True)]
        if isinstance(message, Hello):
            return [(client, self._hello(message))]
        if isinstance(message, GetStatus):
            return [(client, self._status(message))]
        text = f"expected a request, got '{message.type}', which only an engine sends"
        return [(client, Failure(message.id, "bad_request", text))]

    def stop(self, *, finish_running: bool) -> list[Reply]:
        """Take in no more work; the farewells to those who wait."""
        self.stopping = True
        ended = self._mailbox.close(finish_running=finish_running)
        return [(job.client, called_off(job)) for job in ended if not job.taken]

    def lose(self, client: Client) -> int:
        """A client has vanished: drop its work; how many requests that were."""
        for key in [key for key in self._documents if key[0] == client]:
            del self._documents[key]
        return len(self._mailbox.drop_client(client))

    def jobs(self) -> list[Job]:
        """Work that somebody waits for, the running one first."""
        running = self._mailbox.running()
        jobs = [*([running] if running else []), *self._mailbox.waiting()]
        return [job for job in jobs if not job.cancelled()]

    def busy(self) -> bool:
        return self._mailbox.running() is not None or bool(self._mailbox.waiting())

    def _put(self, client: Client, message: Message, nbytes: int) -> list[Reply]:
        if self.stopping:
            return [(client, Failure(message.id, "stopping", "the engine is stopping; start it again"))]
        document = getattr(message, "document", "")
        # Only a Colorize is replaced by a newer one; the others wait in lines of their own.
        line = f"document {document}" if isinstance(message, Colorize) else f"{message.type} {message.id}"
        if document:
            self._remember((client, document))
        put = self._mailbox.put(Job(client, line, message, nbytes))
        if not put.accepted:
            text = "too many requests wait already; wait for their answers before sending more"
            return [(client, Failure(message.id, "out_of_memory", text))]
        self._served += 1
        return [] if put.replaced is None else [(client, called_off(put.replaced))]

    def _remember(self, key: Key) -> None:
        self._documents[key] = None
        self._documents.move_to_end(key)
        if len(self._documents) > _MAX_DOCUMENTS:
            self._documents.popitem(last=False)

    def _cancel(self, client: Client, message: Cancel) -> list[Reply]:
        job = self._mailbox.cancel(client, message.target)
        replies: list[Reply] = [(client, CancelDone(message.id, message.target, job is not None))]
        if job is not None and not job.taken:
            replies.append((client, called_off(job)))
        return replies

    def _hello(self, message: Hello) -> Message:
        if message.major != PROTOCOL[0]:
            text = f"this engine speaks protocol {PROTOCOL[0]}, the client {message.major}: update the older of the two"
            return Failure(message.id, "protocol", text)
        if message.minor < OLDEST_MINOR:
            spoken, oldest = f"{message.major}.{message.minor}", f"{PROTOCOL[0]}.{OLDEST_MINOR}"
            text = f"this engine understands protocol {oldest} and newer, the plug-in speaks {spoken}: install it again"
            return Failure(message.id, "protocol", text)
        _log.info("hello from %s", message.client[:80])
        facts = self._facts
        return Welcome(
            message.id,
            version=__version__,
            device=facts.device(),
            methods=facts.methods(),
            classes=facts.classes(),
        )

    def _status(self, message: GetStatus) -> Status:
        facts = self._facts
        return Status(
            message.id,
            version=__version__,
            pid=os.getpid(),
            device=facts.device(),
            uptime=facts.uptime(),
            methods=facts.methods(),
            loaded=facts.loaded(),
            documents=len(self._documents),
            cached_planes=facts.cached_planes(),
            cached_bytes=facts.cached_bytes(),
            memory_budget=facts.memory_budget,
            waiting=len(self._mailbox.waiting()),
            served=self._served,
            memory=facts.memory(),
            used=facts.used(),
        )
