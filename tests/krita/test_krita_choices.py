"""Tier 2: what helps the painter to choose colors, in a real Krita with the real engine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.color
import skimage.io

from handtint.weights import find, read_classes

pytestmark = pytest.mark.krita

methods = sys.modules["editor_methods"]
SHOTS = ("palette", "themes", "suggestions", "unsure", "legend", "exemplar-drop")
NARROW = ("palette", "themes", "suggestions", "legend", "exemplar-drop")
"""States of which there are pictures at 250 pixels, too."""
NEEDED = ("bins", "exemplar", "global_local", "semantic", "themes")


def bgra(rgba: np.ndarray) -> bytes:
    """Pixels as Krita keeps them."""
    return np.ascontiguousarray(rgba[..., [2, 1, 0, 3]]).tobytes()


def close(one: list[int], other: list[int]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 2


def lightness(color: list[int]) -> float:
    return float(skimage.color.rgb2lab(np.array([[color]], np.uint8))[0, 0, 0])


@pytest.mark.skipif(any(find(name) is None for name in NEEDED), reason=f"needs the weights {', '.join(NEEDED)}")
def test_colors_are_chosen_with_help(krita: Callable[..., dict[str, Any]], artifacts: Path, tmp_path: Path) -> None:
    methods.save(tmp_path)
    (tmp_path / "semantic0.raw").write_bytes(bgra(methods.variants()[0].semantic))
    (tmp_path / "red.raw").write_bytes(bytes((0, 0, 255, 255)) * methods.SIZE**2)
    halves = np.full((40, 60, 3), (40, 90, 160), np.uint8)
    halves[:, :15] = (200, 120, 30)
    skimage.io.imsave(tmp_path / "halves.png", halves, check_contrast=False)

    found = krita("steps_choices.py")
    for name in [*SHOTS, *found["cut off"]]:
        shutil.copy(tmp_path / f"{name}.png", artifacts / f"krita-{name}.png")

    assert found["cut off"] == {f"{name}-{theme}": [] for name in NARROW for theme in ("light", "dark")}
    check_palette(found)
    check_themes(found, tmp_path)
    check_suggestions(found)
    check_overlay(tmp_path)
    check_legend(found)
    check_exemplar(found)


def check_palette(found: dict[str, Any]) -> None:
    red, green, blue = [192, 32, 32], [32, 192, 32], [32, 32, 192]
    first, second, third = found["wide as their shares"]
    assert first > second > third
    assert found["moved"] == [blue, red, green]
    assert found["removed"] == [blue, green]
    assert found["added"][:2] == [blue, green]
    assert close(found["added"][2], [200, 180, 20])
    assert "60.0%" in found["weighed"].rpartition(",")[2]
    assert found["edited"] == [blue, green, [10, 20, 30]]
    assert found["named"] == "My colors"
    assert 1 <= len(found["of krita"]) <= 7
    assert found["of a file"] == "#285aa0 75.0%, #c8781e 25.0%"
    assert found["saved"].startswith("Saved as Harbor.")
    assert found["saved name"] == "Harbor"
    assert found["chosen again"] == "#c08040 40.0%, #204060 60.0%"


def check_themes(found: dict[str, Any], folder: Path) -> None:
    assert len(found["themes"]) == 4
    assert found["theme in use"] == found["themes"][1]
    assert found["colored with it"].startswith("Colored in")
    pictures = [skimage.io.imread(folder / f"theme{index}.png")[..., :3].astype(int) for index in range(4)]
    assert pictures[0].shape == (96, 96, 3)
    differ = [np.abs(one - other).mean() for one in pictures for other in pictures if one is not other]
    assert min(differ) > 0.5, "each theme's thumbnail shows the picture in its own colors"


def check_suggestions(found: dict[str, Any]) -> None:
    assert found["asked for a stroke"].startswith("Paint a stroke")
    assert np.hypot(found["stroke"][0] - 70, found["stroke"][1] - 220) < 20
    assert len(found["suggested"]) == 9
    assert np.ptp([lightness(color) for color in found["suggested"]]) < 2, "all at the pixel's own lightness"
    assert found["third"] == found["suggested"][2]
    error = skimage.color.deltaE_ciede2000(*(skimage.color.rgb2lab(np.array([[color]], np.uint8)) for color in (
        found["from the gamut"], found["suggested"][0])))  # fmt: skip
    assert error.max() < 5, "a pixel of the picker is two steps of a and b"
    assert np.hypot(found["pointer"][0] - 210, found["pointer"][1] - 60) <= 1.5
    assert found["suggestions gone"]


def check_overlay(folder: Path) -> None:
    with_it, without = (skimage.io.imread(folder / name)[..., :3].astype(int) for name in ("unsure.png", "sure.png"))
    canvas = np.s_[200:700, 300:900]
    changed = with_it[canvas] - without[canvas]
    assert changed[..., 0].mean() - changed[..., 1].mean() > 5, "the canvas glows where colors are unsure"


def check_legend(found: dict[str, Any]) -> None:
    colors = {entry.name: list(entry.color) for entry in read_classes()}
    assert not found["no classes"]
    assert found["legend"] == ["person", "sky"], "the largest first"
    assert found["sky"] == colors["sky"]
    assert not found["unknown before"]
    assert "no class's color" in found["unknown"]


def check_exemplar(found: dict[str, Any]) -> None:
    assert found["clipboard"].startswith("Clipboard ")
    assert found["borrowed"].startswith("Colored in")
    assert found["dropped"] == "exemplar0"
    assert "cannot be read as exemplar" in found["dropped nonsense"]
