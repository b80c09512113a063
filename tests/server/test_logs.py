"""The engine's log: files that take turns, for this user alone, without anything of the pictures."""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from handtint.errors import EngineRefused
from handtint.server.logs import NAME, logging_to
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, encode
from handtint.wire.pixels import Extent, PixelFormat, Plane

log = logging.getLogger("handtint.test")


def test_files_take_turns_and_are_bounded(tmp_path: Path) -> None:
    with logging_to(tmp_path, StringIO(), nbytes=2000):
        for index in range(500):
            log.info("line %d", index)
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == [NAME, f"{NAME}.1", f"{NAME}.2", f"{NAME}.3"]
    assert all(path.stat().st_size <= 2000 for path in paths)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    assert "line 499" in paths[0].read_text()


def test_a_terminal_gets_all_and_a_file_only_errors(tmp_path: Path) -> None:
    terminal = StringIO()
    with logging_to(tmp_path, terminal), (tmp_path / "engine.err").open("w+") as caught:
        log.info("news")
    assert "news" in terminal.getvalue()
    with (tmp_path / "engine.err").open("w+") as caught, logging_to(tmp_path, caught):
        log.info("news")
        log.error("a fault")
    assert "a fault" in (tmp_path / "engine.err").read_text()
    assert "news" not in (tmp_path / "engine.err").read_text()


def test_nothing_is_left_behind_in_the_process(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    with logging_to(tmp_path, StringIO()):
        pass
    assert logging.getLogger().handlers == before


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineRefused, match="cannot be written"), logging_to(tmp_path, StringIO()):
        log.info("news")
    assert (tmp_path / "elsewhere").read_text() == ""


SECRETS = ("aunt-emma.kra", "grandmother's dress", "PIXELSPIXELS")


def test_nothing_of_a_picture_is_logged(
    running: Any, peer: Any, colorizer: Any, request_for: Callable[..., m.Colorize], tmp_path: Path
) -> None:
    document, palette, pixels = SECRETS
    base = Plane(PixelFormat.gray8, Extent(12, 1), pixels.encode())
    secret = m.Palette((m.Color(0.123456, 0.5, 0.5),), (), palette)
    with logging_to(tmp_path, StringIO()) as path:
        colorizer.permits.release(5)
        peer.hello()
        peer.call(request_for(peer, document, 0, base=base, palette=secret))
        colorizer.failures += [ZeroDivisionError(), MemoryError()]
        for _ in range(2):
            peer.call(request_for(peer, document, 0, base=base, palette=secret))
        peer.call(request_for(peer, document, 0, base=base, method="none"))
        frames = [bytes(frame) for frame in encode(request_for(peer, document, 0, base=base, palette=secret))]
        for broken in ([MAGIC, frames[1], frames[2][:-1]], [MAGIC, frames[1][:-9], frames[2]], [MAGIC, *frames[2:]]):
            peer.send_raw(*broken)
            peer.receive()
    text = path.read_text()
    assert "a message that cannot be read" in text
    assert "ZeroDivisionError" in text
    for secret_words in (*SECRETS, "0.123456", running.engine.token):
        assert secret_words not in text
