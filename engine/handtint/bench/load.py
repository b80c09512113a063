"""Sections `load` and `soak`: many clients at once, and many requests one after the other.

Every request must be answered exactly once, the newest of each document with colors, the documents in turn, within
the engine's memory budget.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
import zmq

from handtint.bench.caller import Caller
from handtint.bench.honest import request
from handtint.bench.latency import gray_picture, peak_memory, percentiles
from handtint.bench.processes import SERVE, engine_in, resident_memory
from handtint.bench.reliability import Effort, Row, megabytes
from handtint.errors import EngineFailed
from handtint.wire import messages as m
from handtint.wire.codec import encode
from handtint.wire.connection import Connection
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane

CLIENTS, STROKES = 16, 50
MEGAPIXELS = (0.1, 0.25, 1.0, 4.0)
"""Sizes of the documents, in turn."""
BUDGET_MB = 256
REQUESTS = 10_000
_PAUSE = 0.4
"""Seconds between two strokes of a client: many clients ask faster than one engine answers, and newer replace older."""
_TURN_MS = 20
_PATIENCE = 600.0
_SAMPLES = 100
_SIDES = (40, 80, 120, 160, 200)
"""Of soaked pictures: for each new shape a network's library keeps something once, which is no leak."""
_SLOPE = 1 << 20
"""Bytes in a thousand requests by which a soaked engine may grow."""


