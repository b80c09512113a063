"""From a recipe's name and a data folder to a trained network: what the command line calls."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from handtint.errors import UnknownMethod
from handtint.train.data import Store, pack
from handtint.train.loop import Schedule, Task, run


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
    store = Store(data, pack(data, packed or out / "packed", short_side=recipe["short_side"]))
    values = recipe["schedule"]
    schedule = Schedule(**(values if steps is None else {**values, "steps": steps}))
    return run(build_task(recipe, store), schedule, out, device=device, progress=progress)


def join_processes(device: str) -> None:
    """Where torchrun started several processes, make them one group."""
    if dist.is_torchelastic_launched() and not dist.is_initialized():
        dist.init_process_group("nccl" if device == "cuda" else "gloo")


def recipe_names() -> tuple[str, ...]:
    """Everything that can be trained: the methods, what they need, and their ablations."""
    files = (file.name for file in _recipes().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def read_recipe(name: str) -> dict[str, Any]:
    """The recipe as plain values; where it says `like`, those of that other recipe with its own on top."""
    if name not in recipe_names():
        raise UnknownMethod(f"expected a method that can be trained ({', '.join(recipe_names())}), got '{name}'")
    values = tomllib.loads(_recipes().joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    other = values.pop("like", None)
    if other is None:
        return values
    recipe = read_recipe(other)
    return recipe | {
        key: recipe.get(key, {}) | value if isinstance(value, dict) else value for key, value in values.items()
    }


def build_task(recipe: Mapping[str, Any], store: Store) -> Task:
    """What is particular to a recipe's method: its `task`, built by that method's own module."""
    module, function = BUILDERS[recipe["task"]].split(":")
    build: Callable[[Mapping[str, Any], Store], Task] = getattr(importlib.import_module(module), function)
    return build(recipe, store)


def _recipes() -> Traversable:
    return resources.files("handtint.train").joinpath("recipes")


# Named, not imported: training one method needs no other's code.
BUILDERS: Mapping[str, str] = {
    "bins": "handtint.train.bins:build_task",
    "exemplar": "handtint.train.exemplar:build_task",
    "fusion": "handtint.train.fusion:build_task",
    "global_local": "handtint.train.global_local:build_task",
    "perceptual": "handtint.train.perceptual:build_task",
    "segment": "handtint.train.segment:build_task",
    "semantic": "handtint.train.semantic:build_task",
    "unified": "handtint.train.unified:build_task",
    "zhang2017": "handtint.train.zhang2017:build_task",
}
