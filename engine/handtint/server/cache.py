"""What the engine remembers between requests: planes by digest and prepared pictures, within a memory budget.

Knows nothing of sockets or methods. Safe to call from several threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from handtint.errors import HandtintError, PictureError
from handtint.wire.pixels import Extent, Known, Patch, Picture, PixelFormat, Plane, Rect, Transfer, blank_digest

_PLANE, HINTS = "plane", "hints"
"""First part of the keys of planes, and of layers of hints."""


class UnknownPlanes(HandtintError):  # noqa: N818 - the wire calls it unknown_plane
    """The client names planes that are not here (any more): it has to send them again.

    Attributes
    ----------
    missing : tuple of str
        Their digests.
    """

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("expected planes that the engine knows, but it has forgotten some; send them again")
        self.missing = missing


class Cache:
    """Things by key; the ones unused for longest leave when the budget is exceeded.

    Parameters
    ----------
    budget : int
        Bytes. A thing that is larger than the whole budget is not kept.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._things: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> object | None:
        """The thing, now the latest used; None where it is not here."""
        with self._lock:
            entry = self._things.get(key)
            if entry is None:
                return None
            self._things.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, thing: object, nbytes: int) -> None:
        with self._lock:
            self._remove(key)
            if nbytes > self.budget:
                return
            self._things[key] = (thing, nbytes)
            self._bytes += nbytes
            while self._bytes > self.budget:
                self._remove(next(iter(self._things)))

    def remove(self, which: Callable[[Hashable], bool]) -> None:
        """Forget the things whose keys are meant."""
        with self._lock:
            for key in [key for key in self._things if which(key)]:
                self._remove(key)

    def count(self, which: Callable[[Hashable], bool]) -> int:
        """How many keys are meant."""
        with self._lock:
            return sum(1 for key in self._things if which(key))

    @property
    def nbytes(self) -> int:
        return self._bytes

    def _remove(self, key: Hashable) -> None:
        entry = self._things.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]


class Named(NamedTuple):
    """A plane and its digest."""

    digest: str
    plane: Plane


class Planes:
    """The planes that clients have sent, in a cache that others may share."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def find(self, picture: Picture, extent: Extent | None = None) -> Named:
        """The plane that is meant, kept for next time; `extent` is that of a blank parent.

        Raises
        ------
        UnknownPlanes
            It is not here, or what it is a patch of is not.
        PictureError
            A patch that does not fit its parent.
        """
        if isinstance(picture, Plane):
            return self._keep(picture.digest(), picture)
        digest = picture.digest if isinstance(picture, Known) else picture.digest()
        known = self._known(digest)
        if known is not None:
            return Named(digest, known)
        if isinstance(picture, Known):
            raise UnknownPlanes((digest,))
        parent = self._known(picture.parent) or _blank_plane(blank_kind(picture, extent))
        if parent is None:
            raise UnknownPlanes((picture.parent,))
        return self._keep(digest, apply_patch(parent, picture))

    def _known(self, digest: str) -> Plane | None:
        plane = self._cache.get((_PLANE, digest))
        return plane if isinstance(plane, Plane) else None

    def _keep(self, digest: str, plane: Plane) -> Named:
        self._cache.put((_PLANE, digest), plane, memoryview(plane.data).nbytes)
        return Named(digest, plane)

    def __len__(self) -> int:
        return self._cache.count(is_plane)


def is_plane(key: Hashable) -> bool:
    """Whether a key of the shared cache names what a client sent."""
    return isinstance(key, tuple) and key[0] in (_PLANE, HINTS)


class PlaneKind(NamedTuple):
    """What a patch must have in common with its parent."""

    format: PixelFormat
    transfer: Transfer
    extent: Extent


def kind_of(plane: Plane) -> PlaneKind:
    """A plane without its pixels."""
    return PlaneKind(plane.format, plane.transfer, plane.extent)


def blank_kind(patch: Patch, extent: Extent | None) -> PlaneKind | None:
    """The kind of a patch's parent, if that is the blank plane of this extent."""
    new = patch.plane
    if extent is None or patch.parent != blank_digest(new.format, extent, new.transfer):
        return None
    return PlaneKind(new.format, new.transfer, extent)


def _blank_plane(kind: PlaneKind | None) -> Plane | None:
    if kind is None:
        return None
    size = kind.extent.width * kind.extent.height * kind.format.pixel_bytes
    return Plane(kind.format, kind.extent, bytes(size), kind.transfer)


def check_patch(parent: PlaneKind, patch: Patch) -> Rect:
    """The rectangle that a patch replaces; PictureError where it does not fit its parent."""
    new = patch.plane
    rect = Rect(patch.x, patch.y, new.extent.width, new.extent.height)
    if (new.format, new.transfer) != (parent.format, parent.transfer):
        raise PictureError(f"expected a patch of format {parent.format.value} like its parent, got {new.format.value}")
    if not fits(rect, parent.extent.width, parent.extent.height):
        raise PictureError(
            f"expected a patch inside its parent of {parent.extent.width}x{parent.extent.height}, "
            f"got {rect.width}x{rect.height} at ({rect.x}, {rect.y})"
        )
    return rect


def apply_patch(parent: Plane, patch: Patch) -> Plane:
    """A new plane: the parent with one rectangle replaced."""
    rect = check_patch(kind_of(parent), patch)
    pixel = parent.format.pixel_bytes
    data = bytearray(parent.data)
    source = memoryview(patch.plane.data).cast("B")
    row = rect.width * pixel
    for y in range(rect.height):
        start = ((rect.y + y) * parent.extent.width + rect.x) * pixel
        data[start : start + row] = source[y * row : (y + 1) * row]
    return Plane(parent.format, parent.extent, data, parent.transfer)


def fits(rect: Rect, width: int, height: int) -> bool:
    """Whether a rectangle has at least one pixel and lies inside a picture of this size."""
    return (
        rect.x >= 0
        and rect.y >= 0
        and rect.width >= 1
        and rect.height >= 1
        and rect.x + rect.width <= width
        and rect.y + rect.height <= height
    )