@dataclass
class Document:
    """One client's picture and what became of its strokes."""

    caller: Caller
    base: Plane
    name: str
    strokes: int
    rng: np.random.Generator
    sent: dict[int, float] = field(default_factory=dict)
    requests: dict[int, m.Colorize] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    twice: int = 0
    refilled: int = 0
    next_at: float = 0.0

    @property
    def painting(self) -> bool:
        return len(self.sent) < self.strokes

    @property
    def done(self) -> bool:
        return not self.painting and len(self.answers) == len(self.sent)

    def stroke(self, now: float) -> None:
        """Paint one and ask for the preview, without waiting for the answer to the last one."""
        layer = np.zeros((self.base.extent.height, self.base.extent.width, 4), np.uint8)
        row, column = self.rng.integers(0, (layer.shape[0] - 4, layer.shape[1] - 4))
        layer[row : row + 4, column : column + 4] = (*self.rng.integers(0, 256, 3), 255)
        side = max(self.base.extent)
        size = Extent(*(max(1, pixels * min(side, 512) // side) for pixels in self.base.extent))
        base = Known(self.base.digest()) if self.sent else self.base
        hints = Plane(PixelFormat.rgba8, self.base.extent, layer.tobytes())
        request = m.Colorize(0, self.name, base, "scribble", hints, size=size)
        id = self.caller.send(request)
        self.sent[id], self.requests[id] = now, replace(request, id=id)
        self.next_at = now + _PAUSE

    def take(self, answer: m.Message, now: float) -> None:
        if isinstance(answer, m.Failure) and answer.code == "unknown_plane":
            self.refilled += 1
            self.caller.send_frames(encode(replace(self.requests[answer.id], base=self.base)))
            return
        self.twice += answer.id in self.answers
        self.answers[answer.id] = answer.code if isinstance(answer, m.Failure) else answer.type
        if isinstance(answer, m.Colorized):
            self.seconds.append(now - self.sent[answer.id])


def load(effort: Effort) -> list[Row]:
    """Many clients at one engine."""
    strokes = effort.times(STROKES, 4)
    effort.note(f"{CLIENTS} clients with {strokes} strokes each")
    with (
        engine_in(effort.folder / "runtime", [*SERVE, "--memory", str(BUDGET_MB)]) as (_, connection),
        ExitStack() as stack,
    ):
        sizes = MEGAPIXELS if effort.scale >= 1 else MEGAPIXELS[:2]
        witness = stack.enter_context(Caller(connection))
        witness.call(request())  # nobody's stroke is to wait for an engine that is still starting
        documents = [_document(stack, connection, sizes, index, strokes, effort.seed) for index in range(CLIENTS)]
        statuses = list(_paint(documents, witness))
        return load_rows(documents, statuses, peak_memory(connection.pid))


def load_rows(documents: Sequence[Document], statuses: Sequence[m.Status], peak: int) -> list[Row]:
    """What the answers say."""
    sent = sum(len(document.sent) for document in documents)
    kinds = [kind for document in documents for kind in document.answers.values()]
    once = len(kinds) == sent and not any(document.twice for document in documents)
    newest = [document.answers.get(max(document.sent)) == "colorized" for document in documents]
    colored = [len(document.seconds) for document in documents]
    even = sum(colored) ** 2 / (len(colored) * sum(count * count for count in colored)) if any(colored) else 0.0
    _, p95, longest = percentiles([value for document in documents for value in document.seconds] or [float("nan")])
    most = max(status.cached_bytes for status in statuses)
    queue = max(status.waiting for status in statuses)
    budget = statuses[0].memory_budget
    others = sorted(set(kinds) - {"colorized", "superseded"})
    return [
        Row(
            f"{len(documents)} clients with {len(documents[0].sent)} strokes each: answers",
            f"{sent:,} requests, each answered once: {kinds.count('colorized')} with colors, "
            f"{kinds.count('superseded')} replaced by a newer one{', ' + ', '.join(others) if others else ''}",
            once and not others,
            {"sent": sent, "colorized": kinds.count("colorized"), "superseded": kinds.count("superseded")},
        ),
        Row("the same: newest wins", f"{sum(newest)} of {len(newest)} last strokes were colored", all(newest)),
        Row(
            "the same: fairness between documents",
            f"{min(colored)} to {max(colored)} answers each (Jain's index {even:.3f})",
            even > 0.9,
            {"least": min(colored), "most": max(colored), "jain": round(even, 4)},
        ),
        Row(
            "the same: stroke to preview",
            f"p95 {p95:.2f} s, longest {longest:.2f} s",
            True,
            {"p95": round(p95, 4), "longest": round(longest, 4)},
        ),
        Row(
            "the same: bounds",
            f"at most {queue} waiting, cache at most {megabytes(most)} of {megabytes(budget)}, peak {megabytes(peak)}",
            queue <= len(documents) and most <= budget,
            {"waiting": queue, "cached_bytes": most, "peak_bytes": peak},
        ),
    ]


def soak(effort: Effort) -> list[Row]:
    """Many requests of one client, and whether the engine's memory stays flat."""
    count = effort.times(REQUESTS, 40)
    effort.note(f"{count} requests in a row")
    with (
        engine_in(effort.folder / "runtime", [*SERVE, "--memory", "64"]) as (_, connection),
        Caller(connection) as caller,
    ):
        _fill(caller)
        memory = list(_soak(caller, connection, count, effort.seed))
    later = memory[len(memory) // 4 :]
    slope = float(np.polyfit([at for at, _ in later], [nbytes for _, nbytes in later], 1)[0]) * 1000
    ends = f"memory {megabytes(later[0][1])} to {megabytes(later[-1][1])}"
    result = f"{count:,} answered, {ends}, slope {slope / 2**20:+.2f} MB per 1,000"
    figures = {"requests": count, "slope_bytes_per_1000": round(slope), "last_bytes": later[-1][1]}
    # A slope over fewer requests than that says how an allocator settles, not whether anything leaks.
    return [Row("a soak of one engine", result, count < 1000 or slope < _SLOPE, figures)]


def _fill(caller: Caller) -> None:
    """Pictures until the cache is full: what it takes up to its budget is no leak."""
    for shade in range(32):
        base = Plane(PixelFormat.gray8, Extent(1000, 1000), bytes([shade]) * 1_000_000)
        caller.call(m.Colorize(0, "filling", base, "scribble", size=Extent(10, 10)))


def _soak(caller: Caller, connection: Connection, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """Yields (requests so far, resident bytes)."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        height, width = (int(side) for side in rng.choice(_SIDES, 2))
        base = Plane(PixelFormat.gray8, Extent(width, height), rng.integers(0, 256, height * width, np.uint8).tobytes())
        requests: tuple[m.Message, ...] = (
            m.Colorize(0, f"document {index % 7}", base, "scribble"),
            m.Colorize(0, f"document {index % 5}", base, "global_local", size=Extent(20, 20)),
            m.ExtractPalette(0, base, 3),
            m.GetStatus(0),
        )
        answer = caller.call(requests[index % len(requests)])
        if isinstance(answer, m.Failure):
            raise EngineFailed(answer.code, answer.text)
        if index % max(1, count // _SAMPLES) == 0:
            yield index, resident_memory(connection.pid)


def _document(
    stack: ExitStack, connection: Connection, sizes: Sequence[float], index: int, strokes: int, seed: int
) -> Document:
    gray = np.roll(gray_picture(sizes[index % len(sizes)]), 11 * index, axis=1)
    base = Plane(PixelFormat.gray8, Extent(gray.shape[1], gray.shape[0]), np.ascontiguousarray(gray).tobytes())
    caller = stack.enter_context(Caller(connection))
    return Document(caller, base, f"document {index}", strokes, np.random.default_rng((seed, index)))


def _paint(documents: Sequence[Document], witness: Caller) -> Iterator[m.Status]:
    """Let everybody paint until all is answered; the engine's status now and then."""
    poller = zmq.Poller()
    for document in documents:
        poller.register(document.caller.socket, zmq.POLLIN)
    end = time.monotonic() + _PATIENCE
    asked = 0.0
    while not all(document.done for document in documents):
        now = time.monotonic()
        if now > end:
            raise EngineFailed("internal", f"expected all answers within {_PATIENCE:g} s")
        for document in documents:
            if document.painting and now >= document.next_at:
                document.stroke(now)
        poller.poll(_TURN_MS)
        for document in documents:
            for answer in document.caller.waiting():
                document.take(answer, time.monotonic())
        if now - asked > 1.0:
            asked = now
            yield _status(witness)
    yield _status(witness)


def _status(witness: Caller) -> m.Status:
    status = witness.call(m.GetStatus(0))
    assert isinstance(status, m.Status)
    return status
