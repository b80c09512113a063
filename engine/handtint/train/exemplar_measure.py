"""Figures of `exemplar` on validation pictures: whether answers follow the exemplar, and how well self-references do.

Measured at the size of the training, without upsampling: the network alone, and with its answer moved to the
exemplar's colors, as the colorizer does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from handtint.bench.controls import histogram_intersection
from handtint.color.gamut import clip_to_gamut
from handtint.color.lab import rgb_to_lab
from handtint.color.transport import move_to_picture
from handtint.train.data import FloatArray
from handtint.train.exemplar import ExemplarTask, exemplar_rgb, predict
from handtint.train.global_local import psnr, to_rgb


def measure_exemplars(task: ExemplarTask, net: Callable[..., Tensor]) -> dict[str, float]:
    """Each picture with the next one as its exemplar, and a random third one to compare with.

    Returns
    -------
    mapping
        "direction": share of answers that have more of their ab histogram in common with their exemplar than with
        the third picture. "drawn": share of exemplars that have more in common with the answer to them than with the
        answer to the third picture. "intersection": mean common share with the exemplar. "chroma": mean chroma of
        the answers over that of the exemplars. "psnr self": dB from the picture's own self-reference. All of them
        again for the network alone. "psnr gray": dB of gray.
    """
    count = min(task.validation_pictures, len(task.val))
    rng = np.random.default_rng((task.seed, 5))
    order = rng.permutation(len(task.val))[:count]
    labs = [task.validation_lab(int(index)) for index in order]
    found: dict[str, list[float]] = {}
    for i, lab in enumerate(labs):
        given, other = labs[(i + 1) % count], labs[(i + int(rng.integers(2, count))) % count]
        own = task.own_exemplar(int(order[i]), lab)
        exemplars = (exemplar_rgb(given), exemplar_rgb(other), own)
        answers = [predict(net, lab[0], exemplar) for exemplar in exemplars]
        moved = [move(lab[0], ab, exemplar) for ab, exemplar in zip(answers, exemplars, strict=True)]
        for kind, (answer, contrary, self_answer) in (("", moved), (", network alone", answers)):
            for name, value in compare(clip(lab, answer), clip(lab, contrary), given, other).items():
                found.setdefault(name + kind, []).append(value)
            found.setdefault(f"psnr self{kind}", []).append(psnr_of(lab, clip(lab, self_answer)))
        found.setdefault("psnr gray", []).append(psnr_of(lab, 0.0 * lab[1:]))
    return {name: round(float(np.mean(values)), 3) for name, values in sorted(found.items())}


def compare(answer: FloatArray, contrary: FloatArray, given: FloatArray, other: FloatArray) -> dict[str, float]:
    """The figures of one picture: its answers, (2, H, W), to the given exemplar and to another, (3, h, w) Lab."""
    common = histogram_intersection(answer, given[1:])
    return {
        "direction": float(common > histogram_intersection(answer, other[1:])),
        "drawn": float(common > histogram_intersection(contrary, given[1:])),
        "intersection": common,
        "chroma": float(np.hypot(*answer).mean() / max(np.hypot(*given[1:]).mean(), 1.0)),
    }


def move(lightness: FloatArray, ab: FloatArray, exemplar: FloatArray) -> FloatArray:
    """An answer moved to the colors of the exemplar, (S, S, 3) sRGB, as the colorizer does."""
    wanted = rgb_to_lab(torch.from_numpy(exemplar).permute(2, 0, 1)).numpy()
    return move_to_picture(np.concatenate((lightness[None], ab)), wanted)


def clip(lab: FloatArray, ab: FloatArray) -> FloatArray:
    """What a screen can show."""
    return clip_to_gamut(lab[0], np.ascontiguousarray(ab))


def psnr_of(lab: FloatArray, ab: FloatArray) -> float:
    """Of a picture's own colors, in dB."""
    return psnr(to_rgb(lab[0], ab), to_rgb(lab[0], lab[1:]))
