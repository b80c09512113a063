"""What is particular to training the learned peer `zhang2017`: no palettes, and its own loss; the rest is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from handtint.nets.zhang2017 import Zhang2017Net
from handtint.train.data import Store
from handtint.train.global_local import GlobalLocalTask, predict, to_rgb
from handtint.train.global_local import build_task as build_like
from handtint.train.measure import measure_hints


@dataclass(frozen=True)
class Zhang2017Task(GlobalLocalTask):
    """Training of the local hints network of Zhang et al. 2017 on the pictures and hints of `global_local`."""

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return Zhang2017Net(**self.arguments)

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 2 of the paper: Huber, here on ab / 110 with the recipe's threshold."""
        lightness, truth, hint_ab, hint_mask, *_ = batch
        output = net(lightness, hint_ab, hint_mask).float()
        total = F.huber_loss(output, truth, delta=self.weights.delta) / self.weights.delta
        return total, {}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Mean PSNR in dB at several numbers of hints."""
        return {f"psnr@{hints}": self.mean_psnr(without_palette(net), hints, False) for hints in (0, 1, 10, 50, 100)}

    def sheet(self, net: nn.Module) -> NDArray[np.uint8]:
        """Rows: truth, gray, automatic, 10 hints, 100 hints."""
        columns = []
        for index in np.linspace(0, len(self.val) - 1, 12).astype(int):
            samples = [self.validation_sample(int(index), hints, False) for hints in (0, 10, 100)]
            plain = samples[0]
            colors = [plain.ab, 0 * plain.ab, *(predict(without_palette(net), sample) for sample in samples)]
            columns.append(np.concatenate([cv2.resize(to_rgb(plain.lightness, ab), (128, 128)) for ab in colors]))
        return np.concatenate(columns, axis=1)

    def measure(self, net: nn.Module) -> dict[str, float]:
        """PSNR in dB over hints."""
        return measure_hints(self, without_palette(net))


def build_task(recipe: Mapping[str, Any], store: Store) -> Zhang2017Task:
    """The task of `zhang2017` over packed pictures."""
    task = build_like(recipe, store, kind=Zhang2017Task)
    assert isinstance(task, Zhang2017Task)
    return task


def without_palette(net: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """The network behind the call of one that takes palettes too."""
    return lambda lightness, hint_ab, hint_mask, *_: net(lightness, hint_ab, hint_mask)
