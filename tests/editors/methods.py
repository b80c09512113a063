"""What both editors' tests of all methods share: the methods, two variants of every control, and the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import skimage.color
import skimage.data
import skimage.io
import skimage.transform
from numpy.typing import NDArray

from handtint.weights import read_classes

SIZE = 320
CONTROLS = frozenset({"hints", "semantic", "palette", "exemplar"})
PALETTES = (("#7a3b2a", "#d9a05b", "#4a2f27"), ("#24425c", "#6fa8c9", "#1d2b33"))
HINTS = ((190, 110, 60), (70, 110, 170))
SPOT = (100, 200, 60)
"""Left, top and side of the painted hint."""
CLASSES = ({"sky": slice(0, 120), "person": slice(120, SIZE)}, {"building": slice(0, 120), "grass": slice(120, SIZE)})
"""Rows of the picture by class: what the picture shows, and what it might. The first of all variants is the warmer."""

Pixels = NDArray[Any]


class Variant(NamedTuple):
    """One way to set every control, sRGB bytes."""

    hints: Pixels  # (SIZE, SIZE, 4)
    semantic: Pixels  # (SIZE, SIZE, 4)
    exemplar: Pixels  # (h, w, 3)
    palette: tuple[str, ...]


def listed_methods() -> list[dict[str, Any]]:
    """What `handtint methods --json` says, so that a method that is added is tested without a word here."""
    command = [sys.executable, "-m", "handtint", "methods", "--json"]
    found: list[dict[str, Any]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def gray_photograph() -> Pixels:
    """(SIZE, SIZE) uint8."""
    image = skimage.transform.resize(skimage.data.astronaut(), (SIZE, SIZE), anti_aliasing=True)
    return np.clip(np.rint(skimage.color.rgb2gray(image) * 255), 0, 255).astype(np.uint8)


def variants() -> tuple[Variant, Variant]:
    """A warm one and a cold one."""
    exemplars = (_sized(skimage.data.coffee(), (400, 500)), _sized(_moonlit(skimage.data.chelsea()), (SIZE, SIZE)))
    first, second = (
        Variant(_hint(HINTS[number]), _map(number), exemplars[number], PALETTES[number]) for number in (0, 1)
    )
    return first, second


def colors_alone(method: dict[str, Any]) -> bool:
    """Whether it has something to do without guidance: a method that only spreads hints has not."""
    return not method["needs"] and method["controls"] != ["hints"]


def check_method(method: dict[str, Any], colors: dict[str, Pixels]) -> None:
    """Colors are there, and each control moves them.

    Parameters
    ----------
    colors : dict
        sRGB (SIZE, SIZE, 3) uint8 of each answer, by "alone" or the control's name with 0 or 1 behind it.
    """
    name, controls = method["name"], method["controls"]
    if colors_alone(method):
        assert np.abs(_ab(colors["alone"])).mean() > 1, f"{name} colors by itself"
    for control in controls:
        first, second = (_ab(colors[f"{control}{variant}"]) for variant in (0, 1))
        assert np.abs(first - second).mean() > 0.5, f"{name} looks at its {control}"
        if control != "semantic":
            assert first[..., 1].mean() > second[..., 1].mean(), f"{name}: the first {control} is the warmer one"


def save(folder: Path) -> None:
    """The gray photograph and the exemplars as files."""
    skimage.io.imsave(folder / "gray.png", gray_photograph(), check_contrast=False)
    for number, variant in enumerate(variants()):
        skimage.io.imsave(folder / f"exemplar{number}.png", variant.exemplar, check_contrast=False)


def _hint(color: tuple[int, int, int]) -> Pixels:
    left, top, side = SPOT
    layer = np.zeros((SIZE, SIZE, 4), np.uint8)
    layer[top : top + side, left : left + side] = (*color, 255)
    return layer


def _map(number: int) -> Pixels:
    colors = {entry.name: entry.color for entry in read_classes()}
    layer = np.zeros((SIZE, SIZE, 4), np.uint8)
    for name, rows in CLASSES[number].items():
        layer[rows] = (*colors[name], 255)
    return layer


def _sized(picture: Pixels, size: tuple[int, int]) -> Pixels:
    return np.rint(skimage.transform.resize(picture, size, anti_aliasing=True) * 255).astype(np.uint8)


def _moonlit(picture: Pixels) -> Pixels:
    """The picture's lightness in blue, 0 to 1."""
    lab = skimage.color.rgb2lab(picture)
    lab[..., 1:] = (2.0, -28.0)
    return np.clip(skimage.color.lab2rgb(lab), 0, 1)


def _ab(rgb: Pixels) -> Pixels:
    return skimage.color.rgb2lab(rgb)[..., 1:]
