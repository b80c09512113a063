"""Training on a tiny data folder: it learns, it goes on where it stopped, its schedule and sheets are right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from handtint.errors import InputError, UnknownMethod
from handtint.nets.global_local import GlobalLocalNet
from handtint.train.data import Store, bytes_to_lab, load_packed, pack
from handtint.train.global_local import GlobalLocalTask, Phase, psnr, random_crop, to_rgb, validation_picture
from handtint.train.inputs import InputMix, Sample, pad_palette
from handtint.train.loop import Schedule, run, start, take_step
from handtint.train.losses import LossWeights
from handtint.train.measure import measure_guided, palette_with_shares, swap_test
from handtint.train.run import build_task, read_recipe, train


@pytest.fixture
def task(data_folder: Path, tmp_path: Path) -> GlobalLocalTask:
    packed = pack(data_folder, tmp_path / "packed", short_side=48)
    return GlobalLocalTask(
        train=load_packed(packed, "train", short_side=48),
        val=load_packed(packed, "val", short_side=48),
        width=8,
        seed=1,
        phases=(Phase(0.0, 32, 4), Phase(0.5, 48, 2)),
        mix=InputMix(),
        weights=LossWeights(),
        validation_side=48,
    )


SCHEDULE = Schedule(steps=6, rate=2e-3, warmup=2, save_every=3, validate_every=100)


def test_a_batch_depends_on_seed_and_step_only(task: GlobalLocalTask) -> None:
    one, two, other = task.batch(4, 0.2), task.batch(4, 0.2), task.batch(5, 0.2)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], other[0])
    assert one[0].shape == (4, 1, 32, 32)
    assert task.batch(4, 0.7)[0].shape == (2, 1, 48, 48)


def test_loss_falls_on_one_batch(task: GlobalLocalTask) -> None:
    schedule = Schedule(steps=40, rate=3e-3, warmup=1, decay=1e-6)
    state = start(task, schedule, "cpu")
    still = replace(task, phases=(Phase(0.0, 32, 4),))
    batch = still.batch(0, 0.0)

    class OneBatch:
        """The task with the same batch for ever."""

        build, loss = still.build, still.loss

        def batch(self, number: int, progress: float) -> tuple[torch.Tensor, ...]:
            return batch

    losses = [take_step(OneBatch(), schedule, state, "cpu")["loss"] for _ in range(40)]  # type: ignore[arg-type]
    assert losses[-1] < 0.4 * losses[0]


def test_a_stopped_training_goes_on_as_if_it_had_not(task: GlobalLocalTask, tmp_path: Path) -> None:
    whole = run(task, SCHEDULE, tmp_path / "whole", progress=False).state_dict()

    class Stopped(Exception):  # noqa: N818
        pass

    class Power(GlobalLocalTask):
        def batch(self, number: int, progress: float) -> tuple[torch.Tensor, ...]:
            if number == 4:
                raise Stopped
            return super().batch(number, progress)

    with pytest.raises(Stopped):
        run(Power(**vars(task)), SCHEDULE, tmp_path / "parts", progress=False)
    parts = run(task, SCHEDULE, tmp_path / "parts", progress=False).state_dict()
    assert set(parts) == set(whole)
    for name, value in whole.items():
        assert torch.allclose(parts[name].float(), value.float(), atol=1e-6), name


def test_the_log_and_the_sheet_are_written(task: GlobalLocalTask, tmp_path: Path) -> None:
    run(task, replace(SCHEDULE, steps=1), tmp_path / "out", progress=False)
    entries = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert entries[0]["step"] == 1
    assert entries[1]["validation"]["psnr@10+palette"] > 5.0
    sheet = cv2.imread(str(tmp_path / "out" / "sheet-000001.png"))
    assert sheet is not None
    assert sheet.shape == (6 * 128, 12 * 128, 3)


def test_the_rate_rises_holds_and_falls_to_zero() -> None:
    schedule = Schedule(steps=1000, rate=1.0, warmup=10, decay=0.4)
    assert schedule.rate_at(0) == pytest.approx(0.1)
    assert schedule.rate_at(9) == schedule.rate_at(600) == pytest.approx(1.0)
    assert schedule.rate_at(800) == pytest.approx(0.5)
    assert schedule.rate_at(999) < 1e-4


def test_a_crop_is_a_square_of_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    crop = random_crop(picture, 40, 1.0, np.random.default_rng(2))
    windows = [picture[:, x : x + 40] for x in range(21)]
    assert any(np.array_equal(crop, w) or np.array_equal(crop[:, ::-1], w) for w in windows)
    assert random_crop(picture, 24, 1.6, np.random.default_rng(3)).shape == (24, 24, 3)


def test_validation_pictures_fit_the_network() -> None:
    lab = validation_picture(np.zeros((50, 77, 3), np.uint8), 48)
    assert all(side % GlobalLocalNet.stride == 0 for side in lab.shape[:2])


def test_psnr_of_a_known_error() -> None:
    picture = np.full((4, 4, 3), 100, np.uint8)
    assert psnr(picture + np.uint8(5), picture) == pytest.approx(20 * np.log10(255 / 5))


def test_rgb_of_packed_bytes_is_the_color_it_was(task: GlobalLocalTask) -> None:
    lab = bytes_to_lab(task.train.picture(0))
    rgb = to_rgb(lab[..., 0], np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1)))
    assert np.abs(rgb[2, 2].astype(int) - (120, 180, 220)).max() <= 2


def test_measured_figures_of_a_blind_answer_are_those_of_gray(task: GlobalLocalTask) -> None:
    blind = measure_guided(task, lambda lightness, *_: lightness.repeat(1, 2, 1, 1) * 0.0)
    assert blind["psnr 0 hints"] == blind["psnr gray"] == blind["psnr 100 hints + palette"]


def test_an_answer_made_of_the_palette_is_recognised(task: GlobalLocalTask) -> None:
    """The palettes of these pictures are so near to each other that only the right one, in its shares, is nearest."""
    shares = [palette_with_shares(task.validation_sample(i, 0, True)) for i in range(4)]

    def painted(lightness: torch.Tensor, *guidance: torch.Tensor) -> torch.Tensor:
        """The picture that the palette was taken from, told by its colours."""
        wanted = 110.0 * guidance[2][0, :4].numpy()
        own = next(i for i, known in enumerate(shares) if np.allclose(known.ab, wanted, atol=1e-3))
        return torch.from_numpy(task.validation_sample(own, 0, False).ab)[None] / 110.0

    assert swap_test(task, painted) == 1.0


def test_the_same_answer_for_every_palette_is_recognised_by_chance_only(task: GlobalLocalTask) -> None:
    assert swap_test(task, lambda lightness, *_: torch.zeros(1, 2, *lightness.shape[2:])) <= 0.5


def test_shares_are_counted_at_the_nearest_color() -> None:
    ab = np.zeros((2, 4, 10), np.float32)
    ab[0, :, 7:], ab[1, :, 9:] = 50.0, 5.0
    palette = pad_palette(np.array([[1.0, 0.0], [50.0, 2.0]], np.float32), 5)
    found = palette_with_shares(Sample(ab[0], ab, ab, ab[0], *palette))
    assert found.ab.tolist() == [[1.0, 0.0], [50.0, 2.0]]
    assert found.weights.tolist() == [0.7, 0.3]


def test_train_by_name(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = read_recipe("global_local")
    assert (recipe["loss"]["truth"], recipe["loss"]["colors"], recipe["loss"]["gradient"]) == (0.9, 0.1, 10.0)
    small = {**recipe, "width": 4, "phases": [{"start": 0.0, "crop": 32, "batch": 2}]}
    monkeypatch.setattr("handtint.train.run.read_recipe", lambda method: small)
    net = train("global_local", data_folder, tmp_path / "out", steps=2, progress=False)
    assert isinstance(net, GlobalLocalNet)
    assert (net.width, net.training) == (4, False)
    assert (tmp_path / "out" / "checkpoint.pt").exists()


def test_each_ablation_leaves_out_what_its_name_says(data_folder: Path, tmp_path: Path) -> None:
    store = Store(data_folder, pack(data_folder, tmp_path / "packed", short_side=192))
    arms = ("", ".no_gradient_input", ".no_global_loss", ".no_gradient_loss", ".palettes")
    tasks = [build_task(read_recipe(f"global_local{arm}"), store) for arm in arms]
    assert all(isinstance(task, GlobalLocalTask) for task in tasks)
    weights = [task.weights for task in tasks if isinstance(task, GlobalLocalTask)]
    there = [(w.colors > 0, w.gradient > 0, w.colors_as_a_whole > 0) for w in weights]
    whole = (True, True, False)
    assert there == [whole, whole, (False, True, False), (True, False, False), (True, True, True)]
    assert [task.arguments.get("gradient", True) for task in tasks] == [True, False, True, True, True]


def test_too_few_validation_pictures_are_said_before_the_training(data_folder: Path, tmp_path: Path) -> None:
    manifest = data_folder / "manifest.csv"
    manifest.write_text(manifest.read_text("utf-8").replace("10.png,val", "10.png,train"), "utf-8")
    with pytest.raises(InputError, match=r"expected 4 or more pictures of the split 'val' .* got 3"):
        train("global_local", data_folder, tmp_path / "out", steps=1, progress=False)
    assert not (tmp_path / "out" / "checkpoint.pt").exists()


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(UnknownMethod, match="global_local"):
        read_recipe("no_such")
