"""A bell that wakes the loop: from the worker's thread, from a signal, from anywhere."""

from __future__ import annotations

import contextlib
import socket


class Wake:
    """A pair of sockets; what is rung at one end makes the other readable. Safe from any thread."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """What the loop polls."""
        return self._reader.fileno()

    def signal_fileno(self) -> int:
        """For signal.set_wakeup_fd."""
        return self._writer.fileno()

    def ring(self) -> None:
        # Full means that it has been rung and not heard yet; closed means that nobody listens any more.
        with contextlib.suppress(OSError):
            self._writer.send(b"!")

    def hear(self) -> None:
        """Take all rings."""
        with contextlib.suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass

    def close(self) -> None:
        self._reader.close()
        self._writer.close()
