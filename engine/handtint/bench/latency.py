"""How long an artist waits: requests through the client and a real engine process over the socket, timed outside it.

Knows the client as an editor does. Each size gets an engine of its own, so that its peak memory is that size's.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data

from handtint.bench.device_time import stroke_device_seconds
from handtint.client.blocking import Engine, error_of, wait
from handtint.client.hints import HintsTracker
from handtint.client.launcher import Launcher
from handtint.colorizers.base import Control
from handtint.colorizers.registry import find_method
from handtint.errors import EngineGone
from handtint.wire.connection import FILE_NAME
from handtint.wire.messages import Color, Colorize, Colorized, Failure, GetStatus, Palette, Shutdown, Status
from handtint.wire.pixels import Extent, PixelFormat, Plane, Rect

ByteArray = NDArray[np.uint8]
Clock = Callable[[], float]

MEGAPIXELS = (0.25, 1.0, 4.0, 12.0, 24.0)
PREVIEW_SIDE = 1024
"""Longest side of a preview, px: what an editor's window shows of a large picture."""
_PATIENCE = 300.0
_TURN = 0.05
_ON_SOME_CORES = (
    "import os, sys; n = int(sys.argv.pop(1)); "
    "hasattr(os, 'sched_setaffinity') and os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n]); "
    "from handtint.__main__ import main; sys.exit(main())"
)


@dataclass(frozen=True)
class LatencyPlan:
    """What is timed.

    Attributes
    ----------
    methods : tuple of str
    megapixels : tuple of float
    threads : tuple of int
        Cores that the engine may use, one engine for each.
    device : str
    strokes, pictures, palettes, commits : int
        How often each thing is done.
    """

    methods: tuple[str, ...]
    megapixels: tuple[float, ...] = MEGAPIXELS
    threads: tuple[int, ...] = (1, 2)
    device: str = "cpu"
    strokes: int = 30
    pictures: int = 5
    palettes: int = 15
    commits: int = 5


@dataclass
class Timings:
    """Seconds of everything that was timed at one size, and the engine's peak memory.

    Attributes
    ----------
    method, megapixels, threads, device
        What it was; the device as the engine names it.
    seconds : mapping of action to list of float
    peak_bytes : int
        Of the engine process; 0 where the system does not say.
    """

    method: str
    megapixels: float
    threads: int
    device: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    peak_bytes: int = 0

    def add(self, action: str, seconds: float) -> None:
        self.seconds.setdefault(action, []).append(seconds)


def run_latency(plan: LatencyPlan, folder: Path, *, clock: Clock, note: Callable[[str], None]) -> Iterator[Timings]:
    """Time everything, one engine after the other.

    Parameters
    ----------
    folder : Path
        Of the engines' connection file and log; theirs alone, so that the person's own engine is left alone.
    clock : callable
        Seconds; what all times are read from.
    note : callable
        Told what is done next.
    """
    for method, threads, megapixels in itertools.product(plan.methods, plan.threads, plan.megapixels):
        note(f"{method}, {megapixels:g} MP, {threads} threads")
        with running_engine(folder, plan.device, threads, clock) as (engine, device, seconds):
            timings = Timings(method, megapixels, threads, device)
            timings.add("engine start", seconds)
            _time_size(_Artist(engine, method, gray_picture(megapixels), clock), plan, timings)
            timings.peak_bytes = peak_memory(_pid(engine))
        if plan.device != "cpu" and torch.cuda.is_available() and Control.hints in find_method(method).controls:
            gray = gray_picture(megapixels)
            timings.seconds["stroke, device events"] = stroke_device_seconds(
                method, gray, preview_size(gray), plan.strokes
            )
        yield timings


