"""The segmentation network of "Semantic-driven colorization": a gray picture in, a score for each class out.

References
----------
M. M. Ho, L. Zhang, A. Raake, J. Zhou, "Semantic-driven colorization", section 2.2; the grid itself is that of
D. Fourure et al., "Residual conv-deconv grid network for semantic segmentation", BMVC 2017.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

ROWS = 5
COLUMNS = 6
"""The left half of the columns leads down to lower resolutions, the right half up again."""


class GridNet(nn.Module):
    """Grid of five rows (resolutions, each half of the one above) and six columns.

    A cell adds to its left neighbour's features what a residual unit makes of them, and what comes from above
    (left half) or below (right half). Units are batch normalisation, ReLU and convolution, twice.

    Where the paper leaves a choice, or we leave the paper:

    - `fold` puts squares of that many pixels into channels before the grid, and the scores are brought back to the
      picture's size bilinearly. The paper has 1: its rows of 16 channels at full resolution take most of the time of
      a CPU and see little of the picture.
    - The dropout of whole streams that Fourure et al. have is 0 in the authors' public code, and left out here.
    - The grid's input is lightness alone, as in the paper.

    Parameters
    ----------
    classes : int
        How many scores; the published network has 60, 0 being the background.
    width : int
        Channels of the first row; doubled from row to row. The paper has 16 (to 256).
    fold : int
        Pixels of the picture along each side of one pixel of the first row.
    """

    def __init__(self, classes: int = 60, width: int = 16, *, fold: int = 1) -> None:
        super().__init__()
        self.fold = fold
        widths = [width * 2**row for row in range(ROWS)]
        self.first = nn.Conv2d(fold * fold, width, 3, padding=1)
        # Laterals begin in the second column: the first has no left neighbour.
        self.lateral = nn.ModuleList(nn.ModuleList(_unit(w, w) for _ in range(COLUMNS - 1)) for w in widths)
        self.down = nn.ModuleList(
            nn.ModuleList(_unit(w, 2 * w, stride=2) for _ in range(COLUMNS // 2)) for w in widths[:-1]
        )
        self.up = nn.ModuleList(nn.ModuleList(_rise(2 * w, w) for _ in range(COLUMNS // 2)) for w in widths[:-1])
        self.last = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, classes, 3, padding=1))

    @property
    def stride(self) -> int:
        """Height and width must be multiples of this."""
        return self.fold << (ROWS - 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """Scores of the classes.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            (L - 50) / 50; H and W multiples of `stride`.

        Returns
        -------
        Tensor, shape (N, classes, H, W)
            Before the softmax.
        """
        scores = self.scores(lightness)
        if self.fold == 1:
            return scores
        return F.interpolate(scores, scale_factor=self.fold, mode="bilinear")

    def scores(self, lightness: Tensor) -> Tensor:
        """As `forward`, at the resolution of the first row: (N, classes, H / fold, W / fold)."""
        rows = self.features(lightness)
        for column in range(COLUMNS // 2, COLUMNS):
            rows = self._rise_column(rows, column)
        scores: Tensor = self.last(rows[0])
        return scores

    def features(self, lightness: Tensor) -> list[Tensor]:
        """What the left half of the grid makes of pictures: a tensor for each row, from fine to coarse.

        Row r has shape (N, width * 2^r, H / (fold * 2^r), W / (fold * 2^r)). They also serve as the features of a
        perceptual loss.
        """
        rows: list[Tensor] = []
        for column in range(COLUMNS // 2):
            rows = self._sink_column(lightness, rows, column)
        return rows

    def _sink_column(self, lightness: Tensor, left: list[Tensor], column: int) -> list[Tensor]:
        """A column of the left half, from the top down; the very first has the picture for its left neighbour."""
        if left:
            cells = [left[0] + self._beside(0, column, left[0])]
        else:
            cells = [self.first(F.pixel_unshuffle(lightness, self.fold))]
        for row in range(1, ROWS):
            above: Tensor = self.down[row - 1][column](cells[-1])  # type: ignore[index]
            cells.append(left[row] + self._beside(row, column, left[row]) + above if left else above)
        return cells

    def _rise_column(self, left: list[Tensor], column: int) -> list[Tensor]:
        """A column of the right half, from the bottom up."""
        cells = [left[-1] + self._beside(ROWS - 1, column, left[-1])]
        for row in range(ROWS - 2, -1, -1):
            below: Tensor = self.up[row][column - COLUMNS // 2](cells[0])  # type: ignore[index]
            cells.insert(0, left[row] + self._beside(row, column, left[row]) + below)
        return cells

    def _beside(self, row: int, column: int, features: Tensor) -> Tensor:
        result: Tensor = self.lateral[row][column - 1](features)  # type: ignore[index]
        return result


def _unit(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1),
    )


def _rise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1),
    )
