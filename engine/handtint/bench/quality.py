"""PSNR and its company over numbers of hints, for any methods on any pictures; stops and goes on where it was.

Every figure of every picture is one line of results.jsonl; tables and plots are made from those lines.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from handtint.bench.baselines import Answer
from handtint.bench.hints import HintFile, Sampler, draw_hints, read_hints
from handtint.bench.methods import Contender, find_contender
from handtint.bench.metrics import ColorEdges, FloatArray, adherence, delta_e_ab, psnr, ssim, to_rgb
from handtint.bench.pictures import BenchPicture, find_pictures, read_picture
from handtint.color.colorfulness import colorfulness
from handtint.color.hints import Hints, painted_points
from handtint.colorizers.base import Guidance
from handtint.errors import InputError

RESULTS = "results.jsonl"
SETTINGS = "settings.json"


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    data : str
        As for `find_pictures`.
    methods : tuple of str
        The first is the one that the others are compared with.
    counts : tuple of int
        Numbers of hints, rising.
    sampler : Sampler
    seeds : int
        Draws of hints per picture.
    side : int
        Size of the pictures, as for `read_picture`.
    reach : float
        Of the guidance.
    limit : int, optional
        At most so many pictures.
    """

    data: str
    methods: tuple[str, ...]
    counts: tuple[int, ...]
    sampler: Sampler
    seeds: int
    side: int
    reach: float = 0.5
    limit: int | None = None


