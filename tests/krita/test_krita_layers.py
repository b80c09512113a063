"""Tier 2: undo steps and modes of the color layer, and whose it is when the picture is cropped or painted on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.krita

MODES = {"U8": "color", "U16": "grain_merge"}


def test_each_deed_is_one_undo_step_and_the_layer_stays_ours(krita: Callable[..., dict[str, Any]]) -> None:
    found = krita("steps_layers.py")

    for depth, mode in MODES.items():
        assert found[f"{depth} set up"] == ["Add Layer"], "the mode costs no step of its own"
        assert found[f"{depth} colored"] == [mode, [], mode]
        blue, _green, red = found[f"{depth} reddish"][:: 1 if depth == "U8" else 2][:3]
        assert red > blue + 20
        assert found[f"{depth} baked"] == [["Add Layer"], True]
        assert found[f"{depth} unbaked"]
        assert found[f"{depth} still ours"] == 1
        count, change = found[f"{depth} exact"]
        assert count == 1
        assert change <= 40, "the color mode is not exact"
        assert found[f"{depth} undone"] == [True, True]
    assert found["cropped"] == [1, 80, True]
    assert found["resized"] == [1, 88, True]
    assert found["turned"] == [1, 88, True]
    assert found["scaled"] == [1, 66, True]
    assert found["mirrored"] == [1, 66, True]
    assert found["painted on"] == [2, True, True, True], "the painter's strokes are left alone, the new color is seen"
