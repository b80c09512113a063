"""`handtint demo` leaves what it says, and what it leaves shows each control at work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import color

from handtint.cli.demo import best_method
from handtint.cli.files import read_picture
from handtint.cli.main import run
from handtint.colorizers.base import Control
from handtint.colorizers.registry import METHODS
from handtint.weights import read_classes

CLASS_COLORS = {entry.name: entry.color for entry in read_classes()}


@pytest.mark.usefixtures("runtime")
def test_before_and_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert "before-after.png" in capsys.readouterr().out
    pictures = {path.stem: read_picture(path).pixels for path in (tmp_path / "demo").iterdir()}
    given, results = {"gray", "hint-layer", "map-layer", "exemplar-picture"}, {control.value for control in Control}
    assert set(pictures) == given | results | {"automatic", "before-after", "tour"}
    lab = {name: color.rgb2lab(pictures[name]) for name in ("automatic", *results)}
    gray = color.rgb2lab(np.repeat(pictures["gray"], 3, axis=2))
    for name, picture in lab.items():
        assert np.abs(picture[..., 0] - gray[..., 0]).max() < 0.5, name
    # The palette is blue in the main; without it the network sees a warm picture.
    assert lab["palette"][..., 2].mean() < lab["automatic"][..., 2].mean() - 10
    # So does the exemplar, which is blue; the map says that the coffee is food and the table is a table.
    assert lab["exemplar"][..., 2].mean() < lab["automatic"][..., 2].mean() - 10
    food = (pictures["map-layer"][..., :3] == CLASS_COLORS["food"]).all(axis=-1)
    assert lab["semantic"][food][:, 2].mean() > lab["automatic"][food][:, 2].mean() + 10
    painted = pictures["hint-layer"][..., 3] > 0
    wanted = gray.copy()
    wanted[..., 1:] = color.rgb2lab(pictures["hint-layer"][..., :3])[..., 1:]
    shown = color.rgb2lab(np.clip(color.lab2rgb(wanted), 0, 1))
    promised = painted & (np.linalg.norm(shown - wanted, axis=-1) < 0.5)
    errors = color.deltaE_ciede2000(wanted, lab["hints"])[promised]
    assert errors.size > 5000
    assert errors.mean() < 0.5
    assert errors.max() < 2.3


def test_each_control_has_the_first_method_that_takes_it() -> None:
    for control in Control:
        method = best_method(control)
        assert control in method.controls
        earlier = METHODS[: METHODS.index(method)]
        assert not [other.name for other in earlier if control in other.controls and other.missing() is None]
