"""`handtint colorize`: pictures in, coloured pictures out, through the engine or in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.errors import EngineFailed, GuidanceError, HandtintError, InputError, PictureError

if TYPE_CHECKING:
    from handtint.cli.backend import Backend
    from handtint.cli.files import PictureFile
    from handtint.wire.messages import Colorize, Palette
    from handtint.wire.pixels import Plane


@dataclass(frozen=True)
class Job:
    """One picture to colour."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Report:
    """What was done for one picture, as --json prints it."""

    input: str
    output: str
    method: str
    width: int
    height: int
    seconds: float
    notes: tuple[str, ...]


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write; for a single input.")
@click.option("--out-dir", type=click.Path(path_type=Path), help="Folder to write to, under the inputs' names.")
@click.option("--method", default="", help="See `handtint methods`; the best that is installed by default.")
@click.option("--hints", type=click.Path(path_type=Path), help="RGBA picture of the input's size: painted = hint.")
@click.option("--palette", help='"#rrggbb,#rrggbb,…", a GIMP palette (.gpl), or a picture to take colours from.')
@click.option("--semantic", type=click.Path(path_type=Path), help="Map of the input's size, see `handtint segment`.")
@click.option("--exemplar", type=click.Path(path_type=Path), help="Colour picture whose colours are borrowed.")
@click.option("--reach", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="How far a hint travels.")
@click.option("--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="How much colour.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--no-engine", is_flag=True, help="Work in this process instead of the running engine.")
@click.option("--force", is_flag=True, help="Overwrite existing outputs (never an input).")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def colorize(
    inputs: tuple[Path, ...],
    output: Path | None,
    out_dir: Path | None,
    method: str,
    hints: Path | None,
    palette: str | None,
    semantic: Path | None,
    exemplar: Path | None,
    reach: float,
    strength: float,
    device: str,
    no_engine: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Colour gray pictures (PNG, JPEG, TIFF, WebP) at their own size and depth.

    Without -o or --out-dir, NAME.png becomes NAME-color.png beside it.
    """
    jobs = plan(inputs, output, out_dir, force=force)
    from handtint.cli.backend import open_backend
    from handtint.cli.palette import read_palette

    template = _Template(method, hints, semantic, exemplar, reach, strength)
    template.check()
    with open_backend(device, in_process=no_engine) as backend:
        colors = read_palette(palette, backend) if palette else None
        reports, failed = _run(jobs, template, colors, backend)
    if as_json:
        click.echo(json.dumps([vars(report) for report in reports], indent=2))
    else:
        for report in reports:
            for note in report.notes:
                click.echo(f"handtint: {report.input}: {note}", err=True)
    return failed


def plan(inputs: tuple[Path, ...], output: Path | None, out_dir: Path | None, *, force: bool) -> list[Job]:
    """Pair inputs with outputs; refuse what would overwrite, before any work is done."""
    if output is not None and (len(inputs) > 1 or out_dir is not None):
        raise InputError("-o takes a single input; use --out-dir for several")
    if out_dir is not None and not out_dir.is_dir():
        raise PictureError(f"{out_dir}: expected an existing folder for --out-dir, but there is none")
    if not any(source.is_file() for source in inputs):  # several: each missing one is reported in its turn
        raise PictureError(f"{inputs[0]}: expected a picture file, but there is no such file")
    jobs = [Job(source, _target(source, output, out_dir)) for source in inputs]
    sources = {job.source.resolve() for job in jobs}
    seen: set[Path] = set()
    for job in jobs:
        target = job.target.resolve()
        if target in sources:
            raise PictureError(f"{job.target}: the output would overwrite an input; choose another name or folder")
        if target in seen:
            raise PictureError(f"{job.target}: two inputs would be written to this same name; run them apart")
        if target.exists() and not force:
            raise PictureError(f"{job.target}: exists already; choose another name, or say --force")
        seen.add(target)
    return jobs


def _target(source: Path, output: Path | None, out_dir: Path | None) -> Path:
    if output is not None:
        return output
    return out_dir / source.name if out_dir is not None else source.with_name(f"{source.stem}-color{source.suffix}")


@dataclass(frozen=True)
class _Template:
    """What all pictures of one command share."""

    method: str
    hints: Path | None
    semantic: Path | None
    exemplar: Path | None
    reach: float
    strength: float

    def check(self) -> None:
        """Refuse missing guidance files before any picture is read."""
        for name in ("hints", "semantic", "exemplar"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                raise GuidanceError(f"{path}: expected a picture for --{name}, but there is no such file")

    def request(self, source: Path, base: Plane, palette: Palette | None) -> Colorize:
        from handtint.cli.files import read_picture, to_srgb, to_srgb_with_alpha
        from handtint.cli.maps import semantic_plane
        from handtint.cli.planes import exemplar_plane, hints_plane
        from handtint.wire.messages import Colorize

        size = (base.extent.height, base.extent.width)
        return Colorize(
            id=0,
            document=str(source.resolve()),
            base=base,
            method=self.method,
            palette=palette,
            hints=hints_plane(self.hints, to_srgb_with_alpha(read_picture(self.hints)), size) if self.hints else None,
            semantic=semantic_plane(self.semantic, size) if self.semantic else None,
            exemplar=exemplar_plane(to_srgb(read_picture(self.exemplar))) if self.exemplar else None,
            reach=self.reach,
            strength=self.strength,
        )


def _run(jobs: list[Job], template: _Template, palette: Palette | None, backend: Backend) -> tuple[list[Report], int]:
    """Do every job; one bad picture among several is reported and does not stop the others."""
    from tqdm import tqdm

    from handtint.cli.main import exit_code

    reports: list[Report] = []
    failed = 0
    with tqdm(jobs, unit="picture", disable=len(jobs) < 2) as bar:
        for job in bar:
            try:
                reports.append(_colorize_one(job, template, palette, backend))
            except (InputError, EngineFailed) as error:
                if len(jobs) == 1:
                    raise
                failed = max(failed, _report_failure(job, error, exit_code(error)))
    return reports, failed


def _report_failure(job: Job, error: HandtintError, code: int) -> int:
    text = str(error)
    click.echo(f"handtint: {text if str(job.source) in text else f'{job.source}: {text}'}", err=True)
    return code


def _colorize_one(job: Job, template: _Template, palette: Palette | None, backend: Backend) -> Report:
    from handtint.cli.files import from_srgb, read_picture, to_srgb, write_picture
    from handtint.cli.planes import answer_format, base_plane, pixels_of
    from handtint.wire.messages import Colorized

    picture: PictureFile = read_picture(job.source)
    srgb = to_srgb(picture)
    request = template.request(job.source, base_plane(srgb), palette)
    answer = backend.call(replace(request, output=answer_format(srgb.dtype)))
    if not isinstance(answer, Colorized):
        raise EngineFailed("internal", f"expected a coloured picture from the engine, got '{answer.type}'")
    write_picture(job.target, from_srgb(pixels_of(answer.plane), picture))
    height, width = picture.size
    return Report(
        str(job.source), str(job.target), answer.method, width, height, round(answer.seconds, 3), answer.notes
    )
