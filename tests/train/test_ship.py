"""From a finished training to shipped weights: the figures, the card, and that what is shipped is what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from handtint.errors import WeightsError
from handtint.train.data import Store, pack
from handtint.train.export import Provenance
from handtint.train.loop import Schedule, Task, averaged, run
from handtint.train.run import BUILDERS, build_task, read_recipe, recipe_names
from handtint.train.ship import figures_of, load_checkpoint, load_shipped, read_terms, ship
from handtint.weights import find


@pytest.fixture
def recipe() -> dict[str, Any]:
    small = {"width": 4, "phases": [{"start": 0.0, "crop": 32, "batch": 3}], "short_side": 48}
    return {**read_recipe("global_local"), **small}


@pytest.fixture
def task(recipe: dict[str, Any], data_folder: Path, tmp_path: Path) -> Task:
    return build_task(recipe, Store(data_folder, pack(data_folder, tmp_path / "packed", short_side=48)))


def test_what_is_shipped_is_the_average_of_the_training(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = run(task, Schedule(steps=2, warmup=1), tmp_path / "run", progress=False)
    origin = Provenance("a test", "drawn by code", "MIT", "one core", "2026-11-21", 0, 0)
    figures = ship("global_local", task, tmp_path / "run", tmp_path / "weights", origin)
    entry = find("global_local", [tmp_path / "weights"])
    assert entry is not None
    assert (entry.arguments, entry.metrics) == ({"width": 4}, figures)
    card = (tmp_path / "weights" / "global_local.md").read_text(encoding="utf-8")
    assert "2 steps, 6 pictures seen" in card
    assert "Caltech-101" in card
    monkeypatch.setenv("HANDTINT_WEIGHTS", str(tmp_path / "weights"))
    shipped = load_shipped("global_local", task)
    for one, other in zip(net.parameters(), shipped.parameters(), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)
    assert figures["psnr gray"] == figures_of(task, shipped)["psnr gray"]


def test_a_checkpoint_says_how_far_it_is(task: Task, tmp_path: Path) -> None:
    run(task, Schedule(steps=3, warmup=1), tmp_path / "run", progress=False)
    state = load_checkpoint(task, tmp_path / "run")
    assert (state.step, state.samples) == (3, 9)
    assert not averaged(state).training


def test_missing_weights_are_named(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handtint.train.ship.find", lambda name: None)
    with pytest.raises(WeightsError, match="global_local"):
        load_shipped("global_local", task)


def test_weights_that_do_not_fit_the_pictures_are_refused(task: Task) -> None:
    """The shipped ones are wider than the task's."""
    with pytest.raises(WeightsError, match=r"'width': 4.*'width': 16"):
        load_shipped("global_local", task)


def test_the_terms_of_the_data_are_those_of_the_shipped_weights() -> None:
    entry = find("global_local")
    assert entry is not None
    assert (entry.data, entry.licence) == (read_terms()["summary"], read_terms()["licence"])


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_has_a_builder_and_a_schedule(name: str) -> None:
    values = read_recipe(name)
    assert values["task"] in BUILDERS
    assert Schedule(**values["schedule"]).steps > 0
