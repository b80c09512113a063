"""Training of the unified network: guidance is simulated as promised, a batch repeats, the loss falls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from handtint.train.data import Store, pack
from handtint.train.edits import ClassColors, EditMix
from handtint.train.guidance import Artist, GuidanceMix, bent, carried
from handtint.train.inputs import InputMix
from handtint.train.loop import Schedule, start, take_step
from handtint.train.run import build_task, read_recipe
from handtint.train.unified import Batch, UnifiedTask, answer_to, to_batch

SMALL_NET = {"width": 16, "light": 16, "priors": 4, "classes": 79}
NOTHING = GuidanceMix(hints=0.0, palette=0.0, semantic=0.0, exemplar=0.0, exemplar_side=32)


@pytest.fixture
def task(data_folder: Path, tmp_path: Path) -> UnifiedTask:
    """Half of the pictures have a map: the class 5 above, 9 below."""
    rows = (data_folder / "manifest.csv").read_text(encoding="utf-8").splitlines()[1:]
    lines = ["file,label,set,split"]
    for number, row in enumerate(rows):
        file, split = row.split(",")
        label = ""
        if number % 2 == 0:
            height, width = cv2.imread(str(data_folder / file)).shape[:2]
            classes = np.where(np.arange(height)[:, None] < height // 2, 5, 9) * np.ones((1, width), int)
            label = f"map{number}.png"
            cv2.imwrite(str(data_folder / label), classes.astype(np.uint8))
        lines.append(f"{file},{label},drawn,{split}")
    (data_folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    recipe = read_recipe("unified") | {"short_side": 48, "net": SMALL_NET, "often": {}, "validation_pictures": 2}
    recipe["phases"] = [{"start": 0.0, "crop": 32, "batch": 4}]
    recipe["guidance"] = recipe["guidance"] | {"exemplar_side": 32}
    built = build_task(recipe, Store(data_folder, pack(data_folder, tmp_path / "packed", short_side=48)))
    assert isinstance(built, UnifiedTask)
    return replace(built, validation_side=48)


def test_a_batch_depends_on_seed_and_step_only(task: UnifiedTask) -> None:
    one, two, other = task.batch(3, 0.1), task.batch(3, 0.1), task.batch(4, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    batch = Batch(*one)
    assert not torch.equal(batch.lightness, Batch(*other).lightness)
    assert batch.truth.shape == (4, 2, 32, 32)
    assert batch.spread.shape == (4, 4, 32, 32)
    assert batch.semantic.shape == (4, 4, 4)
    assert batch.exemplar.shape == (4, 3, 32, 32)


def test_pictures_without_any_map_are_enough(task: UnifiedTask) -> None:
    bare = replace(task, train=replace(task.train, offsets=(-1,) * len(task.train)))
    batch = Batch(*bare.batch(0, 0.0))
    assert not batch.semantic.any()
    assert batch.truth.abs().amax(dim=(1, 2, 3)).min() > 0


def test_loss_falls_on_one_batch(task: UnifiedTask) -> None:
    batch = task.batch(0, 0.0)

    class OneBatch:
        """The task with the same batch for ever."""

        build, loss = task.build, task.loss

        def batch(self, number: int, progress: float) -> tuple[torch.Tensor, ...]:
            return batch

    schedule = Schedule(steps=30, rate=3e-3, warmup=1, decay=1e-6)
    state = start(task, schedule, "cpu")
    losses = [take_step(OneBatch(), schedule, state, "cpu")["truth"] for _ in range(30)]  # type: ignore[arg-type]
    assert losses[-1] < 0.6 * losses[0]


def test_all_parts_get_a_gradient(task: UnifiedTask) -> None:
    everything = GuidanceMix(hints=1.0, palette=1.0, semantic=1.0, exemplar=1.0, exemplar_side=32)
    full = replace(task, mix=everything, labelled=1.0)
    net = full.build()
    full.loss(net, full.batch(0, 0.0))[0].backward()  # type: ignore[no-untyped-call]
    dead = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    # The weights that follow a layer which starts at zero learn from the second step on.
    assert dead == []


def test_figures_and_sheet(task: UnifiedTask) -> None:
    net = task.build().eval()
    figures = task.measure(net)
    assert {"psnr@0", "psnr@100", "psnr@0+palette", "palette swap", "exemplar swap"} <= set(figures)
    assert 0.0 <= figures["palette swap"] <= 1.0
    assert figures["psnr@100"] > figures["psnr@0"]  # the spread hints alone say that
    assert task.sheet(net).shape == (7 * 128, 12 * 128, 3)


def gray_picture() -> np.ndarray:
    """Left blue, right yellow, of one lightness; (32, 32, 3) Lab."""
    lab = np.full((32, 32, 3), 60.0, np.float32)
    lab[:, :16, 1:], lab[:, 16:, 1:] = (0.0, -40.0), (0.0, 50.0)
    return lab


def no_colors() -> ClassColors:
    table = np.zeros((79, 8, 2), np.float32)
    table[7] = (30.0, 30.0)
    return ClassColors(table)


def test_nothing_given_leaves_the_picture_as_it_is() -> None:
    lab = gray_picture()
    labels = np.zeros((32, 32), np.uint8)
    rng = np.random.default_rng(0)
    sample = Artist(NOTHING, InputMix(), EditMix(), no_colors()).guide(lab, labels, lab, rng)
    assert np.array_equal(sample.ab, lab[..., 1:].transpose(2, 0, 1))
    assert sample.exemplar is None
    assert not sample.palette_mask.any()
    assert not sample.hint_mask.any()
    assert not sample.spread.arrived.any()


def test_the_palette_has_the_last_word_over_the_exemplar() -> None:
    lab = gray_picture()
    lender = lab.copy()
    lender[..., 1] = 45.0
    mix = replace(NOTHING, palette=1.0, exemplar=1.0, turned=0.0, borrowed=0.0)
    labels = np.zeros((32, 32), np.uint8)
    sample = Artist(mix, InputMix(), EditMix(), no_colors()).guide(lab, labels, lender, np.random.default_rng(0))
    assert sample.exemplar is not None
    assert np.abs(sample.exemplar[2].max() - 50.0) < 3.0
    turned = replace(mix, turned=1.0)
    sample = Artist(turned, InputMix(), EditMix(), no_colors()).guide(lab, labels, lender, np.random.default_rng(0))
    given = sample.palette_ab[sample.palette_mask > 0]
    nearest = np.linalg.norm(sample.ab.reshape(2, -1).T[:, None] - given[None], axis=2).min(axis=1)
    assert nearest.max() < 3.0  # the answer has the palette's colours


def test_hints_have_the_last_word_over_the_map() -> None:
    lab = gray_picture()
    labels = np.ones((32, 32), np.uint8)
    labels[:, 16:] = 2
    mix = replace(NOTHING, hints=1.0, semantic=1.0)
    inputs = InputMix(recolored=0.0, strokes=0.0, most_hints=20)
    edits = EditMix(hidden=0.0, edited=1.0, coarse=0.0, kept=0.0)
    sample = Artist(mix, inputs, edits, no_colors()).guide(lab, labels, lab, np.random.default_rng(4))
    assert not np.array_equal(sample.semantic, labels)
    painted = sample.hint_mask > 0
    assert painted.any()
    # Marks have the mean colour of what the answer shows under them.
    assert np.abs(sample.ab[:, painted].mean() - sample.hint_ab[:, painted].mean()) < 8.0


def test_hints_are_carried_to_where_the_lightness_is_the_same() -> None:
    lightness = np.full((24, 32), 30.0, np.float32)
    lightness[:, 16:] = 80.0
    ab, mask = np.zeros((2, 24, 32), np.float32), np.zeros((24, 32), np.float32)
    mask[10:12, 4:6], ab[0, 10:12, 4:6] = 1.0, 40.0
    mask[10:12, 26:28], ab[1, 10:12, 26:28] = 1.0, -40.0
    spread = carried(lightness, ab, mask)
    far = spread.ab[2:]
    assert np.abs(far[:, :, :14] - np.array([40.0, 0.0])[:, None, None]).max() < 2.0
    assert np.abs(far[:, :, 18:] - np.array([0.0, -40.0])[:, None, None]).max() < 2.0
    near, wide = spread.arrived
    assert near[10, 4] > 0.7
    assert near[0, 0] < near[10, 4]
    assert near[23, 12] < wide[23, 12]


def test_an_exemplar_keeps_its_colors() -> None:
    lab = gray_picture().transpose(2, 0, 1)
    moved = bent(np.ascontiguousarray(lab), 32, np.random.default_rng(0))
    assert moved.shape == (3, 32, 32)
    assert set(np.unique(np.rint(moved[2])).tolist()) >= {-40.0, 50.0}
    assert not np.allclose(moved, lab)


def test_the_answer_does_not_depend_on_the_company_in_the_batch(task: UnifiedTask) -> None:
    net = task.build().eval()
    samples = [task.draw(32, np.random.default_rng(n)) for n in range(3)]
    with torch.inference_mode():
        together = answer_to(net, to_batch(samples, 32)).ab
        alone = answer_to(net, to_batch(samples[1:2], 32)).ab
    assert torch.allclose(together[1], alone[0], atol=1e-4)
