"""Requests for a document, built from what was read and chosen. Knows neither Qt nor Krita."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from handtint.wire.messages import Colorize, Palette, Segment
from handtint.wire.pixels import Extent, Picture, Plane, Transfer
from handtint_krita.colorspace import ColorSpace, pixel_format, transfer
from handtint_krita.settings import Settings

_QUICK_PIXELS = 1 << 20
"""A quick answer's colors are worked out for so many pixels at most; a picture of hardly more is answered whole."""


class Pictures(NamedTuple):
    """The pictures of one request, and the planes behind those of them that travel as rectangles."""

    base: Plane
    hints: Picture | None = None
    semantic: Picture | None = None
    exemplar: Picture | None = None
    selection: Plane | None = None
    whole: Mapping[str, Plane] = {}


def quick_detail(extent: Extent, scale: float) -> Extent | None:
    """How fine the colors of a quick answer have to be for what is seen; None where a whole answer is as quick.

    Parameters
    ----------
    extent : Extent
        Of the picture.
    scale : float
        Pixels of the screen for each of the picture's, 0 where it is not seen.
    """
    pixels = extent.width * extent.height
    scale = min(scale, (_QUICK_PIXELS / pixels) ** 0.5)
    if scale <= 0 or 2 * scale * scale >= 1 or pixels <= _QUICK_PIXELS:
        return None
    return Extent(max(1, round(scale * extent.width)), max(1, round(scale * extent.height)))


def color_request(
    id: int,
    document: str,
    pictures: Pictures,
    palette: Palette | None,
    answer: ColorSpace,
    settings: Settings,
    takes: Collection[str],
    detail: Extent | None = None,
) -> Colorize:
    """Ask for the whole picture in the color space `answer`, with the guidance that the method takes.

    `detail` is given for a quick answer.
    """
    return Colorize(
        id,
        document,
        pictures.base,
        settings.method,
        hints=pictures.hints if "hints" in takes else None,
        palette=palette if "palette" in takes else None,
        semantic=pictures.semantic if "semantic" in takes else None,
        exemplar=pictures.exemplar if "exemplar" in takes else None,
        selection=pictures.selection,
        reach=settings.reach,
        softness=settings.softness,
        strength=settings.strength,
        output=pixel_format(answer),
        linear=transfer(answer) is Transfer.linear,
        detail=detail,
    )


def map_request(id: int, document: str, base: Plane, answer: ColorSpace) -> Segment:
    """Ask for the semantic map, painted in the classes' colors, in the color space `answer`."""
    return Segment(id, document, base, output=pixel_format(answer), linear=transfer(answer) is Transfer.linear)
