"""A network with its shipped weights, and what it keeps of one picture. Knows nothing of what a picture is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from handtint.errors import WeightsError
from handtint.nets.blocks import fold_norms
from handtint.weights import find, load_state, not_installed

N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True)
class Features:
    """What a network makes of the lightness alone, kept from one request to the next."""

    levels: tuple[Tensor, ...]

    @property
    def nbytes(self) -> int:
        """Memory of all levels, for the engine's budget."""
        return sum(level.nbytes for level in self.levels)


def load_net(name: str, kind: type[N], device: torch.device | None = None) -> N:
    """The network with the weights of that name, in evaluation mode, on a device (the CPU where none is named).

    Raises
    ------
    WeightsError
        The weights are missing, damaged or of another network.
    """
    entry = find(name)
    if entry is None:
        raise WeightsError(not_installed(name))
    if entry.net != kind.__name__:
        raise WeightsError(f"expected weights of {kind.__name__} in {entry.path}, got those of {entry.net}")
    net = kind(**entry.arguments)
    try:
        net.load_state_dict({key: value.float() for key, value in load_state(entry).items()})
    except RuntimeError as error:
        raise WeightsError(f"the weights in {entry.path} do not fit {entry.net}({dict(entry.arguments)})") from error
    fold_norms(net.eval())
    placed: N = net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed
