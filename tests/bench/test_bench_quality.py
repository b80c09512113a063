"""Runs over a tiny folder: what is measured, that a stopped run goes on, and what is written about it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from handtint.bench.hints import Sampler
from handtint.bench.methods import default_methods, find_contender
from handtint.bench.pictures import find_pictures, fit, read_picture
from handtint.bench.plots import worst_pictures
from handtint.bench.provenance import command_line, find_commit, find_origin
from handtint.bench.quality import Plan, Score, hint_file, read_commits, read_scores, run_quality
from handtint.bench.report import write_gallery, write_page, write_report
from handtint.bench.summary import summarize, to_json, to_markdown
from handtint.cli.main import run
from handtint.errors import InputError, PictureError, UnknownMethod


@pytest.fixture
def plan(pictures: Path) -> Plan:
    return Plan(str(pictures), ("fgs", "hint_mean", "gray"), (0, 1, 4), Sampler.uniform, seeds=2, side=48)


def clock() -> float:
    return 0.0


def test_the_validation_split_of_a_data_folder(pictures: Path) -> None:
    assert find_pictures(str(pictures)) == ["images/2.png", "images/3.png", "images/4.png"]
    assert set(find_pictures(str(pictures), 1)) < set(find_pictures(str(pictures), 2))
    assert find_pictures(str(pictures / "images")) == [f"{i}.png" for i in range(5)]
    with pytest.raises(PictureError, match="folder of pictures"):
        find_pictures(str(pictures / "nothing"))


def test_the_pictures_of_scikit_image() -> None:
    names = find_pictures("skimage")
    assert len(names) == 7
    picture = read_picture("skimage", "stereo_motorcycle", side=32, square=True)
    assert picture.rgb.shape == (32, 32, 3)
    assert picture.lab.shape == (3, 32, 32)


def test_fitting_squashes_or_keeps_the_aspect() -> None:
    rgb = np.full((60, 80, 3), 77, np.uint8)
    assert fit(rgb, side=40, square=True).shape == (40, 40, 3)
    assert fit(rgb, side=40, square=False).shape == (30, 40, 3)
    assert np.array_equal(fit(rgb, side=100, square=False), rgb)
    assert (fit(rgb, side=40, square=True) == 77).all()


def test_every_combination_is_measured_once(plan: Plan, tmp_path: Path) -> None:
    scores = run_quality(plan, tmp_path / "out", clock=clock, progress=False)
    keys = [score.key for score in scores]
    assert len(set(keys)) == len(keys)
    # Three pictures; no hints once, others for two draws; gray takes none.
    assert len(keys) == 3 * (2 * (1 + 2 * 2) + 1)
    assert {score.hints for score in scores if score.method == "gray"} == {0}
    assert [score.key for score in read_scores(tmp_path / "out")] == keys
    assert read_scores(tmp_path / "out")[3].psnr == pytest.approx(scores[3].psnr, abs=1e-4)


def test_figures_of_gray_are_those_of_the_picture(plan: Plan, tmp_path: Path) -> None:
    score = next(s for s in run_quality(plan, tmp_path / "out", clock=clock, progress=False) if s.method == "gray")
    assert score.colorfulness == 0.0
    assert score.true_colorfulness > 20.0
    assert score.retention == 0.0
    assert 10.0 < score.psnr < 30.0
    assert np.isnan(score.hint_mean)


def test_hints_help(plan: Plan, tmp_path: Path) -> None:
    summary = summarize(run_quality(plan, tmp_path / "out", clock=clock, progress=False), plan)
    cells = summary.cells["fgs"]
    means = [cells[count].figures["psnr"].mean for count in plan.counts]
    assert means[2] > means[0] + 1.0
    assert min(means) < summary.area["fgs"].mean < max(means)
    assert cells[4].gain == (0.0, 0.0, 0.0)
    assert summary.cells["hint_mean"][4].gain.mean < 0.0
    assert np.isnan(summary.area["gray"].mean)
    assert summary.pictures == 3


def test_a_stopped_run_goes_on_and_a_torn_line_is_dropped(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scores = run_quality(plan, out, clock=clock, progress=False)
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (out / "results.jsonl").write_text("".join(lines[:7]) + lines[7][:20], encoding="utf-8")
    assert len(read_scores(out)) == 7
    times = iter(range(1000))
    again = run_quality(plan, out, clock=lambda: float(next(times)), progress=False)
    assert [score.key for score in again] == [score.key for score in scores]
    # What was there was not measured again: its time is still that of the first clock.
    assert [score.seconds for score in again] == [0.0] * 7 + [1.0] * (len(scores) - 7)


def test_more_pictures_keep_what_is_there(plan: Plan, tmp_path: Path) -> None:
    few = run_quality(replace(plan, limit=1), tmp_path / "out", clock=clock, progress=False)
    all_of_them = run_quality(plan, tmp_path / "out", clock=lambda: 5.0, progress=False)
    assert {score.key for score in few} < {score.key for score in all_of_them}


def test_the_commits_that_measured_are_noted(plan: Plan, tmp_path: Path) -> None:
    for limit, commit in ((1, "aaa"), (1, "bbb"), (2, "ccc")):
        run_quality(replace(plan, limit=limit), tmp_path, commit=commit, clock=clock, progress=False)
    assert read_commits(tmp_path) == ["aaa", "ccc"]  # nothing was left to do for the second


def test_other_settings_are_refused(plan: Plan, tmp_path: Path) -> None:
    run_quality(replace(plan, limit=1), tmp_path / "out", clock=clock, progress=False)
    with pytest.raises(InputError, match="choose another --out"):
        run_quality(replace(plan, side=64, limit=1), tmp_path / "out", clock=clock, progress=False)


def test_figures_of_other_weights_are_refused(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_quality(replace(plan, limit=1), out, clock=clock, progress=False)
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    settings["weights"]["fgs"] = "0" * 64
    (out / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(InputError, match="other weights"):
        run_quality(plan, out, clock=clock, progress=False)


def test_hint_files_are_read_back(plan: Plan, pictures: Path, tmp_path: Path) -> None:
    picture = read_picture(str(pictures), "images/2.png", side=48, square=True)
    drawn = hint_file(plan, tmp_path, picture, 0)
    assert hint_file(plan, tmp_path, picture, 0) == drawn
    more = hint_file(replace(plan, counts=(0, 9)), tmp_path, picture, 0)
    assert more.marks[:4] == drawn.marks
    assert len(more.marks) == 9


def test_a_registered_method_takes_part(plan: Plan, tmp_path: Path) -> None:
    only = replace(plan, methods=("scribble",), limit=1, seeds=1)
    scores = run_quality(only, tmp_path / "out", clock=clock, progress=False)
    assert [score.hints for score in scores] == [0, 1, 4]
    assert scores[2].hint_max < 2.3


def test_unknown_methods_are_named() -> None:
    with pytest.raises(UnknownMethod, match="levin"):
        find_contender("no_such")
    assert {"scribble", "gray", "levin", "fgs_exact"} <= set(default_methods())


def test_the_report_has_its_origin_on_top(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scores = run_quality(plan, out, clock=clock, progress=False)
    origin = find_origin("handtint bench quality --data x", datetime(2026, 11, 21, tzinfo=UTC))
    tables = write_report(plan, scores, origin, out).read_text(encoding="utf-8")
    for word in ("2026-11-21", "handtint bench quality --data x", "cores", "3 pictures", "| fgs |"):
        assert word in tables
    values = json.loads((out / "quality.json").read_text(encoding="utf-8"))
    assert values["date"] == "2026-11-21"
    mean, low, high = values["methods"]["fgs"]["4"]["psnr"]
    assert low <= mean <= high
    assert values["methods"]["gray"]["0"]["hint_mean"] == [None, None, None]
    for name in ("psnr.png", "bleeding.png"):
        plot = cv2.imread(str(out / name))
        assert plot is not None
        assert len(np.unique(plot.reshape(-1, 3), axis=0)) > 20


def test_the_gallery_begins_with_the_worst(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scores = run_quality(plan, out, clock=clock, progress=False)
    worst = worst_pictures(scores, "fgs", 4, 2)
    errors = {s.picture: s.delta_e for s in scores if (s.method, s.hints, s.seed) == ("fgs", 4, 0)}
    assert worst == sorted(errors, key=errors.__getitem__)[::-1][:2]
    sheet = cv2.imread(str(write_gallery(plan, scores, out, number=2)))
    assert sheet is not None
    assert sheet.shape == (24 + 2 * 196, 5 * 196, 3)


class Tags(HTMLParser):
    """What a page is made of; fails where a tag is closed that was not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_shows_tables_and_pictures(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scores = run_quality(plan, out, clock=clock, progress=False)
    write_report(plan, scores, find_origin("handtint <x>", datetime(2026, 11, 21, tzinfo=UTC)), out)
    page = write_page(out).read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.seen.count("table") >= 7
    assert tags.seen.count("img") == 2
    assert "handtint &lt;x&gt;" in page


def test_intervals_and_tables_of_known_scores(plan: Plan) -> None:
    def score(picture: str, method: str, seed: int, psnr: float) -> Score:
        return Score(picture, method, seed, 4, psnr, *[1.0] * 10, 0.5)

    table = [
        score("a", "fgs", 0, 20.0),
        score("a", "fgs", 1, 22.0),
        score("b", "fgs", 0, 30.0),
        score("b", "fgs", 1, 30.0),
    ]
    table += [replace(s, method="hint_mean", psnr=s.psnr - 1.5) for s in table]
    only = replace(plan, methods=("fgs", "hint_mean"), counts=(4,))
    summary = summarize(table, only)
    assert summary.cells["fgs"][4].figures["psnr"] == (25.5, 21.0, 30.0)
    assert summary.cells["hint_mean"][4].gain == (-1.5, -1.5, -1.5)
    text = to_markdown(summary, only, find_origin("x", datetime(2026, 1, 1, tzinfo=UTC)))
    assert "| fgs | 25.50 [21.00, 30.00] |" in text
    assert "| hint_mean | -1.50 [-1.50, -1.50] |" in text
    assert to_json(summary, only, find_origin("x", datetime(2026, 1, 1, tzinfo=UTC)))["pictures"] == 2


def test_folders_of_this_machine_are_not_told() -> None:
    arguments = ["bench", "quality", "--data", "/home/somebody/data", "--out=/tmp/x/out", "--hints", "0,1"]
    assert command_line(arguments) == "handtint bench quality --data data --out=out --hints 0,1"
    assert command_line(["--data", "skimage", "--out", "runs/x"]) == "handtint --data skimage --out runs/x"


def test_the_commit_of_a_folder_without_a_checkout(tmp_path: Path) -> None:
    assert find_commit(tmp_path) == "unknown"


@pytest.mark.parametrize("named", ["ref: refs/heads/main", "0123456789abcdef"])
def test_without_git_the_checkout_says_its_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    heads = tmp_path / ".git" / "refs" / "heads"
    heads.mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text(named + "\n")
    if named.startswith("ref"):
        assert find_commit(tmp_path) == "unknown", "a packed branch"
    (heads / "main").write_text("0123456789abcdef\n")
    (tmp_path / "inside").mkdir()
    assert find_commit(tmp_path / "inside") == "0123456, local changes unknown"


def test_the_command(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "quality", "--data", str(pictures), "--methods", "hint_mean,gray", "--hints", "4,0"]
    assert run([*arguments, "--side", "32", "--limit", "1", "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "| hint_mean |" in text
    assert str(tmp_path) not in text
    assert str(tmp_path) not in (tmp_path / "out" / "quality.json").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "report.html").is_file()
    (tmp_path / "out" / "report.html").unlink()
    assert run(["bench", "report", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "report.html").is_file()
    assert run(["bench", "report", "--out", str(tmp_path / "none")]) == 2
    assert run([*arguments[:-1], "many", "--out", str(tmp_path / "out")]) == 2
    assert "whole numbers" in capsys.readouterr().err
    assert run([*arguments[:-1], "4", "--out", str(tmp_path / "out")]) == 2
    assert "0 among --hints for gray" in capsys.readouterr().err
    assert run(["bench", "quality", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2


def test_missing_matplotlib_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run(["bench", "quality", "--data", "skimage", "--out", str(tmp_path / "out")]) == 2
    assert "handtint[bench]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
