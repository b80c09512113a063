"""Names large planes by digest beside Krita's own thread, which that would block. Knows neither Qt nor Krita."""

from __future__ import annotations

import threading

from handtint.wire.pixels import Plane

_SMALL = 4 << 20
"""Bytes of a plane whose digest takes a few milliseconds: not worth a thread."""


class Hasher:
    """Ask `ready` again and again; the planes keep their digests."""

    def __init__(self) -> None:
        self._planes: tuple[Plane, ...] = ()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether digests are being computed."""
        return self._thread is not None and self._thread.is_alive()

    def ready(self, *planes: Plane) -> bool:
        """Whether the digests of these planes cost nothing any more; sees to it that they soon do."""
        if self.busy:
            return False
        large = tuple(plane for plane in planes if memoryview(plane.data).nbytes > _SMALL)
        missing = tuple(plane for plane in large if all(plane is not known for known in self._planes))
        self._planes = large
        if missing:
            # hashlib lets other threads run; Krita may end meanwhile, so nobody has to wait for it.
            self._thread = threading.Thread(target=_hash, args=(missing,), name="handtint digests", daemon=True)
            self._thread.start()
        return not missing


def _hash(planes: tuple[Plane, ...]) -> None:
    for plane in planes:
        plane.digest()
