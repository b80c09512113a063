"""Learns which colors textures have, measures what comes of it, and ships it as the weights `themes`.

python -m handtint.train.themes --data DATA --packed FOLDER --weights weights
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import click
import numpy as np
import torch
from scipy.stats import wasserstein_distance_nd

from handtint.color.palette import Palette, extract_palette
from handtint.color.upsample import shrink_area
from handtint.themes.library import CELLS, NAME, ThemeLibrary, cells, learn
from handtint.themes.recommend import recommend
from handtint.themes.texture import describe
from handtint.train.data import FloatArray, PackedPictures, bytes_to_lab, load_packed, pack
from handtint.train.export import Provenance, WeightFile, write_weights
from handtint.train.ship import read_terms

SHORT_SIDE = 192
COLORS, THEMES = 5, 4
WITHOUT = ("misc_free__astronaut.jpg", "misc_free__chelsea.jpg", "misc_free__coffee.jpg", "misc_free__rocket.jpg")
"""The pictures of the tests and the demo."""


def some_pictures(packed: PackedPictures, count: int, seed: int) -> Iterator[FloatArray]:
    """(3, H, W) Lab of up to `count` random pictures."""
    for index in np.random.default_rng(seed).permutation(len(packed))[:count]:
        yield np.ascontiguousarray(bytes_to_lab(packed.picture(int(index))).transpose(2, 0, 1))


def measure(library: ThemeLibrary, pictures: list[FloatArray]) -> dict[str, float]:
    """How well colors are foreseen, beside libraries that look at no texture, or at the wrong one.

    Returns
    -------
    mapping
        "nats": mean of -log of what the library gives to each pixel's cell of ab; "blind nats": the same with a single
        texture. "theme": earth mover's distance, in ab units, of the first of four themes of five colors to the
        picture's own palette; "best theme": of the nearest of the four; "shuffled": with the colors of other textures,
        which are as strong. "gray": of no color at all.
    """
    figures = {
        "nats": float(np.mean([_surprise(lab, library) for lab in pictures])),
        "blind nats": float(np.mean([_surprise(lab, blind(library)) for lab in pictures])),
    }
    for words, one in (("", library), ("shuffled ", shuffled(library, 0))):
        found = [_distances(lab, one) for lab in pictures]
        figures[f"{words}theme"] = float(np.mean([distances[0] for distances in found]))
        figures[f"{words}best theme"] = float(np.mean([min(distances) for distances in found]))
    figures["gray"] = float(np.mean([_chroma(extract_palette(lab, COLORS, ab_only=True)) for lab in pictures]))
    return {name: round(value, 3) for name, value in figures.items()}


def blind(library: ThemeLibrary) -> ThemeLibrary:
    """A library of the same colors with a single texture."""
    total = library.shares.sum(axis=0)
    colors = (library.shares[..., None] * library.colors).sum(axis=0) / total.clip(1e-9)[:, None]
    shares = (total / total.sum())[None].astype(np.float32)
    return replace(library, centers=library.centers[:1], shares=shares, colors=colors[None].astype(np.float32))


def shuffled(library: ThemeLibrary, seed: int) -> ThemeLibrary:
    """A library in which each texture has the colors of another one."""
    order = np.random.default_rng(seed).permutation(len(library.shares))
    return replace(library, shares=library.shares[order], colors=library.colors[order])


def _surprise(lab: FloatArray, library: ThemeLibrary) -> float:
    """Nats per pixel; what no picture had on a texture counts as a hundredth of an even share."""
    regions = describe(lab[0])
    size = (regions.labels.shape[0], regions.labels.shape[1])
    ab = np.stack([shrink_area(plane, size) for plane in lab[1:]]).reshape(2, -1)
    textures = library.nearest(regions.features)[regions.labels.reshape(-1)]
    return float(-np.log(library.shares[textures, cells(ab)] + 0.01 / CELLS).mean())


def _distances(lab: FloatArray, library: ThemeLibrary) -> list[float]:
    own = extract_palette(lab, COLORS, ab_only=True)
    themes = recommend(lab[0], library, colors=COLORS, count=THEMES)
    return [float(wasserstein_distance_nd(t.lab[:, 1:], own.lab[:, 1:], t.weights, own.weights)) for t in themes]


def _chroma(palette: Palette) -> float:
    return float((np.hypot(*palette.lab[:, 1:].T) * palette.weights).sum())


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--packed", type=click.Path(path_type=Path), required=True, help="Folder of the decoded pictures.")
@click.option("--weights", type=click.Path(path_type=Path), default=Path("weights"), show_default=True)
@click.option("--pictures", type=int, default=4000, show_default=True, help="To learn from.")
@click.option("--measured", type=int, default=100, show_default=True, help="Validation pictures.")
@click.option("--hardware", default="2 CPU cores", show_default=True, help="For the card.")
def main(data: Path, packed: Path, weights: Path, pictures: int, measured: int, hardware: str) -> None:
    """Learn, measure and ship."""
    pack(data, packed, short_side=SHORT_SIDE)
    train = load_packed(packed, "train", short_side=SHORT_SIDE, without=WITHOUT)
    library = learn(some_pictures(train, pictures, 0))
    figures = measure(library, list(some_pictures(load_packed(packed, "val", short_side=SHORT_SIDE), measured, 1)))
    terms = read_terms()
    file = WeightFile(
        name=NAME,
        net=ThemeLibrary.__name__,
        arguments={},
        recipe=f"python -m handtint.train.themes --data DATA --packed FOLDER --pictures {min(pictures, len(train))}",
        tensors={field.name: torch.from_numpy(getattr(library, field.name)) for field in fields(library)},
    )
    provenance = Provenance(
        file.recipe,
        terms["summary"],
        terms["licence"],
        hardware,
        date.today().isoformat(),
        0,
        min(pictures, len(train)),
    )
    write_weights(file, weights, provenance, figures)
    click.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
