"""`handtint bench`: figures that anyone can repeat with one command."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from handtint.errors import InputError


@click.group()
def bench() -> None:
    """Measure the methods; long runs can be stopped and go on."""


@bench.command()
@click.option("--data", required=True, help="Folder of pictures (with manifest.csv: its val split), or 'skimage'.")
@click.option("--methods", default="", help="Names with commas, the first is compared with; all by default.")
@click.option("--hints", default="0,1,2,5,10,20,50,100,200", show_default=True, help="Numbers of hints.")
@click.option("--sampler", type=click.Choice(["Z", "I", "U"]), default="Z", show_default=True,
              help="Z: 6x6 px around the center, I: 2x2 px anywhere, U: strokes.")  # fmt: skip
@click.option("--side", type=click.IntRange(min=16), help="Size of the pictures in px; the sampler's own by default.")
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Draws of hints per picture.")
@click.option("--reach", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="How far a hint travels.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many pictures.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-quality"), show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--gallery/--no-gallery", default=True, help="Also a sheet of the worst pictures and an HTML page.")
def quality(
    data: str,
    methods: str,
    hints: str,
    sampler: str,
    side: int | None,
    seeds: int,
    reach: float,
    limit: int | None,
    out: Path,
    device: str,
    gallery: bool,
) -> None:
    """PSNR, Delta E00, SSIM, colorfulness, bleeding and adherence over numbers of hints."""
    _need_matplotlib()
    from handtint.bench.hints import Sampler
    from handtint.bench.methods import default_methods
    from handtint.bench.provenance import command_line, find_origin
    from handtint.bench.quality import Plan, read_commits, run_quality
    from handtint.bench.report import write_gallery, write_page, write_report

    kind = Sampler(sampler)
    names = _names(methods) or default_methods()
    plan = Plan(data, names, parse_counts(hints), kind, seeds, side or kind.side, reach, limit)
    origin = find_origin(command_line(sys.argv[1:]), datetime.now(UTC), device=device)
    scores = run_quality(plan, out, device=device, commit=origin.commit)
    origin = replace(origin, commit=", then ".join(read_commits(out)))
    tables = write_report(plan, scores, origin, out)
    if gallery:
        write_gallery(plan, scores, out, device=device)
        write_page(out)
    click.echo(tables.read_text(encoding="utf-8"))


@bench.command()
@click.option("--data", required=True, help="Folder of pictures (with manifest.csv: its val split), or 'skimage'.")
@click.option("--methods", default="", help="Names with commas; all but the slowest baselines by default.")
@click.option("--side", type=click.IntRange(min=16), default=768, show_default=True, help="Longest side, px.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many pictures.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of strokes and surprising colors.")
@click.option("--sections", default="", help="Only these, with commas: adherence, reach, palette, exemplar, ...")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-control"), show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
def control(
    data: str, methods: str, side: int, limit: int | None, seed: int, sections: str, out: Path, device: str
) -> None:
    """How well hints, palettes and exemplars are obeyed, how far hints reach, and what stays the same."""
    from handtint.bench.control import HEADINGS, run_control, write_control
    from handtint.bench.methods import default_methods
    from handtint.bench.provenance import command_line, find_origin
    from handtint.bench.subject import EXEMPLAR_BASELINES, PALETTE_BASELINES, ControlPlan

    # The exact baselines take ten seconds for each answer of this size, and meet their hints by construction.
    hinted = (name for name in default_methods(guided=True) if name not in ("gray", "levin", "fgs_exact"))
    every = (*hinted, *PALETTE_BASELINES, *EXEMPLAR_BASELINES)
    wanted = _names(sections)
    if not set(wanted) <= set(HEADINGS):
        raise click.UsageError(f"expected sections out of {', '.join(HEADINGS)}, got {sections}")
    plan = ControlPlan(data, _names(methods) or every, side, limit, seed, sections=wanted)
    table = run_control(plan, out, device=device)
    command = command_line(sys.argv[1:])
    tables = write_control(table, plan, find_origin(command, datetime.now(UTC), device=device), out)
    click.echo(tables.read_text(encoding="utf-8"))


@bench.command()
@click.option("--methods", default="", help="Names with commas; all that are installed by default.")
@click.option("--sizes", default="0.25,1,4,12,24", show_default=True, help="Megapixels.")
@click.option("--threads", default="1,2", show_default=True, help="Cores for the engine, one engine for each.")
@click.option("--strokes", type=click.IntRange(min=1), default=30, show_default=True, help="Per size.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-latency"), show_default=True)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="cpu", show_default=True)
def latency(methods: str, sizes: str, threads: str, strokes: int, out: Path, device: str) -> None:
    """Time cold pictures, strokes, palettes and commits through the client and real engines of its own."""
    _need_matplotlib()
    import tempfile
    import time

    from handtint.bench.latency import LatencyPlan, run_latency
    from handtint.bench.latency_report import write_latency
    from handtint.bench.provenance import command_line, find_origin
    from handtint.colorizers.registry import METHODS

    ready = tuple(method.name for method in METHODS if method.missing() is None)
    names = _names(methods) or ready
    plan = LatencyPlan(names, _numbers(sizes), parse_counts(threads), device, strokes)
    with tempfile.TemporaryDirectory(prefix="handtint-bench-") as folder:
        note = lambda text: click.echo(text, err=True)  # noqa: E731
        timings = list(run_latency(plan, Path(folder), clock=time.perf_counter, note=note))
    command = command_line(sys.argv[1:])
    tables = write_latency(timings, plan, find_origin(command, datetime.now(UTC)), out)
    click.echo(tables.read_text(encoding="utf-8"))


@bench.command()
@click.option("--sections", default="", help="Only these, with commas; all by default.")
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True,
              help="How much of everything is done; 1 takes about an hour and a half on two cores.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-reliability"), show_default=True)
def reliability(sections: str, scale: float, seed: int, out: Path) -> int:
    """Bad bytes, bad pictures, load and faults, done on purpose to engines of its own; 1 where one did not hold."""
    import tempfile
    import time

    from handtint.bench.provenance import command_line, find_origin
    from handtint.bench.reliability import Effort, Section, write_section
    from handtint.bench.reliability_sections import SECTIONS

    names = _names(sections) or tuple(SECTIONS)
    if not set(names) <= set(SECTIONS):
        raise click.UsageError(f"expected sections out of {', '.join(SECTIONS)}, got {sections}")
    held = True
    for name in names:
        title, measure = SECTIONS[name]
        with tempfile.TemporaryDirectory(prefix="handtint-bench-") as folder:
            effort = Effort(scale, Path(folder), seed, note=lambda text: click.echo(text, err=True))
            started = time.monotonic()
            section = Section(name, title, measure(effort), time.monotonic() - started)
        page = write_section(section, effort, find_origin(command_line(sys.argv[1:]), datetime.now(UTC)), out)
        held = held and all(row.held for row in section.rows)
    click.echo(page.read_text(encoding="utf-8"))
    return 0 if held else 1


@bench.command()
@click.option("--method", default="scribble", show_default=True)
@click.option("--sizes", default="4,24", show_default=True, help="Megapixels.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Warm runs per size.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-gimp"), show_default=True)
def gimp(method: str, sizes: str, rounds: int, out: Path) -> None:
    """The filter in a real GIMP: the whole call, and what of it is not the engine's work."""
    import tempfile

    from handtint.bench.gimp import GimpPlan, run_gimp, write_gimp
    from handtint.bench.provenance import command_line, find_origin

    plan = GimpPlan(method, _numbers(sizes), rounds)
    with tempfile.TemporaryDirectory(prefix="handtint-bench-") as folder:
        times = run_gimp(plan, Path(folder))
    page = write_gimp(times, plan, find_origin(command_line(sys.argv[1:]), datetime.now(UTC)), out)
    click.echo(page.read_text(encoding="utf-8"))


