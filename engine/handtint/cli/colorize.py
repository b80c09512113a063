"""`handtint colorize`: pictures in, colored pictures out, through the engine or in this process."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handtint.cli.folder import Job, Ledger, Tally, check_folder, expand, plan, stamp, tallied
from handtint.errors import EngineFailed, GuidanceError, InputError

if TYPE_CHECKING:
    from handtint.cli.backend import Backend
    from handtint.cli.files import PictureFile
    from handtint.wire.messages import Colorize, Palette
    from handtint.wire.pixels import Plane


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
@click.option("--palette", help='"#rrggbb,#rrggbb,…", a GIMP palette (.gpl), or a picture to take colors from.')
@click.option("--semantic", type=click.Path(path_type=Path), help="Map of the input's size, see `handtint segment`.")
@click.option("--exemplar", type=click.Path(path_type=Path), help="Color picture whose colors are borrowed.")
@click.option("--reach", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="How far a hint travels.")
@click.option(
    "--softness", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="How loosely hints are met."
)
@click.option("--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="How much color.")
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
    softness: float,
    strength: float,
    device: str,
    no_engine: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Color gray pictures (PNG, JPEG, TIFF, WebP) at their own size and depth.

    Without -o or --out-dir, NAME.png becomes NAME-color.png beside it. A folder stands for the pictures in it. With
    --out-dir a run that was ended goes on where it was: what is done, in the same way, is not done again.
    """
    template = Template(method, hints, semantic, exemplar, reach, strength, softness)
    sources = expand(inputs)
    check_folder(out_dir)
    ledger = Ledger(out_dir, template.stamps(palette)) if out_dir is not None else None
    jobs = plan(sources, output, out_dir, force=force, done=ledger.done if ledger else lambda job: False)
    template.check()
    tally = Tally(len(jobs), before=len(sources) - len(jobs))
    with tallied(tally):
        reports = _do(jobs, template, palette, tally, ledger, device, in_process=no_engine) if jobs else []
    if as_json:
        click.echo(json.dumps([vars(report) for report in reports], indent=2))
    else:
        for report in reports:
            for note in report.notes:
                click.echo(f"handtint: {report.input}: {note}", err=True)
    return tally.code


@dataclass(frozen=True)
class Template:
    """What all pictures of one command share."""

    method: str
    hints: Path | None
    semantic: Path | None
    exemplar: Path | None
    reach: float
    strength: float
    softness: float = 0.0

    def stamps(self, palette: str | None) -> list[str]:
        """All of it and the palette, as a ledger of what was done needs it."""
        files = [stamp(path) if path else "" for path in (self.hints, self.semantic, self.exemplar)]
        numbers = [repr(number) for number in (self.reach, self.strength, self.softness)]
        return [self.method, *files, *numbers, stamp(Path(palette)) if palette else ""]

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
            softness=self.softness,
            strength=self.strength,
        )


def _do(
    jobs: list[Job],
    template: Template,
    palette: str | None,
    tally: Tally,
    ledger: Ledger | None,
    device: str,
    *,
    in_process: bool,
) -> list[Report]:
    """Do every job; one bad picture among several is reported and does not stop the others."""
    from tqdm import tqdm

    from handtint.cli.backend import open_backend
    from handtint.cli.main import exit_code
    from handtint.cli.palette import read_palette

    reports: list[Report] = []
    with (
        open_backend(device, in_process=in_process) as backend,
        tqdm(jobs, unit="picture", disable=len(jobs) < 2) as bar,
    ):
        colors = read_palette(palette, backend) if palette else None
        for job in bar:
            try:
                with ledger.making(job) if ledger else nullcontext():
                    reports.append(colorize_one(job, template, colors, backend))
            except (InputError, EngineFailed) as error:
                if len(jobs) == 1:
                    raise
                tally.fail(job, error, exit_code(error))
    return reports


def colorize_one(job: Job, template: Template, palette: Palette | None, backend: Backend) -> Report:
    """Read a picture, have it colored and write it."""
    from handtint.cli.files import from_srgb, read_picture, to_srgb, write_picture
    from handtint.cli.planes import answer_format, base_plane, pixels_of
    from handtint.wire.messages import Colorized

    picture: PictureFile = read_picture(job.source)
    srgb = to_srgb(picture)
    request = template.request(job.source, base_plane(srgb), palette)
    answer = backend.call(replace(request, output=answer_format(srgb.dtype)))
    if not isinstance(answer, Colorized):
        raise EngineFailed("internal", f"expected a colored picture from the engine, got '{answer.type}'")
    write_picture(job.target, from_srgb(pixels_of(answer.plane), picture))
    height, width = picture.size
    return Report(
        str(job.source), str(job.target), answer.method, width, height, round(answer.seconds, 3), answer.notes
    )
