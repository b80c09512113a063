"""What is particular to training `bins`: batches with label maps, the joint loss, validation and sample sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from handtint.color.bins import SoftBins, annealed_mean, cross_entropy, encode, rebalancing
from handtint.color.lab import normalize_lightness
from handtint.nets.bins import BinsNet, BinsOutput
from handtint.train.data import FloatArray, Store, bytes_to_lab
from handtint.train.global_local import Phase, to_rgb
from handtint.train.labels import IGNORE, LabelledPictures
from handtint.train.segment import load_splits

SCALE = 4
"""Both heads answer at a quarter of the size."""


@dataclass(frozen=True)
class HeadWeights:
    """What each head's loss counts (equation 3)."""

    colors: float = 1.0
    segmentation: float = 1.0


class Batch(NamedTuple):
    """What a step sees.

    Attributes
    ----------
    lightness : Tensor, shape (N, 1, H, W)
        (L - 50) / 50.
    bins, shares : Tensor, shape (N, 5, H/4, W/4)
        The truth's soft bins.
    labels : Tensor, shape (N, H/4, W/4), int64
        Classes; 0 where nobody said one.
    """

    lightness: Tensor
    bins: Tensor
    shares: Tensor
    labels: Tensor


class Crop(NamedTuple):
    """A training sample: (H, W, 3) Lab and (H, W) classes."""

    lab: FloatArray
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class BinsTask:
    """Joint training of the colour bins and the classes.

    Attributes
    ----------
    color_weights, class_weights : Tensor, shapes (313,), (classes,)
        How much each bin and each class counts.
    labelled : float
        Share of the samples drawn from the pictures that have a label map; the others come from all pictures.
    times : mapping
        How often pictures of a data set come, as `LabelledPictures.shares` has it.
    widest : float
        A picture is scaled so that its short side is 1 to `widest` times the crop.
    validation_side : int
        Short side of validation pictures, px.
    """

    train: LabelledPictures
    val: LabelledPictures
    width: int
    classes: int
    seed: int
    phases: tuple[Phase, ...]
    color_weights: Tensor
    class_weights: Tensor
    loss_weights: HeadWeights
    labelled: float
    times: Mapping[str, float]
    widest: float = 1.6
    validation_pictures: int = 64
    validation_side: int = 160

    @property
    def arguments(self) -> Mapping[str, Any]:
        """See `Task.arguments`."""
        return {"width": self.width, "classes": self.classes}

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        net = BinsNet(**self.arguments)
        net.rarity.copy_(self.color_weights)
        return net

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """Random crops with the soft bins of their colours and, where there are any, their classes."""
        phase = [p for p in self.phases if p.start <= progress][-1]
        rng = np.random.default_rng((self.seed, number))
        return to_batch([self.draw(phase.crop, rng) for _ in range(phase.batch)])

    def draw(self, crop: int, rng: np.random.Generator) -> Crop:
        """One random sample."""
        known = self.train.labelled
        if len(known) and rng.random() < self.labelled:
            index = rng.choice(known, p=self.train.shares(self.times))
        else:
            index = rng.integers(len(self.train))
        picture, labels = self.train.crop(int(index), crop, self.widest, rng)
        return Crop(bytes_to_lab(picture), labels.astype(np.int64))

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 3 of the paper, each head's loss a mean over the pixels that it is taught on."""
        lightness, bins, shares, labels = batch
        output: BinsOutput = net(lightness)
        with torch.autocast(lightness.device.type, enabled=False):
            colors = color_loss(output.colors.float(), SoftBins(bins, shares), self.color_weights.to(bins.device))
            classes = class_loss(output.classes.float(), labels, self.class_weights.to(bins.device))
        total = self.loss_weights.colors * colors + self.loss_weights.segmentation * classes
        return total, {"colors": colors, "classes": classes}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """PSNR of its colours, accuracy of its bins, and mean IoU of its classes."""
        from handtint.train.bins_measure import measure

        return measure(self, net)

    def validation_sample(self, index: int) -> Crop:
        """A validation picture at its size, with its classes."""
        return Crop(*self.val.scaled(index, self.validation_side, BinsNet.stride))

    def sheet(self, net: nn.Module) -> NDArray[np.uint8]:
        """Rows: truth, gray, annealed mean, mean of the distribution, nearly its mode, the classes found."""
        columns = []
        for index in np.linspace(0, len(self.val) - 1, 12).astype(int):
            lab, _ = self.validation_sample(int(index))
            output = predict(net, lab[..., 0])
            answers = [enlarged(annealed_mean(output.colors, t), lab.shape[:2]) for t in (0.38, 1.0, 0.1)]
            truth = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
            rows = [to_rgb(lab[..., 0], ab) for ab in (truth, 0 * truth, *answers)]
            rows.append(class_colors(output.classes, lab.shape[:2]))
            columns.append(np.concatenate([cv2.resize(row, (128, 128)) for row in rows]))
        return np.concatenate(columns, axis=1)

    def measure(self, net: nn.Module) -> dict[str, float]:
        """Figures of the model card."""
        from handtint.train.bins_measure import measure

        return measure(self, net)


