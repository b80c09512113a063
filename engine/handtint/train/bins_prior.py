"""How often each of the 313 bins occurs in the training pictures: measured once, kept as data beside the recipe.

python -m handtint.train.bins_prior --packed FOLDER --out engine/handtint/train/recipes/bins.prior.json
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from handtint.color.bins import BINS, encode
from handtint.train.data import PackedPictures, bytes_to_lab, load_packed
from handtint.train.run import read_recipe

_EVERY = 8
"""Rows and columns between the pixels that are counted: colours of neighbours are nearly the same."""


def measure_prior(pictures: PackedPictures) -> Tensor:
    """Share of each bin, (313,) float64, every picture counting alike.

    Colours are counted by their soft bins; that smooths the counts as Zhang et al. 2016 do with a Gaussian.
    """
    counts = torch.zeros(BINS, dtype=torch.float64)
    for index in tqdm(range(len(pictures)), desc="counting bins", mininterval=5):
        lab = bytes_to_lab(pictures.picture(index)[_EVERY // 2 :: _EVERY, _EVERY // 2 :: _EVERY])
        soft = encode(torch.from_numpy(np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1)))[None])
        mass = soft.shares.double().flatten()
        counts.index_add_(0, soft.bins.flatten(), mass / mass.sum())
    return counts / counts.sum()


def read_prior() -> Tensor:
    """The shares that were measured on the project's training pictures, (313,) float32."""
    text = resources.files("handtint.train").joinpath("recipes", "bins.prior.json").read_text(encoding="utf-8")
    return torch.tensor(json.loads(text)["shares"])


@click.command()
@click.option("--packed", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(packed: Path, out: Path) -> None:
    """Measure the bins of the recipe's training pictures."""
    recipe = read_recipe("bins")
    pictures = load_packed(packed, "train", short_side=recipe["short_side"], without=recipe["without"])
    shares = [float(f"{share:.4g}") for share in measure_prior(pictures).tolist()]
    content = {"pictures": len(pictures), "order": "as handtint.color.bins.bin_centers", "shares": shares}
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
