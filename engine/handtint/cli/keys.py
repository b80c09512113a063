"""`handtint keys`: keys for an engine on another machine. Writes files and nothing else."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--painter", metavar="NAME", default="painter", show_default=True, help="Whose keys; one name for each.")
def keys(folder: Path, painter: str) -> None:
    """Make the keys by which an engine on another machine lets a painter in. Never overwrites any."""
    from handtint.server.keys import make_keys

    engine, own = make_keys(folder, painter)
    click.echo(f"{engine}  stays with the engine: handtint serve --listen tcp://ADDRESS:PORT --curve-keys {engine}")
    click.echo(f"{own}  goes to the painter's machine: handtint relay tcp://ADDRESS:PORT --curve-keys {own}")