def build_task(recipe: Mapping[str, Any], store: Store) -> BinsTask:
    """The task of `bins` over packed pictures and label maps."""
    from handtint.train.bins_prior import read_prior

    train, val = load_splits(recipe, store)
    return BinsTask(
        train=train,
        val=val,
        width=recipe["width"],
        classes=recipe["classes"],
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        color_weights=rebalancing(read_prior()),
        class_weights=rebalancing(class_shares(train, recipe["classes"])),
        loss_weights=HeadWeights(**recipe["loss"]),
        labelled=recipe["labelled"],
        times=recipe["times"],
        widest=recipe["widest"],
        validation_pictures=recipe.get("validation_pictures", 64),
    )


def class_shares(pictures: LabelledPictures, classes: int) -> Tensor:
    """Share of each class among the labelled pixels, (classes,) float32; class 0 has none."""
    counts = torch.bincount(torch.from_numpy(np.array(pictures.pixels[::16])).long(), minlength=classes).float()
    counts[IGNORE] = 0.0
    return counts / counts.sum().clamp_min(1.0)


def to_batch(crops: list[Crop]) -> Batch:
    """Crops as tensors; the colours are averaged over the area of a cell, of the labels its middle is taken."""
    lab = torch.from_numpy(np.stack([crop.lab for crop in crops])).movedim(-1, 1)  # (N, 3, H, W)
    labels = torch.from_numpy(np.stack([crop.labels for crop in crops]))
    soft = encode(F.avg_pool2d(lab[:, 1:].contiguous(), SCALE))
    lightness = normalize_lightness(lab[:, :1]).contiguous(memory_format=torch.channels_last)
    return Batch(lightness, *soft, labels[:, SCALE // 2 :: SCALE, SCALE // 2 :: SCALE])


def color_loss(logits: Tensor, truth: SoftBins, weights: Tensor) -> Tensor:
    """Equation 1: cross entropy, each pixel counting as its nearest bin does."""
    return (weights[truth.bins[:, 0]] * cross_entropy(logits, truth)).mean()


def class_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Equation 2: weighted cross entropy over the labelled pixels; 0 where there are none."""
    known = labels != IGNORE
    each = F.cross_entropy(logits, labels, reduction="none")
    counted = weights[labels] * known
    return (each * counted).sum() / known.sum().clamp_min(1)


def predict(net: nn.Module, lightness: FloatArray) -> BinsOutput:
    """Both heads on one picture of L* 0-100, (H, W); float32."""
    gray = normalize_lightness(torch.from_numpy(np.ascontiguousarray(lightness))[None, None])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output: BinsOutput = net(gray)
    return BinsOutput(output.colors.float(), output.classes.float())


def enlarged(ab: Tensor, size: tuple[int, ...]) -> FloatArray:
    """(1, 2, h, w) ab to (2, H, W), bilinear."""
    return np.asarray(F.interpolate(ab, size=size[:2], mode="bilinear")[0].numpy(), np.float32)


def class_colors(logits: Tensor, size: tuple[int, ...]) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB: the likeliest class of each pixel in its display colour."""
    from handtint.weights import read_classes

    colors = np.array([entry.color for entry in read_classes()], np.uint8)
    found = logits[0, 1 : len(colors)].argmax(dim=0).numpy() + 1
    return np.asarray(cv2.resize(colors[found], (size[1], size[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
