"""How it stands with the engine, and the sentences that say so. Standard library and handtint.wire only."""

from __future__ import annotations

from enum import Enum

from handtint.wire.connection import Connection


class LinkState(Enum):
    """How it stands with the engine."""

    offline = "offline"
    starting = "starting"
    connecting = "connecting"
    ready = "ready"
    silent = "silent"
    refused = "refused"
    failed = "failed"


RIVAL_PATIENCE = 5.0
"""Seconds for which an engine that is starting beside ours may say where it listens."""
REDIALS = 6
"""Calls to an engine that hangs up before it lets us in, over 6 s: there may be a crowd at its door."""
CONNECTED = (LinkState.ready, LinkState.silent)
TEXTS = {
    LinkState.offline: "The engine starts when it is needed.",
    LinkState.starting: "The engine is starting…",
    LinkState.connecting: "Connecting to the engine…",
    LinkState.ready: "Ready.",
    LinkState.silent: "The engine does not answer: it may be suspended, or the computer is very busy. Waiting for it…",
}
NOBODY = "no engine runs: start it with `handtint serve`"
NOBODY_ANSWERS = f"{NOBODY}; if one is suspended, wake it, or end it with `handtint stop`"


def unanswering(connection: Connection) -> str:
    """What to say of an engine that is there, says nothing and cannot be ended from here."""
    return f"the engine (process {connection.pid}) does not answer: wake it, or end it with `handtint stop`"
