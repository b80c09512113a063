"""A tiny data folder, drawn by code: 10 pictures to train on, 4 to validate with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks run faster without the threads waiting for each other, above all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Pictures of a red disc on green ground under a blue sky, each a little different."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng, rows = np.random.default_rng(0), ["file,split"]
    for index in range(14):
        height, width = int(rng.integers(60, 80)), int(rng.integers(70, 100))
        bgr = np.empty((height, width, 3), np.uint8)
        bgr[: height // 2], bgr[height // 2 :] = (220, 180, 120), (60, 150, 70)
        center = int(rng.integers(20, width - 20)), int(rng.integers(20, height - 20))
        cv2.circle(bgr, center, 15, (40, 30, 190), -1)
        cv2.imwrite(str(folder / f"{index}.png"), bgr)
        rows.append(f"{index}.png,{'val' if index >= 10 else 'train'}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
