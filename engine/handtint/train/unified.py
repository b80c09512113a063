"""What is particular to training `unified`: all kinds of guidance, alone and together, in one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from handtint.color import bins
from handtint.color.lab import denormalize_ab, normalize_ab, normalize_lightness
from handtint.nets.blocks import Sobel
from handtint.nets.unified import CELL, PALETTE_SLOTS, WIDE_CELL, Colors, Marks, UnifiedNet, painted_cells
from handtint.train.data import ByteArray, FloatArray, Store, bytes_to_lab
from handtint.train.edits import EditMix, learn_class_colors
from handtint.train.global_local import Phase, psnr, to_rgb
from handtint.train.guidance import Artist, GuidanceMix, GuidedSample, bent, carried
from handtint.train.inputs import HintPainter, InputMix, extract_palette, pad_palette
from handtint.train.labels import IGNORE, LabelledPictures
from handtint.train.losses import color_map, pixel_importance, sliced_distance, some_pixels, weighted_huber
from handtint.train.segment import load_splits

HINT_COUNTS = (0, 1, 10, 50, 100)
MOST_CELLS = 160
"""Painted cells that a training picture looks up."""


@dataclass(frozen=True)
class LossWeights:
    """Weights of the parts.

    Attributes
    ----------
    truth, gradient : float
        Of the Huber loss (threshold `delta`, in ab / 110), and of the squared difference of Sobel derivatives.
    colors, colors_as_a_whole : float
        Pictures with a palette: the nearest palette colours, and the distribution of all colours.
    bins : float
        Cross-entropy of the 313 bins.
    chroma : float
        As in `losses.LossWeights`.
    """

    truth: float = 1.0
    gradient: float = 10.0
    colors: float = 0.1
    colors_as_a_whole: float = 0.1
    bins: float = 0.002
    delta: float = 0.05
    chroma: float = 0.0


class Batch(NamedTuple):
    """Guided samples as tensors, normalised; N pictures.

    Attributes
    ----------
    lightness, truth : (N, 1, H, W), (N, 2, H, W)
    hint_ab, hint_mask, spread, arrived
        As in `nets.unified.Marks`.
    palette_ab, palette_mask : (N, 7, 2), (N, 7)
    exemplar, exemplar_mask : (N, 3, S, S), (N,)
        Lightness and ab; zeros where there is none.
    semantic : (N, H/8, W/8) int64
    """

    lightness: Tensor
    truth: Tensor
    hint_ab: Tensor
    hint_mask: Tensor
    spread: Tensor
    arrived: Tensor
    palette_ab: Tensor
    palette_mask: Tensor
    exemplar: Tensor
    exemplar_mask: Tensor
    semantic: Tensor


@dataclass(frozen=True)
class UnifiedTask:
    """Training of the unified network.

    Attributes
    ----------
    labelled : float
        Share of the samples from pictures that have a semantic map.
    often : mapping
        Data sets whose labelled pictures come so many times as often as others.
    """

    train: LabelledPictures
    val: LabelledPictures
    arguments: Mapping[str, Any]
    seed: int
    phases: tuple[Phase, ...]
    mix: GuidanceMix
    inputs: InputMix
    edits: EditMix
    weights: LossWeights
    labelled: float
    often: Mapping[str, float]
    widest: float = 1.6
    validation_pictures: int = 48
    validation_side: int = 160

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return UnifiedNet(**self.arguments)

    @cached_property
    def artist(self) -> Artist:
        """Who gives the guidance; the classes have their usual colours in the training pictures."""
        pixels = (
            (self.train.picture(int(i)).reshape(-1, 3)[::7], self.train.labels(int(i)).ravel()[::7])
            for i in self.train.labelled
        )
        colors = learn_class_colors(pixels, self.arguments["classes"])
        return Artist(self.mix, self.inputs, self.edits, colors)

    @cached_property
    def _shares(self) -> FloatArray:
        return np.asarray(self.train.shares(self.often))

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """A `Batch` of random crops with simulated guidance."""
        phase = [p for p in self.phases if p.start <= progress][-1]
        rng = np.random.default_rng((self.seed, number))
        side = self.mix.exemplar_side
        return to_batch([self.draw(phase.crop, rng) for _ in range(phase.batch)], side)

    def draw(self, crop: int, rng: np.random.Generator) -> GuidedSample:
        """One random sample; where no picture has a map, from all of them."""
        if len(self.train.labelled) > 0 and rng.random() < self.labelled:
            index = int(rng.choice(self.train.labelled, p=self._shares))
        else:
            index = int(rng.integers(len(self.train)))
        picture, labels = self.train.crop(index, crop, self.widest, rng)
        lender, _ = self.train.crop(int(rng.integers(len(self.train))), crop, self.widest, rng)
        return self.artist.guide(bytes_to_lab(picture), labels, bytes_to_lab(lender), rng)

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum of the parts."""
        sample = Batch(*batch)
        answer = answer_to(net, sample)
        output = answer.ab.float()
        with torch.autocast(output.device.type, enabled=False):
            parts = self._parts(output, answer.bins.float(), sample)
            total = sum((getattr(self.weights, name) * part for name, part in parts.items()), output.new_zeros(()))
        return total, parts

    def _parts(self, output: Tensor, logits: Tensor, sample: Batch) -> dict[str, Tensor]:
        weights, truth = self.weights, sample.truth
        sobel = Sobel().to(output.device)
        present = sample.palette_mask.amax(dim=1)
        mapped = color_map(truth, sample.palette_ab, sample.palette_mask)
        off_colors = nn.functional.huber_loss(output, mapped, delta=weights.delta, reduction="none")
        per_picture = (off_colors * pixel_importance(truth, weights.chroma)).mean(dim=(1, 2, 3))
        soft = bins.encode(denormalize_ab(nn.functional.avg_pool2d(truth, CELL)))
        return {
            "truth": weighted_huber(output, truth, delta=weights.delta, chroma=weights.chroma),
            "gradient": (sobel(output) - sobel(truth)).square().mean(),
            "colors": (per_picture * present).mean(),
            "colors_as_a_whole": (sliced_distance(some_pixels(output), some_pixels(truth)) * present).mean(),
            "bins": bins.cross_entropy(logits, soft).mean(),
        }

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Mean PSNR in dB over hints, with the own palette, the own exemplar and the true map."""
        figures = {f"psnr@{count}": self.mean_psnr(net, hints=count) for count in HINT_COUNTS}
        return figures | {
            "psnr@0+palette": self.mean_psnr(net, palette=True),
            "psnr@0+exemplar": self.mean_psnr(net, exemplar=True),
            "psnr@0+map": self.mean_psnr(net, semantic=True),
            "palette swap": self.swap(net, "palette"),
            "exemplar swap": self.swap(net, "exemplar"),
        }

    def measure(self, net: nn.Module) -> dict[str, float]:
        """What `validate` gives."""
        return {name: round(value, 3) for name, value in self.validate(net).items()}

    def mean_psnr(self, net: nn.Module, **guidance: Any) -> float:
        """Mean over the validation pictures of the PSNR in dB of 8-bit RGB; guidance as in `validation_sample`."""
        scores = []
        for index in self._indices:
            sample = self.validation_sample(index, **guidance)
            answer = self.predict(net, sample)
            scores.append(psnr(to_rgb(sample.lightness, answer), to_rgb(sample.lightness, sample.ab)))
        return float(np.mean(scores))

    def swap(self, net: nn.Module, kind: str) -> float:
        """Share of pictures whose answer is nearer to what was given than to what was given to the next picture."""
        right = 0
        for index, following in zip(self._indices, np.roll(self._indices, -1), strict=True):
            own, other = (self.validation_sample(int(i), **{kind: True}) for i in (index, following))
            given = replace(
                own, palette_ab=other.palette_ab, palette_mask=other.palette_mask, exemplar=other.exemplar
            )  # fmt: skip
            answer = _pixels(self.predict(net, given))
            right += bool(sliced_distance(answer, _pixels(other.ab)) < sliced_distance(answer, _pixels(own.ab)))
        return right / len(self._indices)

    @cached_property
    def _indices(self) -> list[int]:
        """Validation pictures from all over the split."""
        return [int(i) for i in np.linspace(0, len(self.val) - 1, min(self.validation_pictures, len(self.val)))]

    def validation_sample(
        self, index: int, *, hints: int = 0, palette: bool = False, exemplar: bool = False, semantic: bool = False
    ) -> GuidedSample:
        """A validation picture with fixed guidance: hints of 1-6 px at uniform places, a palette of 4."""
        lab, labels = self.val.scaled(index, self.validation_side, 16)
        ab = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
        rng = np.random.default_rng((self.seed, 1, index, hints))
        painter = HintPainter(ab.shape[1:])
        for _ in range(hints):
            y, x = rng.integers(ab.shape[1]), rng.integers(ab.shape[2])
            painter.patch(ab, int(y), int(x), int(rng.integers(1, 7)))
        colors = extract_palette(ab, 4, np.random.default_rng((self.seed, 2, index))) if palette else ab[:0, 0, :2]
        picture = bent(lab.transpose(2, 0, 1), self.mix.exemplar_side, rng) if exemplar else None
        return GuidedSample(
            np.ascontiguousarray(lab[..., 0]), ab, painter.ab, painter.mask,
            carried(np.ascontiguousarray(lab[..., 0]), painter.ab, painter.mask),
            *pad_palette(colors.reshape(-1, 2), PALETTE_SLOTS), picture,
            labels.astype(np.uint8) if semantic else np.full(labels.shape, IGNORE, np.uint8),
        )  # fmt: skip

    def predict(self, net: nn.Module, sample: GuidedSample) -> FloatArray:
        """(2, H, W) ab of one sample."""
        batch = Batch(*to_batch([sample], self.mix.exemplar_side))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            output = answer_to(net, batch).ab
        return np.asarray(denormalize_ab(output.float())[0].numpy(), np.float32)

    def sheet(self, net: nn.Module) -> ByteArray:
        """Rows: truth, gray, automatic, 10 hints, the next picture's palette, the next picture as exemplar, own map."""
        columns = []
        indices = [int(i) for i in np.linspace(0, len(self.val) - 1, 12)]
        for index, following in zip(indices, np.roll(indices, -1), strict=True):
            plain = self.validation_sample(index)
            other = self.validation_sample(int(following), palette=True, exemplar=True)
            answers = (
                plain,
                self.validation_sample(index, hints=10),
                replace(plain, palette_ab=other.palette_ab, palette_mask=other.palette_mask),
                replace(plain, exemplar=other.exemplar),
                self.validation_sample(index, semantic=True),
            )
            colors = [plain.ab, 0 * plain.ab, *(self.predict(net, sample) for sample in answers)]
            columns.append(np.concatenate([cv2.resize(to_rgb(plain.lightness, ab), (128, 128)) for ab in colors]))
        return np.concatenate(columns, axis=1)


