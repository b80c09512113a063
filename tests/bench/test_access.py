"""The short form of who gets in: nobody without the token, nothing behind a link, no path that a message names."""

from __future__ import annotations

from pathlib import Path

import pytest

from handtint.bench import access, far
from handtint.bench.access import CANARY, LOGINS, address_row, path_row, stranger_row, trap_row, with_path
from handtint.bench.far import keys_row
from handtint.bench.reliability import Effort
from handtint.wire import messages as m


@pytest.mark.slow
def test_nobody_gets_in_without_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = stranger_row(Effort(0.001, tmp_path / "held"))
    assert row.held, row.result
    assert row.figures["times"] == 2 * len(LOGINS)
    honest = {"the right one": lambda token, rng: access._plain(access.USERNAME, token)}
    monkeypatch.setattr(access, "LOGINS", honest)
    row = stranger_row(Effort(0.001, tmp_path / "broken"))
    assert not row.held, "a login that succeeds is not seen"
    assert row.figures["let_in"] == 2


@pytest.mark.slow
def test_traps_at_the_engines_files(tmp_path: Path) -> None:
    row = trap_row(Effort(0.001, tmp_path))
    assert row.held, row.result


@pytest.mark.slow
def test_other_addresses_need_keys(tmp_path: Path) -> None:
    row = address_row(Effort(0.001, tmp_path))
    assert row.held, row.result


@pytest.mark.slow
def test_other_machines_get_in_by_a_known_key_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = keys_row(Effort(0.1, tmp_path / "held"))
    assert row.held, row.result
    monkeypatch.setattr(far, "_answered", lambda address, prepare: True)
    row = keys_row(Effort(0.1, tmp_path / "broken"))
    assert row.result == "an unknown key got in; one for another engine got in; the token without a key got in"


@pytest.mark.slow
def test_no_path_of_a_message_is_opened(tmp_path: Path) -> None:
    row = path_row(Effort(0.001, tmp_path))
    assert row.held, row.result


def test_the_paths_are_in_every_text() -> None:
    kinds = {type(message) for message in with_path(CANARY) if CANARY in repr(message)}
    texts = {m.Hello, m.Colorize, m.Segment, m.RecommendThemes, m.Suggest, m.MapUncertainty}
    assert texts <= kinds
    assert all(CANARY in repr(message) for message in with_path(CANARY))
