"""Row of section `access`: peers without the token that send as much as they can before they are hung up on."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from handtint.bench.fuzz_live import honest_request
from handtint.bench.latency import peak_memory
from handtint.bench.processes import SERVE, engine_in, resident_memory
from handtint.bench.reliability import Effort, Row, megabytes
from handtint.client import _framing as framing
from handtint.server.lobby import MOST
from handtint.wire.connection import Connection
from handtint.wire.limits import MAX_PART

PEERS = 400
_MOST = 32 << 20
"""Bytes that each peer sends where nothing stops it."""
_SLACK = 64 << 20
"""Bytes that an engine may grow by for reasons of its own."""
_PATIENCE = 120.0
_HUGE = (1 << 31) - 1


def flood_row(effort: Effort, command: Sequence[str] = SERVE) -> Row:
    """All at once: half claim a frame of 2 GB and send what is taken of it, half all but the end of the largest one."""
    effort.note("flooding an engine without the token")
    times = effort.times(PEERS, 8)
    with engine_in(effort.folder / "flooded", command) as (engine, connection), contextlib.ExitStack() as stack:
        honest_request(engine)  # torch is loaded now: what comes on top is the peers'
        before = resident_memory(connection.pid)
        _forget_peak(connection.pid)
        heads = _heads()
        sent = sum(_flood(stack, connection, *next(heads)) for _ in range(times))
        same = honest_request(engine) == connection.pid
        grown = max(0, peak_memory(connection.pid) - before)
    result = (
        f"{times} at once sent {megabytes(sent)}; the engine grew by {megabytes(grown)} at most, "
        f"the next honest request {'answered' if same else 'answered by another engine'}"
    )
    held = same and grown < min(times, MOST) * MAX_PART + _SLACK
    return Row("floods without the token", result, held, {"times": times, "sent": sent, "grown": grown})


def _heads() -> Iterator[tuple[bytes, int]]:
    """Head of a peer's first frame, and how much of its body it sends, in turn."""
    while True:
        for kind in (framing.COMMAND, 0):
            yield struct.pack(">BQ", kind | framing.LONG, _HUGE), _MOST
            yield struct.pack(">BQ", kind | framing.LONG, MAX_PART), MAX_PART - 1


def _flood(stack: contextlib.ExitStack, connection: Connection, head: bytes, nbytes: int) -> int:
    """Bytes that one peer got rid of; it stays connected."""
    peer = stack.enter_context(socket.create_connection((connection.host, connection.port), _PATIENCE))
    block, sent = memoryview(bytes(1 << 20)), 0
    with contextlib.suppress(ConnectionError):
        peer.sendall(framing.greeting("PLAIN") + head)
        while sent < nbytes:
            sent += peer.send(block[: nbytes - sent])
    return sent


def _forget_peak(pid: int) -> None:
    """Have the system count a process's peak memory anew, where it can."""
    place = Path(f"/proc/{pid}/clear_refs")
    if place.exists():
        place.write_text("5", encoding="ascii")
