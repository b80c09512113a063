"""What has been sent to a client and not been taken by it yet: the memory that one which never reads would cost."""

from __future__ import annotations

from collections import deque

import zmq

from handtint.server.mailbox import Client


class Backlog:
    """Large messages on their way, by client; libzmq tells when it has let go of one."""

    def __init__(self) -> None:
        self._sent: dict[Client, deque[tuple[zmq.MessageTracker, int]]] = {}

    def add(self, client: Client, tracker: zmq.MessageTracker, nbytes: int) -> None:
        self._sent.setdefault(client, deque()).append((tracker, nbytes))

    def nbytes(self, client: Client) -> int:
        """Bytes that wait for this client."""
        sent = self._sent.get(client)
        if sent is None:
            return 0
        while sent and sent[0][0].done:
            sent.popleft()
        if not sent:
            del self._sent[client]
        return sum(nbytes for _, nbytes in sent)

    def forget(self, client: Client) -> None:
        self._sent.pop(client, None)
