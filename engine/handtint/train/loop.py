"""The training loop: resumable, deterministic given a seed, the same for every method.

A task (one per method) says what the network, a batch, the loss and the validation are; this file knows when
each is needed. Under torchrun each process works on its own batch and the gradients are averaged: on a CPU that
is busy with other things, processes of one thread each are twice as fast as threads that wait for each other.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes
    ----------
    steps : int
        Length of the whole training. May change on resuming: only the decay at the end depends on it.
    rate, warmup, decay : float, int, float
        Peak learning rate; steps of the linear rise; share of the steps at the end over which it falls to 0
        along a cosine.
    weight_decay, clip, ema : float
        AdamW's weight decay; largest gradient norm; decay of the averaged weights.
    save_every, validate_every : int
        Steps between checkpoints, and between validations with a sample sheet.
    """

    steps: int
    rate: float = 1e-3
    warmup: int = 200
    decay: float = 0.35
    weight_decay: float = 1e-2
    clip: float = 1.0
    ema: float = 0.998
    save_every: int = 200
    validate_every: int = 1000

    def rate_at(self, step: int) -> float:
        """Learning rate of a step."""
        rise = min(1.0, (step + 1) / self.warmup)
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        return self.rate * rise * (0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, left))))


class Task(Protocol):
    """What is particular to one method."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Keyword arguments with which the class of the network is built again."""

    def build(self) -> nn.Module:
        """A new network."""

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """A batch; depends on nothing but the seed, its number and `progress` (0 to 1)."""

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """What is minimised, and its parts for the log."""

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Figures on validation pictures."""

    def sheet(self, net: nn.Module) -> NDArray[np.uint8]:
        """(H, W, 3) sRGB: coloured validation pictures to look at."""

    def measure(self, net: nn.Module) -> dict[str, float]:
        """Figures for the manifest and the model card, on more pictures than `validate` takes."""


@dataclass
class State:
    """Everything that a checkpoint holds; `samples` counts the pictures seen, with repetition."""

    net: nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    step: int = 0
    samples: int = 0

    def save(self, path: Path) -> None:
        """Write a checkpoint; a crash leaves the previous one."""
        parts = {name: getattr(self, name).state_dict() for name in ("net", "average", "optimizer")}
        partial = path.with_suffix(".partial")
        torch.save({"step": self.step, "samples": self.samples, **parts}, partial)
        os.replace(partial, path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        saved = torch.load(path, weights_only=True, map_location="cpu")
        self.step, self.samples = saved["step"], saved["samples"]
        for name in ("net", "average", "optimizer"):
            getattr(self, name).load_state_dict(saved[name])


def run(task: Task, schedule: Schedule, out: Path, *, device: str = "cpu", progress: bool = True) -> nn.Module:
    """Train, or go on training, until `schedule.steps`.

    Parameters
    ----------
    out : Path
        Folder for `checkpoint.pt`, `log.jsonl` and the sample sheets. A checkpoint there is gone on from.
    device : str
        "cpu" or "cuda".

    Returns
    -------
    nn.Module
        The network with averaged weights, in evaluation mode.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = start(task, schedule, device)
    if (out / "checkpoint.pt").exists():
        state.load(out / "checkpoint.pt")
    bar = tqdm(total=schedule.steps, initial=state.step, mininterval=20, disable=not progress or rank() > 0)
    running: dict[str, float] = {}
    while state.step < schedule.steps:
        parts = take_step(task, schedule, state, device)
        for name, value in parts.items():
            running[name] = value if name not in running else 0.98 * running[name] + 0.02 * value
        bar.update()
        bar.set_postfix({name: f"{value:.4f}" for name, value in running.items()}, refresh=False)
        last = state.step == schedule.steps
        if rank() == 0 and (last or state.step % schedule.save_every == 0):
            state.save(out / "checkpoint.pt")
            _log(out, {"step": state.step, "rate": schedule.rate_at(state.step - 1), **running})
        if rank() == 0 and (last or state.step % schedule.validate_every == 0):
            _report(task, state, out)
    bar.close()
    return averaged(state)


def start(task: Task, schedule: Schedule, device: str) -> State:
    """A new network with its average and its optimiser."""
    net = task.build().to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(net.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay)
    average = AveragedModel(net, multi_avg_fn=moving_average(schedule.ema), use_buffers=True)
    return State(net, average, optimizer)


def moving_average(decay: float) -> Callable[[Any, Any, Any], None]:
    """Exponential moving average whose memory grows from ten steps on, so that an early average is not stale."""

    @torch.no_grad()
    def update(averages: Any, currents: Any, count: Any) -> None:
        share = max(1.0 - decay, 10.0 / (10.0 + float(count)))
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point():
                average.lerp_(current, share)
            else:
                average.copy_(current)

    return update


def take_step(task: Task, schedule: Schedule, state: State, device: str) -> dict[str, float]:
    """One step of the optimiser; returns the parts of the loss."""
    for group in state.optimizer.param_groups:
        group["lr"] = schedule.rate_at(state.step)
    number = state.step * processes() + rank()
    batch = tuple(t.to(device) for t in task.batch(number, state.step / schedule.steps))
    state.net.train()
    with torch.autocast(device, torch.bfloat16):
        total, parts = task.loss(state.net, batch)
    state.optimizer.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    average_gradients(state.net)
    nn.utils.clip_grad_norm_(state.net.parameters(), schedule.clip)
    state.optimizer.step()
    state.average.update_parameters(state.net)
    state.step += 1
    state.samples += len(batch[0]) * processes()
    return {name: float(value.detach()) for name, value in {"loss": total, **parts}.items()}


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is; 0 saves and reports."""
    return dist.get_rank() if dist.is_initialized() else 0


def average_gradients(net: nn.Module) -> None:
    """Replace each gradient by its mean over the processes."""
    if processes() == 1:
        return
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    together = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(together)
    parts = torch.split(together / processes(), [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def averaged(state: State) -> nn.Module:
    """The network with averaged weights, in evaluation mode."""
    net: nn.Module = state.average.module
    return net.eval()


def _report(task: Task, state: State, out: Path) -> None:
    net = averaged(state)
    with torch.inference_mode():
        _log(out, {"step": state.step, "validation": task.validate(net)})
        cv2.imwrite(str(out / f"sheet-{state.step:06d}.png"), task.sheet(net)[..., ::-1])


def _log(out: Path, entry: Mapping[str, Any]) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")
