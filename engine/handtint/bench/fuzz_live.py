"""Bad bytes for a real engine process over its real port: before the login, after it, and as messages of the protocol.

The engine must stay the same process, answer the next honest request, and not grow.
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handtint.bench.fuzz_targets import honest_messages
from handtint.bench.processes import resident_memory
from handtint.client import _framing as framing
from handtint.client.blocking import Engine
from handtint.errors import EngineFailed
from handtint.wire.codec import encode
from handtint.wire.connection import USERNAME, Connection
from handtint.wire.messages import (
    Colorize,
    Colorized,
    ExtractPalette,
    GetStatus,
    MapUncertainty,
    RecommendThemes,
    Segment,
    Status,
    Suggest,
)
from handtint.wire.pixels import Extent, PixelFormat, Plane

_PATIENCE = 120.0
_AT_ONCE = 20
"""Messages of one connection."""
_GREETING = framing.greeting("PLAIN")
_METADATA = framing.properties([("Socket-Type", b"DEALER"), ("Identity", b"")])
_LOADING = (Colorize, Segment, ExtractPalette, RecommendThemes, Suggest, MapUncertainty)
_LIES = (0, 1, 255, 256, 1 << 16, (1 << 31) - 1, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
"""Sizes that a frame may claim."""


@dataclass
class Assault:
    """What was sent, and how the engine bore it.

    Attributes
    ----------
    inputs : mapping of kind to int
    honest : int
        Honest requests that were answered in between.
    pids : set of int
        Processes that answered: one, unless the engine died.
    before, after : int
        Resident bytes of the engine.
    """

    inputs: dict[str, int] = field(default_factory=dict)
    honest: int = 0
    pids: set[int] = field(default_factory=set)
    before: int = 0
    after: int = 0


def assault(engine: Engine, connection: Connection, *, inputs: int, seed: int, batch: int = 200) -> Assault:
    """Send so many bad inputs, an honest request after every `batch`; raises where one is not answered."""
    rng = random.Random(seed)
    kinds: Sequence[tuple[str, Callable[[], None]]] = (
        ("bytes before the login", lambda: _throw(connection, _before_login(rng), login=False)),
        ("bytes after the login", lambda: _throw(connection, _after_login(rng), login=True)),
        ("messages", lambda: _throw(connection, _bad_messages(rng), login=True)),
    )
    found = Assault()
    _warm_up(engine)
    found.pids.add(honest_request(engine))
    found.before = resident_memory(connection.pid)
    sent = 0
    while sent < inputs:
        name, act = kinds[rng.randrange(len(kinds))]
        with contextlib.suppress(OSError):  # the engine may hang up at any moment, and should
            act()
        many = _AT_ONCE if name == "messages" else 1
        found.inputs[name] = found.inputs.get(name, 0) + many
        sent += many
        if sent // batch != (sent - many) // batch:
            found.pids.add(honest_request(engine))
            found.honest += 1
    found.after = resident_memory(connection.pid)
    return found


def _warm_up(engine: Engine) -> None:
    """One of everything, so that what the engine loads once is not taken for growth."""
    for message in honest_messages():
        if isinstance(message, _LOADING):
            with contextlib.suppress(EngineFailed):
                engine.call(message, timeout=_PATIENCE)


def honest_request(engine: Engine) -> int:
    """Ask for a status and for colors; the process that answered."""
    status = engine.call(GetStatus(0), timeout=_PATIENCE)
    base = Plane(PixelFormat.gray8, Extent(16, 12), bytes(range(192)))
    answer = engine.call(Colorize(0, "honest", base, "scribble"), timeout=_PATIENCE)
    assert isinstance(status, Status)
    assert isinstance(answer, Colorized)
    return status.pid


def _throw(connection: Connection, said: bytes, *, login: bool) -> None:
    """Say it over a connection of its own, and hear what the engine has to say until it hangs up."""
    with socket.create_connection((connection.host, connection.port), timeout=_PATIENCE) as sock:
        if login:
            sock.sendall(_GREETING + framing.plain_hello(USERNAME, connection.token))
            heard = b""
            while b"WELCOME" not in heard:
                heard += sock.recv(4096)
            said = framing.command("INITIATE", _METADATA) + said
        sock.sendall(said)
        # Closed without this, the connection would take along what the engine has not read yet.
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass


def _bad_messages(rng: random.Random) -> bytes:
    """Several, all of them sent before the first answer is looked at."""
    return _stream([_bad_message(rng) for _ in range(_AT_ONCE)])


def _stream(messages: Sequence[Sequence[bytes]]) -> bytes:
    return b"".join(bytes(buffer) for frames in messages for buffer in framing.message(frames))


def _before_login(rng: random.Random) -> bytes:
    honest = _GREETING + framing.plain_hello(USERNAME, "x" * rng.randrange(256))
    return rng.choice(
        (
            lambda: rng.randbytes(rng.randrange(1, 300)),
            lambda: honest[: rng.randrange(len(honest))],
            lambda: _mutated(rng, honest),
            lambda: _GREETING + _liar(rng),
            lambda: b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        )
    )()


def _after_login(rng: random.Random) -> bytes:
    return rng.choice(
        (
            lambda: rng.randbytes(rng.randrange(1, 300)),
            lambda: _liar(rng),
            lambda: _mutated(rng, _stream([_bad_message(rng)])),
            lambda: framing.command(rng.choice(("PING", "PONG", "ERROR", "READY", "X" * 200)), rng.randbytes(40)),
            lambda: b"\x01\x00" * rng.randrange(1, 3000),  # a message of empty frames that never ends
        )
    )()


def _liar(rng: random.Random) -> bytes:
    """A frame that claims a size and does not keep to it."""
    flags = framing.LONG | rng.choice((0, framing.MORE, framing.COMMAND))
    return struct.pack(">BQ", flags, rng.choice(_LIES)) + rng.randbytes(rng.randrange(100))


def _bad_message(rng: random.Random) -> list[bytes]:
    """An honest message with a few bytes of one frame, or the frames themselves, disturbed."""
    frames = [bytes(frame) for frame in encode(rng.choice(honest_messages()))]
    act = rng.randrange(4)
    place = rng.randrange(len(frames))
    if act == 0:
        frames.insert(place, rng.randbytes(rng.randrange(50)))
    elif act == 1 and len(frames) > 1:
        del frames[place]
    elif act == 2:
        frames[place] = frames[place][: rng.randrange(len(frames[place]) + 1)]
    else:
        frames[place] = _mutated(rng, frames[place])
    return frames


def _mutated(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(changed) + 1)
        changed[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(changed)
