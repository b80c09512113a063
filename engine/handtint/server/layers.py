"""The hint layers that clients have sent: only what is painted on them, stroke after stroke, in the shared cache.

Knows nothing of sockets or methods. A stroke arrives as a patch, and only the patch is looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from handtint.color.hints import Points
from handtint.server import planes as read
from handtint.server.cache import HINTS, Cache, PlaneKind, UnknownPlanes, blank_kind, check_patch, kind_of
from handtint.wire.pixels import Extent, Known, Picture, Plane


class HintLayer(NamedTuple):
    """What is painted on a layer, and what kind of plane it was sent as."""

    points: Points
    kind: PlaneKind


class HintLayers:
    """Hint layers by digest.

    Parameters
    ----------
    cache : Cache
        Others may share it.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def find(self, picture: Picture, extent: Extent | None = None) -> Points:
        """What is painted on the layer that is meant; kept for the next stroke. `extent` is that of a blank parent.

        Raises
        ------
        UnknownPlanes
            It is not here, or what it is a patch of is not.
        PictureError, GuidanceError
            A patch that does not fit its parent; a format that cannot hold hints.
        """
        digest = picture.digest if isinstance(picture, Known) else picture.digest()
        known = self._known(digest)
        if known is not None:
            return known.points
        if isinstance(picture, Known):
            raise UnknownPlanes((digest,))
        if isinstance(picture, Plane):
            return self._keep(digest, HintLayer(read.hints(picture), kind_of(picture)))
        parent = self._known(picture.parent) or _blank_layer(blank_kind(picture, extent))
        if parent is None:
            raise UnknownPlanes((picture.parent,))
        check_patch(parent.kind, picture)
        points = parent.points.patched((picture.y, picture.x), read.hints(picture.plane))
        return self._keep(digest, HintLayer(points, parent.kind))

    def _known(self, digest: str) -> HintLayer | None:
        layer = self._cache.get((HINTS, digest))
        return layer if isinstance(layer, HintLayer) else None

    def _keep(self, digest: str, layer: HintLayer) -> Points:
        self._cache.put((HINTS, digest), layer, layer.points.nbytes)
        return layer.points


def _blank_layer(kind: PlaneKind | None) -> HintLayer | None:
    if kind is None:
        return None
    nothing = np.empty(0, np.int64), np.empty((2, 0), np.float32), np.empty(0, np.float32)
    return HintLayer(Points((kind.extent.height, kind.extent.width), *nothing), kind)
