"""The request for a document's color, built from what was read and chosen. Knows neither Qt nor Krita."""

from __future__ import annotations

from collections.abc import Collection

from handtint.wire.messages import Colorize
from handtint.wire.pixels import Picture, Plane, Transfer
from handtint_krita.colorspace import ColorSpace, pixel_format, transfer
from handtint_krita.palettes import parse_palette
from handtint_krita.settings import Settings


def make_request(
    id: int,
    document: str,
    base: Plane,
    hints: Picture | None,
    answer: ColorSpace,
    settings: Settings,
    takes: Collection[str],
) -> Colorize:
    """Ask for the whole picture in the color space `answer`, at full size, with the guidance that the method takes."""
    return Colorize(
        id,
        document,
        base,
        settings.method,
        hints=hints if "hints" in takes else None,
        palette=parse_palette(settings.palette) if "palette" in takes else None,
        reach=settings.reach,
        strength=settings.strength,
        output=pixel_format(answer),
        linear=transfer(answer) is Transfer.linear,
    )
