"""The filter in a real GIMP: the way of a picture to the engine and back, and what of it is not the engine's work."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from handtint.bench.latency import gray_picture
from handtint.bench.provenance import Origin
from handtint.client.install import install_gimp
from handtint.errors import InputError

_CONSOLES = ("gimp-console-3.2", "gimp-console-3.0", "gimp-console")
_LIMIT = 1800.0
STEPS = {
    "call": "the whole call",
    "engine": "the engine's work",
    "start": "Python, PyGObject and GIMP's greeting",
    "reach": "GEGL, our modules and the engine's greeting",
    "read": "reading the layers",
    "wire": "to the engine and back",
    "write": "writing the color layer",
    "end": "back in GIMP",
}
"""From the call's start to its end but for the first two: the call itself, and what of it is not the plug-in's."""

KINDS = {"new": "the first time", "again": "once more"}
"""A picture that the engine has not seen, and one that it has, as when something else is chosen for it."""


@dataclass(frozen=True)
class GimpPlan:
    """What is measured.

    Attributes
    ----------
    method : str
    megapixels : tuple of float
    rounds : int
        Warm runs of each kind; a cold one before them does not count.
    """

    method: str
    megapixels: tuple[float, ...]
    rounds: int


@dataclass(frozen=True)
class GimpTimes:
    """Seconds of one size and kind of picture (a key of KINDS) by step (keys of STEPS), one number for each round."""

    megapixels: float
    kind: str
    seconds: Mapping[str, Sequence[float]]

    @property
    def overhead(self) -> float:
        """Seconds of a call, in the middle, that are not the engine's work."""
        both = zip(self.seconds["call"], self.seconds["engine"], strict=True)
        return statistics.median(call - engine for call, engine in both)


def run_gimp(plan: GimpPlan, folder: Path) -> list[GimpTimes]:
    """Measure in a GIMP with a profile of its own below `folder`; InputError where there is no GIMP 3."""
    console = next(filter(None, map(shutil.which, _CONSOLES)), None)
    if console is None:
        raise InputError(f"expected GIMP 3 with one of the commands {', '.join(_CONSOLES)}; found none, install GIMP")
    profile, runtime = folder / "profile", folder / "runtime"
    runtime.mkdir(mode=0o700)
    install_gimp(profile, environ={"HOME": str(folder)}, platform="linux")
    pictures = [write_picture(folder, megapixels) for megapixels in plan.megapixels]
    job, report = folder / "job.json", folder / "report.json"
    asked = {"method": plan.method, "rounds": plan.rounds, "pictures": pictures, "report": str(report)}
    job.write_text(json.dumps(asked), "utf-8")
    batch = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import gimp_inside"
    argv = [console, "-i", "-f", "--quit", "--batch-interpreter=python-fu-eval", "-b", batch]
    own = {
        "GIMP3_DIRECTORY": str(profile),
        "HANDTINT_JOB": str(job),
        "HANDTINT_STEPS": str(folder / "steps.jsonl"),
        "HANDTINT_RUNTIME": str(runtime),
        "HANDTINT_ENGINE": shlex.join([sys.executable, "-m", "handtint", "serve"]),
    }
    env = os.environ | own
    try:
        finished = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=_LIMIT)
    finally:
        subprocess.run([sys.executable, "-m", "handtint", "stop"], env=env, capture_output=True)
    if not report.exists():
        raise InputError(f"GIMP ended with {finished.returncode} before it had measured:\n{finished.stderr[-2000:]}")
    found = json.loads(report.read_text(encoding="utf-8"))
    sizes = zip(plan.megapixels, found, strict=True)
    return [GimpTimes(size, kind, seconds) for size, kinds in sizes for kind, seconds in kinds.items()]


def write_picture(folder: Path, megapixels: float) -> dict[str, Any]:
    """The latency bench's gray picture as raw bytes."""
    gray = gray_picture(megapixels)
    path = folder / f"{megapixels:g}.gray"
    path.write_bytes(gray.tobytes())
    return {"path": str(path), "width": gray.shape[1], "height": gray.shape[0]}


def write_gimp(times: Sequence[GimpTimes], plan: GimpPlan, origin: Origin, out: Path) -> Path:
    """Write JSON and Markdown; returns the Markdown file."""
    out.mkdir(parents=True, exist_ok=True)
    data = {**asdict(origin), "plan": asdict(plan), "sizes": [asdict(size) for size in times]}
    (out / "gimp.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    page = out / "gimp.md"
    page.write_text(gimp_markdown(times, plan, origin), "utf-8")
    return page


def gimp_markdown(times: Sequence[GimpTimes], plan: GimpPlan, origin: Origin) -> str:
    """Medians in seconds, two rows for each size."""
    head = {
        "Date": origin.date,
        "Commit": origin.commit,
        "Hardware": origin.hardware,
        "Software": origin.software,
        "Data": "scikit-image's coffee, scaled, with grain; RGB of 8 bits, one painted mark",
        "Command": f"`{origin.command}`",
    }
    columns = ["MP", "picture", *STEPS.values(), "all but the engine"]
    rows = [columns, ["---"] * len(columns)]
    for size in times:
        middles = [f"{statistics.median(size.seconds[step]):.2f}" for step in STEPS]
        rows.append([f"{size.megapixels:g}", KINDS[size.kind], *middles, f"{size.overhead:.2f}"])
    parts = [
        "# The filter in GIMP",
        "\n".join(f"- {name}: {value}" for name, value in head.items()),
        f"Seconds, medians of {plan.rounds} warm calls of `{plan.method}` by a script in a real GIMP. A call starts the"
        " plug-in's process and ends when the color layer is written: what GIMP then draws on a screen is not in it."
        " The steps are the plug-in's own notes of the same calls.",
        "\n".join("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n\n".join(parts) + "\n"
