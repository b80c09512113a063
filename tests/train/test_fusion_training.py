"""Training of the fusion network: the parts of its loss on hand-made pictures, and that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from handtint.nets.blocks import Sobel
from handtint.nets.fusion import FusionNet
from handtint.train.data import Store, pack
from handtint.train.fusion import FusionTask, FusionWeights, Guided, build_task, fusion_loss
from handtint.train.global_local import Phase
from handtint.train.inputs import InputMix
from handtint.train.loop import Schedule, start, take_step
from handtint.train.losses import some_pixels
from handtint.train.run import read_recipe

WEIGHTS = FusionWeights(delta=10.0)  # the Huber loss is half the squared error


@pytest.fixture
def task(data_folder: Path, tmp_path: Path) -> FusionTask:
    packed = pack(data_folder, tmp_path / "packed", short_side=48)
    recipe = {**read_recipe("fusion"), "short_side": 48, "width": 4, "phases": [{"start": 0.0, "crop": 32, "batch": 4}]}
    return replace(build_task(recipe, Store(data_folder, packed)), validation_side=48, validation_pictures=4)


def guided(truth: Tensor, palette: list[tuple[float, float]] | None = None) -> Guided:
    """No hints, and a palette for every picture or for none; the palette's picture is the truth."""
    n, _, h, w = truth.shape
    slots, mask = torch.zeros(n, 7, 2), torch.zeros(n, 7)
    if palette is not None:
        slots[:, : len(palette)], mask[:, : len(palette)] = torch.tensor(palette), 1.0
    return Guided(truth, torch.zeros(n, 2, h, w), torch.zeros(n, 1, h, w), slots, mask, some_pixels(truth))


def test_without_a_palette_the_color_map_is_the_truth() -> None:
    truth = torch.full((1, 2, 8, 8), 0.5)
    parts = fusion_loss(torch.full_like(truth, 0.3), guided(truth), Sobel(), WEIGHTS)
    assert parts.truth.item() == parts.colors.item() == pytest.approx(0.5 * 0.2**2)
    assert parts.gradient.item() == parts.points.item() == parts.distribution.item() == 0.0
    assert parts.total(WEIGHTS).item() == pytest.approx(0.5 * 0.2**2)


def test_with_a_palette_its_nearest_color_is_asked_for_too() -> None:
    truth = torch.full((1, 2, 8, 8), 0.5)
    parts = fusion_loss(truth, guided(truth, [(0.4, 0.4), (-0.5, 0.0), (0.0, 0.0)]), Sobel(), WEIGHTS)
    assert parts.truth.item() == 0.0
    assert parts.colors.item() == pytest.approx(0.5 * 0.1**2)
    assert parts.total(WEIGHTS).item() == pytest.approx(0.3 * 0.5 * 0.1**2)


def test_painted_points_count_by_themselves_however_few() -> None:
    truth = torch.zeros(2, 2, 8, 8)
    wanted = guided(truth)
    wanted.hint_ab[0, :, 3, 3], wanted.hint_mask[0, :, 3, 3] = 0.4, 1.0
    assert fusion_loss(truth, wanted, Sobel(), WEIGHTS).points.item() == pytest.approx(0.4**2 / 2)


def test_a_washed_out_edge_costs_by_its_gradient() -> None:
    truth = torch.zeros(1, 2, 8, 8)
    truth[..., 4:] = 0.8
    parts = fusion_loss(torch.zeros_like(truth), guided(truth), Sobel(), WEIGHTS)
    # Two of eight columns have a gradient of 0.4 along x, none along y.
    assert parts.gradient.item() == pytest.approx(0.4**2 * 2 / 8 / 2)


def test_two_colors_are_nearer_to_themselves_mirrored_than_to_their_mixture() -> None:
    truth = torch.zeros(1, 2, 16, 16)
    truth[:, 0, :, 8:], truth[:, 0, :, :8] = 0.5, -0.5
    wanted = guided(truth, [(0.5, 0.0), (-0.5, 0.0), (0.0, 0.9)])
    mirrored = fusion_loss(truth.flip(3), wanted, Sobel(), WEIGHTS)
    mixed = fusion_loss(torch.zeros_like(truth), wanted, Sobel(), WEIGHTS)
    assert mirrored.truth > mixed.truth
    assert mirrored.distribution < 0.01  # not quite 0, as pixels are picked
    assert mixed.distribution > 0.2


def test_the_recipe_has_the_papers_weights_and_combinations() -> None:
    recipe = read_recipe("fusion")
    weights, mix = FusionWeights(**recipe["loss"]), InputMix(**recipe["inputs"])
    assert (weights.truth, weights.colors, weights.points) == (0.7, 0.3, 1.0)
    assert mix.none == mix.palette == mix.hints == mix.both == 0.25


def test_batches_hold_palettes_of_three_to_seven_colors_and_their_pixels(task: FusionTask) -> None:
    _, _, _, _, palette_ab, palette_mask, pixels = replace(task, phases=(Phase(0.0, 32, 60),)).batch(1, 0.0)
    counts = set(palette_mask.sum(dim=1).int().tolist())
    assert counts == {0, 3, 4, 5, 6, 7}
    assert palette_ab.shape == (60, 7, 2)
    assert pixels.shape == (60, 1024, 2)


def test_loss_falls_on_one_batch_and_the_network_knows_the_palette(task: FusionTask) -> None:
    schedule = Schedule(steps=60, rate=3e-3, warmup=1, decay=1e-6)
    state = start(task, schedule, "cpu")
    batch = task.batch(3, 0.0)

    class OneBatch:
        """The task with the same batch for ever."""

        build, loss = task.build, task.loss

        def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
            return batch

    losses = [take_step(OneBatch(), schedule, state, "cpu")["loss"] for _ in range(60)]  # type: ignore[arg-type]
    assert losses[-1] < 0.4 * losses[0]
    assert isinstance(state.net, FusionNet)
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in state.net.parameters())


def test_validation_says_how_many_palettes_are_recognised(task: FusionTask) -> None:
    figures = task.validate(task.build().eval())
    assert set(figures) == {"psnr@0", "psnr@10", "psnr@0+palette", "swap"}
    assert 0.0 <= figures["swap"] <= 1.0
