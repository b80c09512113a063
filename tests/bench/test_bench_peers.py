"""The learned peer as a bench method: its weights are found, odd sizes work, hints change the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from handtint.bench.methods import default_methods, find_contender
from handtint.color.hints import painted_points
from handtint.colorizers.base import Guidance
from handtint.errors import WeightsError
from handtint.nets.zhang2017 import Zhang2017Net
from handtint.train.export import Provenance, export

ORIGIN = Provenance("none", "Nothing.", "CC0", "none", "2026-11-21", 0, 0)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny network with random weights, installed."""
    torch.manual_seed(0)
    net = Zhang2017Net(4)
    torch.nn.init.normal_(net.out.weight, std=0.5)
    export(net.eval(), "zhang2017", {"width": 4}, tmp_path, ORIGIN, {"psnr 0 hints": 1.0})
    monkeypatch.setenv("HANDTINT_WEIGHTS", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("shape", [(30, 45), (300, 270)])
def test_any_size_is_answered_at_its_own_size(shape: tuple[int, int]) -> None:
    light = np.random.default_rng(0).uniform(20, 80, shape).astype(np.float32)
    contender = find_contender("zhang2017")
    assert contender.takes_hints
    answer = contender.build("cpu")(light)
    plain = answer(Guidance())
    assert plain.shape == (2, *shape)
    assert np.array_equal(answer(Guidance()), plain)
    ab, mask = np.zeros((2, *shape), np.float32), np.zeros(shape, np.float32)
    ab[:, 10:14, 10:14], mask[10:14, 10:14] = 40.0, 1.0
    assert np.abs(answer(Guidance(hints=painted_points(ab, mask))) - plain).max() > 0.01


@pytest.mark.usefixtures("weights")
def test_it_takes_part_where_it_is_installed() -> None:
    assert "zhang2017" in default_methods()
    fingerprint = find_contender("zhang2017").fingerprint
    assert fingerprint is not None
    assert len(fingerprint) == 64


def test_missing_and_damaged_weights_are_explained(weights: Path) -> None:
    manifest = weights / "manifest.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("Zhang2017Net", "OtherNet"), encoding="utf-8")
    with pytest.raises(WeightsError, match="expected weights of Zhang2017Net"):
        find_contender("zhang2017").build("cpu")
    manifest.write_text(text.replace('"width" = 4', '"width" = 8').replace("width = 4", "width = 8"), encoding="utf-8")
    with pytest.raises(WeightsError, match="do not fit"):
        find_contender("zhang2017").build("cpu")
