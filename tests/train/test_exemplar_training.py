"""Training of the exemplar method and of its perceptual encoder on a tiny data folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from handtint.errors import WeightsError
from handtint.nets.perceptual import PerceptualNet, Vgg19Features
from handtint.train import exemplar, perceptual
from handtint.train.data import FloatArray, Store, pack
from handtint.train.exemplar import ExemplarTask, LossWeights, Pair, References, exemplar_rgb, predict, to_tensors
from handtint.train.exemplar_measure import measure_exemplars
from handtint.train.loop import Schedule, start, take_step
from handtint.train.perceptual import PerceptualLoss, PerceptualTask, load_encoder, load_vgg19, numbers, turned_rgb
from handtint.train.run import read_recipe
from handtint.train.warp import Warp


@pytest.fixture
def store(data_folder: Path, tmp_path: Path) -> Store:
    return Store(data_folder, pack(data_folder, tmp_path / "packed", short_side=48))


@pytest.fixture
def task(store: Store, monkeypatch: pytest.MonkeyPatch) -> ExemplarTask:
    """A small network, and an encoder that learned nothing."""
    torch.manual_seed(0)
    encoder = PerceptualNet(8)
    monkeypatch.setattr(exemplar, "load_encoder", lambda kind, store: encoder)
    recipe = read_recipe("exemplar")
    small = {"short_side": 48, "without": [], "width": 8, "color_width": 4}
    phases = [{"start": 0.0, "crop": 32, "batch": 4}, {"start": 0.9, "crop": 48, "batch": 2}]
    task = exemplar.build_task({**recipe, **small, "phases": phases}, store)
    return replace(task, validation_side=32, validation_pictures=4)


def one_batch_losses(task: Any, batch: tuple[Tensor, ...], steps: int) -> list[float]:
    """The loss while a network learns one batch by heart."""
    schedule = Schedule(steps=steps, rate=3e-3, warmup=1, decay=1e-6)
    state = start(task, schedule, "cpu")

    class OneBatch:
        """The task with the same batch for ever."""

        build, loss = task.build, task.loss

        def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
            return batch

    return [take_step(OneBatch(), schedule, state, "cpu")["loss"] for _ in range(steps)]  # type: ignore[arg-type]


def same(one: FloatArray, other: FloatArray) -> bool:
    return bool(np.abs(one - other).max() < 1e-4)


def test_a_batch_depends_on_seed_and_step_only(task: ExemplarTask) -> None:
    one, two, other = task.batch(4, 0.2), task.batch(4, 0.8), task.batch(5, 0.2)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], other[0])
    assert [tuple(part.shape) for part in one] == [(4, 1, 32, 32), (4, 2, 32, 32), (4, 3, 64, 64), (4, 2, 32, 32)]
    assert task.batch(4, 0.95)[0].shape == (2, 1, 48, 48)


def test_loss_falls_on_one_batch(task: ExemplarTask) -> None:
    losses = one_batch_losses(task, task.batch(0, 0.0), 40)
    assert losses[-1] < 0.4 * losses[0]


def test_without_a_warp_the_exemplar_is_the_truth(task: ExemplarTask) -> None:
    still = Warp(noise=0.0, points=0, shift=0.0, turned=False)
    for references in (References(), References(turned=1.0)):
        plain = replace(task, references=references, warp=still)
        pair = plain.draw(32, np.random.default_rng(3))
        lab = np.concatenate((pair.lightness[None], pair.ab))
        assert same(pair.exemplar, exemplar_rgb(lab))
        assert same(pair.source_ab, pair.ab)


def test_turned_pairs_keep_the_lightness_and_leave_the_natural_colors(task: ExemplarTask) -> None:
    natural, turned = (
        replace(task, references=References(turned=share)).draw(32, np.random.default_rng(3)) for share in (0.0, 1.0)
    )
    assert same(natural.lightness, turned.lightness)
    assert np.abs(natural.ab - turned.ab).mean() > 5.0


def test_a_borrowed_exemplar_is_another_picture_whose_colors_are_the_truth(task: ExemplarTask) -> None:
    natural, borrowed = (
        replace(task, references=References(borrowed=share)).draw(32, np.random.default_rng(7)) for share in (0.0, 1.0)
    )
    assert same(natural.lightness, borrowed.lightness)
    assert not same(borrowed.source_ab, borrowed.ab)
    off_natural, off_borrowed = (
        np.linalg.norm(ab.mean(axis=(1, 2)) - borrowed.source_ab.mean(axis=(1, 2))) for ab in (natural.ab, borrowed.ab)
    )
    assert off_borrowed < 1.0
    assert off_borrowed < off_natural


def test_the_ablation_differs_in_the_warp_alone() -> None:
    arm, without = read_recipe("exemplar.warp"), read_recipe("exemplar.no_warp")
    assert {key for key in arm if arm[key] != without[key]} == {"warp"}
    assert Warp(**without["warp"]) == Warp(noise=0.0, points=0, turned=False)
    assert arm["references"] == {"turned": 0.0, "borrowed": 0.0}
    assert arm["loss"]["distribution"] == 0.0


class Painter(nn.Module):
    """A network that paints everything in the mean colour of the exemplar, or in gray."""

    def __init__(self, heard: bool) -> None:
        super().__init__()
        self.heard = heard

    def forward(self, lightness: Tensor, exemplar: Tensor) -> Tensor:
        from handtint.color.lab import normalize_ab, rgb_to_lab

        mean = normalize_ab(rgb_to_lab(exemplar)[:, 1:]).mean(dim=(2, 3), keepdim=True)
        return mean * float(self.heard) + torch.zeros_like(lightness).repeat(1, 2, 1, 1)


def test_figures_of_a_network_that_obeys_and_of_a_deaf_one(task: ExemplarTask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pictures, each of one colour of its own, at a lightness that can hold them all."""
    colors = np.array(((30.0, 0.0), (-30.0, 0.0), (0.0, 30.0), (0.0, -30.0)), np.float32)

    def flat(self: ExemplarTask, index: int) -> FloatArray:
        lab = np.full((3, 32, 48), 60.0, np.float32)
        lab[1:] = colors[index, :, None, None]
        return lab

    monkeypatch.setattr(ExemplarTask, "validation_lab", flat)
    heard, deaf = (measure_exemplars(task, Painter(obeys)) for obeys in (True, False))
    assert (heard["direction"], heard["drawn"], heard["intersection"]) == (1.0, 1.0, 1.0)
    assert heard["chroma"] == pytest.approx(1.0, abs=0.05)
    assert heard["psnr self, network alone"] > deaf["psnr gray"] + 5.0
    alone = {name: deaf[f"{name}, network alone"] for name in ("direction", "drawn", "chroma", "psnr self")}
    assert alone == {"direction": 0.0, "drawn": 0.0, "chroma": 0.0, "psnr self": deaf["psnr gray"]}
    assert heard["direction, network alone"] == 1.0
    assert deaf["direction"] == 1.0  # flat pictures are moved to their exemplars without any network


