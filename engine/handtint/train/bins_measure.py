"""Figures of `bins` on validation pictures: fidelity and liveliness of its colours, its bins, its classes.

The network alone is measured: annealed mean, enlarged bilinearly; no joint bilateral upsampling.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from handtint.color.bins import annealed_mean, encode
from handtint.color.colorfulness import colorfulness
from handtint.train.bins import SCALE, BinsTask, enlarged, predict
from handtint.train.global_local import psnr, to_rgb
from handtint.train.labels import IGNORE
from handtint.train.segment import count_pairs, intersection_over_union


def measure(task: BinsTask, net: nn.Module) -> dict[str, float]:
    """PSNR in dB, colourfulness, share of cells whose bin is the likeliest (of the five likeliest), classes."""
    rows = []
    for index in range(min(task.validation_pictures, len(task.val))):
        lab, _ = task.validation_sample(index)
        output = predict(net, lab[..., 0])
        truth = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
        answers = (truth, 0 * truth, enlarged(annealed_mean(output.colors), lab.shape))
        rows.append([*fidelity(*(to_rgb(lab[..., 0], ab) for ab in answers)), *bin_accuracy(output.colors, truth)])
    names = ("psnr gray", "psnr 0 hints", "colorfulness", "colorfulness of the truth", "bin top-1", "bin top-5")
    figures = dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True)) | class_figures(task, net)
    return {name: round(value, 4) for name, value in figures.items()}


def fidelity(truth: NDArray[np.uint8], gray: NDArray[np.uint8], answer: NDArray[np.uint8]) -> tuple[float, ...]:
    """PSNR of gray and of the answer, colourfulness of the answer and of the truth."""
    return psnr(gray, truth), psnr(answer, truth), colorfulness(answer), colorfulness(truth)


def bin_accuracy(logits: Tensor, truth: NDArray[np.float32]) -> tuple[float, float]:
    """Share of the cells whose nearest bin is the likeliest, and among the five likeliest.

    Parameters
    ----------
    logits : Tensor, shape (1, 313, h, w)
    truth : (2, 4h, 4w) float32
        ab, about +-110.
    """
    nearest, _ = encode(F.avg_pool2d(torch.from_numpy(truth)[None], SCALE), neighbors=1)  # (1, 1, h, w)
    hits = logits.topk(5, dim=1).indices == nearest
    return float(hits[:, 0].float().mean()), float(hits.any(dim=1).float().mean())


def class_figures(task: BinsTask, net: nn.Module) -> dict[str, float]:
    """On labelled validation pictures: mean over the classes that occur of intersection over union, pixels right."""
    pairs = np.zeros((task.classes, task.classes), np.int64)
    for index in task.val.spread(task.validation_pictures):
        lab, labels = task.validation_sample(int(index))
        scores = predict(net, lab[..., 0]).classes
        large = F.interpolate(scores, size=labels.shape, mode="bilinear")[0, IGNORE + 1 :]
        pairs += count_pairs(labels, large.argmax(dim=0).numpy() + IGNORE + 1, task.classes)
    if not pairs.any():
        return {"mIoU": 0.0, "classes right": 0.0}
    return {
        "mIoU": float(np.nanmean(intersection_over_union(pairs))),
        "classes right": float(np.trace(pairs) / pairs.sum()),
    }
