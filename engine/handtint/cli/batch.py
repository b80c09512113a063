"""`handtint batch`: a folder of pictures spread over a Dask cluster that runs already; the result is as without one.

The workers get a picture's bytes and give back the colored one's: they need no folder in common, only Handtint.
A worker that is killed loses what it had in hand, which another one does again.
"""

from __future__ import annotations

import importlib.util
import logging
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handtint.cli.colorize import Template, colorize_one
from handtint.cli.folder import Job, Ledger, Tally, check_folder, expand, plan, tallied
from handtint.errors import EngineFailed, EngineGone, HandtintError, InputError, PictureError

if TYPE_CHECKING:
    from handtint.cli.backend import Backend
    from handtint.wire.messages import Palette

_AT_ONCE = 3
"""Pictures for each thread of the cluster that are on their way at once; the others wait on the disk."""
_KILLED = 3
"""Workers that may die of a picture before it is called a failure."""
_CONNECT_SECONDS = 20.0


@dataclass(frozen=True)
class Order:
    """What a worker needs besides the picture.

    Attributes
    ----------
    exemplar : (str, bytes), optional
        Name and content of the file.
    """

    method: str
    palette: Palette | None
    exemplar: tuple[str, bytes] | None
    reach: float
    strength: float
    device: str


@dataclass(frozen=True)
class Refused:
    """What came of a picture that cannot be done, in a sentence, and the exit code for it."""

    text: str
    code: int


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--scheduler", required=True, help="Address of the cluster's scheduler, such as tcp://10.0.0.5:8786.")
@click.option("--out-dir", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--method", default="", help="See `handtint methods`; the best that is installed by default.")
@click.option("--palette", help='"#rrggbb,#rrggbb,…", a GIMP palette (.gpl), or a picture to take colors from.')
@click.option("--exemplar", type=click.Path(path_type=Path), help="Color picture whose colors are borrowed.")
@click.option("--reach", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="How far a hint travels.")
@click.option("--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="How much color.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--force", is_flag=True, help="Overwrite existing outputs (never an input).")
def batch(
    inputs: tuple[Path, ...],
    scheduler: str,
    out_dir: Path,
    method: str,
    palette: str | None,
    exemplar: Path | None,
    reach: float,
    strength: float,
    device: str,
    force: bool,
) -> int:
    """Color a folder of pictures on a Dask cluster, one that you trust: its workers run what they are sent.

    Goes on where an earlier run ended, as `handtint colorize --out-dir` does.
    """
    if importlib.util.find_spec("distributed") is None:
        raise InputError("a cluster needs Dask, which is not installed; run: pip install 'handtint[cluster]'")
    template = Template(method, None, None, exemplar, reach, strength)
    template.check()
    sources = expand(inputs)
    check_folder(out_dir)
    ledger = Ledger(out_dir, template.stamps(palette))
    jobs = plan(sources, None, out_dir, force=force, done=ledger.done)
    order = Order(
        method, _palette(palette, device), (exemplar.name, exemplar.read_bytes()) if exemplar else None,
        reach, strength, device,
    )  # fmt: skip
    tally = Tally(len(jobs), before=len(sources) - len(jobs))
    with tallied(tally):
        if jobs:
            spread(jobs, order, scheduler, tally, ledger)
    return tally.code


def spread(jobs: list[Job], order: Order, scheduler: str, tally: Tally, ledger: Ledger) -> None:
    """Have every job done by the cluster; failures go into the tally."""
    from tqdm import tqdm

    with _client(scheduler) as client, tqdm(total=len(jobs), unit="picture", disable=len(jobs) < 2) as bar:
        for job, answer in _answers(client, jobs, order):
            if isinstance(answer, Refused):
                tally.fail(job, HandtintError(answer.text), answer.code)
            else:
                try:
                    _write(job, answer, ledger)
                except PictureError as error:
                    tally.fail(job, error, 2)
            bar.update()


def color_bytes(name: str, data: bytes, order: Order) -> bytes | Refused:
    """On a worker: the content of a picture file to that of the colored one."""
    from handtint.cli.main import exit_code

    with tempfile.TemporaryDirectory(prefix="handtint-batch-") as folder:
        source, target = Path(folder, "in", name), Path(folder, "out", name)
        source.parent.mkdir()
        target.parent.mkdir()
        source.write_bytes(data)
        exemplar = None
        if order.exemplar is not None:
            exemplar = Path(folder, Path(order.exemplar[0]).name)
            exemplar.write_bytes(order.exemplar[1])
        template = Template(order.method, None, None, exemplar, order.reach, order.strength)
        backend, turn = _own_backend(order.device)
        try:
            with turn:
                colorize_one(Job(source, target), template, order.palette, backend)
            return target.read_bytes()
        except (InputError, EngineFailed) as error:
            return Refused(str(error).replace(f"{source.parent}/", ""), exit_code(error))


@cache
def _own_backend(device: str) -> tuple[Backend, threading.Lock]:
    """This process's own, kept from picture to picture; one picture at a time."""
    from handtint.cli.backend import open_backend

    # Never left: it goes with the worker.
    return open_backend(device, in_process=True).__enter__(), threading.Lock()


def _answers(client: Any, jobs: list[Job], order: Order) -> Iterator[tuple[Job, bytes | Refused]]:
    """Each job with what came of it, in the order in which they end; only a few are on their way at once."""
    from distributed import as_completed

    waiting = iter(jobs)
    of_future: dict[Any, Job] = {}
    ended = as_completed(raise_errors=False)

    def submit() -> None:
        for job in waiting:
            try:
                data = job.source.read_bytes()
            except OSError as error:
                failed.append((job, Refused(f"{job.source}: cannot be read ({error.strerror})", 2)))
                continue
            # By value, and not scattered: what is scattered to a worker dies with it.
            future = client.submit(color_bytes, job.source.name, data, order, pure=False)
            of_future[future] = job
            ended.add(future)
            return

    failed: list[tuple[Job, Refused]] = []
    for _ in range(max(1, _AT_ONCE * sum(client.nthreads().values()))):
        submit()
    for future in ended:
        yield of_future.pop(future), _answer_of(future)
        submit()
    yield from failed


def _answer_of(future: Any) -> bytes | Refused:
    if future.status == "finished":
        answer: bytes | Refused = future.result()
        return answer
    # A fault of a worker, or of all that tried: the cluster's own log says more.
    return Refused(f"the cluster failed at this picture: {future.exception()!r}"[:300], 3)


def _write(job: Job, data: bytes, ledger: Ledger) -> None:
    from handtint.cli.files import write_atomically

    with ledger.making(job):
        write_atomically(job.target, lambda stream: stream.write(data))


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    """A cluster's client; EngineGone where no scheduler answers or no worker is there."""
    import dask
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            # Pictures are large, and sent on purpose; versions that differ a little do no harm.
            warnings.simplefilter("ignore")
            with dask.config.set({"distributed.scheduler.allowed-failures": _KILLED}):
                client = Client(scheduler, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise EngineGone(f"expected a Dask scheduler at {scheduler}, none answers ({error})") from error
    with client, warnings.catch_warnings(action="ignore"):
        if not client.nthreads():
            raise EngineGone(f"the scheduler at {scheduler} has no workers; start some with `dask worker {scheduler}`")
        yield client


def _palette(text: str | None, device: str) -> Palette | None:
    """Found here, once for all."""
    if text is None:
        return None
    from handtint.cli.backend import open_backend
    from handtint.cli.palette import read_palette

    with open_backend(device, in_process=True) as backend:
        return read_palette(text, backend)
