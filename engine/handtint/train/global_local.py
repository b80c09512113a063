"""What is particular to training `global_local`: its batches, loss, validation and sample sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handtint.color.lab import denormalize_ab, normalize_ab, normalize_lightness
from handtint.errors import InputError
from handtint.nets.blocks import Sobel
from handtint.nets.global_local import GlobalLocalNet
from handtint.train.data import FloatArray, PackedPictures, Store, bytes_to_lab, cut, draw_window, load_packed
from handtint.train.inputs import SLOTS, HintPainter, InputMix, Sample, extract_palette, pad_palette, simulate
from handtint.train.losses import Asked, LossWeights, global_local_loss, some_pixels

CHOICES = 4
"""Palettes to choose from in the swap test of the validation, as in the paper's study with people."""


@dataclass(frozen=True)
class Phase:
    """Size of the crops and of the batch from a share of the training on."""

    start: float
    crop: int
    batch: int


@dataclass(frozen=True)
class GlobalLocalTask:
    """Training of the global and local network.

    Attributes
    ----------
    widest : float
        A picture is scaled so that its short side is 1 to `widest` times the crop.
    validation_side : int
        Short side of validation pictures, px.
    slots : int
        Most colours of a palette that the network takes.
    options : mapping
        Keyword arguments of the network beside its width.
    """

    slots: ClassVar[int] = SLOTS
    train: PackedPictures
    val: PackedPictures
    width: int
    seed: int
    phases: tuple[Phase, ...]
    mix: InputMix
    weights: LossWeights
    widest: float = 1.6
    validation_pictures: int = 64
    validation_side: int = 160
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """See `Task.arguments`."""
        return {"width": self.width, **self.options}

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return GlobalLocalNet(**self.arguments)

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """Random crops with simulated inputs, normalised, as `to_tensors` and `palette_pixels` have them."""
        samples = self.samples(number, progress)
        return (*to_tensors(samples), torch.stack([palette_pixels(sample) for sample in samples]))

    def samples(self, number: int, progress: float) -> list[Sample]:
        """What a batch is made of."""
        phase = [p for p in self.phases if p.start <= progress][-1]
        rng = np.random.default_rng((self.seed, number))
        return [self.draw(phase.crop, rng) for _ in range(phase.batch)]

    def draw(self, crop: int, rng: np.random.Generator) -> Sample:
        """One random sample."""
        picture = bytes_to_lab(self.crop(crop, rng))
        lender = bytes_to_lab(self.crop(crop, rng)) if self.mix.borrowed > 0 else None
        return simulate(picture, self.mix, rng, slots=self.slots, lender=lender)

    def crop(self, side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A random part of a random picture."""
        picture = self.train.picture(int(rng.integers(len(self.train))))
        return random_crop(picture, side, self.widest, rng)

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Equation 3 of the paper, and our part on all colours together."""
        lightness, truth, hint_ab, hint_mask, palette_ab, palette_mask, pixels = batch
        output = net(lightness, hint_ab, hint_mask, palette_ab, palette_mask).float()
        with torch.autocast(output.device.type, enabled=False):
            asked = Asked(truth, palette_ab, palette_mask, pixels)
            parts = global_local_loss(output, asked, Sobel().to(output.device), self.weights)
        return parts.total(self.weights), parts._asdict()

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Mean PSNR in dB without and with hints and the picture's own palette, and the swap test's share."""
        from handtint.train.measure import swap_test

        settings = [(0, False), (10, False), (50, False), (0, True), (10, True)]
        return {
            f"psnr@{hints}{'+palette' if palette else ''}": self.mean_psnr(net, hints, palette)
            for hints, palette in settings
        } | {"swap": swap_test(self, net)}

    def mean_psnr(self, net: Callable[..., Tensor], hints: int, palette: bool) -> float:
        """Mean over the validation pictures of the PSNR in dB of 8-bit RGB."""
        scores = []
        for index in range(min(self.validation_pictures, len(self.val))):
            sample = self.validation_sample(index, hints, palette)
            scores.append(psnr(to_rgb(sample.lightness, predict(net, sample)), to_rgb(sample.lightness, sample.ab)))
        return float(np.mean(scores))

    def validation_sample(self, index: int, hints: int, palette: bool) -> Sample:
        """A validation picture with fixed guidance: hints of 1-6 px at uniform places, palette of 4."""
        lab = validation_picture(self.val.picture(index), self.validation_side)
        ab = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
        rng = np.random.default_rng((self.seed, 1, index, hints))
        painter = HintPainter(ab.shape[1:])
        for _ in range(hints):
            y, x = rng.integers(ab.shape[1]), rng.integers(ab.shape[2])
            painter.patch(ab, int(y), int(x), int(rng.integers(1, 7)))
        colors = extract_palette(ab, 4, np.random.default_rng((self.seed, 2, index))) if palette else ab[:0, 0, :2]
        return Sample(lab[..., 0], ab, painter.ab, painter.mask, *pad_palette(colors.reshape(-1, 2), self.slots))

    def sheet(self, net: nn.Module) -> NDArray[np.uint8]:
        """Rows: truth, gray, automatic, 10 hints, own palette, palette of the next picture."""
        columns = []
        indices = np.linspace(0, len(self.val) - 1, 12).astype(int)
        for index, following in zip(indices, np.roll(indices, -1), strict=True):
            plain, hinted, themed, other = (
                self.validation_sample(int(i), hints, palette)
                for i, hints, palette in ((index, 0, False), (index, 10, False), (index, 0, True), (following, 0, True))
            )
            swapped = Sample(
                plain.lightness, plain.ab, plain.hint_ab, plain.hint_mask, other.palette_ab, other.palette_mask
            )
            colors = [plain.ab, 0 * plain.ab, *(predict(net, s) for s in (plain, hinted, themed, swapped))]
            cells = [cv2.resize(to_rgb(plain.lightness, ab), (128, 128)) for ab in colors]
            columns.append(np.concatenate(cells))
        return np.concatenate(columns, axis=1)

    def measure(self, net: nn.Module) -> dict[str, float]:
        """PSNR in dB over hints and palettes, and the palette swap test."""
        from handtint.train.measure import measure_guided

        return measure_guided(self, net)


def build_task(
    recipe: Mapping[str, Any], store: Store, *, kind: type[GlobalLocalTask] = GlobalLocalTask
) -> GlobalLocalTask:
    """The task of `global_local`, or of a kind of it, over packed pictures."""
    side = recipe["short_side"]
    val = load_packed(store.packed, "val", short_side=side)
    if len(val) < CHOICES:
        raise InputError(f"expected {CHOICES} or more pictures of the split 'val' in manifest.csv, got {len(val)}")
    return kind(
        train=load_packed(store.packed, "train", short_side=side, without=recipe["without"]),
        val=val,
        width=recipe["width"],
        seed=recipe["seed"],
        phases=tuple(Phase(**phase) for phase in recipe["phases"]),
        mix=InputMix(**recipe["inputs"]),
        weights=LossWeights(**recipe["loss"]),
        widest=recipe["widest"],
        validation_pictures=recipe.get("validation_pictures", 64),
        options=recipe.get("net", {}),
    )


def random_crop(picture: NDArray[np.uint8], crop: int, widest: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A square of a randomly scaled, perhaps mirrored picture; (crop, crop, 3) uint8."""
    return cut(picture, draw_window(picture.shape, widest, rng), crop)


def validation_picture(picture: NDArray[np.uint8], short_side: int) -> FloatArray:
    """(H, W, 3) Lab, the short side scaled, both cut to multiples of 8."""
    scale = short_side / min(picture.shape[:2])
    size = tuple(max(8, round(scale * n) // 8 * 8) for n in picture.shape[1::-1])
    return bytes_to_lab(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8))


def to_tensors(samples: list[Sample]) -> tuple[Tensor, ...]:
    """Normalised lightness, truth, hint_ab, hint_mask, palette_ab, palette_mask; the first axis is the sample."""

    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(sample, name) for sample in samples]))

    def planes(values: Tensor) -> Tensor:
        return values.contiguous(memory_format=torch.channels_last)

    return (
        planes(normalize_lightness(stack("lightness"))[:, None]),
        planes(normalize_ab(stack("ab"))),
        planes(normalize_ab(stack("hint_ab"))),
        planes(stack("hint_mask")[:, None]),
        normalize_ab(stack("palette_ab")),
        stack("palette_mask"),
    )


def palette_pixels(sample: Sample) -> Tensor:
    """(1024, 2) ab / 110 of the picture that a sample's palette was taken from."""
    source = sample.ab if sample.source is None else sample.source
    return some_pixels(normalize_ab(torch.from_numpy(np.ascontiguousarray(source))[None]))[0]


def predict(net: Callable[..., Tensor], sample: Sample) -> FloatArray:
    """(2, H, W) ab of one sample."""
    lightness, _, *guidance = to_tensors([sample])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output = net(lightness, *guidance)
    return np.asarray(denormalize_ab(output.float())[0].numpy(), np.float32)


def to_rgb(lightness: FloatArray, ab: FloatArray) -> NDArray[np.uint8]:
    """(H, W, 3) 8-bit sRGB."""
    lab = np.concatenate((lightness[None], ab)).transpose(1, 2, 0)
    rgb = cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(np.rint(rgb * 255.0), 0, 255), np.uint8)


def psnr(picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB of 8-bit pictures."""
    error = np.square(picture.astype(np.float32) - truth.astype(np.float32)).mean()
    return float(10.0 * np.log10(255.0**2 / max(error, 1e-3)))
