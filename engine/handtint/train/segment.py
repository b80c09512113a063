"""What is particular to training the segmentation of gray pictures: batches, loss, confusion matrix, sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from handtint.color.lab import normalize_lightness
from handtint.nets.gridnet import GridNet
from handtint.train.data import ByteArray, FloatArray, Store, bytes_to_lab
from handtint.train.global_local import Phase
from handtint.train.labels import IGNORE, LabelledPictures, load_labelled, pack_labels
from handtint.weights import read_classes

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Balance:
    """What the bias of the label sets towards a few things is answered with.

    Attributes
    ----------
    often : mapping
        Data sets whose pictures come so many times as often as others.
    complete : tuple of str
        Data sets that label everything that they have names for: what they leave unlabelled is none of that. Of
        people in the street it is otherwise never said where they end.
    power, least, most : float
        A class counts (mean share / its share) ** power in the loss, kept within `least` and `most`.
    """

    often: Mapping[str, float] = field(default_factory=dict)
    complete: tuple[str, ...] = ()
    power: float = 0.5
    least: float = 0.25
    most: float = 4.0

    def weights(self, counts: IntArray) -> FloatArray:
        """(C,) float32 from the (C,) pixels of each class; 0 for those that are never seen."""
        counts = counts.copy()
        counts[IGNORE] = 0
        seen = counts > 0
        shares = counts / counts.sum()
        weights = np.where(seen, (shares[seen].mean() / np.maximum(shares, 1e-12)) ** self.power, 0.0)
        return np.where(seen, weights.clip(self.least, self.most), 0.0).astype(np.float32)


@dataclass(frozen=True)
class SegmentTask:
    """Training of `GridNet` on the pictures that have label maps.

    Attributes
    ----------
    names, colors : tuple
        Of the classes, for figures and sheets.
    widest : float
        A picture is scaled so that its short side is 1 to `widest` times the crop.
    validation_side : int
        Short side of validation pictures, px.
    """

    train: LabelledPictures
    val: LabelledPictures
    names: tuple[str, ...]
    colors: ByteArray
    width: int
    fold: int
    seed: int
    phases: tuple[Phase, ...]
    balance: Balance
    widest: float = 1.6
    validation_pictures: int = 64
    validation_side: int = 160

    @property
    def arguments(self) -> Mapping[str, Any]:
        """See `Task`."""
        return {"classes": len(self.names), "width": self.width, "fold": self.fold}

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return GridNet(**self.arguments)

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """Normalised lightness (N, 1, H, W), classes (N, H, W), their weights (C,), and `named_classes` (N, C)."""
        phase = [p for p in self.phases if p.start <= progress][-1]
        rng = np.random.default_rng((self.seed, number))
        chosen = rng.choice(self.train.labelled, phase.batch, p=self.train.shares(self.balance.often))
        crops = [self.train.crop(int(index), phase.crop, self.widest, rng) for index in chosen]
        lightness = np.stack([jitter_lightness(bytes_to_lab(picture)[..., 0], rng) for picture, _ in crops])
        return (
            to_input(lightness),
            torch.from_numpy(np.stack([labels for _, labels in crops]).astype(np.int64)),
            torch.from_numpy(self.class_weights),
            torch.from_numpy(np.stack([self.named_classes(self.train.sets[index]) for index in chosen])),
        )

    @cached_property
    def class_weights(self) -> FloatArray:
        """(C,) float32."""
        return self.balance.weights(np.bincount(self.train.pixels, minlength=len(self.names)))

    def named_classes(self, name: str) -> NDArray[np.bool_]:
        """(C,) the classes that unlabelled pixels of a data set are surely not of."""
        return self._named.get(name, np.zeros(len(self.names), bool))

    @cached_property
    def _named(self) -> dict[str, NDArray[np.bool_]]:
        counts = {name: np.zeros(len(self.names), np.int64) for name in self.balance.complete}
        for index in self.train.labelled:
            if self.train.sets[index] in counts:
                labels = self.train.labels(int(index)).ravel()
                counts[self.train.sets[index]] += np.bincount(labels, minlength=len(self.names))
        return {name: (count > 0) & (np.arange(len(count)) != IGNORE) for name, count in counts.items()}

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross entropy (section 2.2 of the paper), rare classes counting more.

        Unlabelled pixels count for what they are surely not, where that is known (`Balance.complete`): the
        logarithm of one minus the probability of all those classes together.

        At the resolution of the grid: at the picture's, the softmax over all classes takes more time than the grid.
        """
        lightness, labels, weights, named = batch
        assert isinstance(net, GridNet)
        scores = net.scores(lightness).float()
        labels = labels[:, self.fold // 2 :: self.fold, self.fold // 2 :: self.fold]
        known = labels != IGNORE
        right = F.cross_entropy(scores, labels, weights, ignore_index=IGNORE)
        wrongly = (scores.softmax(dim=1) * named[:, :, None, None]).sum(dim=1)[~known]
        beyond = -torch.log1p(-wrongly.clamp_max(1.0 - 1e-4)).sum() / max(1, wrongly.numel())
        hits = (scores.detach().argmax(dim=1) == labels)[known].float().mean()
        return right + beyond, {"right": right, "beyond": beyond, "hits": hits}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Mean IoU over the classes that occur, and the share of pixels that are right."""
        confusion = self.confusion(net)
        iou = intersection_over_union(confusion)
        return {"miou": float(np.nanmean(iou)), "right": float(np.trace(confusion) / max(1, confusion.sum()))}

    def measure(self, net: nn.Module) -> dict[str, float]:
        """What `validate` gives, and the IoU of each class that occurs in the validation pictures."""
        iou = intersection_over_union(self.confusion(net))
        each = {f"iou {name}": value for name, value in zip(self.names, iou, strict=True) if not np.isnan(value)}
        return {name: round(float(value), 3) for name, value in (self.validate(net) | each).items()}

    def confusion(self, net: nn.Module) -> IntArray:
        """(C, C) pixels of the validation pictures: row the truth, column the answer."""
        total = np.zeros((len(self.names), len(self.names)), np.int64)
        for index in self.val.spread(self.validation_pictures):
            lightness, labels = self.validation_sample(int(index))
            total += count_pairs(labels, predict_classes(net, lightness), len(self.names))
        return total

    def validation_sample(self, index: int) -> tuple[FloatArray, IntArray]:
        """(H, W) lightness and classes of a validation picture, its sides multiples of the network's stride."""
        lab, labels = self.val.scaled(index, self.validation_side, 16 * self.fold)
        return lab[..., 0], labels

    def sheet(self, net: nn.Module) -> ByteArray:
        """Rows: gray, the true map, the network's map."""
        columns = []
        for index in self.val.spread(12):
            lightness, labels = self.validation_sample(int(index))
            gray = np.repeat(np.rint(lightness * 2.55).astype(np.uint8)[..., None], 3, axis=2)
            cells = (gray, self.colors[labels], self.colors[predict_classes(net, lightness)])
            columns.append(np.concatenate([cv2.resize(cell, (128, 128)) for cell in cells]))
        return np.concatenate(columns, axis=1)


def jitter_lightness(lightness: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Another exposure and contrast, as old photographs have them; L* 0-100, any shape."""
    bent = 100.0 * (lightness / 100.0) ** np.exp(rng.uniform(-0.4, 0.4))
    low, high = rng.uniform(0.0, 12.0), rng.uniform(85.0, 100.0)
    return np.asarray(low + bent * (high - low) / 100.0, np.float32)


def to_input(lightness: FloatArray) -> Tensor:
    """(N, H, W) L* 0-100 to the network's (N, 1, H, W)."""
    planes = normalize_lightness(torch.from_numpy(lightness))[:, None]
    return planes.contiguous(memory_format=torch.channels_last)


def predict_classes(net: nn.Module, lightness: FloatArray) -> IntArray:
    """(H, W) class of each pixel, never the one that means nothing is known."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        scores = net(to_input(lightness[None]))[0, IGNORE + 1 :]
    return np.asarray(scores.float().argmax(dim=0).numpy() + IGNORE + 1, np.int64)


def count_pairs(truth: IntArray, answer: IntArray, classes: int) -> IntArray:
    """(C, C) pixels of each pair of true class (row) and answer (column); unlabelled pixels are left out."""
    known = truth != IGNORE
    pairs = truth[known] * classes + answer[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def intersection_over_union(confusion: IntArray) -> NDArray[np.float64]:
    """(C,) IoU of each class from the (C, C) confusion matrix; NaN for classes that are nowhere in the truth."""
    hits = np.diag(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - hits
    return np.where(confusion.sum(axis=1) > 0, hits / np.maximum(union, 1.0), np.nan)


def build_task(recipe: Mapping[str, Any], store: Store) -> SegmentTask:
    """The task that a recipe describes, over the pictures of a store."""
    train, val = load_splits(recipe, store)
    classes = read_classes()
    return SegmentTask(
        train=train,
        val=val,
        names=tuple(entry.name for entry in classes),
        colors=np.array([entry.color for entry in classes], np.uint8),
        width=recipe["width"],
        fold=recipe["fold"],
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        balance=Balance(**{**recipe["balance"], "complete": tuple(recipe["balance"]["complete"])}),
        widest=recipe["widest"],
        validation_pictures=recipe.get("validation_pictures", 64),
    )


def load_splits(recipe: Mapping[str, Any], store: Store) -> tuple[LabelledPictures, LabelledPictures]:
    """The training and the validation pictures with their maps, which are packed now where they are not yet."""
    side = recipe["short_side"]
    packed = pack_labels(store.data, store.packed, short_side=side)
    train = load_labelled(packed, "train", short_side=side, without=recipe["without"])
    return train, load_labelled(packed, "val", short_side=side)
