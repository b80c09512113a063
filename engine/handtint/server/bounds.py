"""What a request may ask for: how large pictures are, which guidance fits, what part of an answer, how fine.

Knows nothing of pixels, methods or caches.
"""

from __future__ import annotations

from collections.abc import Mapping

from handtint.color.hints import Points
from handtint.errors import GuidanceError, PictureError, ProtocolError
from handtint.server.cache import fits
from handtint.wire.messages import Colorize
from handtint.wire.pixels import Extent, Known, Picture, Plane, Rect

MAX_SIDE = 65_535
MAX_PIXELS = 200_000_000
_MOST_DETAIL = 8192
"""Side from which an answer's own size is no slower, and OpenCV could not stretch it."""


class TooLarge(PictureError):  # noqa: N818 - read as a sentence at the raise
    """A picture beyond what the engine takes."""

    code = "too_large"


def check_limits(picture: Picture) -> None:
    """TooLarge where a plane that comes is beyond what the engine takes."""
    if isinstance(picture, Known):
        return
    extent = picture.extent if isinstance(picture, Plane) else picture.plane.extent
    if max(extent) > MAX_SIDE or extent.width * extent.height > MAX_PIXELS:
        raise TooLarge(
            f"expected a picture of at most {MAX_PIXELS // 10**6} million pixels and {MAX_SIDE} on a side, "
            f"got {extent.width}x{extent.height}; scale it down"
        )


def check_extents(hints: Points | None, planes: Mapping[str, Plane | None], shape: tuple[int, ...]) -> None:
    """GuidanceError where hints or planes are not of the picture's size."""
    if hints is not None and hints.shape != shape:
        height, width = hints.shape
        raise GuidanceError(f"expected hints of the picture's {shape[1]}x{shape[0]} pixels, got {width}x{height}")
    for name, plane in planes.items():
        if plane is not None and (plane.extent.height, plane.extent.width) != shape:
            raise GuidanceError(
                f"expected {name} of the picture's {shape[1]}x{shape[0]} pixels, "
                f"got {plane.extent.width}x{plane.extent.height}"
            )


def answer_size(request: Colorize, shape: tuple[int, ...]) -> tuple[tuple[int, int] | None, Rect]:
    """Size of the whole answer as (height, width), None for the picture's own, and the part of it that is wanted."""
    size = request.size or Extent(shape[1], shape[0])
    if size.width > shape[1] or size.height > shape[0]:
        raise ProtocolError(
            f"expected an answer no larger than the base of {shape[1]}x{shape[0]}, got {size.width}x{size.height}"
        )
    region = request.region or Rect(0, 0, *size)
    if not fits(region, *size):
        raise ProtocolError(
            f"expected a region inside the answer of {size.width}x{size.height}, "
            f"got {region.width}x{region.height} at ({region.x}, {region.y})"
        )
    return None if (size.height, size.width) == shape else (size.height, size.width), region


def detail_of(request: Colorize, whole: tuple[int, ...]) -> tuple[int, int] | None:
    """Size at which the colors are worked out, (height, width); None for that of the answer."""
    if request.detail is None:
        return None
    width, height = request.detail
    if width > whole[1] or height > whole[0]:
        raise ProtocolError(
            f"expected a detail no larger than the answer of {whole[1]}x{whole[0]}, got {width}x{height}"
        )
    own = (height, width) == tuple(whole) or max(width, height) > _MOST_DETAIL
    return None if own else (height, width)


def slices(region: Rect) -> tuple[slice, slice]:
    """Rows and columns of a rectangle."""
    return slice(region.y, region.y + region.height), slice(region.x, region.x + region.width)
