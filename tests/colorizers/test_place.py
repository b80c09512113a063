"""Methods at a part of their working size: what they see is smaller, and the answer is as large as before."""

from __future__ import annotations

import numpy as np
import pytest

from handtint.colorizers.base import Guidance
from handtint.colorizers.place import Place, parse_place
from handtint.colorizers.registry import METHODS, load
from handtint.colorizers.segmenter import Segmenter
from handtint.colorizers.working import WorkingPicture

LEARNED = [method for method in METHODS if method.weights is not None and not method.missing()]


@pytest.mark.parametrize("place", [Place("cpu"), Place("cuda"), Place("cuda", 2)])
def test_a_place_is_written_and_read(place: Place) -> None:
    assert parse_place(str(place)) == place


def test_the_whole_size_needs_no_word() -> None:
    assert (str(Place("cuda")), parse_place("cpu")) == ("cuda", Place("cpu", 1))


@pytest.mark.parametrize("method", LEARNED, ids=lambda method: method.name)
def test_half_the_working_size(method) -> None:
    lightness = np.linspace(0, 100, 400 * 300, dtype=np.float32).reshape(300, 400)
    whole, half = load(method.name, "cpu"), load(method.name, "cpu/2")
    sizes = []
    for colorizer in (whole, half):
        prepared = colorizer.prepare(lightness)
        assert isinstance(prepared, WorkingPicture)
        sizes.append(max(prepared.working.shape))
    assert sizes[1] == sizes[0] // 2
    exemplar = np.full((3, 8, 8), 40, np.float32) if method.needs else None
    assert half.colorize(prepared, Guidance(exemplar=exemplar)).shape == (2, 300, 400)


def test_a_map_of_half_the_working_size() -> None:
    lightness = np.linspace(0, 100, 400 * 300, dtype=np.float32).reshape(300, 400)
    seen = []
    for part in (1, 2):
        segmenter = Segmenter(str(Place("cpu", part)))
        segmenter._net.register_forward_hook(lambda net, inputs, output: seen.append(max(inputs[0].shape[2:])))
        assert segmenter.segment(lightness).shape == (300, 400)
    assert seen[1] == seen[0] // 2
