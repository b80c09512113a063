from __future__ import annotations

import logging

import pytest
import torch

from handtint.colorizers.scribble import ScribbleColorizer
from handtint.errors import (
    Cancelled,
    GuidanceError,
    HandtintError,
    PictureError,
    ProtocolError,
    UnknownMethod,
    WeightsError,
)
from handtint.server.bounds import TooLarge
from handtint.server.cache import Cache, UnknownPlanes
from handtint.server.mailbox import Job
from handtint.server.service import Service
from handtint.server.worker import answer, failure
from handtint.wire.messages import Colorize, Colorized, GetStatus
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane


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


class SmallGpu:
    """Builds colorizers that find no room on the GPU for a while."""

    def __init__(self, *, fails: int) -> None:
        self.fails = fails
        self.built: list[str] = []

    def load(self, name: str, device: str) -> ScribbleColorizer:
        self.built.append(device)
        if device != "cpu" and self.fails:
            self.fails -= 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return ScribbleColorizer()


@pytest.mark.parametrize(
    ("fails", "built"),
    [
        (0, ["cuda"]),
        (1, ["cuda", "cuda"]),
        (2, ["cuda", "cuda", "cuda/2"]),
        (9, ["cuda", "cuda", "cuda/2", "cpu"]),
    ],
    ids=["room", "freed", "halved", "full"],
)
def test_a_full_gpu_is_emptied_spared_and_then_left_for_one_request(
    fails: int, built: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    gpu = SmallGpu(fails=fails)
    service = Service(device="cuda", cache=Cache(1 << 20), load=gpu.load, threads=1)
    job = Job(b"", "", Colorize(1, "d", Plane(PixelFormat.gray8, Extent(8, 6), bytes(48)), "scribble"))
    reply = answer(service, job)
    assert isinstance(reply, Colorized)
    assert gpu.built == built
    assert service.device == "cuda"
    assert any("CPU" in note for note in reply.notes) == (built[-1] == "cpu")
    assert any("half the size" in note for note in reply.notes) == (built[-1] == "cuda/2")
    assert len(caplog.records) == len(built) - 1, "each step is said in the log"
    service.close()


def test_other_faults_are_not_tried_again() -> None:
    gpu = SmallGpu(fails=0)
    service = Service(device="cuda", cache=Cache(1 << 20), load=gpu.load, threads=1)
    with pytest.raises(UnknownPlanes):
        answer(service, Job(b"", "", Colorize(1, "d", Known("0" * 32), "scribble")))
    assert gpu.built == []
    service.close()