@dataclass(frozen=True)
class Score:
    """The figures of one method on one picture with one draw of hints; NaN where one has no meaning.

    Attributes
    ----------
    psnr, ssim : float
        Of 8-bit RGB; dB and 0-1.
    delta_e : float
        Mean Delta E00.
    colorfulness, true_colorfulness : float
        Of the answer and of the truth.
    retention, edge_delta_e, off_edge_delta_e : float
        See `metrics.Bleeding`.
    hint_mean, hint_p95, hint_max : float
        Delta E00 at the painted pixels.
    seconds : float
        Wall time of the answer; for orientation, `handtint bench latency` measures time.
    """

    picture: str
    method: str
    seed: int
    hints: int
    psnr: float
    ssim: float
    delta_e: float
    colorfulness: float
    true_colorfulness: float
    retention: float
    edge_delta_e: float
    off_edge_delta_e: float
    hint_mean: float
    hint_p95: float
    hint_max: float
    seconds: float

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What it is the score of."""
        return self.picture, self.method, self.seed, self.hints


def run_quality(
    plan: Plan,
    out: Path,
    *,
    device: str = "cpu",
    commit: str = "unknown",
    clock: Callable[[], float] = time.perf_counter,
    progress: bool = True,
) -> list[Score]:
    """Measure what is not in `out` yet.

    Parameters
    ----------
    commit : str
        Of the code that measures; noted where something was measured (`read_commits`).

    Returns
    -------
    list of Score
        All scores that belong to the plan, old and new.
    """
    contenders = [find_contender(name) for name in plan.methods]
    names = find_pictures(plan.data, plan.limit)
    _check_settings(plan, contenders, out)
    known = {score.key: score for score in read_scores(out)}
    wanted = [key for name in names for key in _keys(plan, name, contenders)]
    missing = [key for key in wanted if key not in known]
    methods = {name: find_contender(name).build(device) for name in {key[1] for key in missing}}
    if missing:
        _note_commit(out, commit)
    with (
        (out / RESULTS).open("a", encoding="utf-8") as lines,
        tqdm(total=len(wanted), initial=len(wanted) - len(missing), unit="answer", disable=not progress) as bar,
    ):
        for name in dict.fromkeys(key[0] for key in missing):
            desk = _Desk(plan, out, name, clock)
            for method in dict.fromkeys(key[1] for key in missing if key[0] == name):
                answer = methods[method](desk.picture.lightness)
                for _, _, seed, count in (key for key in missing if key[:2] == (name, method)):
                    score = desk.score(method, answer, seed, count)
                    known[score.key] = score
                    lines.write(_to_line(score))
                    bar.update()
                lines.flush()
    return [known[key] for key in wanted]


class _Desk:
    """One picture, its hint files, and what is needed to score answers for it."""

    def __init__(self, plan: Plan, out: Path, name: str, clock: Callable[[], float]) -> None:
        self.picture = read_picture(plan.data, name, side=plan.side, square=plan.sampler.square)
        self._plan = plan
        self._clock = clock
        self._files = {seed: hint_file(plan, out, self.picture, seed) for seed in range(plan.seeds)}
        self._edges = ColorEdges(self.picture.ab)
        self._colorfulness = colorfulness(self.picture.rgb)

    def score(self, method: str, answer: Answer, seed: int, count: int) -> Score:
        hints = self._files[seed].painted(count)
        start = self._clock()
        ab = answer(guidance_of(hints, self._plan.reach))
        seconds = self._clock() - start
        lightness, truth = self.picture.lightness, self.picture
        rgb = to_rgb(lightness, ab)
        error = delta_e_ab(lightness, ab, truth.ab)
        figures = (psnr(rgb, truth.rgb), ssim(rgb, truth.rgb), float(error.mean()))
        bleeding = self._edges.bleeding(ab, error)
        met = adherence(lightness, ab, hints.ab, hints.mask)
        return Score(
            self.picture.name, method, seed, count, *figures, colorfulness(rgb), self._colorfulness, *bleeding, *met,
            seconds,
        )  # fmt: skip


def guidance_of(hints: Hints, reach: float) -> Guidance:
    """Hints as guidance; none where nothing is painted."""
    if not hints.mask.any():
        return Guidance(reach=reach)
    return Guidance(hints=painted_points(*hints), reach=reach)


def hint_file(plan: Plan, out: Path, picture: BenchPicture, seed: int) -> HintFile:
    """The stored marks of a picture, drawn and stored first if there are none or too few."""
    path = out / "hints" / f"{plan.sampler.value}-{plan.side}-{seed}" / f"{picture.name.replace('/', '__')}.json"
    most = max(plan.counts)
    if path.is_file():
        file = read_hints(path)
        if len(file.marks) >= most and file.size == picture.lightness.shape:
            return file
    file = draw_hints(picture.name, picture.rgb, picture.ab, plan.sampler, seed=seed, most=most)
    file.save(path)
    return file


def _keys(plan: Plan, picture: str, contenders: Sequence[Contender]) -> Iterator[tuple[str, str, int, int]]:
    for contender in contenders:
        for count in plan.counts:
            # No hints are the same hints for every seed.
            if count == 0 or contender.takes_hints:
                for seed in range(plan.seeds if count else 1):
                    yield picture, contender.name, seed, count


def _check_settings(plan: Plan, contenders: Sequence[Contender], out: Path) -> None:
    """Refuse to mix figures that do not belong together, or to measure nothing; note what these belong to."""
    left_out = [contender.name for contender in contenders if not contender.takes_hints and 0 not in plan.counts]
    if left_out:
        raise InputError(f"expected 0 among --hints for {', '.join(left_out)}, which takes none; add it")
    out.mkdir(parents=True, exist_ok=True)
    path = out / SETTINGS
    settings: dict[str, Any] = {"sampler": plan.sampler.value, "side": plan.side, "reach": plan.reach}
    weights = {contender.name: contender.fingerprint for contender in contenders}
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        found = {name: old.get(name) for name in settings}
        if found != settings:
            raise InputError(f"{out} holds figures of {found}, but {settings} was asked for; choose another --out")
        for name, fingerprint in weights.items():
            if old["weights"].get(name, fingerprint) != fingerprint:
                raise InputError(f"{out} holds figures of {name} with other weights; choose another --out")
        weights = {**old["weights"], **weights}
    settings |= {"weights": weights, "commits": read_commits(out)}
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def read_commits(out: Path) -> list[str]:
    """Commits of the code that measured what is in a folder, the first first."""
    path = out / SETTINGS
    return list(json.loads(path.read_text(encoding="utf-8")).get("commits", [])) if path.is_file() else []


def _note_commit(out: Path, commit: str) -> None:
    settings = json.loads((out / SETTINGS).read_text(encoding="utf-8"))
    settings["commits"] = list(dict.fromkeys([*settings["commits"], commit]))
    (out / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def read_scores(out: Path) -> list[Score]:
    """All scores of a folder; a last line that was cut off by a crash is left out."""
    path = out / RESULTS
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return [_from_line(line) for line in whole.splitlines()]


def _to_line(score: Score) -> str:
    values = {name: _rounded(value) for name, value in asdict(score).items()}
    return json.dumps(values) + "\n"


def _rounded(value: Any) -> Any:
    """JSON knows no NaN."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 5)
    return value


def _from_line(line: str) -> Score:
    values: dict[str, Any] = {name: math.nan if value is None else value for name, value in json.loads(line).items()}
    return Score(**values)


def color_pictures(
    plan: Plan, out: Path, names: Sequence[str], count: int, device: str
) -> dict[str, dict[str, FloatArray]]:
    """ab of each method for some pictures, with the first draw of hints: picture to method to (2, H, W)."""
    methods = {name: find_contender(name).build(device) for name in plan.methods}
    colored: dict[str, dict[str, FloatArray]] = {}
    for name in names:
        picture = read_picture(plan.data, name, side=plan.side, square=plan.sampler.square)
        guidance = guidance_of(hint_file(plan, out, picture, 0).painted(count), plan.reach)
        colored[name] = {
            method: make(picture.lightness)(guidance if find_contender(method).takes_hints else Guidance())
            for method, make in methods.items()
        }
    return colored
