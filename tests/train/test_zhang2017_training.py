"""The learned peer trains on the shared loop, sees no palette, and is built by its recipe."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
import torch

from handtint.nets.zhang2017 import Zhang2017Net
from handtint.train.data import load_packed, pack
from handtint.train.global_local import Phase
from handtint.train.inputs import InputMix
from handtint.train.loop import Schedule, start, take_step
from handtint.train.losses import LossWeights
from handtint.train.run import read_recipe, train
from handtint.train.zhang2017 import Zhang2017Task

MIX = InputMix(none=0.25, palette=0.0, hints=0.75, both=0.0, shifted=0.0)


@pytest.fixture
def task(data_folder: Path, tmp_path: Path) -> Zhang2017Task:
    packed = pack(data_folder, tmp_path / "packed", short_side=48)
    train_part, val = (load_packed(packed, split, short_side=48) for split in ("train", "val"))
    weights = LossWeights(delta=0.01)
    return Zhang2017Task(train_part, val, 8, 1, (Phase(0.0, 32, 4),), MIX, weights, validation_side=48)


def test_the_same_pictures_and_hints_as_ours(task: Zhang2017Task) -> None:
    recipe, ours = read_recipe("zhang2017"), read_recipe("global_local")
    same = {name for name in ours if recipe[name] == ours[name]}
    assert {"phases", "schedule", "without", "short_side", "widest", "seed"} <= same
    assert all(recipe["inputs"][name] == ours["inputs"][name] for name in ("recolored", "strokes", "most_hints"))
    assert "like" not in recipe
    assert InputMix(**recipe["inputs"]).none + InputMix(**recipe["inputs"]).hints == 1.0
    *_, palette_mask, _ = task.batch(3, 0.0)
    assert not palette_mask.any()


def test_loss_falls_on_one_batch(task: Zhang2017Task) -> None:
    schedule = Schedule(steps=40, rate=3e-3, warmup=1, decay=1e-6)
    state = start(task, schedule, "cpu")
    batch = task.batch(0, 0.0)

    class OneBatch:
        """The task with the same batch for ever."""

        build, loss = task.build, task.loss

        def batch(self, number: int, progress: float) -> tuple[torch.Tensor, ...]:
            return batch

    losses = [take_step(OneBatch(), schedule, state, "cpu")["loss"] for _ in range(40)]  # type: ignore[arg-type]
    assert losses[-1] < 0.5 * losses[0]


def test_train_by_name(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {**read_recipe("zhang2017"), "width": 4, "phases": [{"start": 0.0, "crop": 32, "batch": 2}]}
    monkeypatch.setattr("handtint.train.run.read_recipe", lambda method: small)
    net = train("zhang2017", data_folder, tmp_path / "out", steps=2, progress=False)
    assert isinstance(net, Zhang2017Net)
    entries = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["validation"]["psnr@10"] > 5.0
    sheet = cv2.imread(str(tmp_path / "out" / "sheet-000002.png"))
    assert sheet is not None
    assert sheet.shape == (5 * 128, 12 * 128, 3)
