"""Learned peers: networks that are no method for artists and only serve to be compared with."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from handtint.bench.baselines import Answer, BenchMethod, FloatArray
from handtint.color.gamut import clip_to_gamut
from handtint.color.hints import Hints, no_hints
from handtint.color.lab import denormalize_ab, normalize_ab, normalize_lightness
from handtint.color.upsample import area_size, shrink_area
from handtint.colorizers.base import Guidance
from handtint.errors import WeightsError
from handtint.nets.zhang2017 import Zhang2017Net
from handtint.weights import find, load_state

ZHANG2017 = "zhang2017"
PEERS = (ZHANG2017,)
WORKING_SIDE = 256
"""Longest side that the network sees, px, as published (there both sides, whatever the aspect)."""


def zhang2017(device: str) -> BenchMethod:
    """Zhang et al. 2017 as published: hints are soft advice, ab comes up from the working size bilinearly.

    Raises
    ------
    WeightsError
        Its weights are missing or damaged.
    """
    net = load_zhang2017().to(device)

    def method(lightness: FloatArray) -> Answer:
        size = area_size(lightness.shape, WORKING_SIDE)
        working = shrink_area(lightness, size)

        def answer(guidance: Guidance) -> FloatArray:
            hints = no_hints(size) if guidance.hints is None else guidance.hints.shrunk(size).layer()
            ab = _predict(net, device, working, hints)
            height, width = lightness.shape
            wide = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in ab]
            return clip_to_gamut(lightness, np.stack(wide).astype(np.float32))

        return answer

    return method


def _predict(net: Zhang2017Net, device: str, lightness: FloatArray, hints: Hints) -> FloatArray:
    """(2, h, w) ab; the picture is padded at its right and lower edges to what the network can halve."""
    height, width = lightness.shape
    pad = ((0, -height % net.stride), (0, -width % net.stride))
    inputs = (
        normalize_lightness(torch.from_numpy(np.pad(lightness, pad, mode="edge"))[None, None]),
        normalize_ab(torch.from_numpy(np.pad(hints.ab, ((0, 0), *pad)))[None]),
        torch.from_numpy(np.pad(hints.mask, pad))[None, None],
    )
    with torch.inference_mode():
        output = net(*(plane.to(device) for plane in inputs))
        result: FloatArray = denormalize_ab(output[0, :, :height, :width]).float().cpu().numpy()
    return np.ascontiguousarray(result)


def load_zhang2017() -> Zhang2017Net:
    """The network with its weights, in evaluation mode, on the CPU."""
    entry = find(ZHANG2017)
    if entry is None:
        raise WeightsError(f"the weights '{ZHANG2017}' are not installed; train them: handtint train {ZHANG2017}")
    if entry.net != Zhang2017Net.__name__:
        raise WeightsError(f"expected weights of {Zhang2017Net.__name__} in {entry.path}, got those of {entry.net}")
    net = Zhang2017Net(**entry.arguments)
    try:
        net.load_state_dict({name: value.float() for name, value in load_state(entry).items()})
    except RuntimeError as error:
        raise WeightsError(f"the weights in {entry.path} do not fit {entry.net}({dict(entry.arguments)})") from error
    return net.eval()
