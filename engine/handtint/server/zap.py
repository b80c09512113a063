"""Who gets in: the ZAP handler (ZeroMQ RFC 27) that compares PLAIN's password with the engine's token.

Lives in the loop: no thread of its own. libzmq asks it before a peer's first message is read.
"""

from __future__ import annotations

import hmac
import logging

import zmq

from handtint.wire.connection import USERNAME

_ADDRESS = "inproc://zeromq.zap.01"
_log = logging.getLogger(__name__)


class Gatekeeper:
    """Answers libzmq's question for each new connection of a context.

    Parameters
    ----------
    context : zmq.Context
        The context whose sockets are guarded; one gatekeeper each.
    token : str
        The password.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], token: str) -> None:
        self._token = token.encode()
        self.socket = context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind(_ADDRESS)

    def answer(self) -> None:
        """Answer one question that waits at the socket."""
        version, request, _domain, address, _identity, mechanism, *credentials = self.socket.recv_multipart()
        welcome = mechanism == b"PLAIN" and self._matches(credentials)
        if not welcome:
            _log.warning("a connection from %s was refused: wrong token", address.decode("ascii", "replace"))
        code, text = (b"200", b"OK") if welcome else (b"400", b"wrong token: read the connection file again")
        self.socket.send_multipart([version, request, code, text, USERNAME.encode() if welcome else b"", b""])

    def _matches(self, credentials: list[bytes]) -> bool:
        if len(credentials) != 2:
            return False
        username, password = credentials
        # Both are compared in full, so that time tells nothing.
        same = hmac.compare_digest(username, USERNAME.encode()), hmac.compare_digest(password, self._token)
        return all(same)

    def close(self) -> None:
        self.socket.close(linger=0)
