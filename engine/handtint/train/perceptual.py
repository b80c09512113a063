"""The perceptual loss and the small encoder behind it: trained on weak class names and on turned hues.

No pretrained network comes with Handtint. Who has VGG-19's weights can put them beside the pictures.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import cv2
import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor, nn

from handtint.color.lab import lab_to_rgb
from handtint.colorizers.trained import load_net
from handtint.errors import WeightsError
from handtint.nets.perceptual import PerceptualNet, Vgg19Features
from handtint.train.data import FloatArray, PackedPictures, Store, bytes_to_lab, cut, draw_window, load_packed
from handtint.train.global_local import to_rgb

NAME = "perceptual"
"""Of the recipe and of the shipped weights."""
_VGG_FILES = ("vgg19.safetensors", "vgg19.pth", "vgg19.pt")
_NO_NAME = -1


class PerceptualLoss(nn.Module):
    """Mean absolute difference of the features of two coloured pictures, in units of the truth's mean feature.

    Equation 9 of Color2Embed, whose sum over all features would change with their number and size.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder.eval().requires_grad_(False)

    def forward(self, lightness: Tensor, ab: Tensor, truth: Tensor) -> Tensor:
        """Compare two colourings, (N, 2, H, W) in ab units, of one lightness, (N, 1, H, W) in 0-100."""
        with torch.no_grad():
            wanted = self._features(lightness, truth)
        loss: Tensor = (self._features(lightness, ab) - wanted).abs().mean() / wanted.mean().clamp_min(1e-6)
        return loss

    def _features(self, lightness: Tensor, ab: Tensor) -> Tensor:
        encoder: Any = self.encoder
        features: Tensor = encoder.features(lab_to_rgb(torch.cat((lightness, ab), dim=1)).clamp(0.0, 1.0))
        return features.float()


def load_encoder(kind: str, store: Store) -> nn.Module:
    """The encoder of the perceptual loss.

    Parameters
    ----------
    kind : str
        "perceptual" for our own, which must have been trained and shipped, or "vgg19" for a file of torchvision's
        weights (`vgg19.safetensors` or `vgg19.pth`) in the data folder.
    """
    return load_vgg19(store.data) if kind == "vgg19" else load_net(NAME, PerceptualNet)


def load_vgg19(folder: Path) -> Vgg19Features:
    """VGG-19 with the weights in a folder: safetensors, or a state_dict that holds nothing but tensors."""
    path = next((folder / file for file in _VGG_FILES if (folder / file).is_file()), None)
    if path is None:
        raise WeightsError(f"expected torchvision's VGG-19 weights as {' or '.join(_VGG_FILES)} in {folder}")
    net = Vgg19Features()
    try:
        if path.suffix == ".safetensors":
            net.take(safetensors.torch.load_file(path))
        else:
            net.take(torch.load(path, weights_only=True, map_location="cpu"))
    except (KeyError, RuntimeError, SafetensorError, UnpicklingError) as error:
        raise WeightsError(f"expected the tensors features.0.weight to features.30.bias of VGG-19 in {path}") from error
    return net


