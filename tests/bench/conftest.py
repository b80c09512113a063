"""A tiny data folder for the bench, drawn by code: two pictures to train on, three to validate with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Red discs on green ground under a blue sky."""
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    rng, rows = np.random.default_rng(0), ["file,split"]
    for index in range(5):
        bgr = np.empty((60 + 4 * index, 80, 3), np.uint8)
        bgr[:30], bgr[30:] = (220, 180, 120), (60, 150, 70)
        center = int(rng.integers(20, 60)), int(rng.integers(20, 40))
        cv2.circle(bgr, center, 15, (40, 30, 190), -1)
        cv2.imwrite(str(folder / "images" / f"{index}.png"), bgr)
        rows.append(f"images/{index}.png,{'val' if index >= 2 else 'train'}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