@bench.command()
@click.option("--method", default="", help="The engine's default where none is named.")
@click.option("--size", type=click.FloatRange(min=0, min_open=True), default=4.0, show_default=True, help="Megapixels.")
@click.option("--strokes", type=click.IntRange(min=1), default=40, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-krita"), show_default=True)
def krita(method: str, size: float, strokes: int, out: Path) -> None:
    """A stroke in a real Krita: from the brush's release to a changed picture."""
    import tempfile

    from handtint.bench.krita import KritaPlan, run_krita, write_krita
    from handtint.bench.provenance import command_line, find_origin

    plan = KritaPlan(method, size, strokes)
    with tempfile.TemporaryDirectory(prefix="handtint-bench-") as folder:
        times = run_krita(plan, Path(folder))
    page = write_krita(times, plan, find_origin(command_line(sys.argv[1:]), datetime.now(UTC)), out)
    click.echo(page.read_text(encoding="utf-8"))


@bench.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/bench-quality"), show_default=True)
def report(out: Path) -> None:
    """Make the HTML page of a run's folder again; it may show pictures of the data, so keep it to yourself."""
    from handtint.bench.report import write_page

    click.echo(str(write_page(out)))


def _need_matplotlib() -> None:
    """Said before hours of measuring, not after."""
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("the plots need matplotlib, which is not installed; run: pip install 'handtint[bench]'")


def parse_counts(text: str) -> tuple[int, ...]:
    """Numbers of hints with commas, rising and without repetition."""
    try:
        counts = sorted({int(word) for word in text.replace(",", " ").split()})
    except ValueError:
        counts = []
    if not counts or counts[0] < 0:
        raise click.BadParameter(f"expected whole numbers with commas, such as 0,1,10, got '{text}'")
    return tuple(counts)


def _numbers(text: str) -> tuple[float, ...]:
    """Sizes with commas, above 0."""
    try:
        numbers = tuple(float(word) for word in text.replace(",", " ").split())
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) <= 0:
        raise click.BadParameter(f"expected sizes in megapixels with commas, such as 0.25,4,24, got '{text}'")
    return numbers


def _names(text: str) -> tuple[str, ...]:
    """Names with commas or blanks, each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))
