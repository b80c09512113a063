"""Recommended palettes: the likely colors of a picture's segments, each time others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance_nd
from skimage import color, data

from handtint.color.gamut import in_gamut
from handtint.color.palette import Palette
from handtint.themes.library import CELLS, FloatArray, ThemeLibrary, cell_centers, load_library
from handtint.themes.recommend import recommend
from handtint.themes.texture import FEATURES

BLUE, GREEN = 5 * 10 + 2, 3 * 10 + 7
"""Cells around (6, -30) and (-18, 30)."""


def two_textures() -> ThemeLibrary:
    """Bright segments are blue, dark ones green, and both are gray or red now and then."""
    centers = np.zeros((2, FEATURES), np.float32)
    centers[:, -1] = 80.0, 30.0
    shares = np.full((2, CELLS), 1e-4, np.float32)
    shares[0, BLUE] = shares[1, GREEN] = 0.6
    shares[:, 55], shares[:, 85] = 0.3, 0.1
    scale = np.full(FEATURES, 1e3, np.float32)
    scale[-1] = 1.0
    colors = np.broadcast_to(cell_centers(), (2, CELLS, 2)).astype(np.float32)
    return ThemeLibrary(np.zeros(FEATURES, np.float32), scale, centers, shares, colors)


def halves() -> FloatArray:
    """Two thirds bright, one third dark."""
    picture = np.full((60, 90), 80.0, np.float32)
    picture[:, 60:] = 30.0
    return picture


def apart(one: Palette, other: Palette) -> float:
    """Earth mover's distance of two themes in ab units: how much another picture the one makes than the other."""
    return float(wasserstein_distance_nd(one.lab[:, 1:], other.lab[:, 1:], one.weights, other.weights))


def test_the_first_theme_has_the_most_frequent_color_of_each_segment() -> None:
    theme = recommend(halves(), two_textures(), colors=2, count=1)[0]
    assert theme.weights == pytest.approx([2 / 3, 1 / 3], abs=0.02)
    assert theme.lab[0] == pytest.approx((80.0, 6.0, -30.0), abs=1.5)
    assert theme.lab[1] == pytest.approx((30.0, -18.0, 30.0), abs=1.5)


def test_a_picture_with_few_segments_still_gets_all_colors_and_none_twice() -> None:
    theme = recommend(np.full((50, 50), 80.0, np.float32), two_textures(), colors=3, count=1)[0]
    assert theme.weights == pytest.approx([1 / 3] * 3)
    found = {tuple(np.round(ab).astype(int)) for ab in theme.lab[:, 1:]}
    assert found == {(6, -30), (6, 6), (42, 6)} or len(found) == 3
    assert tuple(np.round(theme.lab[0, 1:])) == (6, -30)


def test_further_themes_choose_other_colors() -> None:
    first, second = recommend(halves(), two_textures(), colors=2, count=2)
    assert apart(first, second) > 15.0


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_themes_of_photographs_are_diverse_and_can_be_shown(name: str) -> None:
    lightness = np.asarray(color.rgb2lab(getattr(data, name)())[..., 0], np.float32)
    library = load_library()
    themes = recommend(lightness, library, colors=5, count=4)
    assert [len(theme.lab) for theme in themes] == [5] * 4
    for theme in themes:
        assert in_gamut(theme.lab[:, 0], np.ascontiguousarray(theme.lab[:, 1:].T)).all()
        assert (np.diff(theme.weights) <= 1e-6).all()
        assert theme.weights.sum() == pytest.approx(1.0, abs=1e-5)
    pairs = [apart(one, other) for index, one in enumerate(themes) for other in themes[:index]]
    assert min(pairs) > 5.0
    again = recommend(lightness, library, colors=5, count=4)
    assert all(np.array_equal(one.lab, other.lab) for one, other in zip(themes, again, strict=True))


def test_more_colors_than_a_palette_has_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 16 colors"):
        recommend(halves(), two_textures(), colors=17)
