"""A stroke in a real Krita: from the brush's release to a picture that has changed, with a real pointer."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2

from handtint.bench.latency import gray_picture, percentiles
from handtint.bench.provenance import Origin
from handtint.client.install import install_krita
from handtint.client.kritarc import with_setting
from handtint.errors import InputError

_NEEDED = ("krita", "Xvfb", "xdotool")
_PLUGIN = "handtint_bench"
_SCREEN = "1500x960x24"
_LIMIT = 1800.0
_WARM = 3
STEPS = {
    "color": "release to a changed picture",
    "stroke": "of this: until the engine is asked",
    "answer": "of this: until its answer is there",
    "engine": "of the answer: the engine's own work",
    "shown": "of this: until the picture has changed",
    "settled": "release to full size at rest",
}


@dataclass(frozen=True)
class KritaPlan:
    """What is measured.

    Attributes
    ----------
    method : str
    megapixels : float
    strokes : int
        Those that count; a few before them do not.
    """

    method: str
    megapixels: float
    strokes: int


@dataclass(frozen=True)
class KritaTimes:
    """Seconds of each stroke by step (keys of STEPS), and how many strokes' color did not come in time."""

    seconds: Mapping[str, Sequence[float]]
    late: int


def run_krita(plan: KritaPlan, folder: Path) -> KritaTimes:
    """Measure in a Krita with a home and a display of its own; InputError where something for that is missing."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        raise InputError(f"expected the commands {', '.join(_NEEDED)}; {', '.join(missing)} not found, install them")
    home, runtime = folder / "home", folder / "runtime"
    for made in (home, runtime):
        made.mkdir(mode=0o700)
    _install(home)
    picture, job, report = folder / "gray.png", folder / "job.json", folder / "report.json"
    cv2.imwrite(str(picture), gray_picture(plan.megapixels))
    wanted = {**asdict(plan), "warm": _WARM, "picture": str(picture), "report": str(report)}
    job.write_text(json.dumps(wanted), "utf-8")
    own = {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "HANDTINT_JOB": str(job),
        "HANDTINT_RUNTIME": str(runtime),
        "HANDTINT_ENGINE": shlex.join([sys.executable, "-m", "handtint", "serve"]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    env = os.environ | own
    try:
        with _display(folder) as display:
            argv = ["krita", "--nosplash"]
            finished = subprocess.run(argv, env=env | {"DISPLAY": display}, capture_output=True, timeout=_LIMIT)
    finally:
        subprocess.run([sys.executable, "-m", "handtint", "stop"], env=env, capture_output=True)
    found: dict[str, Any] = {"error": "it left no report"}
    if report.exists():
        found = json.loads(report.read_text(encoding="utf-8"))
    if found["error"] or not found["strokes"]:
        said = finished.stderr.decode(errors="replace")[-2000:]
        raise InputError(f"Krita ended with {finished.returncode} before it had measured: {found['error']}\n{said}")
    return KritaTimes({step: [stroke[step] for stroke in found["strokes"]] for step in STEPS}, found["late"])


def _install(home: Path) -> None:
    """Handtint's docker as `handtint install` leaves it, and beside it what paints and measures."""
    install_krita(environ={"HOME": str(home)}, platform="linux")
    plugins = home / ".local" / "share" / "krita" / "pykrita"
    (plugins / _PLUGIN).mkdir()
    shutil.copy(Path(__file__).with_name("krita_inside.py"), plugins / _PLUGIN / "__init__.py")
    lines = ("[Desktop Entry]", "Type=Service", "ServiceTypes=Krita/PythonPlugin", f"X-KDE-Library={_PLUGIN}")
    (plugins / f"{_PLUGIN}.desktop").write_text("\n".join((*lines, "Name=Handtint bench", "")), "utf-8")
    settings = home / ".config" / "kritarc"
    text = with_setting(settings.read_text("utf-8"), "python", f"enable_{_PLUGIN}", "true")
    settings.write_text(text, "utf-8")


@contextmanager
def _display(folder: Path) -> Iterator[str]:
    """The name of an X display that nobody sees."""
    reading, writing = os.pipe()
    argv = ["Xvfb", "-displayfd", str(writing), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-noreset"]
    with (folder / "xvfb.log").open("wb") as log:
        server = subprocess.Popen(argv, pass_fds=(writing,), stdout=log, stderr=log)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        if not number:
            raise InputError(f"expected a display of Xvfb, got none: {(folder / 'xvfb.log').read_text('utf-8')}")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def write_krita(times: KritaTimes, plan: KritaPlan, origin: Origin, out: Path) -> Path:
    """Write JSON and Markdown; returns the Markdown file."""
    out.mkdir(parents=True, exist_ok=True)
    data = {**asdict(origin), "plan": asdict(plan), **asdict(times)}
    (out / "krita.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    page = out / "krita.md"
    page.write_text(krita_markdown(times, plan, origin), "utf-8")
    return page


def krita_markdown(times: KritaTimes, plan: KritaPlan, origin: Origin) -> str:
    """Milliseconds, one row for each step."""
    head = {
        "Date": origin.date,
        "Commit": origin.commit,
        "Hardware": origin.hardware,
        "Software": origin.software,
        "Data": "scikit-image's coffee, scaled, with grain; strokes at random places, the same at each run",
        "Command": f"`{origin.command}`",
    }
    rows = [["step", "p50", "p95", "max", "n"], ["---"] * 5]
    for step, words in STEPS.items():
        figures = [f"{1e3 * value:.0f}" for value in percentiles(times.seconds[step])]
        rows.append([words, *figures, str(len(times.seconds[step]))])
    late = f" The color of {times.late} more did not come within ten seconds." if times.late else ""
    parts = [
        "# A stroke in Krita",
        "\n".join(f"- {name}: {value}" for name, value in head.items()),
        f"Milliseconds in a real Krita under Xvfb, `{plan.method or 'the default method'}` in Live on"
        f" {plan.megapixels:g} MP: a pointer paints, and pixels of the projection beside the stroke are looked at"
        f" every 2 ms from the release on, and as soon as the docker has written.{late}",
        "\n".join("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n\n".join(parts) + "\n"
