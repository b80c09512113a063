"""What is particular to training `exemplar`: pictures with an exemplar out of themselves or lent by another one.

The paper trains on self-references alone. A network that sees only natural colours can guess many of them without
its exemplar; so some pictures are turned in hue together with their exemplar, and some take on the colours of
another picture, which then is the exemplar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handtint.color.lab import AB_SCALE, L_CENTER, L_SCALE, denormalize_ab, normalize_ab, normalize_lightness
from handtint.color.transport import match_colors
from handtint.nets.color2embed import EXEMPLAR_SIDE, Color2EmbedNet
from handtint.train.data import FloatArray, PackedPictures, Store, bytes_to_lab, load_packed
from handtint.train.global_local import Phase, random_crop, to_rgb, validation_picture
from handtint.train.inputs import turn_colors
from handtint.train.losses import sliced_distance, some_pixels, weighted_huber
from handtint.train.perceptual import PerceptualLoss, load_encoder
from handtint.train.warp import Warp, self_reference


@dataclass(frozen=True)
class References:
    """Where exemplars come from; shares of 1. What is left is the paper's self-reference in its own colours.

    Attributes
    ----------
    turned : float
        Self-references after all hues were turned by one angle: only the exemplar says where to.
    borrowed : float
        Another picture is the exemplar; the truth is the picture with its colours moved to that one's (mean and
        covariance of Lab).
    """

    turned: float = 0.0
    borrowed: float = 0.0


@dataclass(frozen=True)
class LossWeights:
    """Equation 10, with a reconstruction of weight 1.

    Attributes
    ----------
    delta : float
        Where smooth L1 becomes linear, in units of ab / 110. The paper's 1 is never reached by values within +-1.
    chroma : float
        As in `losses.LossWeights`; 0 in the paper.
    perceptual : float
        Weight of the perceptual loss. The paper's 0.1 is for VGG-19's features. With our encoder, whose differences are
        counted in units of its mean feature, 0.1 pulls twice as hard as the reconstruction, mostly at single pixels,
        and over 400 steps the network did not learn to listen to its exemplar.
    distribution : float
        Weight of `losses.sliced_distance` between the answer and the exemplar's own picture: all its colours are to
        be used, each as much as there is of it. Not in the paper.
    """

    delta: float = 0.1
    chroma: float = 0.0
    perceptual: float = 0.1
    distribution: float = 0.0


class Pair(NamedTuple):
    """A picture, (H, W) lightness and (2, H, W) ab, with its exemplar, (S, S, 3) sRGB in 0-1, and that one's ab."""

    lightness: FloatArray
    ab: FloatArray
    exemplar: FloatArray
    source_ab: FloatArray


