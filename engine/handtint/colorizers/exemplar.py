"""The method `exemplar`: the network of Zhao et al. (Color2Embed) around whole pictures.

Knows nothing of files or editors.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from handtint.color.lab import denormalize_ab, lab_to_rgb, normalize_lightness
from handtint.color.transport import move_to_picture
from handtint.colorizers.base import Control, FloatArray, Guidance
from handtint.colorizers.trained import Features, load_net
from handtint.colorizers.working import WorkingSizeColorizer
from handtint.errors import GuidanceError
from handtint.nets.color2embed import EXEMPLAR_SIDE, Color2EmbedNet

WORKING_SIDE = 144
"""Longest side that the network sees, px: about the scale of things that it was trained on."""
_CONTENT = "exemplar.content"
_EMBEDDING = "exemplar.embedding"


@dataclass(frozen=True)
class Embedded:
    """The embedding of the exemplar that was used last, and which one that was."""

    digest: bytes
    vector: Tensor


class ExemplarColorizer(WorkingSizeColorizer):
    """Gives a picture the colours of another one.

    Parameters
    ----------
    device : str
        "cpu" or "cuda".

    Raises
    ------
    WeightsError
        The weights are missing, damaged or of another network.
    """

    def __init__(self, device: str) -> None:
        super().__init__(
            name="exemplar",
            controls=frozenset({Control.exemplar}),
            working_side=WORKING_SIDE,
            multiple=Color2EmbedNet.stride,
        )
        self._device = torch.device(device)
        self._net = load_net("exemplar", Color2EmbedNet, self._device)

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`; there are no hints, and there must be an exemplar.

        The network says which part gets which color, and is timid; its answer is then moved to the exemplar's colors.
        """
        lab = small_exemplar(guidance)
        small = lab_to_rgb(lab).clamp(0.0, 1.0)
        with torch.inference_mode():
            embedding = self._embedding(small, cache)
            output = self._net.paint(self._content(lightness, cache).levels, embedding)
            result: FloatArray = denormalize_ab(output[0]).cpu().numpy()
        return move_to_picture(np.concatenate((lightness[None], result)), lab[0].numpy())

    def _embedding(self, exemplar: Tensor, cache: dict[str, object]) -> Tensor:
        digest = hashlib.blake2b(exemplar.numpy().tobytes()).digest()
        known = cache.get(_EMBEDDING)
        if not isinstance(known, Embedded) or known.digest != digest:
            known = cache[_EMBEDDING] = Embedded(digest, self._net.color(exemplar.to(self._device)))
        return known.vector

    def _content(self, lightness: FloatArray, cache: dict[str, object]) -> Features:
        content = cache.get(_CONTENT)
        if not isinstance(content, Features):
            planes = normalize_lightness(torch.from_numpy(lightness)[None, None]).to(self._device)
            content = cache[_CONTENT] = Features(self._net.content(planes))
        return content


def small_exemplar(guidance: Guidance) -> Tensor:
    """The exemplar at the size that the network sees: a square, its sides scaled apart; (1, 3, S, S) Lab.

    Raises
    ------
    GuidanceError
        There is none, or it is no picture.
    """
    exemplar = guidance.exemplar
    if exemplar is None:
        raise GuidanceError("method exemplar takes its colors from another picture: give it an exemplar to go by")
    if exemplar.ndim != 3 or exemplar.shape[0] != 3 or exemplar.size == 0:
        raise GuidanceError(f"expected an exemplar of shape (3, h, w) with at least one pixel, got {exemplar.shape}")
    if not np.isfinite(exemplar).all():
        raise GuidanceError("the exemplar holds values that are not numbers (NaN or infinity); choose another picture")
    lab = torch.from_numpy(np.ascontiguousarray(exemplar, np.float32))[None]
    return F.adaptive_avg_pool2d(lab, EXEMPLAR_SIDE)
