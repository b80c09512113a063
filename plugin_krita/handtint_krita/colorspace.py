"""What Krita's color models, depths and profiles mean for the wire. Knows neither Krita nor Qt."""

from __future__ import annotations

from typing import NamedTuple

from handtint.wire.pixels import PixelFormat, Transfer

SRGB = "sRGB-elle-V2-srgbtrc.icc"
SRGB_LINEAR = "sRGB-elle-V2-g10.icc"
GRAY = "Gray-D50-elle-V2-srgbtrc.icc"


class ColorSpace(NamedTuple):
    """A color space as libkis names it: model ("RGBA"), depth ("U8") and profile name."""

    model: str
    depth: str
    profile: str


# Krita keeps integers as B G R A and floats as R G B A.
_FORMATS = {
    ("RGBA", "U8"): PixelFormat.bgra8,
    ("RGBA", "U16"): PixelFormat.bgra16,
    ("RGBA", "F16"): PixelFormat.rgbaf16,
    ("RGBA", "F32"): PixelFormat.rgbaf32,
    ("GRAYA", "U8"): PixelFormat.graya8,
    ("GRAYA", "U16"): PixelFormat.graya16,
    ("GRAYA", "F16"): PixelFormat.grayaf16,
    ("GRAYA", "F32"): PixelFormat.grayaf32,
    ("LABA", "U8"): PixelFormat.laba8,
    ("LABA", "U16"): PixelFormat.laba16,
    ("LABA", "F32"): PixelFormat.labaf32,
}
# Profiles whose numbers the wire can name, in small letters: Elle Stone's (Krita's own), and the usual others.
_SRGB_CURVE = ("srgb-elle-v2-srgbtrc", "srgb-elle-v4-srgbtrc", "srgb built-in", "srgb iec61966-2.1", "srgb.icc")
_GRAY_CURVE = ("gray-d50-elle-v2-srgbtrc", "gray-d50-elle-v4-srgbtrc")
_LINEAR = ("srgb-elle-v2-g10", "srgb-elle-v4-g10", "gray-d50-elle-v2-g10", "gray-d50-elle-v4-g10", "scrgb (linear)")


def pixel_format(space: ColorSpace) -> PixelFormat:
    """Format in which pixels of a space that `travels` are sent as they lie in memory."""
    return _FORMATS[space.model, space.depth]


def transfer(space: ColorSpace) -> Transfer:
    """How the numbers of a space that `travels` relate to light."""
    return Transfer.linear if _named(space.profile, _LINEAR) else Transfer.srgb


def travels(space: ColorSpace) -> bool:
    """Whether pixels of this space can be sent as they lie in memory."""
    if (space.model, space.depth) not in _FORMATS:
        return False
    known = {"RGBA": _SRGB_CURVE + _LINEAR, "GRAYA": _GRAY_CURVE + _LINEAR}
    return space.model == "LABA" or _named(space.profile, known[space.model])


def travelling(space: ColorSpace) -> ColorSpace:
    """The nearest space that `travels`: the space itself, or what Krita has to convert its pixels to."""
    if travels(space):
        return space
    if space.model == "GRAYA":
        return ColorSpace("GRAYA", space.depth, GRAY)
    return ColorSpace("RGBA", space.depth, SRGB)


def colored(space: ColorSpace) -> ColorSpace:
    """The space that a document needs to show colors: its own, or the RGB one next to its gray."""
    if space.model != "GRAYA":
        return space
    return ColorSpace("RGBA", space.depth, SRGB_LINEAR if transfer(space) is Transfer.linear else SRGB)


def _named(profile: str, names: tuple[str, ...]) -> bool:
    return profile.lower().startswith(names)
