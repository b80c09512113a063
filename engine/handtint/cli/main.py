"""The command `handtint`: names of the commands, and errors turned into one line and an exit code."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import click

from handtint import __version__
from handtint.errors import Cancelled, EngineFailed, HandtintError, InputError

EXIT_INPUT = 2
EXIT_ENGINE = 3
INPUT_CODES = {"bad_request", "unknown_method", "not_available", "bad_picture", "bad_guidance", "too_large"}
"""Failures of the engine that the person who typed the command can mend."""

COMMANDS = {
    "batch": "handtint.cli.batch",
    "bench": "handtint.cli.bench",
    "colorize": "handtint.cli.colorize",
    "demo": "handtint.cli.demo",
    "doctor": "handtint.cli.doctor",
    "install": "handtint.cli.install",
    "keys": "handtint.cli.keys",
    "methods": "handtint.cli.engine",
    "palette": "handtint.cli.palette",
    "relay": "handtint.cli.relay",
    "segment": "handtint.cli.segment",
    "serve": "handtint.cli.engine",
    "status": "handtint.cli.engine",
    "stop": "handtint.cli.engine",
    "suggest": "handtint.cli.suggest",
    "themes": "handtint.cli.themes",
    "train": "handtint.cli.train",
    "uninstall": "handtint.cli.install",
}


class LateGroup(click.Group):
    """A group that imports a command's module when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[name]), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="handtint")
def handtint() -> None:
    """Color gray pictures: by hints, a palette, or by itself."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line.

    Returns
    -------
    int
        0; 2 for input that cannot be used; 3 for an engine that cannot be reached or failed; 1 when interrupted.
    """
    try:
        result = handtint.main(args=list(arguments), prog_name="handtint", standalone_mode=False)
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt, Cancelled):
        return _complain("interrupted; nothing half-written is left", 1)
    except HandtintError as error:
        return _complain(str(error), exit_code(error))
    return result if isinstance(result, int) else 0


def exit_code(error: HandtintError) -> int:
    """2 where the input is at fault, 3 where the engine is."""
    if isinstance(error, InputError) or (isinstance(error, EngineFailed) and error.code in INPUT_CODES):
        return EXIT_INPUT
    return EXIT_ENGINE


def _complain(text: str, code: int) -> int:
    click.echo(f"handtint: {' '.join(text.split())}", err=True)
    return code
