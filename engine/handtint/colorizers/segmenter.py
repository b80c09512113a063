"""What is where in a gray picture: the segmentation network around whole pictures. Knows nothing of editors."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch

from handtint.color.lab import normalize_lightness
from handtint.color.upsample import area_size, shrink_area, upsample
from handtint.colorizers.base import FloatArray, IntArray, check_cancelled, check_picture, never
from handtint.colorizers.place import parse_place
from handtint.colorizers.trained import load_net
from handtint.nets.gridnet import GridNet

WEIGHTS = "segment"
WORKING_SIDE = 256
"""Longest side that the network sees, px: about the scale of things that it was trained on."""
MAP_SIDE = 1536
"""Longest side at which borders follow the picture's edges; a larger map repeats its pixels."""
SURE = 0.3
"""Probability from which on a class is named. Maps of what is at least so sure gave `semantic` 0.5 dB more than maps
that name a class everywhere, on 60 labelled and on 61 other validation pictures."""
_NOTHING = 0
"""The class that says nothing."""


class Segmenter:
    """Finds the semantic map of a gray picture.

    Parameters
    ----------
    device : str
        As in `Place`: "cpu", "cuda", "cuda/2".

    Raises
    ------
    WeightsError
        The weights are missing, damaged or of another network.
    """

    def __init__(self, device: str) -> None:
        place = parse_place(device)
        self._device = torch.device(place.device)
        self._side = WORKING_SIDE
        self.work_smaller(place.part)
        self._net = load_net(WEIGHTS, GridNet, self._device)
        self._multiple = self._net.stride

    def work_smaller(self, part: int) -> None:
        """See `Colorizer.work_smaller`."""
        self._side //= part

    def segment(self, lightness: FloatArray, *, cancelled: Callable[[], bool] = never) -> IntArray:
        """The class of each pixel.

        Parameters
        ----------
        lightness : (H, W) float32
            L*, 0-100.
        cancelled : callable
            Asked now and then; once it says True the work ends with `Cancelled`.

        Returns
        -------
        (H, W) int64
            As classes.json numbers them; 0 where it is not sure of any.
        """
        lightness = check_picture(lightness)
        small = shrink_area(lightness, area_size(lightness.shape, self._side))
        shares = self._probabilities(small)
        check_cancelled(cancelled)
        canvas = shrink_area(lightness, area_size(lightness.shape, MAP_SIDE))
        classes = _largest(shares, small, canvas, lambda: check_cancelled(cancelled))
        check_cancelled(cancelled)
        return resize_map(classes, (lightness.shape[0], lightness.shape[1]))

    def _probabilities(self, lightness: FloatArray) -> FloatArray:
        """(C, h, w) probability of each class, 0 for the one that says nothing."""
        height, width = lightness.shape
        padded = np.pad(lightness, ((0, -height % self._multiple), (0, -width % self._multiple)), mode="edge")
        with torch.inference_mode():
            scores = self._net(normalize_lightness(torch.from_numpy(padded)[None, None]).to(self._device))[0]
            scores[_NOTHING] = -torch.inf
            result: FloatArray = scores.softmax(dim=0)[:, :height, :width].cpu().numpy()
        return result


def _largest(shares: FloatArray, small: FloatArray, canvas: FloatArray, check: Callable[[], None]) -> IntArray:
    """The likeliest class of each pixel of a canvas, whose edges the classes' borders follow; one class at a time."""
    most = np.full(canvas.shape, SURE, np.float32)
    classes = np.full(canvas.shape, _NOTHING, np.int64)
    for label in np.unique(shares.argmax(axis=0)):
        share = upsample(shares[label][None], small, canvas, back_projections=0, check=check)[0]
        more = share > most
        most[more], classes[more] = share[more], label
    return classes


def resize_map(classes: IntArray, size: tuple[int, int]) -> IntArray:
    """A map at another size, by nearest neighbour: class numbers must not be mixed.

    Parameters
    ----------
    classes : (H, W) int64
        0 to 255.
    size : (height, width)
    """
    if classes.shape == size:
        return classes
    small = np.ascontiguousarray(classes, np.uint8)
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.int64)
