"""The method `global_local`: the network of Xiao et al. 2019 around whole pictures.

Knows nothing of files or editors.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from handtint.color.lab import denormalize_ab, normalize_ab, normalize_lightness
from handtint.colorizers.base import Control, FloatArray, Guidance
from handtint.colorizers.spread import steer
from handtint.colorizers.working import WorkingSizeColorizer
from handtint.errors import WeightsError
from handtint.nets.global_local import PALETTE_SLOTS, GlobalLocalNet
from handtint.weights import find, load_state

WORKING_SIDE = 224
"""Longest side that the network sees, px: about the scale of things that it was trained on. On 16 validation
pictures 192, 224 and 256 gave 26.95, 26.67 and 26.45 dB at 10 hints, and the same without; small things want more."""


class GlobalLocalColorizer(WorkingSizeColorizer):
    """Colours by itself, follows hints and a palette of up to five colours.

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
            name="global_local",
            controls=frozenset({Control.hints, Control.palette}),
            working_side=WORKING_SIDE,
            multiple=GlobalLocalNet.stride,
        )
        self._device = torch.device(device)
        self._net = load_net().to(device=self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`: the network's answer, steered by the hints (not in the paper)."""
        palette_ab, palette_mask = palette_slots(guidance)
        inputs = (
            normalize_lightness(torch.from_numpy(lightness)[None, None]),
            normalize_ab(torch.from_numpy(hint_ab)[None]),
            torch.from_numpy(hint_mask)[None, None],
            normalize_ab(torch.from_numpy(palette_ab)[None]),
            torch.from_numpy(palette_mask)[None],
        )
        with torch.inference_mode():
            output: Tensor = self._net(*(value.to(self._device) for value in inputs))
            result: FloatArray = denormalize_ab(output[0]).cpu().numpy()
        return steer(result, lightness, hint_ab, hint_mask, guidance, cache)


def load_net() -> GlobalLocalNet:
    """The network with its shipped weights, in evaluation mode, on the CPU."""
    entry = find("global_local")
    if entry is None:
        raise WeightsError("the weights 'global_local' are not installed; put them into $HANDTINT_WEIGHTS")
    if entry.net != GlobalLocalNet.__name__:
        raise WeightsError(f"expected weights of {GlobalLocalNet.__name__} in {entry.path}, got those of {entry.net}")
    net = GlobalLocalNet(**entry.arguments)
    try:
        net.load_state_dict({name: value.float() for name, value in load_state(entry).items()})
    except RuntimeError as error:
        raise WeightsError(f"the weights in {entry.path} do not fit {entry.net}({dict(entry.arguments)})") from error
    return net.eval()


def palette_slots(guidance: Guidance) -> tuple[FloatArray, FloatArray]:
    """The guidance's palette as padded slots: the heaviest colours first, at most five.

    Returns
    -------
    palette_ab : (5, 2) float32
        About +-110, zero in empty slots.
    palette_mask : (5,) float32
        1 = there is a colour.
    """
    slots = np.zeros((PALETTE_SLOTS, 2), np.float32)
    mask = np.zeros(PALETTE_SLOTS, np.float32)
    if guidance.palette_ab is not None and len(guidance.palette_ab):
        colors = np.asarray(guidance.palette_ab, np.float32)
        weights = guidance.palette_weights
        # Stable, so that colours of equal weight keep the artist's order.
        order = np.arange(len(colors)) if weights is None else np.argsort(-np.asarray(weights), kind="stable")
        colors = colors[order[:PALETTE_SLOTS]]
        slots[: len(colors)], mask[: len(colors)] = colors, 1.0
    return slots, mask
