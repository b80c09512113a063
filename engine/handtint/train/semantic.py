"""What is particular to training `semantic`: its batches, loss, validation and sample sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from handtint.bench.controls import EditEffect, edit_effect
from handtint.color.lab import denormalize_ab, normalize_ab
from handtint.colorizers.segmenter import Segmenter
from handtint.nets.semantic import SemanticNet
from handtint.train.data import ByteArray, FloatArray, Store, bytes_to_lab
from handtint.train.edits import ClassColors, EditMix, change_map, learn_class_colors
from handtint.train.global_local import Phase, psnr, to_rgb
from handtint.train.labels import IGNORE, LabelledPictures
from handtint.train.losses import weighted_huber
from handtint.train.segment import IntArray, load_splits, to_input
from handtint.weights import read_classes

_NEW_CLASSES = 59
"""An edit of the bench chooses among the classes of PASCAL-Context."""
_VISIBLE = 3.0


@dataclass(frozen=True)
class SemanticTask:
    """Training of `SemanticNet` on pictures with and without label maps.

    Attributes
    ----------
    labelled : float
        Share of the samples from pictures that have a map; the others teach colouring without one.
    often : mapping
        Data sets whose labelled pictures come so many times as often as others.
    delta, chroma : float
        Of `weighted_huber`.
    widest, validation_side
        As in `SegmentTask`.
    segmenter : callable, optional
        Makes the function from lightness to the map that is found; called when figures for the card are wanted.
    """

    train: LabelledPictures
    val: LabelledPictures
    colors: ByteArray
    width: int
    fold: int
    norm: bool
    seed: int
    phases: tuple[Phase, ...]
    mix: EditMix
    labelled: float
    often: Mapping[str, float]
    delta: float
    chroma: float
    widest: float = 1.6
    validation_pictures: int = 64
    validation_side: int = 160
    segmenter: Callable[[], Callable[[FloatArray], IntArray]] | None = None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """See `Task`."""
        return {"classes": len(self.colors), "width": self.width, "norm": self.norm, "fold": self.fold}

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return SemanticNet(**self.arguments)

    @cached_property
    def class_colors(self) -> ClassColors:
        """The usual colours of the classes in the training pictures."""
        labelled = (int(index) for index in self.train.labelled)
        return learn_class_colors(
            ((self.train.picture(i).reshape(-1, 3)[::7], self.train.labels(i).ravel()[::7]) for i in labelled),
            len(self.colors),
        )

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """Normalised lightness (N, 1, H, W), classes (N, H, W) and the answer (N, 2, H, W)."""
        phase = [p for p in self.phases if p.start <= progress][-1]
        rng = np.random.default_rng((self.seed, number))
        samples = [self.draw(phase.crop, rng) for _ in range(phase.batch)]
        lightness, labels, ab = (np.stack(parts) for parts in zip(*samples, strict=True))
        truth = normalize_ab(torch.from_numpy(ab)).contiguous(memory_format=torch.channels_last)
        return to_input(lightness), torch.from_numpy(labels.astype(np.int64)), truth

    def draw(self, crop: int, rng: np.random.Generator) -> tuple[FloatArray, ByteArray, FloatArray]:
        """Lightness, map and ab of one random sample."""
        if rng.random() < self.labelled:
            index = int(rng.choice(self.train.labelled, p=self._shares))
        else:
            index = int(rng.integers(len(self.train)))
        picture, labels = self.train.crop(index, crop, self.widest, rng)
        lab = bytes_to_lab(picture)
        ab, labels = change_map(lab, labels, self.mix, self.class_colors, rng)
        return lab[..., 0], labels, ab

    @cached_property
    def _shares(self) -> FloatArray:
        return np.asarray(self.train.shares(self.often))

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 1 of the paper with a threshold that is reached, colourful pixels counting more."""
        lightness, labels, truth = batch
        output = net(lightness, labels).float()
        with torch.no_grad():
            error = denormalize_ab((output - truth).norm(dim=1)).mean()
        return weighted_huber(output, truth, delta=self.delta, chroma=self.chroma), {"off": error}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """PSNR in dB on labelled pictures with their true map and without one, and how edits are obeyed."""
        indices = self.val.spread(self.validation_pictures)
        return {
            "psnr gray": self.mean_psnr(indices, lambda lightness, _: np.zeros((2, *lightness.shape), np.float32)),
            "psnr true map": self.mean_psnr(indices, lambda lightness, labels: predict(net, lightness, labels)),
            "psnr no map": self.mean_psnr(indices, lambda lightness, labels: predict(net, lightness, 0 * labels)),
            **self.edits(net, indices),
        }

    def measure(self, net: nn.Module) -> dict[str, float]:
        """What `validate` gives, and the PSNR with little contrast, and with the map that the segmentation finds."""
        figures = self.validate(net)
        figures["psnr true map, contrast 0.25"] = self.mean_psnr(
            self.val.spread(self.validation_pictures),
            lambda lightness, labels: predict(net, flatten(lightness, 0.25), labels),
        )
        if self.segmenter is not None:
            find = self.segmenter()
            figures["psnr found map"] = self.mean_psnr(
                self.val.spread(self.validation_pictures),
                lambda lightness, _: predict(net, lightness, find(lightness)),
            )
        return {name: round(value, 3) for name, value in figures.items()}

    def mean_psnr(self, indices: IntArray, color: Callable[[FloatArray, IntArray], FloatArray]) -> float:
        """Mean over pictures of the PSNR in dB of 8-bit RGB; `color` makes ab of lightness and true map."""
        scores = []
        for index in indices:
            lightness, labels, ab = self.validation_sample(int(index))
            scores.append(psnr(to_rgb(lightness, color(lightness, labels)), to_rgb(lightness, ab)))
        return float(np.mean(scores))

    def edits(self, net: nn.Module, indices: IntArray) -> dict[str, float]:
        """One edit of each picture: mean locality, and the share that changes its region by more than 3 ab units."""
        found = [self.edit(net, int(index)) for index in indices]
        effects = [effect for effect in found if effect is not None]
        return {
            "edit locality": float(np.mean([effect.locality for effect in effects])),
            "edit effect rate": float(np.mean([effect.inside > _VISIBLE for effect in effects])),
        }

    def edit(self, net: nn.Module, index: int) -> EditEffect | None:
        """One class of a map becomes another; None where no class has 2 to 50 % of the picture."""
        lightness, labels, _ = self.validation_sample(index)
        edited = self.edited_map(index, labels)
        if edited is None:
            return None
        return edit_effect(predict(net, lightness, labels), predict(net, lightness, edited), edited != labels)

    def edited_map(self, index: int, labels: IntArray) -> IntArray | None:
        """The map with one class replaced by another, the same for every network."""
        rng = np.random.default_rng((self.seed, 1, index))
        shares = np.bincount(labels.ravel()) / labels.size
        fitting = [label for label in np.flatnonzero((shares >= 0.02) & (shares <= 0.5)) if label != IGNORE]
        if not fitting:
            return None
        old = int(rng.choice(fitting))
        named = range(1, min(_NEW_CLASSES, len(self.colors) - 1) + 1)
        new = int(rng.choice([label for label in named if label != old]))
        return np.where(labels == old, new, labels)

    def validation_sample(self, index: int) -> tuple[FloatArray, IntArray, FloatArray]:
        """Lightness (H, W), classes (H, W) and ab (2, H, W) of a validation picture."""
        lab, labels = self.val.scaled(index, self.validation_side, 16 * self.fold)
        return lab[..., 0], labels, np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))

    def sheet(self, net: nn.Module) -> ByteArray:
        """Rows: truth, true map, colours with it, colours without, edited map, colours with that."""
        columns = []
        for index in self.val.spread(12):
            lightness, labels, ab = self.validation_sample(int(index))
            edited = self.edited_map(int(index), labels)
            edited = labels if edited is None else edited
            cells = (
                to_rgb(lightness, ab),
                self.colors[labels],
                to_rgb(lightness, predict(net, lightness, labels)),
                to_rgb(lightness, predict(net, lightness, 0 * labels)),
                self.colors[edited],
                to_rgb(lightness, predict(net, lightness, edited)),
            )
            columns.append(np.concatenate([cv2.resize(cell, (128, 128)) for cell in cells]))
        return np.concatenate(columns, axis=1)


