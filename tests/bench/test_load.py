"""The short form of load and soak on real engines; no time is asserted. And that a missing answer is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handtint.bench.load import CLIENTS, Document, load, load_rows, soak
from handtint.bench.reliability import Effort
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, PixelFormat, Plane

GRAY = Plane(PixelFormat.gray8, Extent(1, 1), b"\x80")
STATUS = m.Status(1, "0", 1, "cpu", 0.0, (), memory_budget=100, cached_bytes=100, waiting=2)


@pytest.mark.slow
def test_sixteen_clients_are_served_in_turn_and_the_newest_wins(tmp_path: Path) -> None:
    rows = load(Effort(0.08, tmp_path))
    assert [row.what for row in rows if not row.held] == [], rows
    assert rows[0].figures["sent"] == 4 * CLIENTS


@pytest.mark.slow
def test_a_short_soak(tmp_path: Path) -> None:
    (row,) = soak(Effort(0.004, tmp_path))
    assert row.held
    assert row.figures["requests"] == 40


def answered(*kinds: str) -> Document:
    document = Document(None, GRAY, "d", len(kinds), np.random.default_rng(0))  # type: ignore[arg-type]
    document.sent = {id: 0.0 for id, _ in enumerate(kinds)}
    document.answers = {id: kind for id, kind in enumerate(kinds) if kind}
    document.seconds = [1.0] * kinds.count("colorized")
    return document


@pytest.mark.parametrize(
    ("documents", "broken"),
    [
        ([answered("superseded", "colorized")] * 2, []),
        ([answered("colorized", ""), answered("superseded", "colorized")], ["answers", "newest wins"]),
        ([answered("colorized", "internal"), answered("superseded", "colorized")], ["answers", "newest wins"]),
        ([answered(*["colorized"] * 30), answered(*["superseded"] * 29, "colorized")], ["fairness between documents"]),
    ],
)
def test_what_went_wrong_is_seen(documents: list[Document], broken: list[str]) -> None:
    rows = load_rows(documents, [STATUS], 0)
    assert [row.what.partition(": ")[2] for row in rows if not row.held] == broken


def test_a_broken_budget_is_seen() -> None:
    over = m.Status(1, "0", 1, "cpu", 0.0, (), memory_budget=100, cached_bytes=101)
    assert not load_rows([answered("colorized")], [STATUS, over], 0)[-1].held
