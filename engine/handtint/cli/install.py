"""`handtint install krita|gimp` and `uninstall`: put a plug-in where its editor looks for it, or take it away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from handtint.errors import InputError

_EDITOR = click.Choice(["krita", "gimp"])
_DEST_HELP = "The editor's own folder of this user; found where missing."


@click.command()
@click.argument("editor", type=_EDITOR)
@click.option("--dest", type=click.Path(path_type=Path), help=_DEST_HELP)
@click.option(
    "--zip", "archive", type=click.Path(path_type=Path), help="Write a file for Krita's own importer instead."
)
@click.option("--check", is_flag=True, help="Change nothing; say whether it is installed well (exit code 1 if not).")
def install(editor: str, dest: Path | None, archive: Path | None, check: bool) -> int:
    """Install the plug-in of Krita or GIMP for this user."""
    from handtint.client.install import install_gimp, install_krita

    if archive is not None and (editor != "krita" or dest is not None or check):
        raise click.UsageError("--zip goes with krita alone, without --dest and --check: GIMP has no importer")
    if check:
        return _check(editor, dest)
    with _writing():
        _say(install_gimp(dest) if editor == "gimp" else install_krita(dest, zip=archive))
    return 0


@click.command()
@click.argument("editor", type=_EDITOR)
@click.option("--dest", type=click.Path(path_type=Path), help=_DEST_HELP)
def uninstall(editor: str, dest: Path | None) -> None:
    """Remove what `handtint install` put there, and nothing else."""
    from handtint.client.install import uninstall_gimp, uninstall_krita

    with _writing():
        _say(uninstall_krita(dest) if editor == "krita" else uninstall_gimp(dest))


def _check(editor: str, dest: Path | None) -> int:
    from handtint.client.install import check_gimp, check_krita

    findings = check_krita(dest) if editor == "krita" else check_gimp(dest)
    _say([f"{'ok     ' if finding.well else 'missing'}  {finding.text}" for finding in findings])
    return 0 if all(finding.well for finding in findings) else 1


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{error.filename or 'a folder'} was expected to be writable for you: {error.strerror}; "
            "mend that and run it again"
        ) from error
