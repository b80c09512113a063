"""The unified network around whole pictures: every control shows, hints stay in their reach, nothing is made twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from handtint.color.hints import painted_points
from handtint.colorizers.base import Control, FloatArray, Guidance
from handtint.colorizers.unified import UnifiedColorizer
from handtint.errors import GuidanceError
from handtint.nets.unified import UnifiedNet
from handtint.train.export import Provenance, export

ORIGIN = Provenance("none", "Nothing.", "CC0", "none", "2026-11-21", 0, 0)
SHAPE = (90, 150)


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> UnifiedColorizer:
    """A small network with random weights: what is said must arrive, whatever it has learned."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    arguments = {"width": 16, "light": 16, "priors": 4, "classes": 12}
    net = UnifiedNet(**arguments)
    torch.nn.init.normal_(net.out.weight, std=0.3)
    torch.nn.init.normal_(net.classes.weight)
    export(net.eval(), "unified", arguments, folder, ORIGIN, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDTINT_WEIGHTS", str(folder))
        return UnifiedColorizer("cpu")


@pytest.fixture(scope="module")
def lightness() -> FloatArray:
    rng = np.random.default_rng(0)
    smooth = np.linspace(20.0, 80.0, SHAPE[1], dtype=np.float32) + np.zeros((SHAPE[0], 1), np.float32)
    return np.asarray(smooth + rng.normal(0.0, 1.0, SHAPE), np.float32)


def hinted(*, reach: float) -> Guidance:
    ab, mask = np.zeros((2, *SHAPE), np.float32), np.zeros(SHAPE, np.float32)
    mask[40:46, 20:26], ab[0, 40:46, 20:26] = 1.0, 25.0
    return Guidance(hints=painted_points(ab, mask), reach=reach)


GIVEN = {
    Control.hints: hinted(reach=1.0),
    Control.palette: Guidance(palette_ab=np.array([[20.0, 10.0], [-10.0, -20.0], [0.0, 25.0]], np.float32)),
    Control.semantic: Guidance(semantic=np.full(SHAPE, 3, np.int64)),
    Control.exemplar: Guidance(exemplar=np.random.default_rng(1).uniform(0, 30, (3, 40, 30)).astype(np.float32)),
}


def test_it_takes_every_control(colorizer: UnifiedColorizer) -> None:
    assert colorizer.controls == frozenset(Control)


@pytest.mark.parametrize("control", Control)
def test_each_control_shows(colorizer: UnifiedColorizer, lightness: FloatArray, control: Control) -> None:
    plain = colorizer.colorize(colorizer.prepare(lightness), Guidance())
    given = colorizer.colorize(colorizer.prepare(lightness), GIVEN[control])
    assert plain.shape == given.shape == (2, *SHAPE)
    assert np.isfinite(given).all()
    assert np.abs(given - plain).max() > 0.5


def everything() -> Guidance:
    return replace(
        hinted(reach=0.5),
        palette_ab=GIVEN[Control.palette].palette_ab,
        semantic=GIVEN[Control.semantic].semantic,
        exemplar=GIVEN[Control.exemplar].exemplar,
    )


def test_a_hint_among_everything_is_met(colorizer: UnifiedColorizer, lightness: FloatArray) -> None:
    ab = colorizer.colorize(colorizer.prepare(lightness), everything())
    assert np.abs(ab[0, 40:46, 20:26] - 25.0).max() < 0.5
    assert np.abs(ab[1, 40:46, 20:26]).max() < 0.5


def test_a_hint_of_no_reach_leaves_the_rest_alone(colorizer: UnifiedColorizer, lightness: FloatArray) -> None:
    prepared = colorizer.prepare(lightness)
    plain = colorizer.colorize(prepared, Guidance())
    near = colorizer.colorize(prepared, hinted(reach=0.0))
    assert np.abs(near - plain)[:, 40:46, 20:26].max() > 3.0
    assert np.abs(near - plain)[:, :, 75:].max() < 1e-3


def test_what_was_made_for_one_stroke_serves_the_next(colorizer: UnifiedColorizer, lightness: FloatArray) -> None:
    encoded: list[int] = []
    handle = colorizer._net.encoder.register_forward_hook(lambda *_: encoded.append(1))
    try:
        prepared = colorizer.prepare(lightness)
        first = colorizer.colorize(prepared, everything())
        calls = len(encoded)
        again = colorizer.colorize(prepared, everything())
        assert len(encoded) == calls
    finally:
        handle.remove()
    assert np.array_equal(first, again)
    # Another palette is not mistaken for the one that is kept.
    other = replace(everything(), palette_ab=np.array([[-30.0, 0.0]], np.float32))
    kept = colorizer.colorize(prepared, other)
    fresh = colorizer.colorize(colorizer.prepare(lightness), other)
    assert np.array_equal(kept, fresh)
    assert np.abs(kept - first).max() > 0.5


def test_classes_that_are_none_are_refused(colorizer: UnifiedColorizer, lightness: FloatArray) -> None:
    with pytest.raises(GuidanceError, match="class numbers from 0 to 11"):
        colorizer.colorize(colorizer.prepare(lightness), Guidance(semantic=np.full(SHAPE, 12, np.int64)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (17, 33)])
def test_odd_sizes(colorizer: UnifiedColorizer, shape: tuple[int, int]) -> None:
    ab = colorizer.colorize(colorizer.prepare(np.full(shape, 50.0, np.float32)), Guidance())
    assert ab.shape == (2, *shape)


def test_many_hints_speak_for_themselves(colorizer: UnifiedColorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    ab, mask = np.zeros((2, *SHAPE), np.float32), np.zeros(SHAPE, np.float32)
    mask[2::5, 2::5] = 1.0
    ab[1] = 20.0 * mask

    def missed() -> float:
        prepared = colorizer.prepare(np.full(SHAPE, 50.0, np.float32))
        answer = colorizer.colorize(prepared, Guidance(hints=painted_points(ab, mask), reach=1.0))
        return float(np.abs(answer[1, mask == 0] - 20.0).mean())

    own = missed()
    monkeypatch.setattr(UnifiedColorizer, "most_own", 0.0)
    assert own < 0.85 * missed()
