"""The short form of the floods: what peers without the token send is not kept, and where it is, that is seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from handtint.bench.flood import flood_row
from handtint.bench.reliability import Effort

_UNBOUNDED = """
import sys
import handtint.server.doors as doors
doors.MAX_PART = 1 << 31
from handtint.server.engine import serve
sys.exit(serve(device="cpu"))
"""


@pytest.mark.slow
def test_what_comes_without_the_token_is_not_kept(tmp_path: Path) -> None:
    row = flood_row(Effort(0.1, tmp_path / "held"))
    assert row.held, row.result
    assert row.figures["times"] == 40
    row = flood_row(Effort(0.02, tmp_path / "broken"), [sys.executable, "-c", _UNBOUNDED])
    assert not row.held, "an engine that keeps it is not seen"
