"""Our own network: the gray picture is encoded once, every kind of guidance is looked up from it by attention.

Tensors in, tensors out. Why it is built so, what was tried and what it gave: nets/unified.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtint.nets.blocks import Conv, Residual, Sobel
from handtint.nets.lookup import Lookup, Tokens

STRIDE = 16
"""Height and width must be multiples of this."""
CELL = 4
"""Working pixels along the side of a cell, in which features and hints live."""
WIDE_CELL = 8
"""The same, of the wide features, in which guidance is looked up."""
BINS = 313
PALETTE_SLOTS = 7
"""Most colours that a palette can have."""
SPREAD_STRENGTHS = (1e2, 1e4)
SPREAD_SIGMA = 4.0
"""Of the smoothers that carry the hints along the lightness before they come in: a short way, a long one; L* units."""
SPREADS = len(SPREAD_STRENGTHS)


class Gray(NamedTuple):
    """What is encoded once per picture.

    Attributes
    ----------
    cells : (N, C, H/4, W/4)
        Features of each cell.
    wide : (N, 2C, H/8, W/8)
        Features that have seen far around them.
    pixels : (N, 16, H/4, W/4)
        The lightness itself, 4 x 4 pixels per cell, for the edges of the answer.
    """

    cells: Tensor
    wide: Tensor
    pixels: Tensor


class Marks(NamedTuple):
    """The hints, as the light part of the network takes them.

    Attributes
    ----------
    ab, mask : (N, 2, H, W), (N, 1, H, W)
        ab / 110 where painted; 1 = painted.
    spread, arrived : (N, 2 * SPREADS, H, W), (N, SPREADS, H, W)
        The hints' ab / 110 smoothed along the lightness, short and long, and how much of them arrives, 0-1.
    """

    ab: Tensor
    mask: Tensor
    spread: Tensor
    arrived: Tensor


class Known(NamedTuple):
    """What the cells know before any hint is painted.

    Attributes
    ----------
    query : (N, heads, H/8 * W/8, D)
        What they look hints up by.
    far, near : (N, C, H/8, W/8), (N, C, H/4, W/4)
        Their part of the sums that the light part begins with.
    pixels : (N, 16, H/4, W/4)
        As in `Gray`.
    """

    query: Tensor
    far: Tensor
    near: Tensor
    pixels: Tensor


class Colors(NamedTuple):
    """The answer.

    Attributes
    ----------
    ab : (N, 2, H, W)
        ab / 110, within +-1.
    bins : (N, 313, H/4, W/4)
        Logits of the quantised colours.
    """

    ab: Tensor
    bins: Tensor


class GrayEncoder(nn.Module):
    """Lightness to features: everything that depends on the gray picture alone.

    A U of three levels that starts at a quarter of the size, where layers are wide enough for a CPU to be fast.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        w1, w2, w3 = width, 3 * width // 2, 5 * width // 2
        self.sobel = Sobel()
        self.stem = Conv(2 * CELL * CELL, w1)
        self.quarter = nn.Sequential(*(_block(w1) for _ in range(2)))
        self.down2 = Conv(w1, w2, stride=2)
        self.eighth = nn.Sequential(*(_block(w2) for _ in range(2)))
        self.down3 = Conv(w2, w3, stride=2)
        self.sixteenth = nn.Sequential(*(_block(w3) for _ in range(3)))
        self.up2 = nn.Conv2d(w3, w2, 1)
        self.eighth_out = _block(w2)
        self.up1 = nn.Conv2d(w2, w1, 1)
        self.quarter_out = _block(w1)
        self.widths = (w1, w2)

    def forward(self, lightness: Tensor) -> Gray:
        """(N, 1, H, W), (L - 50) / 50, to what is kept of the picture."""
        pixels = F.pixel_unshuffle(lightness, CELL)
        edges = F.pixel_unshuffle(4.0 * self.sobel.magnitude(lightness), CELL)
        quarter = self.quarter(self.stem(torch.cat((pixels, edges), dim=1)))
        eighth = self.eighth(self.down2(quarter))
        deep = self.up2(self.sixteenth(self.down3(eighth)))
        wide = self.eighth_out(eighth + F.interpolate(deep, scale_factor=2.0, mode="nearest"))
        raised = F.interpolate(self.up1(wide), scale_factor=2.0, mode="bilinear", align_corners=False)
        return Gray(self.quarter_out(quarter + raised), wide, pixels)


