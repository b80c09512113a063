"""A picture file whose colors are borrowed: read once, as small as colors permit, with a thumbnail. Knows no Krita."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handtint.errors import GuidanceError
from handtint.wire.pixels import Extent, PixelFormat, Plane
from handtint_krita.qt import QColorSpace, QImage, QImageReader, Qt
from handtint_krita.words import tr

SIDE = 1024
"""Pixels of the longer side that travel: more would not change the colors that are borrowed."""
THUMBNAIL = 96


class ExemplarFile:
    """The file that was chosen last; read anew where another one is chosen."""

    def __init__(self) -> None:
        self._path = ""
        self._plane: Plane | None = None
        self._thumbnail: Any = None

    def plane(self, path: str) -> Plane:
        """The picture, ready to travel; the same object as long as the file is the same.

        Raises
        ------
        GuidanceError
            The file cannot be read as a picture.
        """
        self._read(path)
        assert self._plane is not None
        return self._plane

    def thumbnail(self, path: str) -> Any:
        """A small QImage of it."""
        self._read(path)
        return self._thumbnail

    def _read(self, path: str) -> None:
        if path == self._path:
            return
        image = load_picture(path)
        self._thumbnail = image.scaled(
            THUMBNAIL, THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        self._plane = picture_plane(image)
        self._path = path


def load_picture(path: str) -> Any:
    """A file as a QImage in sRGB with alpha, 8 bits, at most `SIDE` on a side.

    Raises
    ------
    GuidanceError
        The file cannot be read as a picture.
    """
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > SIDE:
        reader.setScaledSize(size.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        reason = reader.errorString()
        raise GuidanceError(tr("{name} cannot be read as exemplar: {reason}", name=Path(path).name, reason=reason))
    if image.colorSpace().isValid():
        image.convertToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    return image.convertToFormat(QImage.Format.Format_RGBA8888)


def picture_plane(image: Any) -> Plane:
    """A QImage, taken for sRGB, ready to travel."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return Plane(PixelFormat.rgba8, Extent(image.width(), image.height()), bytes(bits))
