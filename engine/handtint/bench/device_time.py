"""How long the GPU itself works on a stroke, by its own events; wall clock alone hides queues and waiting.

In this process, without an engine: the events of another process cannot be read.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from handtint.color.hints import Hints, no_hints, painted_points
from handtint.colorizers.base import FloatArray, Guidance
from handtint.colorizers.registry import load


def stroke_device_seconds(
    method: str, gray: NDArray[np.uint8], size: tuple[int, int], strokes: int, *, device: str = "cuda"
) -> list[float]:
    """Seconds between a CUDA event before and one after each stroke's answer, the picture being prepared already.

    Parameters
    ----------
    gray : (H, W) uint8
    size : (height, width)
        Of the preview.
    """
    colorizer = load(method, device)
    lightness = gray.astype(np.float32) * (100.0 / 255.0)
    prepared = colorizer.prepare(lightness)
    rng = np.random.default_rng(0)
    painted = no_hints(lightness.shape)
    seconds = []
    for _ in range(strokes + 1):
        _paint(painted, rng)
        guidance = Guidance(hints=painted_points(*painted))
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        colorizer.colorize(prepared, guidance, size=size)
        end.record()
        torch.cuda.synchronize()
        seconds.append(start.elapsed_time(end) / 1e3)
    return seconds[1:]  # the first one also loads kernels


def _paint(painted: Hints, rng: np.random.Generator) -> None:
    """A square of a fiftieth of the side in a random colour."""
    side = max(2, max(painted.mask.shape) // 50)
    top, left = (int(rng.integers(0, max(1, length - side))) for length in painted.mask.shape)
    color: FloatArray = rng.uniform(-40.0, 40.0, (2, 1, 1)).astype(np.float32)
    painted.ab[:, top : top + side, left : left + side] = color
    painted.mask[top : top + side, left : left + side] = 1.0
