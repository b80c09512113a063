"""The latency bench against a real engine of its own, and what it writes; no time is asserted."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from handtint.bench.device_time import stroke_device_seconds
from handtint.bench.latency import (
    LatencyPlan,
    Timings,
    gray_picture,
    peak_memory,
    percentiles,
    preview_size,
    run_latency,
)
from handtint.bench.latency_report import write_latency
from handtint.bench.provenance import find_origin
from handtint.cli.main import run


def test_percentiles_of_known_times() -> None:
    assert percentiles([float(n) for n in range(101)]) == (50.0, 95.0, 100.0)
    assert percentiles([0.2]) == (0.2, 0.2, 0.2)


@pytest.mark.parametrize("megapixels", [0.02, 0.25])
def test_the_picture_has_the_size_and_is_not_flat(megapixels: float) -> None:
    gray = gray_picture(megapixels)
    height, width = gray.shape
    assert gray.size == pytest.approx(megapixels * 1e6, rel=0.02)
    assert width == pytest.approx(1.5 * height, rel=0.02)
    assert np.abs(np.diff(gray.astype(int), axis=1)).mean() > 0.5
    assert np.array_equal(gray_picture(megapixels), gray)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_peak_memory_of_this_process() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    assert peak_memory(os.getpid()) >= 0.9 * pages * os.sysconf("SC_PAGE_SIZE")
    assert peak_memory(2**30) == 0


def test_a_real_engine_is_timed_and_ends(tmp_path: Path) -> None:
    plan = LatencyPlan(("scribble",), (0.02,), (1,), strokes=2, pictures=1, palettes=1, commits=1)
    notes: list[str] = []
    folder = tmp_path / "runtime"
    (timings,) = run_latency(plan, folder, clock=time.perf_counter, note=notes.append)
    assert notes == ["scribble, 0.02 MP, 1 threads"]
    counts = {action: len(seconds) for action, seconds in timings.seconds.items()}
    assert counts == {
        "engine start": 1,
        "first answer": 1,
        "cold picture, preview": 1,
        "stroke: building the request": 2,
        "stroke, preview": 2,
        "commit, full size": 1,
        "stroke, whole picture quickly": 2,
    }
    assert all(value > 0 for seconds in timings.seconds.values() for value in seconds)
    for built, seen in zip(
        timings.seconds["stroke: building the request"], timings.seconds["stroke, preview"], strict=True
    ):
        assert built < seen
    assert timings.device == "cpu"
    assert not (folder / "engine.json").exists()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_times_itself() -> None:
    gray = gray_picture(0.02)
    assert min(stroke_device_seconds("global_local", gray, preview_size(gray), 2)) > 0


def test_a_preview_keeps_the_shape() -> None:
    assert preview_size(np.zeros((2000, 3000), np.uint8)) == (683, 1024)
    assert preview_size(np.zeros((20, 30), np.uint8)) == (20, 30)


def test_the_report_has_every_figure(tmp_path: Path) -> None:
    timings = Timings("scribble", 4.0, 2, "cpu", {"stroke, preview": [0.01, 0.02, 0.03]}, 512 << 20)
    origin = find_origin("handtint bench latency", datetime(2026, 11, 21, tzinfo=UTC))
    text = write_latency([timings], LatencyPlan(("scribble",)), origin, tmp_path).read_text(encoding="utf-8")
    assert "| stroke, preview | 20.0 | 29.0 | 30.0 | 3 |" in text
    assert "| scribble | cpu | 2 | 4 |  | 29 |  |  | 512 |" in text
    assert "Peak memory of the engine: 512 MB." in text
    values = json.loads((tmp_path / "latency.json").read_text(encoding="utf-8"))
    assert values["sizes"][0]["seconds"]["stroke, preview"] == [0.01, 0.02, 0.03]
    assert cv2.imread(str(tmp_path / "latency.png")) is not None


def test_sizes_that_make_no_sense_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "latency", "--sizes", "0", "--out", str(tmp_path)]) == 2
    assert "megapixels" in capsys.readouterr().err
