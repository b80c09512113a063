"""Training with label maps on a tiny data folder: the grid learns what is where, the two streams what it looks like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from handtint.nets.gridnet import GridNet
from handtint.train.data import Store, pack
from handtint.train.edits import EditMix
from handtint.train.global_local import Phase
from handtint.train.labels import LabelledPictures, load_labelled, pack_labels
from handtint.train.loop import Schedule, averaged, start, take_step
from handtint.train.run import build_task, read_recipe
from handtint.train.segment import (
    Balance,
    SegmentTask,
    count_pairs,
    intersection_over_union,
    jitter_lightness,
)
from handtint.train.semantic import SemanticTask, predict

SKY, GRASS, DISC = 3, 2, 1
COLORS = np.array([(0, 0, 0), (190, 30, 40), (70, 150, 60), (120, 180, 220), (255, 255, 0)], np.uint8)


@pytest.fixture
def labelled_folder(data_folder: Path) -> Path:
    """The folder of the other tests with a map for each picture but the last of either split."""
    rows = ["file,label,set,split"]
    for index in range(14):
        bgr = cv2.imread(str(data_folder / f"{index}.png"))
        assert bgr is not None
        labels = np.full(bgr.shape[:2], GRASS, np.uint8)
        labels[bgr[..., 0] > 200] = SKY
        labels[bgr[..., 2] > 180] = DISC
        label = "" if index in (9, 13) else f"{index}-label.png"
        if label:
            image = Image.fromarray(labels)
            image.putpalette(COLORS.tobytes())
            image.save(data_folder / label)
        rows.append(f"{index}.png,{label},{'coco' if index % 2 else 'street'},{'val' if index >= 10 else 'train'}")
    (data_folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return data_folder


@pytest.fixture
def splits(labelled_folder: Path, tmp_path: Path) -> tuple[LabelledPictures, LabelledPictures]:
    packed = pack_labels(labelled_folder, pack(labelled_folder, tmp_path / "packed", short_side=48), short_side=48)
    return load_labelled(packed, "train", short_side=48), load_labelled(packed, "val", short_side=48)


@pytest.fixture
def segment(splits: tuple[LabelledPictures, LabelledPictures]) -> SegmentTask:
    return SegmentTask(
        *splits,
        names=("nothing", "disc", "grass", "sky", "never"),
        colors=COLORS,
        width=8,
        fold=2,
        seed=1,
        phases=(Phase(0.0, 32, 4), Phase(0.5, 64, 2)),
        balance=Balance(),
        validation_side=64,
    )


@pytest.fixture
def semantic(splits: tuple[LabelledPictures, LabelledPictures]) -> SemanticTask:
    return SemanticTask(
        *splits,
        colors=COLORS,
        width=8,
        fold=2,
        norm=True,
        seed=1,
        phases=(Phase(0.0, 32, 6),),
        mix=EditMix(),
        labelled=0.7,
        often={"coco": 2.0},
        delta=0.1,
        chroma=1.0,
        validation_side=64,
    )


def test_batches_of_maps_depend_on_seed_and_step_only(segment: SegmentTask, semantic: SemanticTask) -> None:
    for task in (segment, semantic):
        one, two, other = task.batch(4, 0.2), task.batch(4, 0.2), task.batch(5, 0.2)
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
        assert not torch.equal(one[0], other[0])
        assert one[1].dtype == torch.int64
    assert segment.batch(4, 0.7)[1].shape == (2, 64, 64)


def test_what_a_complete_set_leaves_unlabelled_is_none_of_its_classes(segment: SegmentTask) -> None:
    complete = replace(segment, balance=Balance(complete=("coco",)))
    assert complete.named_classes("coco").tolist() == [False, True, True, True, False]
    assert not complete.named_classes("street").any()

    class Certain(GridNet):
        """Says "grass" everywhere, or "never"."""

        def __init__(self, label: int) -> None:
            super().__init__(5, 4)
            self.label = label

        def scores(self, lightness: torch.Tensor) -> torch.Tensor:
            sure = torch.full((len(lightness), 5, 16, 16), -4.0)
            sure[:, self.label] = 4.0
            return sure

    lightness, labels = torch.zeros(1, 1, 32, 32), torch.zeros(1, 32, 32, dtype=torch.int64)
    labels[:, :16] = GRASS
    named = torch.from_numpy(complete.named_classes("coco"))[None]
    beyond = {
        label: float(complete.loss(Certain(label), (lightness, labels, torch.ones(5), named))[1]["beyond"])
        for label in (GRASS, 4)
    }
    assert beyond[GRASS] > 5.0
    assert beyond[4] < 0.01


def test_the_grid_learns_what_is_where(segment: SegmentTask) -> None:
    segment = replace(segment, phases=(Phase(0.0, 64, 4),))
    schedule = Schedule(steps=50, rate=4e-3, warmup=5, ema=0.9)
    state = start(segment, schedule, "cpu")
    before = segment.validate(averaged(state))["miou"]
    for _ in range(schedule.steps):
        take_step(segment, schedule, state, "cpu")
    figures = segment.measure(averaged(state))
    assert figures["miou"] > max(0.5, before)
    assert {"iou disc", "iou grass", "iou sky"} <= figures.keys()
    assert "iou never" not in figures
    assert segment.sheet(averaged(state)).shape == (3 * 128, 3 * 128, 3)


def test_two_streams_learn_what_classes_look_like(semantic: SemanticTask) -> None:
    """The class decides the colour: disc, grass and sky swapped in the map are swapped in the picture."""
    semantic = replace(semantic, mix=EditMix(hidden=0.0, edited=0.7, coarse=0.0))
    schedule = Schedule(steps=90, rate=4e-3, warmup=5, ema=0.9)
    state = start(semantic, schedule, "cpu")
    for _ in range(schedule.steps):
        take_step(semantic, schedule, state, "cpu")
    net = averaged(state)
    figures = semantic.measure(net)
    assert figures["psnr true map"] > figures["psnr gray"] + 1.0
    lightness, labels, _ = semantic.validation_sample(0)
    table = np.array([0, GRASS, SKY, DISC, 4])
    swapped = predict(net, lightness, table[labels])
    b_of = {label: swapped[1, table[labels] == label].mean() for label in (DISC, GRASS, SKY)}
    assert b_of[SKY] < b_of[GRASS] - 10  # blue against green
    assert semantic.sheet(net).shape == (6 * 128, 3 * 128, 3)


def test_recipes_build_their_tasks(labelled_folder: Path, tmp_path: Path) -> None:
    store = Store(labelled_folder, pack(labelled_folder, tmp_path / "again", short_side=192))
    segment = build_task(read_recipe("segment"), store)
    assert segment.arguments == {"classes": 79, "width": 16, "fold": 4}
    for name, norm in (("semantic", True), ("semantic.no_norm", False)):
        task = build_task(read_recipe(name), store)
        assert task.arguments == {"classes": 79, "width": 16, "norm": norm, "fold": 2}
    assert read_recipe("semantic") | {"norm": False} == read_recipe("semantic.no_norm")


def test_confusion_and_iou_of_a_small_card() -> None:
    truth = np.array([[0, 1, 1, 2], [2, 2, 2, 1]])
    answer = np.array([[1, 1, 2, 2], [2, 2, 1, 1]])
    confusion = count_pairs(truth, answer, 4)
    assert confusion.tolist() == [[0, 0, 0, 0], [0, 2, 1, 0], [0, 1, 3, 0], [0, 0, 0, 0]]
    iou = intersection_over_union(confusion)
    assert np.isnan(iou[[0, 3]]).all()
    assert iou[1:3] == pytest.approx([2 / 4, 3 / 5])


def test_rare_classes_count_more_and_missing_ones_nothing() -> None:
    weights = Balance(power=0.5, least=0.1, most=4.0).weights(np.array([500, 10, 990, 0]))
    assert weights[0] == weights[3] == 0.0
    assert weights[1] / weights[2] == pytest.approx(4.0 / (500 / 990) ** 0.5)  # the rare one at its upper end


def test_another_exposure_keeps_the_order_of_grays() -> None:
    ramp = np.linspace(0, 100, 50, dtype=np.float32)
    for seed in range(5):
        bent = jitter_lightness(ramp, np.random.default_rng(seed))
        assert (np.diff(bent) > 0).all()
        assert bent.min() >= 0
        assert bent.max() <= 100
