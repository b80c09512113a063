"""The method `fusion`: the network of Xiao et al. 2018 around whole pictures.

Knows nothing of files or editors.
"""

from __future__ import annotations

import torch

from handtint.colorizers.guided import GuidedColorizer
from handtint.colorizers.trained import load_net
from handtint.nets.fusion import PALETTE_SLOTS, FusionNet

NAME = "fusion"
WORKING_SIDE = 128
"""Longest side that the network sees, px: about the scale of things that it was trained on. On 16 validation pictures
96, 128, 160 and 256 gave 25.95, 25.84, 25.61 and 25.29 dB at 10 hints; with a palette it made little difference."""

MARGIN = 32
"""Working pixels. Without it a frame of other colours shows along the borders, above all with a palette."""


class FusionColorizer(GuidedColorizer):
    """Colours by itself, follows hints and a palette of up to seven colours.

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
            load_net(NAME, FusionNet, torch.device(device)),
            slots=PALETTE_SLOTS,
            working_side=WORKING_SIDE,
            multiple=FusionNet.stride,
            device=device,
            margin=MARGIN,
        )
