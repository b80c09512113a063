"""Answers Suggest and MapUncertainty from a picture that a method has prepared. Knows nothing of sockets or caches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handtint.colorizers.base import Prepared, Suggester
from handtint.errors import GuidanceError, ProtocolError
from handtint.server.composite import lab_to_colors
from handtint.wire.messages import MappedUncertainty, MapUncertainty, Suggest, Suggested
from handtint.wire.pixels import Extent, PixelFormat, Plane

MAX_SUGGESTIONS = 64


def suggested(request: Suggest, suggester: Suggester, prepared: Prepared) -> Suggested:
    """Colors at the pixel's own lightness, the likeliest first."""
    if not 1 <= request.count <= MAX_SUGGESTIONS:
        raise GuidanceError(f"expected 1 to {MAX_SUGGESTIONS} suggestions, got {request.count}")
    found, unsure = suggester.suggest(prepared, request.x, request.y, request.count)
    lightness = np.full((len(found.ab), 1), prepared.lightness[request.y, request.x], np.float32)
    return Suggested(request.id, lab_to_colors(np.concatenate((lightness, found.ab), axis=1)), unsure)


def mapped_uncertainty(request: MapUncertainty, suggester: Suggester, prepared: Prepared) -> MappedUncertainty:
    """The map as gray8, of the base's size or the smaller one that was asked for."""
    height, width = prepared.lightness.shape
    size = request.size or Extent(width, height)
    if size.width > width or size.height > height:
        raise ProtocolError(
            f"expected a map no larger than the base of {width}x{height}, got {size.width}x{size.height}"
        )
    unsure = suggester.uncertainty(prepared, (size.height, size.width))
    levels: NDArray[np.uint8] = np.rint(unsure * 255.0).astype(np.uint8)
    return MappedUncertainty(request.id, Plane(PixelFormat.gray8, size, levels.data.cast("B")))
