"""The method `global_local`: the network of Xiao et al. 2019 around whole pictures.

Knows nothing of files or editors.
"""

from __future__ import annotations

import torch

from handtint.colorizers.guided import GuidedColorizer
from handtint.colorizers.trained import load_net
from handtint.nets.global_local import PALETTE_SLOTS, GlobalLocalNet

NAME = "global_local"
WORKING_SIDE = 224
"""Longest side that the network sees, px: about the scale of things that it was trained on. On 16 validation
pictures 192, 224 and 256 gave 26.95, 26.67 and 26.45 dB at 10 hints, and the same without; small things want more."""


class GlobalLocalColorizer(GuidedColorizer):
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
            NAME,
            load_net(NAME, GlobalLocalNet, torch.device(device)),
            slots=PALETTE_SLOTS,
            working_side=WORKING_SIDE,
            multiple=GlobalLocalNet.stride,
            device=device,
        )
