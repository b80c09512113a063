"""The one thread that owns the device: takes jobs from the mailbox, has them answered, turns errors into Failures.

Knows nothing of sockets. No traceback ever leaves the process: it goes to the log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from handtint.colorizers.place import Place
from handtint.colorizers.registry import METHODS
from handtint.errors import (
    Cancelled,
    GuidanceError,
    HandtintError,
    PictureError,
    ProtocolError,
    UnknownMethod,
    WeightsError,
)
from handtint.server.cache import UnknownPlanes
from handtint.server.mailbox import Job, Mailbox
from handtint.server.memory import give_back, give_back_gpu
from handtint.server.usage import Usage
from handtint.wire.messages import Colorize, Colorized, Failure, Message

if TYPE_CHECKING:
    from handtint.server.service import Service

REST_AFTER = 600.0
"""Seconds without work after which the models leave the memory."""
TIDY_AFTER = 100
"""Jobs after which freed memory goes back to the system; it takes milliseconds."""
_SMALLER = (
    "The GPU ran out of memory; this was thought out at half the size, and small things may lack their own color."
)
_ON_THE_CPU = "The GPU ran out of memory; this was colored on the CPU, which takes longer."
_log = logging.getLogger(__name__)

Deliver = Callable[[Job, Message], None]


class Worker:
    """Runs jobs until the mailbox is closed.

    Parameters
    ----------
    make_service : callable
        Called on the worker's own thread: what it imports (torch) must not keep the loop from answering.
    deliver : callable
        Gets each job with its reply, on the worker's thread.
    ended : callable
        Called as the last thing that the thread does.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        make_service: Callable[[], Service],
        deliver: Deliver,
        *,
        ended: Callable[[], None] = lambda: None,
        rest_after: float = REST_AFTER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mailbox = mailbox
        self._make_service = make_service
        self._deliver = deliver
        self._ended = ended
        self._rest_after = rest_after
        self._service: Service | None = None
        self._over = False
        self._jobs = 0
        self._clock = clock
        self.usage = Usage()
        # A daemon, so that work which does not look at `cancelled` cannot keep a stopped engine alive.
        self._thread = threading.Thread(target=self._run, name="handtint-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait for the thread; False where it still runs."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether it may still deliver a reply."""
        return not self._over

    @property
    def loaded(self) -> tuple[str, ...]:
        """Methods whose models are in memory."""
        return self._service.loaded if self._service is not None else ()

    @property
    def device(self) -> str:
        """The device in use; empty until the worker is ready."""
        return self._service.device if self._service is not None else ""

    def _run(self) -> None:
        try:
            service = self._service = self._make_service()
            while not self._mailbox.closed or self._mailbox.waiting():
                job = self._mailbox.take(self._rest_after)
                if job is not None:
                    self._work(service, job)
                elif service.loaded and not self._mailbox.closed:
                    _log.info("no work for %.0f s: freeing the models", self._rest_after)
                    service.rest()
                    give_back()
                    give_back_gpu()
            service.close()
        except Exception:
            _log.exception("the worker ended on an error")
        finally:
            self._over = True
            self._ended()

    def _work(self, service: Service, job: Job) -> None:
        for leftover in self._mailbox.leftovers():
            service.keep(leftover)
        started = self._clock()
        try:
            reply = answer(service, job)
            self.usage.answered(_kind(job.request, reply), self._clock() - started)
        except Exception as error:
            reply = failure(error, job)
            if not job.cancelled() and reply.code != "unknown_plane":
                self.usage.failed(_kind(job.request, reply))
            if reply.code == "out_of_memory":
                service.rest()
        self._mailbox.done(job)
        self._deliver(job, reply)
        self._jobs += 1
        if self._jobs % TIDY_AFTER == 0:
            give_back()


def answer(service: Service, job: Job) -> Message:
    """The service's answer; where a GPU runs out of memory, tried again with less and less of it.

    First with nothing else in it, then at half the working size, then on the CPU. There are no tiles to make smaller:
    no network sees more of a picture than its working size, and all of that at once.
    """
    device = service.device
    try:
        return service.answer(job)
    except Exception as error:
        if device == "cpu" or not _is_out_of_memory(error):
            raise
    for place, words, note in (
        (Place(device), "trying again with nothing else in it", ""),
        (Place(device, 2), "trying again at half the working size", _SMALLER),
    ):
        _log.warning("%s is out of memory: %s", device, words)
        try:
            return _answer_at(place, service, job, note)
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
    _log.warning("%s is out of memory: this request is done on the CPU", device)
    return _answer_at(Place("cpu"), service, job, _ON_THE_CPU)


def _answer_at(place: Place, service: Service, job: Job, note: str) -> Message:
    """The answer from another place, its models gone afterwards; from the service's own with nothing else there."""
    service.rest()
    give_back_gpu()
    if str(place) == service.device:
        return service.answer(job)
    with service.moved_to(str(place)):
        reply = service.answer(job)
    return replace(reply, notes=(*reply.notes, note)) if isinstance(reply, Colorized) else reply


def _is_out_of_memory(error: Exception) -> bool:
    # torch's own is not named: nothing here may load torch.
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _kind(request: Message, reply: Message) -> str:
    """What the work is counted under: a method, or the type of the request; never a name that a client made up."""
    if isinstance(reply, Colorized):
        return reply.method
    name = request.method if isinstance(request, Colorize) else ""
    return name if any(method.name == name for method in METHODS) else request.type


def failure(error: Exception, job: Job) -> Failure:
    """What the client is told about an error."""
    if isinstance(error, UnknownPlanes):
        return Failure(job.request.id, "unknown_plane", str(error), error.missing)
    if isinstance(error, Cancelled):
        return called_off(job)
    if isinstance(error, HandtintError):
        return Failure(job.request.id, _code(error), str(error))
    if _is_out_of_memory(error):
        _log.warning("out of memory at a '%s' request of %d bytes", job.request.type, job.nbytes)
        text = "the engine ran out of memory; use a smaller picture, or ask for a smaller answer"
        return Failure(job.request.id, "out_of_memory", text)
    _log.error("a '%s' request failed", job.request.type, exc_info=error)
    return Failure(job.request.id, "internal", "the engine failed at this request; its log says more")


def called_off(job: Job) -> Failure:
    """What the client is told about work that was called off."""
    texts = {
        "superseded": "a newer request of this document took the place of this one",
        "stopping": "the engine is stopping; start it again",
    }
    reason = job.ended_by or "cancelled"
    return Failure(job.request.id, reason, texts.get(reason, "the request was cancelled"))


_CODES: tuple[tuple[type[HandtintError], str], ...] = (
    (PictureError, "bad_picture"),
    (GuidanceError, "bad_guidance"),
    (UnknownMethod, "unknown_method"),
    (ProtocolError, "bad_request"),
    (WeightsError, "not_available"),
)


def _code(error: HandtintError) -> str:
    # The class itself may name its code (TooLarge does).
    own = getattr(error, "code", "")
    return own or next((code for kind, code in _CODES if isinstance(error, kind)), "internal")
