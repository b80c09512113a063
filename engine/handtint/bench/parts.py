"""What each part of `unified` gives: the shipped weights with a part taken away, on validation pictures.

    python -m handtint.bench.parts --data DATA --limit 40

Prints the table of engine/handtint/nets/unified.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import click
import numpy as np
import torch

from handtint.bench.hints import HintFile, Sampler, draw_hints
from handtint.bench.metrics import ColorEdges, FloatArray, delta_e_ab, psnr, to_rgb
from handtint.bench.pictures import BenchPicture, find_pictures, read_picture
from handtint.bench.quality import guidance_of
from handtint.color.gamut import clip_to_gamut
from handtint.color.hints import no_hints
from handtint.color.upsample import upsample
from handtint.colorizers.base import Guidance, Prepared, never
from handtint.colorizers.spread import hint_share, steer
from handtint.colorizers.unified import UnifiedColorizer
from handtint.colorizers.working import WorkingPicture
from handtint.nets.lookup import Tokens
from handtint.nets.unified import Gray, Marks

COUNTS = (0, 1, 10, 100, 200)
"""Numbers of hints."""
REACH = 0.5
GRAY = "gray"


class WithoutTokens(UnifiedColorizer):
    """No place looks a hint up."""

    def _hint_tokens(self, gray: Gray, marks: Marks) -> Tokens:
        tokens = super()._hint_tokens(gray, marks)
        return tokens._replace(mask=torch.zeros_like(tokens.mask))


class WithoutSpread(UnifiedColorizer):
    """No hint arrives anywhere along the lightness."""

    def _marks(
        self, lightness: FloatArray, hint_ab: FloatArray, hint_mask: FloatArray, cache: dict[str, object]
    ) -> Marks:
        marks = super()._marks(lightness, hint_ab, hint_mask, cache)
        return marks._replace(spread=torch.zeros_like(marks.spread), arrived=torch.zeros_like(marks.arrived))


class WithoutCorrection(UnifiedColorizer):
    """The network's answer as it is: what it misses at the hints stays."""

    def colorize(
        self,
        prepared: Prepared,
        guidance: Guidance,
        *,
        size: tuple[int, int] | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> FloatArray:
        """See `Colorizer.colorize`; at the picture's own size."""
        assert isinstance(prepared, WorkingPicture)
        working = self.padded(prepared.working)
        (height, width), padded = prepared.working.shape, (working.shape[0], working.shape[1])
        hints = no_hints(padded) if guidance.hints is None else guidance.hints.shrunk((height, width)).layer(padded)
        ab = self.predict(working, hints.ab, hints.mask, guidance, prepared.cache)[:, :height, :width]
        return clip_to_gamut(prepared.lightness, upsample(ab, prepared.working, prepared.lightness))


class WithoutOwn(UnifiedColorizer):
    """Close hints speak for themselves no more than others."""

    most_own = 0.0


class Steered(WithoutOwn):
    """The same, and the mean of the answer and the hints' own smoothed colors, as around `global_local`."""

    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """See `WorkingSizeColorizer.predict`."""
        answer = super().predict(lightness, hint_ab, hint_mask, guidance, cache)
        if not hint_mask.any():
            return answer
        share = hint_share(lightness, hint_mask, guidance, cache)
        return steer(answer, lightness, hint_ab, hint_mask, share, cache)


VARIANTS: Mapping[str, type[UnifiedColorizer]] = {
    "whole": UnifiedColorizer,
    "hints not looked up as tokens": WithoutTokens,
    "hints not carried along the lightness": WithoutSpread,
    "what is left at the hints not spread": WithoutCorrection,
    "close hints no more than others": WithoutOwn,
    "the same, and the answer averaged with the smoothed hints": Steered,
}


class Row(NamedTuple):
    """PSNR in dB at each number of hints, and the share of color edges that is kept at the last."""

    psnr: tuple[float, ...]
    kept: float


def compare(variants: Mapping[str, UnifiedColorizer], pictures: Sequence[BenchPicture]) -> dict[str, Row]:
    """Means over the pictures, for each variant and for gray; every variant gets the same hints."""
    found: dict[str, list[Row]] = {name: [] for name in (*variants, GRAY)}
    for picture in pictures:
        file = draw_hints(picture.name, picture.rgb, picture.ab, Sampler.zhang, seed=0, most=max(COUNTS))
        edges = ColorEdges(picture.ab)
        found[GRAY].append(_row(picture, edges, [np.zeros_like(picture.ab)] * len(COUNTS)))
        for name, colorizer in variants.items():
            found[name].append(_row(picture, edges, _answers(colorizer, picture, file)))
    return {name: _mean(rows) for name, rows in found.items()}


def _answers(colorizer: UnifiedColorizer, picture: BenchPicture, file: HintFile) -> list[FloatArray]:
    """ab at each number of hints."""
    prepared = colorizer.prepare(picture.lightness)
    return [colorizer.colorize(prepared, guidance_of(file.painted(count), REACH)) for count in COUNTS]


def _row(picture: BenchPicture, edges: ColorEdges, answers: Sequence[FloatArray]) -> Row:
    figures = tuple(psnr(to_rgb(picture.lightness, ab), picture.rgb) for ab in answers)
    last = answers[-1]
    return Row(figures, edges.bleeding(last, delta_e_ab(picture.lightness, last, picture.ab)).retention)


def _mean(rows: Sequence[Row]) -> Row:
    """Of pictures; one without color edges keeps none and loses none."""
    kept = [row.kept for row in rows if not np.isnan(row.kept)]
    figures = np.mean([row.psnr for row in rows], axis=0)
    return Row(tuple(map(float, figures)), float(np.mean(kept)) if kept else float("nan"))


def table(rows: Mapping[str, Row]) -> str:
    """Markdown."""
    columns = ["", f"{COUNTS[0]} hints", *map(str, COUNTS[1:]), f"colour edges kept @{COUNTS[-1]}"]
    lines = [f"| {' | '.join(columns).strip()} |", "|---" * len(columns) + "|"]
    for name, row in rows.items():
        cells = [name, *(f"{value:.2f}" for value in row.psnr), f"{row.kept:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@click.command()
@click.option("--data", required=True, help="Data folder with manifest.csv, or any folder of pictures.")
@click.option("--limit", type=int, default=40, show_default=True, help="How many pictures.")
@click.option("--side", type=int, default=256, show_default=True, help="Size of the pictures, px.")
def main(data: str, limit: int, side: int) -> None:
    """Measure the shipped weights whole and with each part taken away."""
    pictures = [read_picture(data, name, side=side, square=True) for name in find_pictures(data, limit)]
    variants = {name: variant("cpu") for name, variant in VARIANTS.items()}
    click.echo(table(compare(variants, pictures)))


if __name__ == "__main__":
    main()