def test_pictures_of_any_size_are_predicted_and_sheets_drawn(task: ExemplarTask) -> None:
    net = task.build().eval()
    assert predict(net, np.full((33, 50), 40.0, np.float32), np.zeros((64, 64, 3), np.float32)).shape == (2, 33, 50)
    assert task.sheet(net).shape == (7 * 112, 14 * 112, 3)


def test_tensors_are_normalised() -> None:
    pair = Pair(
        np.full((16, 16), 75.0, np.float32),
        np.full((2, 16, 16), 55.0, np.float32),
        np.zeros((64, 64, 3), np.float32),
        np.full((2, 16, 16), -55.0, np.float32),
    )
    lightness, ab, colors, source = to_tensors([pair])
    assert (float(lightness[0, 0, 0, 0]), float(ab[0, 0, 0, 0]), float(source[0, 0, 0, 0])) == (0.5, 0.5, -0.5)
    assert colors.shape == (1, 3, 64, 64)


def test_the_loss_has_its_parts_and_weights(task: ExemplarTask) -> None:
    net, batch = task.build().eval(), task.batch(0, 0.0)
    with torch.no_grad():
        total, parts = replace(task, weights=LossWeights(0.1, 0.0, 0.3, 0.7)).loss(net, batch)
    wanted = parts["recon"] + 0.3 * parts["perceptual"] + 0.7 * parts["distribution"]
    assert float(total) == pytest.approx(float(wanted), rel=1e-5)
    with torch.no_grad():
        off = (net(batch[0], batch[2]) - batch[1]).abs()
        smooth = torch.where(off < 0.1, 0.5 * off.square() / 0.1, off - 0.05).mean()
    assert float(parts["recon"]) == pytest.approx(float(smooth), rel=1e-3)


