"""`handtint install krita|gimp`: put a plug-in where its editor looks for it."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("editor", type=click.Choice(["krita", "gimp"]))
@click.option("--dest", type=click.Path(path_type=Path), help="The editor's resource folder; found where missing.")
def install(editor: str, dest: Path | None) -> None:
    """Install the plug-in of Krita or GIMP for this user."""
    from handtint.client.install import install_gimp, install_krita

    steps = install_krita(dest) if editor == "krita" else install_gimp(dest)
    for step in steps:
        click.echo(step)