def flatten(lightness: FloatArray, contrast: float) -> FloatArray:
    """A picture with a share of its contrast, around its mean; same shape (the paper's figure 2)."""
    mean = lightness.mean()
    return np.asarray(mean + contrast * (lightness - mean), np.float32)


def predict(net: nn.Module, lightness: FloatArray, labels: IntArray) -> FloatArray:
    """(2, H, W) ab of one picture and its map."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output = net(to_input(lightness[None]), torch.from_numpy(labels)[None])
    return np.asarray(denormalize_ab(output.float())[0].numpy(), np.float32)


def build_task(recipe: Mapping[str, Any], store: Store) -> SemanticTask:
    """The task that a recipe describes, over the pictures of a store."""
    train, val = load_splits(recipe, store)
    return SemanticTask(
        train=train,
        val=val,
        colors=np.array([entry.color for entry in read_classes()], np.uint8),
        width=recipe["width"],
        fold=recipe["fold"],
        norm=recipe["norm"],
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        mix=EditMix(**recipe["maps"]),
        labelled=recipe["labelled"],
        often=recipe["often"],
        delta=recipe["loss"]["delta"],
        chroma=recipe["loss"]["chroma"],
        widest=recipe["widest"],
        validation_pictures=recipe.get("validation_pictures", 64),
        segmenter=lambda: Segmenter("cpu").segment,
    )