@dataclass(frozen=True)
class ExemplarTask:
    """Training of Color2Embed.

    Attributes
    ----------
    arguments : mapping
        Of the network.
    phases : tuple of Phase
        Sides of the crops, and how many make a batch.
    widest : float
        A picture is scaled so that its short side is 1 to `widest` times the crop.
    validation_side : int
        Short side of validation pictures, px.
    """

    train: PackedPictures
    val: PackedPictures
    store: Store
    arguments: Mapping[str, Any]
    seed: int
    phases: tuple[Phase, ...]
    widest: float
    encoder: str
    references: References
    warp: Warp
    weights: LossWeights
    validation_pictures: int = 64
    validation_side: int = 96
    rewarp: Warp = field(default_factory=Warp)

    @cached_property
    def perceptual(self) -> PerceptualLoss:
        """The perceptual loss, its encoder loaded when first needed."""
        return PerceptualLoss(load_encoder(self.encoder, self.store))

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return Color2EmbedNet(**self.arguments)

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """Lightness, truth and exemplar, as the network and the loss take them."""
        phase = [p for p in self.phases if p.start <= progress][-1]
        rng = np.random.default_rng((self.seed, number))
        return to_tensors([self.draw(phase.crop, rng) for _ in range(phase.batch)])

    def draw(self, side: int, rng: np.random.Generator) -> Pair:
        """One random picture, (side, side), with its exemplar."""
        lab = self._crop(side, rng)
        kind = rng.random()
        if kind < self.references.borrowed:
            source = self._crop(side, rng)
            lab[1:] = match_colors(lab, source)[1:]
        else:
            if kind < self.references.borrowed + self.references.turned:
                lab[1:] = turn_colors(lab[1:], rng)
            source = lab
        return Pair(lab[0], lab[1:], self_reference(exemplar_rgb(source), self.warp, rng), source[1:])

    def _crop(self, side: int, rng: np.random.Generator) -> FloatArray:
        """(3, side, side) Lab of a random part of a random picture."""
        picture = self.train.picture(int(rng.integers(len(self.train))))
        lab = bytes_to_lab(random_crop(picture, side, self.widest, rng))
        return np.ascontiguousarray(lab.transpose(2, 0, 1))

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 10 of the paper, and the part on all colours together."""
        lightness, truth, exemplar, source = batch
        output = net(lightness, exemplar).float()
        weights = self.weights
        with torch.autocast(output.device.type, enabled=False):
            # Smooth L1 is Huber divided by its threshold.
            recon = weighted_huber(output, truth, delta=weights.delta, chroma=weights.chroma) / weights.delta
            distribution = sliced_distance(some_pixels(output), some_pixels(source)).mean()
        lab = (lightness * L_SCALE + L_CENTER, output * AB_SCALE, truth * AB_SCALE)
        perceptual = self.perceptual.to(output.device)(*lab)
        total = recon + weights.perceptual * perceptual + weights.distribution * distribution
        return total, {"recon": recon, "perceptual": perceptual, "distribution": distribution}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Whether answers follow their exemplars, and PSNR from self-references."""
        from handtint.train.exemplar_measure import measure_exemplars

        return measure_exemplars(self, net)

    def measure(self, net: nn.Module) -> dict[str, float]:
        """The same on more pictures."""
        return self.validate(net)

    def validation_lab(self, index: int) -> FloatArray:
        """(3, H, W) Lab of a validation picture."""
        lab = validation_picture(self.val.picture(index), self.validation_side)
        return np.ascontiguousarray(lab.transpose(2, 0, 1))

    def own_exemplar(self, index: int, lab: FloatArray) -> FloatArray:
        """The fixed self-reference of a validation picture."""
        return self_reference(exemplar_rgb(lab), self.rewarp, np.random.default_rng((self.seed, 4, index)))

    def sheet(self, net: nn.Module) -> NDArray[np.uint8]:
        """Rows: truth, self-reference, answer to it; then twice another picture and the answer to that."""
        columns = []
        indices = np.linspace(0, len(self.val) - 1, 14).astype(int)
        labs = [self.validation_lab(int(index)) for index in indices]
        for i, index in enumerate(indices):
            lab = labs[i]
            own = self.own_exemplar(int(index), lab)
            others = [exemplar_rgb(labs[(i + step) % len(labs)]) for step in (1, 5)]
            cells = [to_rgb(lab[0], lab[1:])]
            for exemplar in (own, *others):
                cells += [np.asarray(exemplar * 255.0, np.uint8), to_rgb(lab[0], predict(net, lab[0], exemplar))]
            columns.append(np.concatenate([cv2.resize(cell, (112, 112)) for cell in cells]))
        return np.concatenate(columns, axis=1)


def build_task(recipe: Mapping[str, Any], store: Store) -> ExemplarTask:
    """The task of `exemplar` over packed pictures."""
    side = recipe["short_side"]
    loss = {name: recipe["loss"][name] for name in LossWeights.__dataclass_fields__}
    return ExemplarTask(
        train=load_packed(store.packed, "train", short_side=side, without=recipe["without"]),
        val=load_packed(store.packed, "val", short_side=side),
        store=store,
        arguments={name: recipe[name] for name in ("width", "color_width", "statistics")},
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        widest=recipe["widest"],
        encoder=recipe["encoder"],
        references=References(**recipe["references"]),
        warp=Warp(**recipe["warp"]),
        weights=LossWeights(**loss),
        validation_pictures=recipe.get("validation_pictures", 64),
    )


def exemplar_rgb(lab: FloatArray) -> FloatArray:
    """(3, H, W) Lab as the network sees exemplars: (S, S, 3) sRGB in 0-1, the sides scaled apart."""
    height, width = lab.shape[1:]
    how = cv2.INTER_AREA if min(height, width) >= EXEMPLAR_SIDE else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(lab.transpose(1, 2, 0)), (EXEMPLAR_SIDE, EXEMPLAR_SIDE), interpolation=how)
    return np.clip(np.asarray(cv2.cvtColor(small, cv2.COLOR_LAB2RGB), np.float32), 0.0, 1.0)


def to_tensors(pairs: list[Pair]) -> tuple[Tensor, ...]:
    """Normalised lightness (N, 1, H, W) and truth (N, 2, H, W), exemplars (N, 3, S, S) and their ab (N, 2, H, W)."""
    lightness, ab, exemplar, source = (torch.from_numpy(np.stack(planes)) for planes in zip(*pairs, strict=True))
    planes = (normalize_lightness(lightness)[:, None], normalize_ab(ab), exemplar.permute(0, 3, 1, 2))
    return *(plane.contiguous(memory_format=torch.channels_last) for plane in planes), normalize_ab(source)


def predict(net: Callable[..., Tensor], lightness: FloatArray, exemplar: FloatArray) -> FloatArray:
    """(2, H, W) ab of one picture."""
    height, width = lightness.shape
    stride = Color2EmbedNet.stride
    padded = np.pad(lightness, ((0, -height % stride), (0, -width % stride)), mode="edge")
    nothing = np.zeros((2, *padded.shape), np.float32)
    inputs = to_tensors([Pair(padded, nothing, exemplar, nothing)])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output = net(inputs[0], inputs[2])
    return np.asarray(denormalize_ab(output.float())[0, :, :height, :width].numpy(), np.float32)
