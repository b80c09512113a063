"""The sockets that clients come in by: one for this user on this machine, and one for other machines where keys allow.

Messages come and go with the client's name, whichever door it came by. Knows nothing of what they say.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

import zmq

from handtint.errors import EngineRefused, InputError
from handtint.server.keys import Keys
from handtint.server.lobby import MOST, UNSEEN, Lobby
from handtint.server.mailbox import Client
from handtint.server.zap import Gatekeeper
from handtint.wire.limits import MAX_PART
from handtint.wire.pixels import Buffer

HOST = "127.0.0.1"
_log = logging.getLogger(__name__)
_ADDRESS = re.compile(r"tcp://(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})")
_HEARTBEAT_MS = 10_000
_SILENCE_MS = 60_000
"""An editor that is busy answers no PING: only long silence means that it hangs."""
_HANDSHAKE_MS = 10_000
"""Who has not shown the token or a key by then is hung up on."""
MAX_OPEN = 8192
"""Files and connections of one process: more than strangers can take up at both doors (see `Lobby`) at once."""
_ENOUGH = MOST + 2 * UNSEEN + 256
"""The same for one door, and the engine's own."""
_SEALED = 64
"""Bytes by which CURVE makes a frame longer, at most."""
_SEND_QUEUE = 64
_RECEIVE_QUEUE = 16
_CALLERS = 1_024
"""Who calls may wait in the system's queue: beyond it the system lets callers wait for seconds."""
_LINGER_MS = 1_000
_NOT_OURS = "this machine has no such address: choose one of its own, or 0.0.0.0 for all of them"
_TEXTS = {
    errno.EADDRINUSE: "something listens there already: choose another port",
    errno.EADDRNOTAVAIL: _NOT_OURS,
    errno.ENODEV: _NOT_OURS,
}


class Address(NamedTuple):
    """Where to listen or to call."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://[{self.host}]:{self.port}" if ":" in self.host else f"tcp://{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> Address:
    """tcp://ADDRESS:PORT in its parts; port 0 is any free one."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise InputError(f"expected an address like tcp://192.168.1.20:7700, got {text[:80]!r}")
    return Address(match["six"] or match["host"], int(match["port"]))


def limit_open_files() -> None:
    """Allow as many files as a crowd at the doors may take up at worst, so that the engine's own can be opened then."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MAX_OPEN if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < _ENOUGH:
            _log.warning("this system allows %d files: a crowd of connections may take them all; see ulimit -Hn", most)


class Doors:
    """The ROUTER sockets of an engine.

    Parameters
    ----------
    token : str
        The PLAIN password of this machine's door.
    keys : Keys, optional
        The engine's own, and the clients that may come from other machines.
    """

    def __init__(self, token: str, keys: Keys | None = None) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._keys = keys
        self._gatekeeper = Gatekeeper(self._context, token, keys.known.values() if keys is not None else ())
        here = _open(self._context)
        here.plain_server = True
        self._doors = [here]
        self._lobbies = [Lobby(here, "here")]
        self._turn = 0

    def open_here(self, address: Address) -> Address:
        """Listen on this machine, for who has the token; the address with its port."""
        return _bind(self._doors[0], address)

    def open_far(self, address: Address) -> Address:
        """Listen for other machines, for who has a known key; the address with its port."""
        assert self._keys is not None
        door = _open(self._context)
        door.curve_server = True
        door.maxmsgsize = MAX_PART + _SEALED
        door.curve_secretkey = self._keys.secret
        self._doors.append(door)
        self._lobbies.append(Lobby(door, "far"))
        return _bind(door, address)

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """Where messages come in: poll these while there is room for more of them."""
        return list(self._doors)

    @property
    def bells(self) -> list[zmq.Socket[bytes]]:
        """Poll these always: where they ring, `attend`."""
        return [self._gatekeeper.socket, *(lobby.socket for lobby in self._lobbies)]

    def attend(self) -> None:
        """Answer who asks to be let in, and hang up on who has waited longest where too many wait."""
        self._gatekeeper.answer()
        for lobby in self._lobbies:
            lobby.look()

    @property
    def copy_threshold(self) -> int:
        """Messages up to this size are copied when they are sent."""
        return int(self._doors[0].copy_threshold)

    def receive(self) -> tuple[Client, list[zmq.Frame]] | None:
        """The next message, the doors in turn; None where there is none."""
        for _ in self._doors:
            self._turn = (self._turn + 1) % len(self._doors)
            try:
                name, *frames = self._doors[self._turn].recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                continue
            self._lobbies[self._turn].admit(int(name.get(zmq.SRCFD)))
            return bytes([self._turn]) + name.bytes, frames
        return None

    def send(self, client: Client, frames: Sequence[Buffer], *, track: bool = False) -> zmq.MessageTracker | None:
        """Send without copying and without waiting; zmq.Again where the client's queue is full."""
        door = self._doors[client[0]]
        return door.send_multipart([client[1:], *frames], zmq.NOBLOCK, copy=False, track=track)

    def close(self) -> None:
        """Send what is still to be sent, for a moment, and give the ports back."""
        for door in self._doors:
            door.close(linger=_LINGER_MS)
        for lobby in self._lobbies:
            lobby.close()
        self._gatekeeper.close()
        self._context.term()


def _open(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    router = context.socket(zmq.ROUTER)
    router.router_mandatory = True  # a vanished client is an error at the next send, not silence
    router.maxmsgsize = MAX_PART
    router.sndhwm = _SEND_QUEUE
    router.rcvhwm = _RECEIVE_QUEUE
    router.backlog = _CALLERS
    router.heartbeat_ivl = _HEARTBEAT_MS
    router.heartbeat_timeout = _SILENCE_MS
    router.handshake_ivl = _HANDSHAKE_MS
    router.zap_domain = b"handtint"
    return router


def _bind(router: zmq.Socket[bytes], address: Address) -> Address:
    router.ipv6 = ":" in address.host
    try:
        router.bind(str(address))
    except zmq.ZMQError as error:
        reason = _TEXTS.get(error.errno or 0, error.strerror)
        raise EngineRefused(f"the engine cannot listen at {address}: {reason}") from error
    bound = router.getsockopt_string(zmq.LAST_ENDPOINT)
    return address._replace(port=parse_address(bound.rstrip("\0")).port)
