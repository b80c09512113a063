"""G'MIC as a contender: it is offered where it is installed alone, and its colours come through."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.bench.gmic import GMIC, find_gmic
from handtint.bench.methods import default_methods, find_contender
from handtint.color.hints import painted_points
from handtint.colorizers.base import Guidance
from handtint.errors import InputError


def test_it_takes_part_where_it_is_installed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (GMIC in default_methods()) == (find_gmic() is not None)
    monkeypatch.setenv("PATH", "")
    assert GMIC not in default_methods()
    with pytest.raises(InputError, match="not installed"):
        find_contender(GMIC).build("cpu")


@pytest.mark.skipif(find_gmic() is None, reason="the command 'gmic' is not installed")
def test_two_sides_take_the_colors_of_their_hints() -> None:
    lightness = np.full((48, 64), 35.0, np.float32)
    lightness[:, 32:] = 65.0
    ab, mask = np.zeros((2, 48, 64), np.float32), np.zeros((48, 64), np.float32)
    mask[20:26, 10:16] = mask[20:26, 48:54] = 1.0
    ab[0, :, :32], ab[1, :, 32:] = 30.0, -30.0
    answer = find_contender(GMIC).build("cpu")(lightness)
    assert not answer(Guidance()).any()
    colored = answer(Guidance(hints=painted_points(ab * mask, mask)))
    assert colored.shape == (2, 48, 64)
    assert np.abs(colored[:, :, :24] - [[[30.0]], [[0.0]]]).max() < 4.0
    assert np.abs(colored[:, :, 40:] - [[[0.0]], [[-30.0]]]).max() < 4.0
