"""Who gets in: the ZAP handler (ZeroMQ RFC 27) that compares PLAIN's password with the token, and CURVE's keys.

Lives in the loop: no thread of its own. libzmq asks it before a peer's first message is read.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable, Sequence

import zmq
import zmq.utils.z85

from handtint.wire.connection import USERNAME

_AT_ONCE = 64
_ADDRESS = "inproc://zeromq.zap.01"
_log = logging.getLogger(__name__)


class Gatekeeper:
    """Answers libzmq's question for each new connection of a context.

    Parameters
    ----------
    context : zmq.Context
        The context whose sockets are guarded; one gatekeeper each.
    token : str
        The password, for who comes with PLAIN.
    known : iterable of bytes
        Public keys, in Z85, of those who may come with CURVE.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], token: str, known: Iterable[bytes] = ()) -> None:
        self._token = token.encode()
        self._known = frozenset(zmq.utils.z85.decode(key) for key in known)
        self.socket = context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind(_ADDRESS)

    def answer(self) -> None:
        """Answer the questions that wait at the socket, so many at most: others wait for the loop too."""
        for _ in range(_AT_ONCE):
            if not self.socket.poll(0):
                break
            self._answer(*self.socket.recv_multipart())

    def _answer(
        self,
        version: bytes,
        request: bytes,
        _domain: bytes,
        address: bytes,
        _identity: bytes,
        mechanism: bytes,
        *credentials: bytes,
    ) -> None:
        problem = self._problem(mechanism, credentials)
        welcome = not problem
        if problem:
            _log.warning("a connection from %s was refused: %s", address.decode("ascii", "replace"), problem)
        code, text = (b"200", b"OK") if welcome else (b"400", problem.encode())
        self.socket.send_multipart([version, request, code, text, USERNAME.encode() if welcome else b"", b""])

    def _problem(self, mechanism: bytes, credentials: Sequence[bytes]) -> str:
        """Why this one is not let in; empty where it is."""
        # Which of the two a socket asks for is the socket's own choice: libzmq refuses the other mechanism.
        if mechanism == b"CURVE":
            return "" if len(credentials) == 1 and credentials[0] in self._known else "unknown key"
        return (
            ""
            if mechanism == b"PLAIN" and self._matches(credentials)
            else "wrong token: read the connection file again"
        )

    def _matches(self, credentials: Sequence[bytes]) -> bool:
        if len(credentials) != 2:
            return False
        username, password = credentials
        # Both are compared in full, so that time tells nothing.
        same = hmac.compare_digest(username, USERNAME.encode()), hmac.compare_digest(password, self._token)
        return all(same)

    def close(self) -> None:
        self.socket.close(linger=0)
