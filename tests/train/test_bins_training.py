"""Training of the bins: batches with and without labels, the joint loss by hand, figures, ablation, by name."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from handtint.color.bins import BINS, SoftBins, bin_centers, encode
from handtint.nets.bins import BinsNet, BinsOutput
from handtint.train.bins import BinsTask, class_loss, class_shares, color_loss, to_batch
from handtint.train.bins import build_task as build_bins
from handtint.train.bins_measure import bin_accuracy, class_figures
from handtint.train.bins_prior import measure_prior, read_prior
from handtint.train.data import Store, bytes_to_lab, pack
from handtint.train.loop import Schedule, start, take_step
from handtint.train.run import read_recipe, train

SMALL = {"width": 8, "classes": 79, "short_side": 48, "phases": [{"start": 0.0, "crop": 32, "batch": 4}]}


@pytest.fixture
def labelled_folder(data_folder: Path) -> Path:
    """Every other picture has a map: class 1 above (sky), 2 below."""
    rows = (data_folder / "manifest.csv").read_text().splitlines()
    lines = ["file,split,label,set"]
    for number, row in enumerate(rows[1:]):
        name, split = row.split(",")
        label = ""
        if number % 2 == 0:
            height, width = cv2.imread(str(data_folder / name)).shape[:2]
            classes = np.ones((height, width), np.uint8)
            classes[height // 2 :] = 2
            label = f"{number}-map.png"
            Image.fromarray(classes).save(data_folder / label)
        lines.append(f"{name},{split},{label},drawn")
    (data_folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return data_folder


@pytest.fixture
def task(labelled_folder: Path, tmp_path: Path) -> BinsTask:
    packed = pack(labelled_folder, tmp_path / "packed", short_side=48)
    task = build_bins({**read_recipe("bins"), **SMALL}, Store(labelled_folder, packed))
    return replace(task, validation_side=48)


def test_a_batch_depends_on_seed_and_step_only(task: BinsTask) -> None:
    one, two, other = task.batch(4, 0.2), task.batch(4, 0.2), task.batch(5, 0.2)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], other[0])
    assert [tuple(part.shape) for part in one] == [(4, 1, 32, 32), (4, 5, 8, 8), (4, 5, 8, 8), (4, 8, 8)]


def test_labels_and_colors_lie_on_the_same_things(task: BinsTask) -> None:
    """Where the map says sky, the sky's own bin is the nearest one."""
    rng = np.random.default_rng(0)
    corner = bytes_to_lab(task.train.picture(0))[0, 0, 1:]
    sky = encode(torch.from_numpy(corner).reshape(1, 2, 1, 1)).bins[0, 0].item()
    batch = to_batch([task.draw(32, rng) for _ in range(24)])
    seen = batch.bins[:, 0][batch.labels == 1]
    assert len(seen) > 100
    assert (seen == sky).float().mean() > 0.5  # the disc covers some of it
    assert ((batch.bins[:, 0] == sky) & (batch.labels == 2)).sum() < 0.1 * (batch.labels == 2).sum()


def test_labelled_pictures_come_as_often_as_asked_for(task: BinsTask) -> None:
    rng = np.random.default_rng(1)
    always = replace(task, labelled=1.0)
    assert all(always.draw(16, rng).labels.any() for _ in range(20))
    some = [bool(replace(task, labelled=0.0).draw(16, rng).labels.any()) for _ in range(60)]
    assert 0.25 < np.mean(some) < 0.75  # half of all pictures have a map


def test_class_shares_leave_out_what_is_not_labelled(task: BinsTask) -> None:
    shares = class_shares(task.train, 4)
    assert shares[0] == shares[3] == 0
    assert shares.sum() == pytest.approx(1.0)
    assert shares[1].item() == pytest.approx(0.5, abs=0.1)


def test_color_loss_weighs_by_the_nearest_bin() -> None:
    logits = torch.zeros(1, BINS, 1, 2)  # a uniform answer: log 313 for every pixel
    truth = SoftBins(torch.tensor([[3, 7]]).reshape(1, 1, 1, 2), torch.ones(1, 1, 1, 2))
    weights = torch.ones(BINS)
    weights[7] = 3.0
    assert color_loss(logits, truth, weights).item() == pytest.approx(2.0 * math.log(BINS))


def test_class_loss_counts_labelled_pixels_only() -> None:
    logits = torch.zeros(1, 3, 1, 4)
    labels = torch.tensor([[[0, 0, 1, 2]]])
    assert class_loss(logits, labels, torch.tensor([9.0, 1.0, 0.5])).item() == pytest.approx(0.75 * math.log(3))
    assert class_loss(logits, 0 * labels, torch.ones(3)).item() == 0.0


