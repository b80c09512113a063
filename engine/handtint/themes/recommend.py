"""Palettes that would suit a gray picture: the likely colors of its largest segments, in several different choices.

Knows nothing of files, editors or the wire.

References
----------
Y. Xiao, P. Zhou, Y. Zheng, "Interactive deep colorization with simultaneous global and local inputs", arXiv 2018,
section 3.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handtint.color.gamut import clip_colors
from handtint.color.palette import MAX_COLORS, Palette
from handtint.themes.library import ThemeLibrary
from handtint.themes.texture import Regions, describe

FloatArray = NDArray[np.float32]

_COMMON = 0.3
"""How much less a further theme thinks of colors that every texture has."""
_APART = 9.0
"""ab units within which two colors are taken for the same."""
_SAME = 4.0
"""What it costs, in nats, that a color is already in the theme, or was this segment's in an earlier theme."""


def recommend(lightness: FloatArray, library: ThemeLibrary, *, colors: int = 5, count: int = 4) -> tuple[Palette, ...]:
    """Themes for a picture, the likeliest first.

    The first is the paper's: the most frequent color of each of the largest segments' textures, only that a color
    which the theme has already gives way to the next one, as five grays are no help. In the further ones each segment
    takes another color than before, and colors that all textures have count less: they are what can be expected of
    this texture above others.

    Parameters
    ----------
    lightness : (H, W) float32
        L*, 0-100.
    colors : int
        1 to 16 in a theme. A picture with fewer segments gives several colors to the largest ones.
    count : int
        Themes.

    Returns
    -------
    tuple of Palette
        Weights are the segments' shares, in falling order; L* is the segment's own, so that the color can be shown.
    """
    if not 1 <= colors <= MAX_COLORS or count < 1:
        raise ValueError(f"expected 1 to {MAX_COLORS} colors in at least 1 theme, got {colors} in {count}")
    regions = describe(lightness)
    textures = library.nearest(regions.features[:colors])
    slots = np.arange(colors) % len(textures)  # the largest segments again, where there are too few
    likely = np.log(library.shares + 1e-6)
    common = np.log(library.shares.mean(axis=0) + 1e-6)
    earlier: list[FloatArray] = []  # of each theme, (colors, 2)
    for number in range(count):
        scores = likely[textures] - (_COMMON * common if number else 0.0)
        earlier.append(_choose(scores[slots], library.colors[textures][slots], earlier))
    return tuple(_palette(ab, regions, slots) for ab in earlier)


def _choose(scores: FloatArray, colors: FloatArray, earlier: list[FloatArray]) -> FloatArray:
    """The best color of each slot, one after the other; (K, 2).

    Parameters
    ----------
    scores, colors : (K, 100), (K, 100, 2) float32
        Of the cells, for each slot.
    earlier : list of (K, 2) float32
        The themes that there are already.
    """
    theme = np.empty((len(scores), 2), np.float32)
    for slot, (score, candidates) in enumerate(zip(scores, colors, strict=True)):
        taken = np.concatenate((theme[:slot], *(other[slot : slot + 1] for other in earlier)))
        away = np.linalg.norm(candidates[:, None] - taken[None], axis=2)  # (100, taken)
        theme[slot] = candidates[np.argmax(score - _SAME * np.exp(-np.square(away / _APART)).sum(axis=1))]
    return theme


def _palette(ab: FloatArray, regions: Regions, slots: NDArray[np.int64]) -> Palette:
    lightness = regions.lightness[slots]
    shown = clip_colors(lightness, np.ascontiguousarray(ab.T))
    # A segment that stands for several colors shares itself among them.
    weights = regions.shares[slots] / np.bincount(slots)[slots]
    order = np.argsort(-weights, kind="stable")
    lab = np.concatenate((lightness[None], shown)).T[order]
    return Palette(lab.astype(np.float32), (weights[order] / weights.sum()).astype(np.float32))
