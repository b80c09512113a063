"""Recommended themes over the wire's messages, of pictures in several formats, with the shipped library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skimage import data

from handtint.errors import GuidanceError, WeightsError
from handtint.server.cache import Cache, UnknownPlanes
from handtint.server.mailbox import Job
from handtint.server.service import Service
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane


@pytest.fixture
def service(colorizer: Any) -> Service:
    return Service(device="cpu", cache=Cache(1 << 24), load=lambda name, device: colorizer, threads=1)


def photograph() -> Plane:
    gray = np.ascontiguousarray(data.camera()[::2, ::2])
    return Plane(PixelFormat.gray8, Extent(256, 256), gray.tobytes())


def ask(service: Service, **changes: Any) -> tuple[m.Palette, ...]:
    answer = service.answer(Job(b"", "", m.RecommendThemes(5, "d", **{"base": photograph(), **changes})))
    assert isinstance(answer, m.RecommendedThemes)
    assert answer.id == 5
    return answer.themes


def test_as_many_themes_of_as_many_colors_as_asked(service: Service) -> None:
    themes = ask(service, colors=6, count=3)
    assert [len(theme.colors) for theme in themes] == [len(theme.weights) for theme in themes] == [6] * 3
    assert all(0.0 <= channel <= 1.0 for theme in themes for color in theme.colors for channel in color)
    assert len({theme.colors for theme in themes}) == 3


def test_a_known_base_and_another_format_of_it_get_the_same(service: Service) -> None:
    first = ask(service)
    assert ask(service, base=Known(photograph().digest())) == first
    gray = np.frombuffer(photograph().data, np.uint8)
    rgb = Plane(PixelFormat.rgb8, Extent(256, 256), np.repeat(gray, 3).tobytes())
    for theme, same in zip(ask(service, base=rgb), first, strict=True):
        assert np.allclose(theme.colors, same.colors, atol=0.02)


def test_a_forgotten_base_is_asked_for_again(service: Service) -> None:
    with pytest.raises(UnknownPlanes):
        ask(service, base=Known("a" * 32))


@pytest.mark.parametrize("changes", [{"colors": 17}, {"count": 17}])
def test_too_many_are_refused(service: Service, changes: dict[str, int]) -> None:
    with pytest.raises(GuidanceError, match="1 to 16 colors in each of 1 to 16 themes"):
        ask(service, **changes)


def test_without_the_library_it_says_what_is_missing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handtint.themes.library.find", lambda name: None)
    with pytest.raises(WeightsError, match="'themes' are not installed"):
        ask(service)
