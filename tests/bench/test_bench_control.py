"""The trials of every kind of guidance on cards and tiny pictures, and a run that goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handtint.bench.baselines import BASELINES, nearest_luma
from handtint.bench.cards import card_retention, edge_card
from handtint.bench.control import control_markdown, run_control
from handtint.bench.hints import Sampler, draw_hints, find_segments
from handtint.bench.ledger import Ledger
from handtint.bench.metrics import to_rgb
from handtint.bench.pictures import BenchPicture, read_labels, read_picture
from handtint.bench.provenance import find_origin
from handtint.bench.statistics import Interval
from handtint.bench.subject import ControlPlan
from handtint.bench.trials import (
    adherence_trial,
    bent,
    consistency_trial,
    exemplar_trial,
    palette_trial,
    random_color,
    reach_trial,
    recolored,
    semantic_trial,
    together_trial,
)
from handtint.cli.main import run
from handtint.color.gamut import in_gamut
from handtint.color.hints import painted_points
from handtint.color.palette import Palette, extract_palette
from handtint.colorizers.base import Guidance
from handtint.colorizers.registry import load


@pytest.fixture
def picture(pictures: Path) -> BenchPicture:
    return read_picture(str(pictures), "images/2.png", side=80, square=False)


@pytest.fixture
def plan(pictures: Path) -> ControlPlan:
    return ControlPlan(str(pictures), ("scribble", "fgs", "nearest_luma", "reinhard"), side=80, limit=2, strokes=3)


def test_an_edge_card_has_the_contrast_and_two_marks() -> None:
    card = edge_card(10.0, 0.0)
    assert card.lightness[:, card.edge].mean() - card.lightness[:, card.edge - 1].mean() == pytest.approx(10.0)
    assert card.hints.mask.sum() == 2 * 36
    assert edge_card(10.0, 3.0).lightness[:, :60].std() == pytest.approx(3.0, rel=0.05)


def test_retention_of_a_card_that_is_kept_mixed_and_swapped() -> None:
    card = edge_card(10.0, 0.0)
    columns = np.arange(card.lightness.shape[1])
    left, right = card.hints.ab[:, 64, 32], card.hints.ab[:, 64, 96]
    kept = np.where(columns < card.edge, left[:, None], right[:, None])[:, None].repeat(128, axis=1)
    assert card_retention(card, kept) == pytest.approx(1.0)
    assert card_retention(card, kept[:, :, ::-1]) == pytest.approx(-1.0)
    assert card_retention(card, np.broadcast_to(left[:, None, None], kept.shape)) == 0.0


def test_an_edge_aware_method_keeps_a_strong_edge_and_not_a_weak_one() -> None:
    def retention(contrast: float) -> float:
        card = edge_card(contrast, 0.0)
        guidance = Guidance(hints=painted_points(card.hints.ab, card.hints.mask))
        return card_retention(card, BASELINES["fgs"](card.lightness)(guidance))

    assert retention(40.0) > 0.95
    assert retention(1.0) < 0.1


def test_surprising_colors_are_strong_and_can_be_shown() -> None:
    rng = np.random.default_rng(0)
    colors = np.array([random_color(rng) for _ in range(50)])
    assert np.hypot(*colors.T).min() >= 15.0
    assert np.ptp(np.arctan2(colors[:, 1], colors[:, 0])) > 5.0
    lightness = np.linspace(1, 99, 99, dtype=np.float32)
    for color in colors.astype(np.float32):
        assert in_gamut(lightness, np.repeat(color[:, None], 99, axis=1)).any()


def test_kinds_of_hints_share_their_places(picture: BenchPicture) -> None:
    file = draw_hints("x", picture.rgb, picture.ab, Sampler.strokes, seed=0, most=3)
    for kind, largest in (("true", 0.0), ("jittered", 30.0), ("adversarial", 300.0)):
        other = recolored(file, kind, np.random.default_rng(1))
        assert [mark.points for mark in other.marks] == [mark.points for mark in file.marks]
        moved = max(np.hypot(*np.subtract(a.ab, b.ab)) for a, b in zip(other.marks, file.marks, strict=True))
        assert moved <= largest
        assert (moved > 0) == (kind != "true")


def test_adherence_of_an_exact_and_a_deaf_method(picture: BenchPicture) -> None:
    file = draw_hints("x", picture.rgb, picture.ab, Sampler.strokes, seed=0, most=3)
    surprising = recolored(file, "adversarial", np.random.default_rng(1))
    exact = BASELINES["fgs_exact"](picture.lightness)
    assert adherence_trial(picture, exact, surprising, 3)["max"] < 0.05
    deaf = BASELINES["gray"](picture.lightness)
    assert adherence_trial(picture, deaf, surprising, 3)["mean"] > 5.0


def test_reach_of_a_method_that_colors_everything(picture: BenchPicture) -> None:
    found = reach_trial(picture, BASELINES["hint_mean"](picture.lightness), 1.0, np.random.default_rng(2))
    assert found["inside"] == pytest.approx(1.0, abs=0.1)
    assert found["leaked"] > 0.5
    deaf = reach_trial(picture, BASELINES["gray"](picture.lightness), 1.0, np.random.default_rng(2))
    assert deaf == {"inside": 0.0, "leaked": 0.0}


def test_segments_are_numbered_by_size(picture: BenchPicture) -> None:
    sizes = np.bincount(find_segments(picture.rgb).reshape(-1))
    assert list(sizes) == sorted(sizes, reverse=True)
    assert len(sizes) >= 3


def test_a_method_that_uses_the_palette_is_recognised(picture: BenchPicture) -> None:
    lightness = np.linspace(20, 80, 4, dtype=np.float32)
    palettes = [
        Palette(
            np.column_stack([lightness, np.full(4, a), np.full(4, b)]).astype(np.float32), np.full(4, 0.25, np.float32)
        )
        for a, b in ((0, 20), (20, 0), (-20, 0), (0, -20))
    ]
    found = palette_trial(picture, lambda light, palette: nearest_luma(light, palette.lab), palettes, 2)
    assert found["recognised"] == 1.0
    assert found["distance"] < 1.0
    blind = palette_trial(picture, lambda light, palette: nearest_luma(light, palettes[0].lab), palettes, 2)
    assert blind["recognised"] == 0.0
    assert blind["emd"] > 20.0


def test_an_exemplar_that_is_the_picture_gives_its_colors_back(picture: BenchPicture) -> None:
    found = exemplar_trial(picture, lambda light, exemplar: picture.ab, picture, None, np.random.default_rng(0))
    assert np.isnan([found.pop("direction"), found.pop("drawn")]).all()
    assert found == {"intersection": 1.0, "emd": pytest.approx(0.0, abs=1e-6), "self psnr": 50.0}


def striped(*colors: tuple[float, float]) -> BenchPicture:
    """A picture of L 60 with stripes of the same width."""
    ab = np.repeat(np.array(colors, np.float32).T[:, None], 8, axis=1).repeat(10, axis=2)
    lab = np.concatenate((np.full((1, *ab.shape[1:]), 60.0, np.float32), ab))
    return BenchPicture("striped", to_rgb(lab[0], ab), lab)


def test_the_direction_of_cards_known_by_hand() -> None:
    """Exemplar: half neutral, half red; the third picture: half neutral, half green."""
    red, green = (40.0, 0.0), (-40.0, 0.0)
    exemplar, other, gray = striped((0, 0), red), striped((0, 0), green), striped((0, 0), (0, 0))

    def direction(answers: dict[str, BenchPicture]) -> tuple[float, float, float]:
        def call(lightness: np.ndarray, lab: np.ndarray) -> np.ndarray:
            return answers["given" if lab[1].max() > 20 else "contrary"].ab

        found = exemplar_trial(gray, call, exemplar, other, np.random.default_rng(0))
        return found["direction"], found["drawn"], found["intersection"]

    assert direction({"given": exemplar, "contrary": other}) == (1.0, 1.0, 1.0)
    assert direction({"given": striped(red, red), "contrary": other}) == (1.0, 0.0, 0.5)
    assert direction({"given": gray, "contrary": gray}) == (0.0, 0.0, 0.5)
    assert direction({"given": other, "contrary": exemplar}) == (0.0, 0.0, 0.5)


def three_labels(picture: BenchPicture) -> np.ndarray:
    """Sky 51, grass 29, and a strip of nothing."""
    labels = np.full(picture.lightness.shape, 29)
    labels[:25], labels[-4:] = 51, 0
    return labels


def test_an_edit_of_a_method_that_colors_by_label_is_local(picture: BenchPicture) -> None:
    def by_label(lightness: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.stack([9 * labels, -labels]).astype(np.float32)

    found = semantic_trial(picture, by_label, three_labels(picture), np.random.default_rng(0))
    assert (found["outside"], found["locality"], found["effect"]) == (0.0, 1.0, 1.0)
    assert found["inside"] > 3.0


def test_an_edit_that_nobody_hears_has_no_effect(picture: BenchPicture) -> None:
    deaf = semantic_trial(picture, lambda light, labels: picture.ab, three_labels(picture), np.random.default_rng(0))
    assert deaf["effect"] == 0.0
    assert np.isnan(deaf["locality"])
    nothing = semantic_trial(
        picture, lambda light, labels: picture.ab, 0 * three_labels(picture), np.random.default_rng(0)
    )
    assert np.isnan(nothing["effect"])


def heard_together(picture: BenchPicture, ear: Callable[[Guidance], np.ndarray]) -> dict[str, float]:
    """The trial of all four kinds of guidance with a method that is known."""
    palettes = [Palette(np.array([[50, a, b]], np.float32), np.ones(1, np.float32)) for a, b in ((90, 0), (-90, 0))]
    mask = np.zeros(picture.lightness.shape, np.float32)
    mask[5:9, 5:9] = 1
    guidance = Guidance(
        hints=painted_points(np.zeros((2, *mask.shape), np.float32), mask),
        semantic=three_labels(picture),
        exemplar=np.stack([picture.lightness, *np.full((2, *mask.shape), 30, np.float32)]),
    )
    other = np.stack([picture.lightness, *np.full((2, *mask.shape), -30, np.float32)])
    return dict(together_trial(picture, ear, guidance, palettes, 1, other, np.random.default_rng(0)))


def test_a_method_that_hears_all_four_at_once(picture: BenchPicture) -> None:
    def ear(guidance: Guidance) -> np.ndarray:
        ab = np.broadcast_to(guidance.palette_ab[0][:, None, None], (2, *picture.lightness.shape)).copy()
        ab[:, -20:] = guidance.exemplar[1:, -20:]
        ab[1] += 4 * (guidance.semantic % 10)
        return np.where(guidance.hints.layer().mask > 0, 0, ab).astype(np.float32)

    found = heard_together(picture, ear)
    assert found["hints"] < 1e-3
    assert (found["palette"], found["exemplar"]) == (1.0, 1.0)
    assert found["exemplar moves"] == pytest.approx(np.hypot(60, 60) * 20 / len(picture.lightness), rel=1e-3)
    assert (found["map locality"], found["map shows"]) == (1.0, 1.0)


def test_a_method_that_is_deaf_to_all_four(picture: BenchPicture) -> None:
    found = heard_together(picture, lambda guidance: np.full((2, *picture.lightness.shape), 20, np.float32))
    assert found["hints"] > 5
    assert (found["palette"], found["exemplar"], found["exemplar moves"], found["map shows"]) == (0.0, 0.0, 0.0, 0.0)


def test_label_maps_are_read_as_numbers_and_never_mixed(pictures: Path) -> None:
    labels = np.zeros((68, 80), np.uint8)
    labels[:34], labels[34:, :40] = 3, 57
    paletted = Image.fromarray(labels, "P")
    paletted.putpalette([n for index in range(256) for n in (index, 255 - index, 7)])
    paletted.save(pictures / "map.png")
    lines = (pictures / "manifest.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{lines[0]},label", *(f"{line},{'map.png' if '/2.' in line else ''}" for line in lines[1:])]
    (pictures / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = read_labels(str(pictures), "images/2.png", (33, 41))
    assert found is not None
    assert found.shape == (33, 41)
    assert set(np.unique(found)) == {0, 3, 57}
    assert read_labels(str(pictures), "images/3.png", (33, 41)) is None
    assert read_labels("skimage", "coffee", (33, 41)) is None


def test_bending_moves_pixels_and_keeps_colors(picture: BenchPicture) -> None:
    moved = bent(picture.lab, np.random.default_rng(0))
    assert moved.shape == picture.lab.shape
    assert np.abs(moved - picture.lab).mean() > 2.0
    assert np.allclose(bent(picture.lab, np.random.default_rng(0), amount=0.0), picture.lab, atol=1e-3)


def test_scribble_is_consistent(picture: BenchPicture) -> None:
    file = draw_hints("x", picture.rgb, picture.ab, Sampler.strokes, seed=0, most=3)
    found = consistency_trial(picture, load("scribble"), file, 3)
    assert found["repeats"] == 1.0
    assert found["scales"] == 0.0  # without hints it colors nothing
    assert found["preview"] < 1.0


def test_every_method_gets_the_trials_that_fit(plan: ControlPlan, tmp_path: Path) -> None:
    table = run_control(plan, tmp_path / "out", progress=False)
    methods = {section: {method for method, _ in rows} for section, rows in table.items()}
    assert methods == {
        "adherence": {"scribble", "fgs"},
        "reach": {"scribble", "fgs"},
        "palette": {"nearest_luma"},
        "exemplar": {"reinhard"},
        "consistency": {"scribble"},
        "cards": {"scribble", "fgs"},
    }
    assert table["adherence"]["scribble", "adversarial"]["mean"].mean < 0.5
    reach = {
        setting: figures["leaked"].mean for (name, setting), figures in table["reach"].items() if name == "scribble"
    }
    assert reach["reach 0"] <= reach["reach 0.5"] <= reach["reach 1"]
    assert table["cards"]["fgs", "reach 1, noise 0"]["40"].mean > 0.9


def test_only_the_sections_that_were_asked_for(plan: ControlPlan, tmp_path: Path) -> None:
    palettes = replace(plan, sections=("palette",))
    assert list(run_control(palettes, tmp_path, progress=False)) == ["palette"]


def test_a_palette_of_four_is_recognised_in_the_picture_itself_and_not_in_another(picture: BenchPicture) -> None:
    own = extract_palette(picture.lab, 4)
    others = [Palette(own.lab * (1.0, *turn), own.weights) for turn in ((-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))]
    found = palette_trial(picture, lambda lightness, palette: picture.ab, [*others, own], 3)
    assert found["recognised"] == 1.0
    assert palette_trial(picture, lambda lightness, palette: picture.ab, [*others, own], 0)["recognised"] == 0.0


def test_a_second_run_makes_nothing_anew(plan: ControlPlan, tmp_path: Path) -> None:
    only = replace(plan, methods=("fgs",), limit=1)
    first = run_control(only, tmp_path, progress=False)
    lines = (tmp_path / "control.jsonl").read_text(encoding="utf-8")
    assert str(run_control(only, tmp_path, progress=False)) == str(first)
    assert (tmp_path / "control.jsonl").read_text(encoding="utf-8") == lines


def test_a_ledger_drops_a_torn_line_and_keeps_what_has_no_value(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.get(("a", "1"), lambda: {"x": 1.0, "y": float("nan")})
    ledger.get(("a", "2"), lambda: {"x": 2.0})
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    again = Ledger(path)
    assert len(again) == 1

    def never() -> dict[str, float]:
        raise AssertionError("made again")

    figures = again.get(("a", "1"), never)
    assert figures["x"] == 1.0
    assert np.isnan(figures["y"])
    assert again.get(("a", "2"), lambda: {"x": 5.0}) == {"x": 5.0}


def test_the_command(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "control", "--data", str(pictures), "--methods", "nearest_luma", "--side", "64"]
    assert run([*arguments, "--out", str(tmp_path / "out")]) == 0
    assert "| nearest_luma | 4 colors |" in capsys.readouterr().out
    values = json.loads((tmp_path / "out" / "control.json").read_text(encoding="utf-8"))
    assert values["sections"]["palette"][0]["coverage"][0] < 10.0
    assert run([*arguments[:-4], "--methods", "no_such", "--out", str(tmp_path / "out")]) == 2


def test_a_palette_of_a_picture_is_its_own_best_match(picture: BenchPicture) -> None:
    own = extract_palette(picture.lab, 4)
    assert palette_trial(picture, lambda light, palette: picture.ab, [own], 0)["emd"] < 5.0


def test_a_table_takes_rows_with_figures_of_different_age() -> None:
    one, other = Interval(0.5, 0.4, 0.6), Interval(0.25, 0.25, 0.25)
    table = {"exemplar": {("new", "x"): {"emd": one, "direction": other}, ("old", "x"): {"emd": one}}}
    plan = ControlPlan("skimage", ("new", "old"))
    origin = find_origin("handtint bench control", datetime(2026, 11, 21, tzinfo=UTC))
    text = control_markdown(table, plan, origin, 1)
    assert "| method | setting | emd | direction |" in text
    assert "| new | x | 0.5 [0.4, 0.6] | 0.25 |" in text
    assert "| old | x | 0.5 [0.4, 0.6] |  |" in text
