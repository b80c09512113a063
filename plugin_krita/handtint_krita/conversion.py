"""Documents that nobody sees, and pixels in another color space by way of one: Krita does the arithmetic itself.

Wraps libkis; knows no document of the painter's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from handtint.errors import PictureError
from handtint.wire.pixels import Extent
from handtint_krita.colorspace import ColorSpace
from handtint_krita.words import tr


@contextmanager
def hidden_document(krita: Any, extent: Extent, space: ColorSpace) -> Iterator[Any]:
    """A document that is closed again at the end (nothing of it can be undone).

    Raises
    ------
    PictureError
        Krita does not know the space.
    """
    hidden = krita.createDocument(*extent, "handtint", *space, 72.0)
    if hidden is None:
        raise PictureError(tr("Krita cannot make a picture in {space}", space=" ".join(space)))
    try:
        hidden.setBatchmode(True)
        yield hidden
    finally:
        hidden.close()


def converted(krita: Any, pixels: Any, extent: Extent, source: ColorSpace, target: ColorSpace) -> Any:
    """The pixels of `extent` in the space `target`, exactly."""
    if source == target:
        return pixels
    with hidden_document(krita, extent, source) as hidden:
        hidden.topLevelNodes()[0].setPixelData(pixels, 0, 0, *extent)
        hidden.setColorSpace(*target)
        hidden.waitForDone()
        return hidden.topLevelNodes()[0].pixelData(0, 0, *extent)
