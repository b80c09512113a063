from __future__ import annotations

import logging

import pytest
import torch

from handtint.errors import (
    Cancelled,
    GuidanceError,
    HandtintError,
    PictureError,
    ProtocolError,
    UnknownMethod,
    WeightsError,
)
from handtint.server.cache import UnknownPlanes
from handtint.server.mailbox import Job
from handtint.server.service import TooLarge
from handtint.server.worker import failure
from handtint.wire.messages import GetStatus


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PictureError("text"), "bad_picture"),
        (TooLarge("text"), "too_large"),
        (GuidanceError("text"), "bad_guidance"),
        (UnknownMethod("text"), "unknown_method"),
        (ProtocolError("text"), "bad_request"),
        (WeightsError("text"), "not_available"),
        (HandtintError("text"), "internal"),
    ],
)
def test_errors_of_ours_keep_their_sentence(error: Exception, code: str) -> None:
    got = failure(error, Job(b"", "", GetStatus(5)))
    assert (got.id, got.code, got.text) == (5, code, "text")


def test_missing_planes_are_named() -> None:
    got = failure(UnknownPlanes(("a", "b")), Job(b"", "", GetStatus(5)))
    assert (got.code, got.missing) == ("unknown_plane", ("a", "b"))


@pytest.mark.parametrize("reason", ["superseded", "cancelled", "stopping"])
def test_called_off_says_by_what(reason: str) -> None:
    job = Job(b"", "", GetStatus(5))
    job.end(reason)
    assert failure(Cancelled("text"), job).code == reason


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_out_of_memory(error: Exception) -> None:
    assert failure(error, Job(b"", "", GetStatus(5))).code == "out_of_memory"


def test_anything_else_goes_to_the_log_and_not_to_the_client(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        got = failure(ZeroDivisionError("secret of the inside"), Job(b"", "", GetStatus(5)))
    assert got.code == "internal"
    assert "secret" not in got.text
    assert "secret of the inside" in caplog.text