@dataclass(frozen=True)
class PerceptualTask:
    """Training of our own encoder.

    Attributes
    ----------
    classes : tuple of str
        The names that are learned.
    names : pair of tuples of int
        Class of each picture of the two splits, -1 where it has none that is learned.
    """

    train: PackedPictures
    val: PackedPictures
    classes: tuple[str, ...]
    names: tuple[tuple[int, ...], tuple[int, ...]]
    width: int
    turns: int
    crop: int
    size: int
    widest: float
    seed: int
    validation_pictures: int = 200

    @property
    def arguments(self) -> Mapping[str, Any]:
        """See `Task.arguments`."""
        return {"width": self.width, "classes": len(self.classes), "turns": self.turns}

    def build(self) -> nn.Module:
        """A new network from the seed."""
        torch.manual_seed(self.seed)
        return PerceptualNet(**self.arguments)

    def batch(self, number: int, progress: float) -> tuple[Tensor, ...]:
        """RGB, names and turns of random crops; half of them are not turned."""
        rng = np.random.default_rng((self.seed, number))
        samples = []
        for _ in range(self.size):
            index = int(rng.integers(len(self.train)))
            turn = int(rng.integers(1, self.turns)) if rng.random() < 0.5 else 0
            picture = self.train.picture(index)
            lab = bytes_to_lab(cut(picture, draw_window(picture.shape, self.widest, rng), self.crop))
            samples.append((turned_rgb(lab, turn, self.turns), self.names[0][index], turn))
        return to_tensors(samples)

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross entropy of both heads; pictures without a name teach the turns alone."""
        rgb, names, turns = batch
        name, turn = net(rgb)
        named = F.cross_entropy(name.float(), names, ignore_index=_NO_NAME, reduction="sum") / len(names)
        turned = F.cross_entropy(turn.float(), turns)
        return named + turned, {"name": named, "turn": turned}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Shares of validation pictures whose name and whose turn are told rightly."""
        right: dict[str, list[bool]] = {"names right": [], "turns right": []}
        rng = np.random.default_rng(self.seed)
        # At random: neighbours are from one data set, and of one name.
        for index in rng.permutation(len(self.val))[: self.validation_pictures]:
            turn = int(rng.integers(self.turns))
            lab = bytes_to_lab(middle(self.val.picture(index), self.crop))
            for angle, known in ((0, "names right"), (turn, "turns right")):
                rgb, names, turns = to_tensors([(turned_rgb(lab, angle, self.turns), self.names[1][index], angle)])
                name, told = net(rgb)
                if known == "turns right":
                    right[known].append(bool(told.argmax() == turns))
                elif names >= 0:
                    right[known].append(bool(name.argmax() == names))
        return {known: round(float(np.mean(values)), 3) for known, values in right.items() if values}

    def sheet(self, net: nn.Module) -> NDArray[np.uint8]:
        """Validation pictures in every turn, the turn that the network tells marked by a white frame."""
        columns = []
        for index in np.linspace(0, len(self.val) - 1, 12).astype(int):
            lab = bytes_to_lab(middle(self.val.picture(int(index)), self.crop))
            cells = []
            for turn in range(self.turns):
                rgb = turned_rgb(lab, turn, self.turns)
                told = int(net(to_tensors([(rgb, 0, turn)])[0])[1].argmax())
                frame = 4 if told == turn else 0
                cell = np.asarray(np.rint(rgb * 255), np.uint8)[frame : self.crop - frame, frame : self.crop - frame]
                cells.append(np.pad(cell, ((frame, frame), (frame, frame), (0, 0)), constant_values=255))
            columns.append(np.concatenate(cells))
        return np.asarray(np.concatenate(columns, axis=1), np.uint8)

    def measure(self, net: nn.Module) -> dict[str, float]:
        """What `validate` says."""
        return self.validate(net)


def build_task(recipe: Mapping[str, Any], store: Store) -> PerceptualTask:
    """The task of `perceptual` over packed pictures and the weak classes of their manifest."""
    side = recipe["short_side"]
    train = load_packed(store.packed, "train", short_side=side, without=recipe["without"])
    val = load_packed(store.packed, "val", short_side=side)
    names = read_names(store.data)
    counts = Counter(names.get(file, "") for file in train.names)
    classes = tuple(sorted(name for name, count in counts.items() if name and count >= recipe["least"]))
    return PerceptualTask(
        train=train,
        val=val,
        classes=classes,
        names=(numbers(train.names, names, classes), numbers(val.names, names, classes)),
        width=recipe["width"],
        turns=recipe["turns"],
        crop=recipe["crop"],
        size=recipe["batch"],
        widest=recipe["widest"],
        seed=recipe["seed"],
        validation_pictures=recipe.get("validation_pictures", 200),
    )


def read_names(data: Path) -> dict[str, str]:
    """The weak class of each file: the column `image_class` of the manifest, empty where there is none."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        return {row["file"]: row.get("image_class") or "" for row in csv.DictReader(lines)}


def numbers(files: Sequence[str], names: Mapping[str, str], classes: Sequence[str]) -> tuple[int, ...]:
    """Number of each file's class, -1 for one that is not learned."""
    index = {name: number for number, name in enumerate(classes)}
    return tuple(index.get(names.get(file, ""), _NO_NAME) for file in files)


def turned_rgb(lab: FloatArray, turn: int, turns: int) -> FloatArray:
    """(H, W, 3) Lab with all hues turned by `turn` of `turns` equal angles, as sRGB in 0-1."""
    angle = 2.0 * np.pi * turn / turns
    a, b = lab[..., 1], lab[..., 2]
    ab = np.stack((np.cos(angle) * a - np.sin(angle) * b, np.sin(angle) * a + np.cos(angle) * b))
    return np.asarray(to_rgb(lab[..., 0], ab.astype(np.float32)), np.float32) / 255.0


def middle(picture: NDArray[np.uint8], crop: int) -> NDArray[np.uint8]:
    """The largest square in the middle of a picture, scaled to a side of `crop`."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    return np.asarray(cv2.resize(square, (crop, crop), interpolation=cv2.INTER_AREA), np.uint8)


def to_tensors(samples: Sequence[tuple[FloatArray, int, int]]) -> tuple[Tensor, ...]:
    """RGB (N, 3, H, W), names (N,) and turns (N,)."""
    rgb = torch.from_numpy(np.stack([rgb for rgb, _, _ in samples])).permute(0, 3, 1, 2)
    names, turns = (torch.tensor([sample[i] for sample in samples], dtype=torch.int64) for i in (1, 2))
    return rgb.contiguous(memory_format=torch.channels_last), names, turns
