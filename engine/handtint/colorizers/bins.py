"""The method `bins`: the network of Zhao et al. 2018 around whole pictures; also suggests colours for a pixel.

Knows nothing of files or editors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from handtint.color.bins import TEMPERATURE, annealed_mean, undo_rebalancing
from handtint.color.lab import normalize_lightness
from handtint.color.suggest import Suggestions, expected_error, suggest_colors
from handtint.color.upsample import KERNEL, Kernel, shrink_area, upsample
from handtint.colorizers.base import FloatArray, Guidance, Prepared
from handtint.colorizers.trained import load_net
from handtint.colorizers.working import WorkingPicture, WorkingSizeColorizer
from handtint.errors import GuidanceError
from handtint.nets.bins import BinsNet

NAME = "bins"
WORKING_SIDE = 224
JBU = Kernel(space=3.0, range=15.0 / 2.55, taps=12)
"""The paper's joint bilateral upsampling, from the network's cells to its working size: sigma_s of 3 cells, sigma_r of
15 levels of 8-bit intensity."""
UNDONE = 0.25
"""Share of the training's rebalancing that is undone for the picture's colours. The paper has 0: on 40 validation
pictures livelier than this (colourfulness 38 against 30, of 41 in the truth), and 1.1 dB further from the truth; white
clouds turned yellow."""
UNSURE = 40.0
"""ab units: a colour that is expected to be so far off is as unsure as can be."""
_KEY = "bins.distribution"
SCALE = 4
"""The heads answer at a quarter of the size."""


@dataclass(frozen=True)
class Distribution:
    """What the network says of one picture.

    Attributes
    ----------
    logits : Tensor, shape (1, 313, h/4, w/4)
        Of the colours at the (padded) working size, half precision, on the CPU.
    rarity : Tensor, shape (313,)
        How much each bin counted when that was learned.
    lightness : (h/4, w/4) float32
        L* 0-100 of the same cells.
    """

    logits: Tensor
    rarity: Tensor
    lightness: FloatArray

    @property
    def nbytes(self) -> int:
        return self.logits.nbytes + self.rarity.nbytes + 2 * self.lightness.nbytes

    def colors(self) -> FloatArray:
        """(2, h/4, w/4) ab: the annealed mean, a part of the rebalancing undone."""
        logits = undo_rebalancing(self.logits.float(), self.rarity, UNDONE)
        return np.asarray(annealed_mean(logits, TEMPERATURE)[0].numpy(), np.float32)

    def shares(self, rows: slice = slice(None), columns: slice = slice(None)) -> FloatArray:
        """(N, 313): how likely each colour is in a photograph, for some of the cells."""
        natural = undo_rebalancing(self.logits[:, :, rows, columns].float(), self.rarity)
        return np.asarray(torch.softmax(natural[0].flatten(1), dim=0).T.numpy(), np.float32)

    @cached_property
    def unsure(self) -> FloatArray:
        """(h/4, w/4), 0 to 1: how far off the colours are expected to be."""
        off = expected_error(self.shares(), self.colors().reshape(2, -1).T, self.lightness.reshape(-1))
        return np.asarray(np.clip(off / UNSURE, 0.0, 1.0), np.float32).reshape(self.lightness.shape)


class BinsColorizer(WorkingSizeColorizer):
    """Colours by itself; knows what else a pixel could be, and how sure that is.

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
        super().__init__(name=NAME, controls=frozenset(), working_side=WORKING_SIDE, multiple=BinsNet.stride)
        self._device = torch.device(device)
        self._net = load_net(NAME, BinsNet, self._device)

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`: annealed mean, then joint bilateral upsampling (section 2.2)."""
        known = self._distribution(lightness, cache)
        return upsample(known.colors(), known.lightness, lightness, kernel=JBU, back_projections=0)

    def suggest(self, prepared: Prepared, x: int, y: int, count: int) -> tuple[Suggestions, float]:
        """See `Suggester.suggest`."""
        picture, known = self._of(prepared)
        height, width = picture.lightness.shape
        if not (0 <= x < width and 0 <= y < height):
            raise GuidanceError(f"expected a pixel inside the picture of {width}x{height}, got ({x}, {y})")
        row, column = _cell(picture, known, x, y)
        (shares,) = known.shares(slice(row, row + 1), slice(column, column + 1))
        found = suggest_colors(shares, float(picture.lightness[y, x]), count)
        return found, float(known.unsure[row, column])

    def uncertainty(self, prepared: Prepared, size: tuple[int, int]) -> FloatArray:
        """See `Suggester.uncertainty`."""
        picture, known = self._of(prepared)
        height, width = picture.working.shape
        padded = self.padded(picture.working)
        large = upsample(known.unsure[None], known.lightness, padded, kernel=JBU, back_projections=0)
        working = large[:, :height, :width]
        result = upsample(working, picture.working, shrink_area(picture.lightness, size))[0]
        return np.asarray(np.clip(result, 0.0, 1.0), np.float32)

    def _of(self, prepared: Prepared) -> tuple[WorkingPicture, Distribution]:
        if not isinstance(prepared, WorkingPicture):
            raise TypeError(f"expected what {self.name}.prepare gave, got {type(prepared).__name__}")
        return prepared, self._distribution(self.padded(prepared.working), prepared.cache)

    def _distribution(self, lightness: FloatArray, cache: dict[str, object]) -> Distribution:
        """The network's answer at the padded working size, asked for once per picture."""
        known = cache.get(_KEY)
        if isinstance(known, Distribution):
            return known
        gray = normalize_lightness(torch.from_numpy(lightness)[None, None]).to(self._device)
        with torch.inference_mode():
            logits = self._net(gray).colors.half().cpu()
        cells = shrink_area(lightness, (logits.shape[2], logits.shape[3]))
        known = cache[_KEY] = Distribution(logits, self._net.rarity.cpu(), cells)
        return known


def _cell(picture: WorkingPicture, known: Distribution, x: int, y: int) -> tuple[int, int]:
    """Row and column of the cell that upsampling would listen to most for this pixel."""
    height, width = picture.lightness.shape
    rows, columns = picture.working.shape[0] / height / SCALE, picture.working.shape[1] / width / SCALE
    row, column = (y + 0.5) * rows - 0.5, (x + 0.5) * columns - 0.5

    def distance(cell: tuple[int, int]) -> float:
        off = np.hypot(cell[0] - row, cell[1] - column) / KERNEL.space
        lighter = (known.lightness[cell] - picture.lightness[y, x]) / KERNEL.range
        return float(np.square(off) + np.square(lighter))

    near = [(int(np.floor(row)) + i, int(np.floor(column)) + j) for i, j in np.ndindex(2, 2)]
    last = known.lightness.shape[0] - 1, known.lightness.shape[1] - 1
    inside = [(min(max(i, 0), last[0]), min(max(j, 0), last[1])) for i, j in near]
    return min(inside, key=distance)