class UnifiedNet(nn.Module):
    """Hints, palette, semantic map and exemplar in one network, each of them optional.

    `encode` runs once per picture, `look_at` once per exemplar, `know` once for all that is said of the whole picture;
    `color` from their results is the light part that a stroke costs. `forward` is all of that with the bins, for
    training.

    Parameters
    ----------
    width : int
        Channels of a cell.
    light : int
        Channels of the light part.
    priors : int
        Learned colours that a cell can look up when nothing else is given.
    classes : int
        Of the semantic map; 0 = not said.
    """

    def __init__(self, width: int = 96, light: int = 64, priors: int = 64, classes: int = 79) -> None:
        super().__init__()
        heads, depth, values = 8, 16, 64
        self.width, self.light = width, light
        self.encoder = GrayEncoder(width)
        cells, wide = self.encoder.widths
        size = heads * depth
        self.hint_key = nn.Linear(wide, size)
        self.hint_value = nn.Linear(wide + 2, values)
        self.palette_key, self.palette_value = _mlp(3, size), _mlp(3, values)
        self.exemplar_key, self.exemplar_value = nn.Linear(wide + 2, size), nn.Linear(wide + 2, values)
        self.prior_key = nn.Parameter(torch.randn(priors, size) * 0.5)
        self.prior_ab = nn.Parameter(torch.randn(priors, 2) * 0.2)
        self.prior_value = nn.Parameter(torch.randn(priors, values) * 0.2)
        self.at_hints = Lookup(wide, heads=heads, depth=depth, values=values, placed=True)
        self.at_palette = Lookup(wide, heads=heads, depth=depth, values=values, placed=False)
        self.at_exemplar = Lookup(wide, heads=heads, depth=depth, values=values, placed=False)
        self.at_priors = Lookup(wide, heads=heads, depth=depth, values=values, placed=False)
        self.classes = nn.Embedding(classes, 16)
        nn.init.zeros_(self.classes.weight)
        found = 4 * self.at_hints.outputs
        self.mix_wide = nn.Conv2d(wide + found + 16, light, 1)
        self.mix_cells = nn.Conv2d(cells + 3 + 3 * SPREADS + CELL * CELL, light, 1)
        self.body = nn.Sequential(_block(light), _block(light, dilation=2), _block(light), _block(light, dilation=4))
        self.out = nn.Conv2d(light + CELL * CELL, (2 + 1 + SPREADS) * CELL * CELL, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        self.bins = nn.Conv2d(light, BINS, 1)

    def encode(self, lightness: Tensor) -> Gray:
        """What is kept of a gray picture; (N, 1, H, W), (L - 50) / 50, sides multiples of 16."""
        gray: Gray = self.encoder(lightness)
        return gray

    def look_at(self, lightness: Tensor, ab: Tensor, mask: Tensor) -> Tokens:
        """Tokens of an exemplar: its cells of 8 x 8 pixels with their mean colours.

        Parameters
        ----------
        lightness, ab : Tensor, shape (N, 1, h, w), (N, 2, h, w)
            Normalised; sides multiples of 16.
        mask : Tensor, shape (N,)
            1 = this picture of the batch has an exemplar.
        """
        wide = self.encoder(lightness).wide
        colors = F.avg_pool2d(ab, WIDE_CELL)
        rows = torch.cat((wide, colors.to(wide.dtype)), dim=1).flatten(2).transpose(1, 2)
        present = mask[:, None].expand(-1, rows.shape[1])
        return Tokens(self.exemplar_key(rows), rows[..., -2:], self.exemplar_value(rows), present)

    def palette_tokens(self, ab: Tensor, mask: Tensor) -> Tokens:
        """Tokens of a padded palette: (N, K, 2) ab / 110 and (N, K), 1 = there is a colour."""
        rows = torch.cat((ab, ab.norm(dim=-1, keepdim=True)), dim=-1)
        return Tokens(self.palette_key(rows), ab, self.palette_value(rows), mask)

    def hint_tokens(self, gray: Gray, ab: Tensor, cells: Tensor, mask: Tensor) -> Tokens:
        """Tokens of painted cells of 8 x 8 pixels.

        Parameters
        ----------
        gray : Gray
        ab : Tensor, shape (N, T, 2)
            ab / 110 of each painted cell.
        cells : Tensor, shape (N, T) int64
            Number of the cell of 8 x 8 pixels, row by row.
        mask : Tensor, shape (N, T)
            1 = there is one.
        """
        _, channels, height, width = gray.wide.shape
        features = gray.wide.flatten(2).transpose(1, 2)
        own = features.gather(1, cells[..., None].expand(-1, -1, channels))
        rows = torch.cat((own, ab.to(own.dtype)), dim=-1)
        place = torch.stack((cells // width + 0.5, cells % width + 0.5), dim=-1) / max(height, width)
        return Tokens(self.hint_key(own), ab, self.hint_value(rows), mask, place)

    def forward(
        self, gray: Gray, marks: Marks, hints: Tokens, palette: Tokens, exemplar: Tokens, semantic: Tensor
    ) -> Colors:
        """Colours, and the bins that training judges them by too; what is taken is said at `know` and `color`."""
        features, ab = self._light_part(self.know(gray, palette, exemplar, semantic), marks, hints)
        return Colors(ab, self.bins(features))

    def know(self, gray: Gray, palette: Tokens, exemplar: Tokens, semantic: Tensor) -> Known:
        """Everything that does not depend on the hints.

        Parameters
        ----------
        gray : Gray
            Of `encode`.
        palette, exemplar : Tokens
            Of `palette_tokens` and `look_at`; masks of 0 where there is none.
        semantic : Tensor, shape (N, H/8, W/8) int64
            Class of each cell of 8 x 8 pixels; 0 = not said.
        """
        n, (cells, wide) = len(gray.cells), self.encoder.widths
        key, ab, value = (p.expand(n, -1, -1) for p in (self.prior_key, self.prior_ab, self.prior_value))
        priors = Tokens(key, ab, value, torch.ones(n, len(self.prior_ab), device=gray.cells.device))
        classes = self.classes(semantic).permute(0, 3, 1, 2).to(gray.wide.dtype)
        found = (
            self.at_palette(gray.wide, palette),
            self.at_exemplar(gray.wide, exemplar),
            self.at_priors(gray.wide, priors),
        )
        return Known(
            self.at_hints.ask(gray.wide),
            _part(self.mix_wide, (gray.wide, *found, classes), without=self._of_hints(wide)),
            _part(self.mix_cells, (gray.cells, gray.pixels), without=self._of_marks(cells)),
            gray.pixels,
        )

    def color(self, known: Known, marks: Marks, hints: Tokens) -> Tensor:
        """ab / 110, (N, 2, H, W): what every stroke costs.

        Parameters
        ----------
        known : Known
            Of `know`.
        marks : Marks
        hints : Tokens
            Of `hint_tokens`; masks of 0 where there is none.
        """
        _, ab = self._light_part(known, marks, hints)
        return ab

    def _light_part(self, known: Known, marks: Marks, hints: Tokens) -> tuple[Tensor, Tensor]:
        """Features of the cells, and the colours from them."""
        cells, wide = self.encoder.widths
        found = self.at_hints.find(known.query, hints, known.far)
        far = known.far + F.conv2d(found, self.mix_wide.weight[:, self._of_hints(wide)])
        near = known.near + F.conv2d(cell_marks(marks), self.mix_cells.weight[:, self._of_marks(cells)])
        raised = F.interpolate(far, scale_factor=2.0, mode="bilinear", align_corners=False)
        features = self.body(F.relu(near + raised))
        parts = F.pixel_shuffle(self.out(torch.cat((features, known.pixels), dim=1)), CELL)
        return features, compose(parts, marks)

    def _of_hints(self, wide: int) -> slice:
        """Channels of `mix_wide` that hold what was found among hints."""
        return slice(wide, wide + self.at_hints.outputs)

    def _of_marks(self, cells: int) -> slice:
        """Channels of `mix_cells` that hold the marks."""
        return slice(cells, cells + 3 + 3 * SPREADS)


def painted_cells(marks: Marks, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """The painted cells of 8 x 8 pixels, those with most paint first.

    Parameters
    ----------
    most : int
        At most so many of a picture.

    Returns
    -------
    ab, cells, mask : Tensor, shapes (N, T, 2), (N, T), (N, T)
        As `UnifiedNet.hint_tokens` takes them; T is the same for all pictures of the batch.
    """
    area = F.avg_pool2d(marks.mask.float(), WIDE_CELL).flatten(1)
    ab = F.avg_pool2d((marks.ab * marks.mask).float(), WIDE_CELL).flatten(2).transpose(1, 2)
    paint, cells = area.topk(min(most, area.shape[1]), dim=1)
    colors = ab.gather(1, cells[..., None].expand(-1, -1, 2)) / paint.clamp(min=1e-6)[..., None]
    return colors, cells, (paint > 0).to(area.dtype)


def compose(parts: Tensor, marks: Marks) -> Tensor:
    """The network's own colour, and the spread hints, weighed pixel by pixel; (N, 3 + SPREADS, H, W) to (N, 2, H, W).

    A hint that has not arrived cannot be weighed in, whatever the network says.
    """
    own = torch.tanh(parts[:, :2].contiguous())  # a quarter of the time
    weight = torch.softmax(parts[:, 2:].float(), dim=1)
    given = weight[:, 1:] * (marks.arrived > 0)
    rest = 1.0 - given.sum(dim=1, keepdim=True)
    mixed = rest * own
    for index in range(SPREADS):
        mixed = mixed + given[:, index : index + 1] * marks.spread[:, 2 * index : 2 * index + 2]
    return mixed


def cell_marks(marks: Marks) -> Tensor:
    """The marks as cells see them: painted colours by area, the most that is painted, what has arrived."""
    painted = F.avg_pool2d(marks.mask, CELL)
    ab = F.avg_pool2d(marks.ab * marks.mask, CELL) / painted.clamp(min=1e-3)
    return torch.cat(
        (ab, F.max_pool2d(marks.mask, CELL), F.avg_pool2d(marks.spread, CELL), F.avg_pool2d(marks.arrived, CELL)), dim=1
    )


def _part(conv: nn.Conv2d, planes: Sequence[Tensor], *, without: slice) -> Tensor:
    """A 1 x 1 convolution of all channels but some, bias included."""
    weight = torch.cat((conv.weight[:, : without.start], conv.weight[:, without.stop :]), dim=1)
    return F.conv2d(torch.cat(tuple(planes), dim=1), weight, conv.bias)


def _block(channels: int, *, dilation: int = 1) -> Residual:
    return Residual(Conv(channels, channels, dilation=dilation), Conv(channels, channels, dilation=dilation, norm=True))


def _mlp(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs))
