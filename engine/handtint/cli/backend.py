"""Who does the work of a command: the running engine (started if needed), or this process. One call for both."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from handtint.errors import EngineFailed, EngineRefused
from handtint.wire.messages import Failure, Message

if TYPE_CHECKING:
    from handtint.client.blocking import Engine
    from handtint.server.service import Service

_ANSWER_SECONDS = 600.0
_START_SECONDS = 60.0
_CACHE_BYTES = 256 << 20


class Backend(Protocol):
    """Answers a request; raises an error of handtint.errors where it cannot."""

    def call(self, request: Message) -> Message: ...


@contextmanager
def open_backend(device: str, *, in_process: bool) -> Iterator[Backend]:
    """The engine of this user, or with `in_process` a service of our own, on "auto", "cpu" or "cuda"."""
    if in_process:
        from handtint.server.cache import Cache
        from handtint.server.engine import make_service

        service = make_service(device, Cache(_CACHE_BYTES), time.monotonic)
        try:
            yield _InProcess(service)
        finally:
            service.close()
        return
    from handtint.client.blocking import Engine
    from handtint.client.launcher import Launcher

    with Engine("handtint command line", launcher=Launcher(own_command(device))) as engine:
        _check_device(engine, device)
        yield _Remote(engine)


def own_command(device: str) -> list[str] | None:
    """This installation's own engine, unless the person named another one or a relay to another machine's."""
    from handtint.client.launcher import engine_command

    if os.environ.get("HANDTINT_ENGINE") or "relay" in (engine_command() or ()):
        return None
    return [sys.executable, "-m", "handtint", "serve", "--device", device]


def _check_device(engine: Engine, device: str) -> None:
    running = engine.connect(timeout=_START_SECONDS).device
    if "auto" not in (device, running) and not running.startswith(device):
        raise EngineRefused(
            f"expected an engine on {device}, but one runs on {running}; say `handtint stop` first, or --no-engine"
        )


class _Remote:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def call(self, request: Message) -> Message:
        return self._engine.call(request, timeout=_ANSWER_SECONDS)


class _InProcess:
    def __init__(self, service: Service) -> None:
        self._service = service

    def call(self, request: Message) -> Message:
        from handtint.server.mailbox import Job
        from handtint.server.worker import answer

        reply = answer(self._service, Job(b"", "", request))
        if isinstance(reply, Failure):
            raise EngineFailed(reply.code, reply.text)
        return reply