def test_the_perceptual_loss_is_zero_for_the_truth_and_pulls_towards_it() -> None:
    torch.manual_seed(0)
    loss = PerceptualLoss(PerceptualNet(8))
    lightness, truth = torch.rand(2, 1, 32, 32) * 60 + 20, torch.randn(2, 2, 32, 32) * 10
    assert float(loss(lightness, truth, truth)) == 0.0
    answer = torch.zeros_like(truth).requires_grad_()
    optimizer = torch.optim.Adam([answer], lr=2.0)
    values = []
    for _ in range(20):
        value = loss(lightness, answer, truth)
        values.append(float(value.detach()))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    assert values[-1] < 0.5 * values[0]
    assert all(p.grad is None for p in loss.parameters())


@pytest.mark.parametrize("file", ["vgg19.safetensors", "vgg19.pth"])
def test_vgg19_is_read_from_the_data_folder(tmp_path: Path, file: str) -> None:
    state = {f"features.{name}": torch.rand_like(value) for name, value in Vgg19Features().layers.state_dict().items()}
    if file.endswith("safetensors"):
        safetensors.torch.save_file(state, tmp_path / file)
    else:
        torch.save(state, tmp_path / file)
    net = load_encoder("vgg19", Store(tmp_path, tmp_path))
    assert torch.equal(net.get_parameter("layers.30.weight"), state["features.30.weight"])


def test_missing_vgg19_weights_and_a_pickled_object_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"vgg19\.safetensors"):
        load_vgg19(tmp_path)
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg19.pth")
    with pytest.raises(WeightsError, match=r"features\.0\.weight"):
        load_vgg19(tmp_path)
    torch.save(nn.Linear(1, 1), tmp_path / "vgg19.pth")
    with pytest.raises(WeightsError, match="tensors"):
        load_vgg19(tmp_path)


@pytest.fixture
def encoder_task(store: Store) -> PerceptualTask:
    lines = (store.data / "manifest.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{lines[0]},image_class", *(f"{line},{'odd' if i % 2 else 'even'}" for i, line in enumerate(lines[1:]))]
    (store.data / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    small = {"short_side": 48, "without": [], "width": 8, "crop": 32, "batch": 4, "least": 3}
    return perceptual.build_task({**read_recipe("perceptual"), **small}, store)


def test_the_encoder_learns_names_and_turns(encoder_task: PerceptualTask) -> None:
    assert encoder_task.classes == ("even", "odd")
    losses = one_batch_losses(encoder_task, encoder_task.batch(0, 0.0), 40)
    assert losses[-1] < 0.3 * losses[0]
    figures = encoder_task.validate(encoder_task.build().eval())
    assert set(figures) == {"names right", "turns right"}
    assert encoder_task.sheet(encoder_task.build().eval()).shape == (8 * 32, 12 * 32, 3)


def test_rare_names_are_not_learned() -> None:
    names = {"a": "cat", "b": "dog", "c": ""}
    assert numbers(("a", "b", "c", "d"), names, ("cat",)) == (0, -1, -1, -1)


def test_a_turn_turns_hues_and_keeps_the_lightness() -> None:
    lab = np.full((4, 4, 3), (60.0, 20.0, 0.0), np.float32)
    from handtint.color.lab import rgb_to_lab

    turned = rgb_to_lab(torch.from_numpy(turned_rgb(lab, 2, 8)).permute(2, 0, 1))[:, 0, 0]
    assert np.allclose(turned.numpy(), (60.0, 0.0, 20.0), atol=1.0)
