"""Answers RecommendThemes; keeps what was learned of textures between requests. Knows nothing of sockets or planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from handtint.color.palette import MAX_COLORS
from handtint.errors import GuidanceError
from handtint.server.composite import lab_to_colors
from handtint.wire.messages import Palette, RecommendedThemes, RecommendThemes

if TYPE_CHECKING:
    from handtint.themes.library import ThemeLibrary

FloatArray = NDArray[np.float32]

MAX_THEMES = 16


class Recommender:
    """Themes for gray pictures; reads its library when it is first asked."""

    def __init__(self) -> None:
        self._library: ThemeLibrary | None = None

    def rest(self) -> None:
        """Forget the library."""
        self._library = None

    def answer(self, request: RecommendThemes, lightness: FloatArray) -> RecommendedThemes:
        """The reply to a request whose base has this lightness, (H, W) of 0-100.

        Raises
        ------
        WeightsError
            The library is missing or damaged.
        """
        # scikit-image takes half a second to import: an engine that nobody asks for themes starts without it.
        from handtint.themes.library import load_library
        from handtint.themes.recommend import recommend

        if not 1 <= request.colors <= MAX_COLORS or not 1 <= request.count <= MAX_THEMES:
            raise GuidanceError(
                f"expected 1 to {MAX_COLORS} colors in each of 1 to {MAX_THEMES} themes, "
                f"got {request.colors} in each of {request.count}"
            )
        if self._library is None:
            self._library = load_library()
        themes = recommend(lightness, self._library, colors=request.colors, count=request.count)
        return RecommendedThemes(request.id, tuple(wire_palette(*theme) for theme in themes))


def wire_palette(lab: FloatArray, weights: FloatArray) -> Palette:
    """(K, 3) Lab and (K,) shares as they travel."""
    return Palette(lab_to_colors(lab), tuple(float(weight) for weight in weights))
