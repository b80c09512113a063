"""Pixels in another color space, converted by Krita itself. Wraps libkis; knows no document of the painter's."""

from __future__ import annotations

from typing import Any

from handtint.errors import PictureError
from handtint.wire.pixels import Extent
from handtint_krita.colorspace import ColorSpace
from handtint_krita.words import tr


def converted(krita: Any, pixels: Any, extent: Extent, source: ColorSpace, target: ColorSpace) -> Any:
    """The pixels of `extent` in the space `target`, by way of a document that nobody sees (exact, nothing to undo)."""
    if source == target:
        return pixels
    hidden = krita.createDocument(*extent, "handtint", *source, 72.0)
    if hidden is None:
        raise PictureError(tr("Krita cannot convert from {space}", space=" ".join(source)))
    try:
        hidden.setBatchmode(True)
        hidden.topLevelNodes()[0].setPixelData(pixels, 0, 0, *extent)
        hidden.setColorSpace(*target)
        hidden.waitForDone()
        return hidden.topLevelNodes()[0].pixelData(0, 0, *extent)
    finally:
        hidden.close()
