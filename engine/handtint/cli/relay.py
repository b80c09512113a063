"""`handtint relay`: this machine's programs use the engine of another one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command()
@click.argument("address", metavar="tcp://ADDRESS:PORT")
@click.option("--curve-keys", type=click.Path(path_type=Path), required=True, help="The painter's folder of keys.")
@click.option(
    "--idle-exit",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    help="Minutes without a request after which the relay ends.",
)
@click.option("--remember", is_flag=True, help="Run nothing; from now on the editors start this relay as their engine.")
def relay(address: str, curve_keys: Path, idle_exit: float, remember: bool) -> int:
    """Stand in for the engine of another machine: editors and commands here use it as their own."""
    if remember:
        return _remember(address, curve_keys)
    from handtint.server.relay import relay as run_relay

    return run_relay(address, curve_keys, idle_exit=idle_exit * 60.0)


def _remember(address: str, curve_keys: Path) -> int:
    from handtint.client.install import use_engine
    from handtint.server.doors import parse_address
    from handtint.server.keys import read_keys

    parse_address(address)
    read_keys(curve_keys)
    command = [sys.executable, "-m", "handtint", "relay", address, "--curve-keys", os.path.abspath(curve_keys)]
    click.echo(use_engine(command))
    return 0
