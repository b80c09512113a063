"""Rows of section `faults`: a GPU without room, on any machine: real engine and networks, the GPU's error made by hand.

Who has no GPU says "cuda" to the service, which builds its networks through a seam, `load`; they compute on the CPU,
and what their layers make is counted as if it were in the GPU's memory.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from handtint.bench.caller import Caller
from handtint.bench.honest import request
from handtint.bench.reliability import Effort, Row, megabytes
from handtint.colorizers.base import Colorizer, Guidance, Prepared
from handtint.colorizers.place import Place, parse_place
from handtint.colorizers.registry import load
from handtint.server.engine import Engine, Settings
from handtint.server.service import Service
from handtint.wire.connection import Connection
from handtint.wire.messages import Colorized
from handtint.wire.pixels import PixelFormat

METHOD = "unified"
STEPS = ("loading", "preparing", "coloring")
"""When the GPU's memory runs out."""
_BUDGET = 64 << 20


@dataclass
class CrowdedGpu:
    """Has no room at one step of the work, so many times, or for more than so much at once.

    Attributes
    ----------
    room : int, optional
        Bytes that the results of a network's layers may take at once.
    built : list of str
        The places for which networks were built.
    """

    step: str = ""
    times: int = 0
    room: int | None = None
    built: list[str] = field(default_factory=list)

    def load(self, name: str, device: str) -> Colorizer:
        """What the engine calls; the network itself is always on the CPU."""
        self.built.append(device)
        place = parse_place(device)
        if place.device != "cuda":
            return load(name, device)
        self.need_room("loading")
        return _OnGpu(load(name, str(place._replace(device="cpu"))), self)

    def need_room(self, step: str) -> None:
        if step == self.step and self.times:
            self.times -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


