"""From a finished training to shipped weights: measured on validation pictures, exported with its card.

    python -m handtint.train.ship NAME --data DATA --packed FOLDER --out RUN --weights weights

With --figures-only the weights that are shipped already are measured, and nothing is written.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import click
import torch
from torch import nn

from handtint.errors import WeightsError
from handtint.train.data import Store, pack
from handtint.train.export import Provenance, export
from handtint.train.loop import Schedule, State, Task, averaged, start
from handtint.train.run import build_task, read_recipe
from handtint.weights import find, load_state


def ship(name: str, task: Task, run: Path, folder: Path, provenance: Provenance) -> dict[str, float]:
    """Measure the averaged weights of a run's checkpoint and write them, their entry and card; returns the figures."""
    state = load_checkpoint(task, run)
    net = averaged(state)
    figures = figures_of(task, net)
    provenance = replace(provenance, steps=state.step, samples=state.samples)
    export(net, name, task.arguments, folder, provenance, figures)
    return figures


def load_checkpoint(task: Task, run: Path) -> State:
    """Where a training stands."""
    state = start(task, Schedule(1), "cpu")
    state.load(run / "checkpoint.pt")
    return state


def load_shipped(name: str, task: Task) -> nn.Module:
    """The task's network with the weights that are installed."""
    entry = find(name)
    if entry is None:
        raise WeightsError(f"the weights '{name}' are not installed; put them into $HANDTINT_WEIGHTS")
    if dict(entry.arguments) != dict(task.arguments):
        raise WeightsError(
            f"the weights '{name}' were expected to fit these pictures, {dict(task.arguments)}, and are "
            f"{dict(entry.arguments)}: measure them on the pictures that they were trained on"
        )
    net = task.build()
    net.load_state_dict({key: value.float() for key, value in load_state(entry).items()})
    return net.eval()


def figures_of(task: Task, net: nn.Module) -> dict[str, float]:
    """What the card shows."""
    with torch.inference_mode():
        return task.measure(net)


def read_terms() -> dict[str, str]:
    """What every card says of the data and the licence."""
    text = resources.files("handtint.train").joinpath("cards", "data.toml").read_text(encoding="utf-8")
    terms: dict[str, str] = tomllib.loads(text)
    return terms


def measured(recipe: dict[str, Any], pictures: int) -> dict[str, Any]:
    """The recipe with more validation pictures than a training takes."""
    return {**recipe, "validation_pictures": pictures}


@click.command()
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--packed", type=click.Path(path_type=Path), required=True, help="Folder of the decoded pictures.")
@click.option("--out", "run", type=click.Path(path_type=Path), help="Folder of the training.")
@click.option("--weights", type=click.Path(path_type=Path), default=Path("weights"), show_default=True)
@click.option("--pictures", type=int, default=200, show_default=True, help="Validation pictures.")
@click.option("--hardware", default="2 CPU cores", show_default=True, help="For the card.")
@click.option("--note", default="one process", show_default=True, help="What the card says beside the recipe.")
@click.option("--figures-only", is_flag=True, help="Measure the shipped weights, write nothing.")
def main(
    name: str,
    data: Path,
    packed: Path,
    run: Path | None,
    weights: Path,
    pictures: int,
    hardware: str,
    note: str,
    figures_only: bool,
) -> None:
    """Measure a training and ship its weights."""
    recipe = read_recipe(name)
    store = Store(data, pack(data, packed, short_side=recipe["short_side"]))
    task = build_task(measured(recipe, pictures), store)
    if figures_only:
        figures = figures_of(task, load_shipped(name, task))
    elif run is None:
        raise click.UsageError("expected --out, the folder of the training, or --figures-only")
    else:
        terms = read_terms()
        provenance = Provenance(note, terms["summary"], terms["licence"], hardware, date.today().isoformat(), 0, 0)
        figures = ship(name, task, run, weights, provenance)
    click.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
