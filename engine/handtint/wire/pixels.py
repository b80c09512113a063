"""Rectangles of pixels as they travel: raw row-major bytes with a format, never converted at this end.

Standard library only. Opens no socket, knows no editor.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from handtint.errors import ProtocolError

Buffer = bytes | bytearray | memoryview
"""What planes are made of. An editor's own buffer (QByteArray) comes as a memoryview of it."""


class Extent(NamedTuple):
    """Size in pixels."""

    width: int
    height: int


class Rect(NamedTuple):
    """A rectangle in pixels, `x` to the right and `y` down from the picture's top left."""

    x: int
    y: int
    width: int
    height: int

    @property
    def extent(self) -> Extent:
        return Extent(self.width, self.height)


class PixelFormat(Enum):
    """Interleaved, little endian, rows without padding; the names say the order of the channels in memory.

    8 and 16 are unsigned integers over their full range, f16 and f32 floats (gray and colour 0 to 1). `lab*` is
    ICC Lab (D50): u8 and u16 scaled as Krita does (L * 255 / 100, a + 128; L * 65535 / 100, (a + 128) * 257),
    f32 unscaled. `abf32` is D65 ab, two floats a pixel, about +-110. `index8` holds class numbers.
    """

    gray8 = "gray8"
    gray16 = "gray16"
    grayf32 = "grayf32"
    graya8 = "graya8"
    graya16 = "graya16"
    grayaf16 = "grayaf16"
    grayaf32 = "grayaf32"
    rgb8 = "rgb8"
    rgb16 = "rgb16"
    rgbf32 = "rgbf32"
    rgba8 = "rgba8"
    rgba16 = "rgba16"
    rgbaf16 = "rgbaf16"
    rgbaf32 = "rgbaf32"
    bgra8 = "bgra8"
    bgra16 = "bgra16"
    laba8 = "laba8"
    laba16 = "laba16"
    labaf32 = "labaf32"
    abf32 = "abf32"
    index8 = "index8"

    @property
    def channels(self) -> int:
        """Number of channels, alpha included."""
        return _CHANNELS[self.value.rstrip("0123456789").removesuffix("f")]

    @property
    def sample_bytes(self) -> int:
        """Bytes of one channel of one pixel."""
        if self.value.endswith("f32"):
            return 4
        return 2 if self.value.endswith("16") else 1

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel."""
        return self.channels * self.sample_bytes


_CHANNELS = {"gray": 1, "graya": 2, "rgb": 3, "rgba": 4, "bgra": 4, "laba": 4, "ab": 2, "index": 1}


class Transfer(Enum):
    """How numbers of gray and RGB formats relate to light (primaries are always sRGB)."""

    srgb = "srgb"
    linear = "linear"


@dataclass(frozen=True)
class Plane:
    """Pixels that travel. `data` is not copied; it must not change until the message has been sent.

    Attributes
    ----------
    data : Buffer
        Exactly width * height * pixel_bytes bytes, row by row.
    transfer : Transfer
        Meaning of the numbers; says nothing for Lab, ab and index formats.
    """

    format: PixelFormat
    extent: Extent
    data: Buffer
    transfer: Transfer = Transfer.srgb

    def __post_init__(self) -> None:
        if self.extent.width < 1 or self.extent.height < 1:
            raise ProtocolError(f"a plane needs at least one pixel, got {self.extent.width}x{self.extent.height}")
        expected = self.extent.width * self.extent.height * self.format.pixel_bytes
        got = memoryview(self.data).nbytes
        if got != expected:
            size = f"{self.extent.width}x{self.extent.height}"
            raise ProtocolError(f"a {self.format.value} plane of {size} needs {expected} bytes, got {got}")

    def digest(self) -> str:
        """Name of this content: the same for the same pixels in the same format, 32 hex digits.

        Computed once for each plane, on whatever thread asks first: 16 MB take about 20 ms.
        """
        known: str | None = self.__dict__.get("_digest")
        if known is None:
            head = f"{_kind_text(self.format, self.extent, self.transfer)}\n"
            state = hashlib.blake2b(head.encode(), digest_size=16)
            state.update(self.data)
            known = self.__dict__["_digest"] = state.hexdigest()
        return known


@dataclass(frozen=True)
class Known:
    """A plane that the other end was given before, by its digest."""

    digest: str


@dataclass(frozen=True)
class Patch:
    """A plane that differs from a known one in one rectangle.

    Attributes
    ----------
    parent : str
        Digest of the plane that the other end has.
    x, y : int
        Where the top left of `plane` goes; all of it must lie inside the parent.
    plane : Plane
        The new pixels, in the parent's format.
    """

    parent: str
    x: int
    y: int
    plane: Plane

    def digest(self) -> str:
        """Name of the patched plane. It names how it was made, so that nobody has to hash the whole again."""
        return _digest_of(f"patch {self.parent} {self.x} {self.y} {self.plane.digest()}")


def blank_digest(pixel_format: PixelFormat, extent: Extent, transfer: Transfer = Transfer.srgb) -> str:
    """Name of the plane whose bytes are all 0, as the parent of a patch: an engine need not be given that plane."""
    return _digest_of(f"blank {_kind_text(pixel_format, extent, transfer)}")


def _kind_text(pixel_format: PixelFormat, extent: Extent, transfer: Transfer) -> str:
    return f"{pixel_format.value} {extent.width} {extent.height} {transfer.value}"


def _digest_of(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


Picture = Plane | Known | Patch
"""Any of the three ways to say which pixels are meant."""
