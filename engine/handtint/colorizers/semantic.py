"""The method `semantic`: the two networks of Ho et al. around whole pictures.

Knows nothing of files or editors.
"""

from __future__ import annotations

import numpy as np
import torch

from handtint.color.lab import denormalize_ab, normalize_lightness
from handtint.color.upsample import area_size
from handtint.colorizers.base import Control, FloatArray, Guidance, IntArray
from handtint.colorizers.segmenter import WORKING_SIDE, Segmenter, resize_map
from handtint.colorizers.trained import Features, load_net
from handtint.colorizers.working import WorkingSizeColorizer
from handtint.errors import GuidanceError
from handtint.nets.semantic import SemanticNet

_FEATURES = "semantic.features"
_FOUND = "semantic.found"


class SemanticColorizer(WorkingSizeColorizer):
    """Colours by itself what it recognises, and follows a corrected semantic map.

    Without a map, what the segmentation finds stands in. In a map that is given, 0 means that nothing is said: the
    colours there are the network's guess from the gray picture. Hints are not taken, as in the paper.

    Parameters
    ----------
    device : str
        "cpu" or "cuda".

    Raises
    ------
    WeightsError
        The weights of one of the networks are missing, damaged or of another network.
    """

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)
        self._net = load_net("semantic", SemanticNet, self._device)
        super().__init__(
            name="semantic",
            controls=frozenset({Control.semantic}),
            working_side=WORKING_SIDE,
            multiple=self._net.stride,
        )
        self._segmenter = Segmenter(device)

    def work_smaller(self, part: int) -> None:
        """See `Colorizer.work_smaller`; the map that it finds by itself is that of the smaller picture too."""
        super().work_smaller(part)
        self._segmenter.work_smaller(part)

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`; there are no hints."""
        classes = self._classes(lightness, guidance, cache)
        with torch.inference_mode():
            gray = self._gray_features(lightness, cache)
            semantic = self._net.encode_map(torch.from_numpy(classes)[None].to(self._device))
            output = self._net.decode(list(gray.levels), semantic)
            result: FloatArray = denormalize_ab(output[0]).cpu().numpy()
        return result

    def _classes(self, lightness: FloatArray, guidance: Guidance, cache: dict[str, object]) -> IntArray:
        """The artist's map at the working size as it is, or what the segmentation finds where there is none."""
        if guidance.semantic is not None:
            return map_at(guidance.semantic, lightness.shape, self.working_side, self._net.class_in.num_embeddings)
        found = cache.get(_FOUND)
        if not isinstance(found, np.ndarray):
            found = cache[_FOUND] = self._segmenter.segment(lightness)
        return found

    def _gray_features(self, lightness: FloatArray, cache: dict[str, object]) -> Features:
        features = cache.get(_FEATURES)
        if not isinstance(features, Features):
            planes = normalize_lightness(torch.from_numpy(lightness)[None, None]).to(self._device)
            features = cache[_FEATURES] = Features(tuple(self._net.encode_gray(planes)))
        return features


def map_at(semantic: IntArray, padded: tuple[int, ...], working_side: int, classes: int) -> IntArray:
    """A map of the picture's own size at the padded working size, (h, w) int64.

    Raises
    ------
    GuidanceError
        It holds numbers that are no class.
    """
    if semantic.min() < 0 or semantic.max() >= classes:
        worst = semantic.max() if semantic.max() >= classes else semantic.min()
        raise GuidanceError(
            f"expected class numbers from 0 to {classes - 1} in the semantic map, got {worst}; "
            "start from a map that was found here, or paint in its classes' colors"
        )
    height, width = area_size(semantic.shape, working_side)
    small = resize_map(semantic, (height, width))
    return np.pad(small, ((0, padded[0] - height), (0, padded[1] - width)), mode="edge")