class Layers(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types for it
    """Counts the memory of what torch makes in the block and still holds; out of it where that is more than there is.

    Attributes
    ----------
    most : int
        Bytes, at the worst moment.
    """

    def __init__(self, room: int | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.most: int = 0
        self._room = room
        self._held: WeakKeyDictionary[torch.UntypedStorage, int] = WeakKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for each in tree_leaves(made):
            if isinstance(each, torch.Tensor):
                storage = each.untyped_storage()
                self._held[storage] = storage.nbytes()
        now = sum(self._held.values())
        self.most = max(self.most, now)
        if self._room is not None and now > self._room:
            raise torch.OutOfMemoryError(f"CUDA out of memory. {now} bytes were asked for of {self._room}.")
        return made


class _OnGpu:
    """A network that takes room on that GPU."""

    def __init__(self, inner: Colorizer, gpu: CrowdedGpu) -> None:
        self.name, self.controls = inner.name, inner.controls
        self._inner, self._gpu = inner, gpu

    def work_smaller(self, part: int) -> None:
        self._inner.work_smaller(part)

    def prepare(self, lightness: NDArray[np.float32]) -> Prepared:
        self._gpu.need_room("preparing")
        return self._inner.prepare(lightness)

    def colorize(
        self,
        prepared: Prepared,
        guidance: Guidance,
        *,
        size: tuple[int, int] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> NDArray[np.float32]:
        self._gpu.need_room("coloring")
        with Layers(self._gpu.room):
            return self._inner.colorize(prepared, guidance, size=size, cancelled=cancelled)


def need(method: str, part: int) -> int:
    """Bytes that a network's layers take at their worst moment, without guidance, at a part of its working size."""
    colorizer = load(method, str(Place("cpu", part)))
    rng = np.random.default_rng(0)
    prepared = colorizer.prepare(rng.uniform(0.0, 100.0, (600, 600)).astype(np.float32))
    layers = Layers()
    with layers:
        colorizer.colorize(prepared, Guidance())
    return layers.most


@dataclass(frozen=True)
class _Case:
    """A GPU, and what must come of it: where the picture is colored, and the devices that it is tried on."""

    words: str
    result: str
    gpus: Sequence[CrowdedGpu]
    place: str
    note: str = ""


def _cases() -> Iterator[_Case]:
    steps = ", ".join(STEPS[:-1]) + f" or {STEPS[-1]}"
    yield _Case(
        f"a GPU with room once it is emptied, while {steps}",
        "colored by it after all, with the same pixels",
        [CrowdedGpu(step, 1) for step in STEPS],
        "cuda",
    )
    whole, half = need(METHOD, 1), need(METHOD, 2)
    yield _Case(
        "a GPU with room for half the working size",
        f"colored by it at half the size ({megabytes(half)} instead of {megabytes(whole)} at the worst moment) with a "
        "note that says so; the next request at the whole size again where there is room",
        [CrowdedGpu(room=(whole + half) // 2)],
        "cuda/2",
        "half the size",
    )
    yield _Case(
        f"a GPU with no room at all, while {steps}",
        "colored on the CPU with the same pixels and a note that says so; the next request by the GPU again",
        [CrowdedGpu(step, 3) for step in STEPS],
        "cpu",
        "CPU",
    )


def memory_rows(effort: Effort) -> Iterator[Row]:
    """Room once everything else is out of the GPU, room for half the size, and no room at all."""
    effort.note("crowding the GPU")
    for index, case in enumerate(_cases()):
        wrong = [
            f"{gpu.step or gpu.room}: {fault}"
            for number, gpu in enumerate(case.gpus)
            for fault in crowded(effort.folder / f"gpu-{index}-{number}", gpu, case.place, case.note)
        ]
        yield Row(case.words, "; ".join(wrong) or case.result, not wrong, {"gpus": len(case.gpus)})


PLACES = ("cuda", "cuda", "cuda/2", "cpu")
"""Where a picture is tried, one after the other."""


def crowded(folder: Path, gpu: CrowdedGpu, place: str, note: str) -> Iterator[str]:
    """What went wrong with an engine on this GPU whose picture must be colored at that place, with that note."""
    asked = replace(request(), method=METHOD, output=PixelFormat.abf32)
    with _engine_on(folder, gpu.load) as connection, Caller(connection) as caller:
        answers = [caller.call(asked)]
        gpu.room = None  # what took it up has gone
        answers.append(caller.call(asked))
    for answer, part, noted in zip(answers, (parse_place(place).part, 1), (note, ""), strict=True):
        with _engine_on(folder, _on_cpu(part)) as connection, Caller(connection) as caller:
            expected = caller.call(asked)
        if not isinstance(answer, Colorized) or not isinstance(expected, Colorized):
            yield f"expected colors, got {answer}"
            continue
        if bytes(answer.plane.data) != bytes(expected.plane.data):
            yield "the pixels are others"
        told = [said for said in answer.notes if said not in expected.notes]
        if len(told) != bool(noted) or not all(noted in said for said in told):
            yield f"the notes say {answer.notes}"
    tried = PLACES[: PLACES.index(place, 1) + 1] + ("cuda",) * (place != "cuda")
    if tuple(gpu.built) != tried:
        yield f"networks were built for {', '.join(gpu.built)}, not for {', '.join(tried)}"


def _on_cpu(part: int) -> Callable[[str, str], Colorizer]:
    """What an engine calls that has no GPU, and thinks at a part of the working size."""
    return lambda name, device: load(name, str(Place("cpu", part)))


@contextlib.contextmanager
def _engine_on(folder: Path, build: Callable[[str, str], Colorizer]) -> Iterator[Connection]:
    """An engine on a thread of this process, with real sockets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = Settings("cuda", None, _BUDGET, folder / "engine.json")
    engine = Engine(settings, lambda cache: Service(device="cuda", cache=cache, load=build, threads=1))
    thread = threading.Thread(target=engine.run, name="engine")
    thread.start()
    try:
        yield engine.connection
    finally:
        engine.stop()
        thread.join()
        engine.close()