@contextmanager
def running_engine(folder: Path, device: str, threads: int, clock: Clock) -> Iterator[tuple[Engine, str, float]]:
    """An engine on some cores: the client's end, its device, and the seconds until it said welcome."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-c", _ON_SOME_CORES, str(threads), "serve", "--device", device, "--idle-exit", "10"]
    launcher = Launcher(command, path=folder / FILE_NAME)
    with Engine("handtint bench", launcher=launcher, clock=clock) as engine:
        start = clock()
        welcome = engine.connect(timeout=_PATIENCE)
        try:
            yield engine, welcome.device, clock() - start
        finally:
            engine.call(Shutdown(0), timeout=_PATIENCE)
            _await_end(launcher, clock)


def _await_end(launcher: Launcher, clock: Clock) -> None:
    """Return once the engine has ended, so that the next one finds the place free."""
    end = clock() + _PATIENCE
    while launcher.alive():
        if clock() >= end:
            raise EngineGone(f"the engine was expected to end within {_PATIENCE:g} s of being asked to, it did not")
        time.sleep(_TURN)


def _time_size(artist: _Artist, plan: LatencyPlan, timings: Timings) -> None:
    controls = find_method(timings.method).controls
    timings.add("first answer", artist.new_picture())
    for _ in range(plan.pictures):
        timings.add("cold picture, preview", artist.new_picture())
    for _ in range(plan.strokes if Control.hints in controls else 0):
        built, seen = artist.stroke()
        timings.add("stroke: building the request", built)
        timings.add("stroke, preview", seen)
    if Control.palette in controls:
        for _ in range(plan.palettes):
            timings.add("palette, preview", artist.change_palette())
    for _ in range(plan.commits):
        timings.add("commit, full size", artist.commit())
    for _ in range(plan.strokes if Control.hints in controls else 0):
        timings.add("stroke, whole picture quickly", artist.quick_stroke())


class _Artist:
    """What somebody does in an editor, step by step, each step timed."""

    def __init__(self, engine: Engine, method: str, gray: ByteArray, clock: Clock) -> None:
        self._engine, self._method, self._clock = engine, method, clock
        self._controls = find_method(method).controls
        self._gray = gray
        height, width = gray.shape
        self._extent = Extent(width, height)
        small = preview_size(gray)
        self._preview = Extent(small[1], small[0])
        self._rng = np.random.default_rng(0)
        self._documents = 0
        self._palette: Palette | None = None
        colors = np.asarray(data.coffee(), np.uint8)  # type: ignore[no-untyped-call]
        self._exemplar = Plane(PixelFormat.rgb8, Extent(colors.shape[1], colors.shape[0]), _bytes(colors))
        self._open()

    def _open(self) -> None:
        """Another picture with a few strokes on it."""
        self._documents += 1
        changed = np.roll(self._gray, 7 * self._documents, axis=1)
        self._base = Plane(PixelFormat.gray8, self._extent, _bytes(changed))
        self._layer = np.zeros((*self._gray.shape, 4), np.uint8)
        for _ in range(5):
            self._paint()
        self._tracker = HintsTracker(self._engine.link.digest_of)
        self._hints = self._tracker.update(self._plane())

    def _paint(self) -> Rect:
        """A stroke of a fiftieth of the side, and where it is."""
        height, width = self._gray.shape
        thickness = max(2, max(height, width) // 100)
        start = self._rng.integers((width, height))
        end = start + self._rng.integers(-max(height, width) // 20, max(height, width) // 20 + 1, 2)
        color = (*(int(value) for value in self._rng.integers(0, 256, 3)), 255)
        cv2.line(self._layer, start.tolist(), end.tolist(), color, thickness)
        left, top = np.clip(np.minimum(start, end) - thickness, 0, (width - 1, height - 1))
        right, bottom = np.clip(np.maximum(start, end) + thickness + 1, 1, (width, height))
        return Rect(int(left), int(top), int(right - left), int(bottom - top))

    def _plane(self) -> Plane:
        # A copy, as an editor gives one: what was sent must not change any more.
        return Plane(PixelFormat.rgba8, self._extent, _bytes(self._layer.copy()))

    def new_picture(self) -> float:
        """Seconds from asking to the preview of a picture that the engine has never seen."""
        self._open()
        return self._ask(self._preview)

    def stroke(self) -> tuple[float, float]:
        """Seconds to build and send the request on the caller's thread, and from there to the preview."""
        dirty = self._paint()
        plane = self._plane()
        start = self._clock()
        self._hints = self._tracker.update(plane, dirty)
        id = self._engine.start(self._request(self._preview), self._tracker.whole)
        built = self._clock() - start
        self._answer(id)
        return built, self._clock() - start

    def change_palette(self) -> float:
        """Seconds from another palette to the preview."""
        self._palette = Palette(tuple(Color(*(float(v) for v in self._rng.uniform(0, 1, 3))) for _ in range(4)))
        return self._ask(self._preview)

    def commit(self) -> float:
        """Seconds from a stroke to the full-size answer."""
        self._hints = self._tracker.update(self._plane(), self._paint())
        return self._ask(None)

    def quick_stroke(self) -> float:
        """Seconds from a stroke to the whole picture, its colors as fine as a preview's, as a live layer takes it."""
        self._hints = self._tracker.update(self._plane(), self._paint())
        quick = replace(self._request(None), detail=self._preview, output=PixelFormat.bgra8)
        start = self._clock()
        self._answer(self._engine.start(quick, self._tracker.whole))
        return self._clock() - start

    def _ask(self, size: Extent | None) -> float:
        start = self._clock()
        self._answer(self._engine.start(self._request(size), self._tracker.whole))
        return self._clock() - start

    def _request(self, size: Extent | None) -> Colorize:
        """What the method takes: hints, the palette of the moment, an exemplar."""
        return Colorize(
            0,
            f"bench {self._documents}",
            self._base,
            self._method,
            hints=self._hints if Control.hints in self._controls else None,
            palette=self._palette,
            exemplar=self._exemplar if Control.exemplar in self._controls else None,
            size=size,
        )

    def _answer(self, id: int) -> None:
        """Wait on the socket until the answer is there."""
        end = self._clock() + _PATIENCE
        while self._clock() < end:
            for message in self._engine.receive():
                if message.id == id and isinstance(message, Failure):
                    raise error_of(message)
                if message.id == id and isinstance(message, Colorized):
                    return
            wait(self._engine.link, self._clock(), _TURN)
        raise EngineGone(f"an answer within {_PATIENCE:g} s was expected, none came")


