"""Suggest and MapUncertainty through a whole engine with the shipped weights."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2gray, rgb2lab

from handtint.colorizers.base import Colorizer
from handtint.colorizers.registry import load
from handtint.errors import GuidanceError, ProtocolError
from handtint.server.cache import Cache
from handtint.server.engine import Engine, Settings
from handtint.server.mailbox import Job
from handtint.server.service import Service
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane

GRAY = np.rint(rgb2gray(data.chelsea()) * 255).astype(np.uint8)
HEIGHT, WIDTH = GRAY.shape
BASE = Plane(PixelFormat.gray8, Extent(WIDTH, HEIGHT), GRAY.tobytes())


class Counted:
    """Hands out one colorizer of each method, and says how many pictures were prepared."""

    def __init__(self) -> None:
        self.prepared = 0

    def load(self, name: str, device: str) -> Colorizer:
        colorizer: Any = load(name, device)
        prepare = colorizer.prepare

        def counting(lightness: np.ndarray) -> Any:
            self.prepared += 1
            return prepare(lightness)

        colorizer.prepare = counting
        return colorizer  # type: ignore[no-any-return]


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def service(counted: Counted) -> Iterator[Service]:
    service = Service(device="cpu", cache=Cache(1 << 28), load=counted.load, threads=1)
    yield service
    service.close()


def ask(service: Service, request: m.Message) -> Any:
    return service.answer(Job(b"", "", request))


def test_nine_colors_of_the_pixels_own_lightness(service: Service) -> None:
    answer = ask(service, m.Suggest(5, "d", BASE, 220, 150))
    assert isinstance(answer, m.Suggested)
    assert (answer.id, len(answer.colors)) == (5, 9)
    lab = rgb2lab(np.array([answer.colors]))[0]
    base = rgb2lab(np.full((1, 1, 3), GRAY[150, 220] / 255))[0, 0, 0]
    assert np.abs(lab[:, 0] - base).max() < 0.2
    assert 0.0 < answer.uncertainty < 1.0


def test_the_picture_is_looked_at_once(service: Service, counted: Counted) -> None:
    ask(service, m.Suggest(1, "d", BASE, 20, 30))
    ask(service, m.Suggest(2, "d", Known(BASE.digest()), 200, 30, 3))
    ask(service, m.MapUncertainty(3, "d", Known(BASE.digest())))
    ask(service, m.Colorize(4, "d", Known(BASE.digest()), "bins"))
    assert counted.prepared == 1


def test_the_map_is_gray_and_of_the_size_that_was_asked_for(service: Service) -> None:
    whole = ask(service, m.MapUncertainty(1, "d", BASE))
    assert isinstance(whole, m.MappedUncertainty)
    assert (whole.plane.format, whole.plane.extent) == (PixelFormat.gray8, BASE.extent)
    levels = np.frombuffer(whole.plane.data, np.uint8)
    assert levels.std() > 5  # some places are surer than others
    small = ask(service, m.MapUncertainty(2, "d", BASE, Extent(90, 60)))
    assert small.plane.extent == Extent(90, 60)
    pixel = ask(service, m.Suggest(3, "d", BASE, 225, 150))
    assert levels.reshape(HEIGHT, WIDTH)[148:153, 222:228].mean() / 255 == pytest.approx(pixel.uncertainty, abs=0.1)


@pytest.mark.parametrize(
    ("request_of", "words"),
    [
        (lambda: m.Suggest(1, "d", BASE, WIDTH, 0), f"inside the picture of {WIDTH}x{HEIGHT}"),
        (lambda: m.Suggest(1, "d", BASE, 0, HEIGHT), f"inside the picture of {WIDTH}x{HEIGHT}"),
        (lambda: m.Suggest(1, "d", BASE, 0, 0, 200), "1 to 64 suggestions"),
        (lambda: m.MapUncertainty(1, "d", BASE, Extent(WIDTH + 1, 5)), "no larger than the base"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(service: Service, request_of: Any, words: str) -> None:
    with pytest.raises((GuidanceError, ProtocolError), match=words):
        ask(service, request_of())


def test_over_the_wire(tmp_path: Path, connect: Any) -> None:
    settings = Settings(device="cpu", idle_exit=None, memory_budget=1 << 28, path=tmp_path / "engine.json")
    engine = Engine(settings, lambda cache: Service(device="cpu", cache=cache, load=load, threads=1))
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        peer = connect(engine.connection)
        first = peer.call(m.Suggest(peer.next_id(), "d", BASE, 100, 100, 4))
        assert len(first.colors) == 4
        mapped = peer.call(m.MapUncertainty(peer.next_id(), "d", Known(BASE.digest()), Extent(45, 30)))
        assert mapped.plane.extent == Extent(45, 30)
        missing = peer.call(m.Suggest(peer.next_id(), "d", Known("0" * 32), 1, 1))
        assert (missing.code, missing.missing) == ("unknown_plane", ("0" * 32,))
        assert peer.call(m.Suggest(peer.next_id(), "d", BASE, WIDTH, 1)).code == "bad_guidance"
    finally:
        engine.stop()
        thread.join(30)
        engine.close()
