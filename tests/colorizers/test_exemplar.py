"""The shipped weights on a picture that they were not trained on, with exemplars of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab
from skimage.transform import resize

from handtint.bench.controls import histogram_intersection
from handtint.colorizers.base import FloatArray, Guidance
from handtint.colorizers.exemplar import ExemplarColorizer, small_exemplar
from handtint.colorizers.registry import default_method, find_method, load
from handtint.errors import GuidanceError


@pytest.fixture(scope="module")
def colorizer() -> ExemplarColorizer:
    return ExemplarColorizer("cpu")


def lab_of(picture: np.ndarray, height: int, width: int) -> FloatArray:
    """(3, height, width) Lab."""
    lab = rgb2lab(resize(picture, (height, width), anti_aliasing=True))
    return np.ascontiguousarray(lab.transpose(2, 0, 1), np.float32)


@pytest.fixture(scope="module")
def astronaut() -> FloatArray:
    """Sides that are no multiple of anything."""
    return lab_of(data.astronaut(), 201, 199)


@pytest.fixture(scope="module")
def coffee() -> FloatArray:
    """Warm browns."""
    return lab_of(data.coffee(), 150, 220)


def colors(colorizer: ExemplarColorizer, lab: FloatArray, exemplar: FloatArray) -> FloatArray:
    return colorizer.colorize(colorizer.prepare(lab[0]), Guidance(exemplar=exemplar))


def even(*ab: float) -> FloatArray:
    """An exemplar of the coffee's lightness in a single colour."""
    lab = lab_of(data.coffee(), 60, 80)
    lab[1:] = np.array(ab, np.float32)[:, None, None]
    return lab


@pytest.mark.parametrize("wanted", [(25.0, 30.0), (-25.0, 20.0), (5.0, -30.0)])
def test_the_tone_follows_the_exemplar(
    colorizer: ExemplarColorizer, astronaut: FloatArray, wanted: tuple[float, float]
) -> None:
    mean = colors(colorizer, astronaut, even(*wanted)).mean(axis=(1, 2))
    assert np.linalg.norm(mean - wanted) < 0.5 * np.linalg.norm(wanted)


def test_an_answer_has_more_in_common_with_its_exemplar_than_with_another_picture(
    colorizer: ExemplarColorizer, astronaut: FloatArray, coffee: FloatArray
) -> None:
    rocket = lab_of(data.rocket(), 120, 180)
    for given, other in ((coffee, rocket), (rocket, coffee)):
        answer = colors(colorizer, astronaut, given)
        assert answer.shape == (2, 201, 199)
        assert histogram_intersection(answer, given[1:]) > histogram_intersection(answer, other[1:])


def test_a_gray_exemplar_gives_little_color(
    colorizer: ExemplarColorizer, astronaut: FloatArray, coffee: FloatArray
) -> None:
    gray, colored = (np.hypot(*colors(colorizer, astronaut, one)).mean() for one in (even(0.0, 0.0), coffee))
    assert gray < 0.5 * colored


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 2), (64, 64), (301, 77)])
def test_exemplars_of_any_size_work(
    colorizer: ExemplarColorizer, astronaut: FloatArray, shape: tuple[int, int]
) -> None:
    exemplar = np.empty((3, *shape), np.float32)
    exemplar[:] = np.array((60.0, 30.0, 30.0), np.float32)[:, None, None]
    answer = colors(colorizer, astronaut, exemplar)
    assert np.isfinite(answer).all()
    assert answer.mean(axis=(1, 2)).min() > 5.0


def test_the_size_of_an_exemplar_hardly_matters(colorizer: ExemplarColorizer, astronaut: FloatArray) -> None:
    small, large = (colors(colorizer, astronaut, lab_of(data.coffee(), *size)) for size in ((100, 150), (400, 600)))
    assert np.abs(small - large).mean() < 2.0


def test_an_exemplar_becomes_a_square() -> None:
    white_over_black = np.zeros((3, 40, 10), np.float32)
    white_over_black[0, :20] = 100.0
    small = small_exemplar(Guidance(exemplar=white_over_black))
    assert small.shape == (1, 3, 64, 64)
    assert small[:, 0, :32].min() == 100.0
    assert small[:, 0, 32:].max() == 0.0


def test_an_exemplar_and_a_picture_are_encoded_once(
    colorizer: ExemplarColorizer, astronaut: FloatArray, coffee: FloatArray
) -> None:
    net = colorizer._net
    calls: list[str] = []
    hooks = [
        part.register_forward_hook(lambda *_, name=name: calls.append(name))
        for name, part in (("exemplar", net.color), ("picture", net.inward))
    ]
    prepared = colorizer.prepare(astronaut[0])
    before = prepared.nbytes
    answers = [
        colorizer.colorize(prepared, Guidance(exemplar=e)) for e in (coffee, coffee.copy(), even(20, 20), coffee)
    ]
    for hook in hooks:
        hook.remove()
    assert sorted(calls) == ["exemplar"] * 3 + ["picture"]
    assert prepared.nbytes > before  # the engine is told what it keeps
    assert np.array_equal(answers[0], answers[1])
    assert np.array_equal(answers[0], answers[3])
    assert np.abs(answers[0] - answers[2]).mean() > 1.0


def test_without_an_exemplar_it_says_so(colorizer: ExemplarColorizer, astronaut: FloatArray) -> None:
    with pytest.raises(GuidanceError, match="give it an exemplar"):
        colorizer.colorize(colorizer.prepare(astronaut[0]), Guidance())


@pytest.mark.parametrize(
    ("exemplar", "words"),
    [
        (np.zeros((2, 5, 5), np.float32), "shape"),
        (np.zeros((3, 0, 5), np.float32), "at least one pixel"),
        (np.full((3, 4, 4), np.nan, np.float32), "not numbers"),
    ],
)
def test_what_is_no_picture_is_refused(exemplar: FloatArray, words: str) -> None:
    with pytest.raises(GuidanceError, match=words):
        small_exemplar(Guidance(exemplar=exemplar))


def test_the_registry_builds_it_and_never_takes_it_by_default() -> None:
    method = find_method("exemplar")
    assert method.missing() is None
    assert method.needs == method.controls
    assert default_method().needs == frozenset()
    colorizer = load("exemplar")
    assert (colorizer.name, colorizer.controls) == (method.name, method.controls)
