"""Row of section `access`: who comes from another machine: with a key that is known, with another one, or without."""

from __future__ import annotations

import socket
from collections.abc import Callable

import zmq
from zmq.utils.monitor import recv_monitor_message

from handtint.bench.processes import SERVE, engine_in
from handtint.bench.reliability import Effort, Row
from handtint.server.keys import ENGINE, Keys, make_keys, read_keys
from handtint.wire.codec import decode, encode
from handtint.wire.connection import USERNAME, Connection
from handtint.wire.messages import GetStatus, Status

TIMES = 40
_PATIENCE_MS = 30_000
_OVER = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH,
    zmq.EVENT_DISCONNECTED,
}
"""What may come of a handshake; libzmq says which."""
_Socket = zmq.Socket[bytes]


def _with_keys(dealer: _Socket, own: Keys, server: bytes) -> None:
    dealer.curve_publickey, dealer.curve_secretkey, dealer.curve_serverkey = own.public, own.secret, server


def _with_token(dealer: _Socket, token: str) -> None:
    dealer.plain_username, dealer.plain_password = USERNAME.encode(), token.encode()


def keys_row(effort: Effort) -> Row:
    """Knock at the door for other machines in every way; only a painter with a key gets in, and is answered."""
    effort.note("coming from another machine")
    folder, times = effort.folder / "far", effort.times(TIMES, 4)
    folder.mkdir(mode=0o700, parents=True)
    engine, painter = (read_keys(place) for place in make_keys(folder / "keys", "painter"))
    other, stranger = (read_keys(place) for place in make_keys(folder / "of-others", "stranger"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    command = [*SERVE, "--listen", address, "--curve-keys", str(folder / "keys" / ENGINE)]
    with engine_in(folder / "runtime", command) as (_, connection):
        ways = _ways(connection, painter, stranger, engine, other)
        wrong = [
            f"{name} {'was kept out' if may else 'got in'}"
            for name, (prepare, may) in ways.items()
            for _ in range(times // len(ways))
            if _answered(address, prepare) != may
        ]
    result = f"{times // len(ways) * len(ways)} times: only the known key was let in and answered"
    what = f"from another machine with {', '.join(list(ways)[:-1])} or {list(ways)[-1]}"
    return Row(what, "; ".join(sorted(set(wrong))) or result, not wrong, {"times": times})


_Way = tuple[Callable[[_Socket], None], bool]


def _ways(connection: Connection, painter: Keys, stranger: Keys, engine: Keys, other: Keys) -> dict[str, _Way]:
    """How each knocks, and whether it may come in."""
    return {
        "a known key": (lambda dealer: _with_keys(dealer, painter, engine.public), True),
        "an unknown key": (lambda dealer: _with_keys(dealer, stranger, engine.public), False),
        "one for another engine": (lambda dealer: _with_keys(dealer, painter, other.public), False),
        "the token without a key": (lambda dealer: _with_token(dealer, connection.token), False),
    }


def _answered(address: str, prepare: Callable[[_Socket], None]) -> bool:
    """Whether a request over a connection of its own is answered; known as soon as the handshake is over."""
    context: zmq.Context[_Socket] = zmq.Context()
    try:
        dealer = context.socket(zmq.DEALER)
        monitor = dealer.get_monitor_socket()
        prepare(dealer)
        dealer.connect(address)
        dealer.send_multipart(encode(GetStatus(1)))
        event = 0
        while event not in _OVER:
            if not monitor.poll(_PATIENCE_MS):
                return False
            event = recv_monitor_message(monitor)["event"]
        if event != zmq.EVENT_HANDSHAKE_SUCCEEDED:
            return False
        return bool(dealer.poll(_PATIENCE_MS)) and isinstance(decode(dealer.recv_multipart()), Status)
    finally:
        context.destroy(linger=0)