def answer_to(net: nn.Module, sample: Batch) -> Colors:
    """The network's answer, all its parts in a row."""
    assert isinstance(net, UnifiedNet)
    gray = net.encode(sample.lightness)
    marks = Marks(sample.hint_ab, sample.hint_mask, sample.spread, sample.arrived)
    hints = net.hint_tokens(gray, *painted_cells(marks, MOST_CELLS))
    palette = net.palette_tokens(sample.palette_ab, sample.palette_mask)
    exemplar = net.look_at(sample.exemplar[:, :1], sample.exemplar[:, 1:], sample.exemplar_mask)
    answer: Colors = net(gray, marks, hints, palette, exemplar, sample.semantic)
    return answer


def to_batch(samples: Sequence[GuidedSample], exemplar_side: int) -> Batch:
    """Normalised tensors; exemplars that are missing become zeros."""
    nothing = np.zeros((3, exemplar_side, exemplar_side), np.float32)
    exemplars = _stack([nothing if s.exemplar is None else s.exemplar for s in samples])
    there = torch.tensor([float(s.exemplar is not None) for s in samples])
    classes = _stack([s.semantic[WIDE_CELL // 2 :: WIDE_CELL, WIDE_CELL // 2 :: WIDE_CELL] for s in samples])
    return Batch(
        lightness=_planes(normalize_lightness(_stack([s.lightness for s in samples])[:, None])),
        truth=_planes(normalize_ab(_stack([s.ab for s in samples]))),
        hint_ab=_planes(normalize_ab(_stack([s.hint_ab for s in samples]))),
        hint_mask=_planes(_stack([s.hint_mask for s in samples])[:, None]),
        spread=_planes(normalize_ab(_stack([s.spread.ab for s in samples]))),
        arrived=_planes(_stack([s.spread.arrived for s in samples])),
        palette_ab=normalize_ab(_stack([s.palette_ab for s in samples])),
        palette_mask=_stack([s.palette_mask for s in samples]),
        exemplar=torch.cat((normalize_lightness(exemplars[:, :1]), normalize_ab(exemplars[:, 1:])), dim=1),
        exemplar_mask=there,
        semantic=classes.long(),
    )


def _stack(planes: Sequence[FloatArray | ByteArray]) -> Tensor:
    return torch.from_numpy(np.stack(planes))


def _planes(values: Tensor) -> Tensor:
    return values.contiguous(memory_format=torch.channels_last)


def _pixels(ab: FloatArray) -> Tensor:
    return some_pixels(torch.from_numpy(ab)[None])


def build_task(recipe: Mapping[str, Any], store: Store) -> UnifiedTask:
    """The task that a recipe describes, over the pictures of a store."""
    train, val = load_splits(recipe, store)
    return UnifiedTask(
        train=train,
        val=val,
        arguments=recipe["net"],
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        mix=GuidanceMix(**recipe["guidance"]),
        inputs=InputMix(**recipe["inputs"]),
        edits=EditMix(**recipe["maps"]),
        weights=LossWeights(**recipe["loss"]),
        labelled=recipe["labelled"],
        often=recipe["often"],
        widest=recipe["widest"],
        validation_pictures=recipe.get("validation_pictures", 48),
    )
