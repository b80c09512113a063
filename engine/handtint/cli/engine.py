"""`handtint serve`, `status`, `stop` and `methods`: the engine from the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.errors import EngineGone
from handtint.wire.messages import GetStatus, MethodInfo, Shutdown, Status, Stopping

if TYPE_CHECKING:
    from handtint.wire.messages import Message

_ANSWER_SECONDS = 10.0
_IDLE_MINUTES = 120.0


@click.command()
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--idle-exit",
    type=click.FloatRange(min=0, min_open=True),
    help="Minutes without a request after which the engine ends: 120, or with keys never.",
)
@click.option("--memory", type=click.IntRange(min=64), default=2048, show_default=True, help="Picture cache in MB.")
@click.option("--listen", metavar="tcp://ADDRESS:PORT", help="Listen there too; beyond this machine with keys only.")
@click.option("--curve-keys", type=click.Path(path_type=Path), help="The engine's folder of what `keys` made.")
def serve(device: str, idle_exit: float | None, memory: int, listen: str | None, curve_keys: Path | None) -> int:
    """Run the engine. A second one finds the first, says so and ends."""
    from handtint.server.engine import serve as run_engine

    if idle_exit is None and curve_keys is None:
        idle_exit = _IDLE_MINUTES  # With keys it waits: from another machine nobody can start it again.
    return run_engine(
        device=device,
        idle_exit=idle_exit * 60.0 if idle_exit is not None else None,
        memory_budget=memory * 2**20,
        listen=listen,
        curve_keys=curve_keys,
    )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def status(as_json: bool) -> None:
    """Say how the running engine is."""
    answer = _ask_running(GetStatus(id=0))
    assert isinstance(answer, Status)
    if as_json:
        click.echo(json.dumps(asdict(answer), indent=2))
        return
    click.echo(f"engine {answer.version} (pid {answer.pid}) on {answer.device}, up {answer.uptime:.0f} s")
    click.echo(f"methods in memory: {', '.join(answer.loaded) or 'none'}")
    click.echo(
        f"pictures: {answer.cached_planes}, {answer.cached_bytes / 2**20:.0f} of {answer.memory_budget / 2**20:.0f} MB"
    )
    click.echo(f"memory: {answer.memory / 2**20:.0f} MB in all" if answer.memory else "memory: not known here")
    click.echo(f"requests: {answer.served} served, {answer.waiting} waiting, {answer.documents} documents")
    for use in answer.used:
        click.echo(
            f"  {use.name:<14}{use.answered:>6} answered, {use.failed} failed; "
            f"median {1e3 * use.median:.0f} ms, p95 {1e3 * use.high:.0f} ms"
        )


@click.command()
def stop() -> None:
    """End the running engine once its work in hand is done; one that does not answer, at once."""
    try:
        answer = _ask_running(Shutdown(id=0))
    except EngineGone:
        click.echo("the engine did not answer and was ended" if _end_silent() else "no engine is running")
        return
    assert isinstance(answer, Stopping)
    click.echo("the engine is stopping")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def methods(as_json: bool) -> None:
    """List the methods, what they take and whether they can be used."""
    from handtint.server.describe import method_infos

    infos = method_infos()
    if as_json:
        click.echo(json.dumps([_as_row(info) for info in infos], indent=2))
        return
    for info in infos:
        state = "" if not info.missing else f"  (not available: {info.missing})"
        click.echo(f"{info.name:<14}{', '.join(info.controls) or 'no guidance'}{state}\n{'':<14}{info.help}")


def _as_row(info: MethodInfo) -> dict[str, object]:
    return {**asdict(info), "available": not info.missing}


def _end_silent() -> bool:
    """End an engine that is there and does not answer; False where there is none."""
    from handtint.client.launcher import Launcher
    from handtint.server.lock import Lock

    launcher = Launcher()
    connection = launcher.find()
    if connection is None:
        return False
    lock = Lock(launcher.path.with_suffix(".lock"))
    with lock:
        # Who holds the lock is an engine. Without it, the number in the file may be another program's by now.
        return not lock.take() and launcher.end(connection)


def _ask_running(message: Message) -> Message:
    """Ask the engine that runs; EngineGone where none does."""
    from handtint.client.blocking import Engine

    with Engine("handtint command line", start=False) as engine:
        return engine.call(message, timeout=_ANSWER_SECONDS)
