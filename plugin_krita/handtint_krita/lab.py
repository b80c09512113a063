"""CIE Lab (D65, 2 degrees) and sRGB for single colors, for what the docker draws. Knows neither Qt nor Krita.

Formulas of IEC 61966-2-1 and CIE 15; the engine's own arithmetic is elsewhere and does not pass through here.
"""

from __future__ import annotations

from collections.abc import Sequence

from handtint.wire.messages import Color

REACH = 110.0
"""No color of sRGB has an a or b beyond this."""
_WHITE = (0.95047, 1.0, 1.08883)
_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_TO_RGB = ((3.2404542, -1.5371385, -0.4985314), (-0.9692660, 1.8760108, 0.0415560), (0.0556434, -0.2040259, 1.0572252))
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
_ROUNDING = 0.5 / 255
"""What 8 bits cannot tell from a color inside the gamut."""


def to_lab(color: Color) -> tuple[float, float, float]:
    """L 0 to 100, a and b about -110 to 110, of an sRGB color."""
    light = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in color]
    x, y, z = (_root(value / white) for value, white in zip(_times(_TO_XYZ, light), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def to_srgb(lightness: float, a: float, b: float) -> Color | None:
    """The sRGB color of a Lab color; None where sRGB has none."""
    y = (lightness + 16) / 116
    xyz = [_unrooted(root) * white for root, white in zip((y + a / 500, y, y - b / 200), _WHITE, strict=True)]
    shown = [12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055 for x in _times(_TO_RGB, xyz)]
    if min(shown) < -_ROUNDING or max(shown) > 1 + _ROUNDING:
        return None
    red, green, blue = (min(1.0, max(0.0, x)) for x in shown)
    return Color(red, green, blue)


def nearest_srgb(lightness: float, a: float, b: float) -> Color:
    """The sRGB color of that lightness and hue, as strong as sRGB has it."""
    found, weak, strong = to_srgb(lightness, a, b), 0.0, 1.0
    while found is None and strong - weak > 1e-3:
        middle = (weak + strong) / 2
        if to_srgb(lightness, middle * a, middle * b) is None:
            strong = middle
        else:
            weak = middle
    return found or to_srgb(lightness, weak * a, weak * b) or Color(*[lightness / 100] * 3)


def gamut_picture(lightness: float, side: int) -> bytes:
    """(side, side) BGRA of all colors of a lightness: a to the right, b upwards, empty where sRGB has none."""
    steps = [REACH * (2 * (at + 0.5) / side - 1) for at in range(side)]
    picture = bytearray()
    for b in reversed(steps):
        for a in steps:
            color = to_srgb(lightness, a, b)
            picture += bytes(4) if color is None else bytes((*(round(255 * x) for x in reversed(color)), 255))
    return bytes(picture)


def _root(ratio: float) -> float:
    return ratio ** (1 / 3) if ratio > _EPSILON else (_KAPPA * ratio + 16) / 116


def _unrooted(root: float) -> float:
    return root**3 if root**3 > _EPSILON else (116 * root - 16) / _KAPPA


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(factor * value for factor, value in zip(row, vector, strict=True)) for row in matrix]
