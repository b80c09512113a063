"""Rows of section `faults`: a GPU without room, on any machine: real engine and networks, the GPU's error made by hand.

Who has no GPU says "cuda" to the service, which builds its networks through a seam, `load`; they compute on the CPU.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from handtint.bench.caller import Caller
from handtint.bench.honest import request
from handtint.bench.reliability import Effort, Row
from handtint.colorizers.base import Colorizer, Guidance, Prepared
from handtint.colorizers.registry import load
from handtint.server.cache import Cache
from handtint.server.engine import Engine, Settings
from handtint.server.service import Service
from handtint.wire.connection import Connection
from handtint.wire.messages import Colorized, Message
from handtint.wire.pixels import PixelFormat

METHOD = "unified"
STEPS = ("loading", "preparing", "coloring")
"""When the GPU's memory runs out."""
_BUDGET = 64 << 20


@dataclass
class CrowdedGpu:
    """Has no room at one step of the work, so many times.

    Attributes
    ----------
    built : list of str
        The devices for which networks were built.
    """

    step: str
    times: int
    built: list[str] = field(default_factory=list)

    def load(self, name: str, device: str) -> Colorizer:
        """What the engine calls; the network itself is always on the CPU."""
        self.built.append(device)
        if device != "cuda":
            return load(name, device)
        self.need_room("loading")
        return _OnGpu(load(name, "cpu"), self)

    def need_room(self, step: str) -> None:
        if step == self.step and self.times:
            self.times -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


class _OnGpu:
    """A network that takes room on that GPU."""

    def __init__(self, inner: Colorizer, gpu: CrowdedGpu) -> None:
        self.name, self.controls = inner.name, inner.controls
        self._inner, self._gpu = inner, gpu

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
        return self._inner.colorize(prepared, guidance, size=size, cancelled=cancelled)


def memory_rows(effort: Effort) -> Iterator[Row]:
    """Room once everything else is out of the GPU, and no room at all."""
    effort.note("crowding the GPU")
    for times, words in ((1, "room once it is emptied"), (2, "no room at all")):
        wrong = [
            f"{step}: {fault}"
            for step in STEPS
            for fault in crowded(effort.folder / f"gpu-{times}-{step}", CrowdedGpu(step, times))
        ]
        result = (
            "colored by it after all, with the same pixels"
            if times == 1
            else "colored on the CPU with the same pixels and a note that says so; the next request by the GPU again"
        )
        what = f"a GPU with {words}, while {', '.join(STEPS[:-1])} or {STEPS[-1]}"
        yield Row(what, "; ".join(wrong) or result, not wrong, {"steps": len(STEPS)})


def crowded(folder: Path, gpu: CrowdedGpu) -> Iterator[str]:
    """What went wrong with an engine on this GPU."""
    full = gpu.times > 1
    asked = replace(request(), method=METHOD, output=PixelFormat.abf32)
    with _engine_on(folder, CrowdedGpu("", 0)) as connection, Caller(connection) as caller:
        expected = caller.call(asked)
    with _engine_on(folder, gpu) as connection, Caller(connection) as caller:
        answers: list[Message] = [caller.call(asked), caller.call(asked)]
    for answer, noted in zip(answers, (full, False), strict=True):
        if not isinstance(answer, Colorized) or not isinstance(expected, Colorized):
            yield f"expected colors, got {answer}"
        elif bytes(answer.plane.data) != bytes(expected.plane.data):
            yield "the pixels are others"
        elif any("CPU" in note for note in answer.notes) != noted:
            yield f"the notes say {answer.notes}"
    if ("cpu" in gpu.built) != full or gpu.built[-1] != "cuda":
        yield f"networks were built for {', '.join(gpu.built)}"


@contextlib.contextmanager
def _engine_on(folder: Path, gpu: CrowdedGpu) -> Iterator[Connection]:
    """An engine on a thread of this process, with real sockets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = Settings("cuda", None, _BUDGET, folder / "engine.json")
    engine = Engine(settings, lambda cache: _service(cache, gpu))
    thread = threading.Thread(target=engine.run, name="engine")
    thread.start()
    try:
        yield engine.connection
    finally:
        engine.stop()
        thread.join()
        engine.close()


def _service(cache: Cache, gpu: CrowdedGpu) -> Service:
    return Service(device="cuda", cache=cache, load=gpu.load, threads=1)
