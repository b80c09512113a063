"""From a recipe's name and a data folder to a trained network: what the command line calls."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from handtint.errors import UnknownMethod
from handtint.train.data import load_packed, pack
from handtint.train.global_local import GlobalLocalTask, Phase
from handtint.train.inputs import InputMix
from handtint.train.loop import Schedule, Task, run
from handtint.train.losses import LossWeights
from handtint.train.zhang2017 import Zhang2017Task


def train(
    method: str,
    data: Path,
    out: Path,
    *,
    steps: int | None = None,
    device: str = "cpu",
    threads: int | None = None,
    packed: Path | None = None,
    progress: bool = True,
) -> nn.Module:
    """Train a method, or go on where an earlier call with the same `out` stopped.

    Under `torchrun --nproc-per-node N` the batches of N processes count as one; pack the data before.

    Parameters
    ----------
    method : str
        Name of a recipe.
    data : Path
        Folder of pictures with `manifest.csv` (columns `file`, `split`).
    out : Path
        Folder for the checkpoint, the log and the sample sheets.
    steps : int, optional
        Instead of the recipe's; may differ from an earlier call's, as long as that was not in its decay.
    device : str
        "cpu" or "cuda".
    threads : int, optional
        CPU threads of torch; its own choice where missing.
    packed : Path, optional
        Folder of the decoded pictures; `out`/packed where missing.

    Returns
    -------
    nn.Module
        The network with averaged weights, in evaluation mode.
    """
    recipe = read_recipe(method)
    join_processes(device)
    if threads is not None:
        torch.set_num_threads(threads)
    store = pack(data, packed or out / "packed", short_side=recipe["short_side"])
    values = recipe["schedule"]
    schedule = Schedule(**(values if steps is None else {**values, "steps": steps}))
    return run(TASKS[method](recipe, store), schedule, out, device=device, progress=progress)


def join_processes(device: str) -> None:
    """Where torchrun started several processes, make them one group."""
    if dist.is_torchelastic_launched() and not dist.is_initialized():
        dist.init_process_group("nccl" if device == "cuda" else "gloo")


def read_recipe(method: str) -> dict[str, Any]:
    """The recipe as plain values; where it says `like`, those of that other recipe with its own on top."""
    if method not in TASKS:
        raise UnknownMethod(f"expected a method that can be trained ({', '.join(TASKS)}), got '{method}'")
    text = resources.files("handtint.train").joinpath("recipes", f"{method}.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    other = values.pop("like", None)
    if other is None:
        return values
    recipe = read_recipe(other)
    return recipe | {
        name: recipe.get(name, {}) | value if isinstance(value, dict) else value for name, value in values.items()
    }


def build_task(
    recipe: Mapping[str, Any],
    packed: Path,
    *,
    validation_pictures: int = 64,
    kind: type[GlobalLocalTask] = GlobalLocalTask,
) -> GlobalLocalTask:
    """The task of `global_local`, or of a kind of it, over packed pictures."""
    side = recipe["short_side"]
    return kind(
        train=load_packed(packed, "train", short_side=side, without=recipe["without"]),
        val=load_packed(packed, "val", short_side=side),
        width=recipe["width"],
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        mix=InputMix(**recipe["inputs"]),
        weights=LossWeights(**recipe["loss"]),
        widest=recipe["widest"],
        validation_pictures=validation_pictures,
    )


TASKS: Mapping[str, Callable[[Mapping[str, Any], Path], Task]] = {
    "global_local": build_task,
    "zhang2017": partial(build_task, kind=Zhang2017Task),
}