def _bytes(pixels: ByteArray) -> memoryview:
    return np.ascontiguousarray(pixels).reshape(-1).data


def preview_size(gray: ByteArray) -> tuple[int, int]:
    """(height, width) of what an editor's window shows of a picture."""
    scale = min(1.0, PREVIEW_SIDE / max(gray.shape))
    return max(1, round(gray.shape[0] * scale)), max(1, round(gray.shape[1] * scale))


def gray_picture(megapixels: float) -> ByteArray:
    """A photograph (scikit-image's coffee) at a size, 3 : 2, with grain, so that a large one is not flat."""
    height = max(8, round((megapixels * 1e6 / 1.5) ** 0.5))
    width = round(1.5 * height)
    gray = cv2.cvtColor(np.ascontiguousarray(data.coffee()), cv2.COLOR_RGB2GRAY)  # type: ignore[no-untyped-call]
    smooth = cv2.resize(gray, (width, height), interpolation=cv2.INTER_CUBIC)
    large = smooth + np.random.default_rng(0).normal(0.0, 2.0, (height, width))
    return np.asarray(np.clip(np.rint(large), 0, 255), np.uint8)


def _pid(engine: Engine) -> int:
    status = engine.call(GetStatus(0), timeout=_PATIENCE)
    return status.pid if isinstance(status, Status) else 0


def peak_memory(pid: int) -> int:
    """The most resident memory that a process ever had, in bytes; 0 where the system does not say (no /proc)."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return 0
    for line in status.read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and maximum."""
    middle, high = np.percentile(values, (50, 95))
    return float(middle), float(high), float(max(values))
