"""`handtint train METHOD`: train a network on your own pictures."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("method")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of pictures with manifest.csv.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for checkpoints and samples.")
@click.option("--steps", type=click.IntRange(min=1), help="Optimisation steps; the recipe's own by default.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
def train(method: str, data: Path, out: Path, steps: int | None, device: str) -> None:
    """Train a method's network (or an ablation of it); a run that was stopped goes on where it was."""
    import torch

    from handtint.train.run import train as run_training

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    run_training(method, data, out, steps=steps, device=device)