def test_loss_falls_on_one_batch(task: BinsTask) -> None:
    schedule = Schedule(steps=40, rate=3e-3, warmup=1, decay=1e-6)
    state = start(task, schedule, "cpu")
    batch = task.batch(0, 0.0)

    class OneBatch:
        """The task with the same batch for ever."""

        build, loss = task.build, task.loss

        def batch(self, number: int, progress: float) -> tuple[torch.Tensor, ...]:
            return batch

    steps = [take_step(OneBatch(), schedule, state, "cpu") for _ in range(40)]  # type: ignore[arg-type]
    for name in ("colors", "classes"):
        assert steps[-1][name] < 0.5 * steps[0][name], name


def test_without_the_segmentation_loss_its_head_does_not_learn(task: BinsTask) -> None:
    alone = replace(task, loss_weights=replace(task.loss_weights, segmentation=0.0))
    net = alone.build()
    alone.loss(net, alone.batch(0, 0.0))[0].backward()
    assert isinstance(net, BinsNet)
    assert not net.classes.weight.grad.any()  # type: ignore[union-attr]
    assert net.colors.weight.grad.any()  # type: ignore[union-attr]


def test_the_arms_of_the_ablation_differ_in_nothing_else() -> None:
    whole, joint, alone = (read_recipe(name) for name in ("bins", "bins.joint", "bins.alone"))
    assert joint["loss"] == whole["loss"]
    assert alone["loss"] == {**joint["loss"], "segmentation": 0.0}
    assert {key for key in joint if joint[key] != alone[key]} == {"loss"}


def test_the_prior_counts_every_picture_alike(task: BinsTask) -> None:
    prior = measure_prior(task.train.pictures)
    assert prior.shape == (BINS,)
    assert prior.sum().item() == pytest.approx(1.0)
    corner = bytes_to_lab(task.train.picture(0))[-1, 0, 1:]
    ground = encode(torch.from_numpy(corner).reshape(1, 2, 1, 1)).bins.flatten()
    assert prior[ground].sum() > 0.3  # green covers nearly half


def test_the_stored_prior_is_that_of_photographs() -> None:
    prior, middle = read_prior(), bin_centers().tolist().index([0.0, 0.0])
    assert prior.sum().item() == pytest.approx(1.0, abs=1e-3)
    assert prior.argmax() == middle
    assert 0.1 < prior[middle] < 0.35
    assert bool((prior >= 0).all())


def test_bin_accuracy_of_known_answers() -> None:
    truth = np.zeros((2, 8, 8), np.float32)
    middle = bin_centers().tolist().index([0.0, 0.0])
    logits = torch.zeros(1, BINS, 2, 2)
    logits[0, middle, 0] = 1.0  # right in the upper half
    logits[0, :5, 1] = 1.0  # five others in the lower one
    assert bin_accuracy(logits, truth) == (0.5, 0.5)
    logits[0, 4, 1], logits[0, middle, 1] = 0.0, 0.5
    assert bin_accuracy(logits, truth) == (0.5, 1.0)


def test_class_figures_of_known_answers(task: BinsTask) -> None:
    class Fixed(torch.nn.Module):
        """Class 1 above and 2 below, "not labelled" above all; or 1 everywhere."""

        def __init__(self, *, halves: bool) -> None:
            super().__init__()
            self.halves = halves

        def forward(self, gray: torch.Tensor) -> BinsOutput:
            n, _, height, width = gray.shape
            scores = torch.zeros(n, 79, height // 4, width // 4)
            scores[:, 0] = 9.0
            scores[:, 1] = 5.0
            if self.halves:
                scores[:, 1, height // 8 :], scores[:, 2, height // 8 :] = 0.0, 5.0
            return BinsOutput(torch.zeros(n, BINS, height // 4, width // 4), scores)

    assert min(class_figures(task, Fixed(halves=True)).values()) > 0.9
    half = class_figures(task, Fixed(halves=False))
    assert half["mIoU"] == pytest.approx(0.25, abs=0.03)  # half of class 1, none of class 2
    assert half["classes right"] == pytest.approx(0.5, abs=0.05)
    nothing = replace(task, val=replace(task.val, offsets=(-1,) * len(task.val)))
    assert class_figures(nothing, Fixed(halves=True)) == {"mIoU": 0.0, "classes right": 0.0}


def test_train_by_name(labelled_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {**read_recipe("bins"), **SMALL}
    monkeypatch.setattr("handtint.train.run.read_recipe", lambda method: small)
    net = train("bins", labelled_folder, tmp_path / "out", steps=2, progress=False)
    assert isinstance(net, BinsNet)
    assert (net.width, net.training) == (8, False)
    entries = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    figures = entries[-1]["validation"]
    assert figures["psnr 0 hints"] > 5.0
    assert 0.0 <= figures["bin top-1"] <= figures["bin top-5"] <= 1.0
    sheet = cv2.imread(str(tmp_path / "out" / "sheet-000002.png"))
    assert sheet is not None
    assert sheet.shape == (6 * 128, 12 * 128, 3)
