"""Tier 2: what goes wrong between Krita, the document and the engine is a sentence in the docker; nothing is lost."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skimage.color
import skimage.data
import skimage.io

pytestmark = pytest.mark.krita

Play = Callable[..., dict[str, Any]]
NEWER = (
    "import sys, handtint.wire.messages as m; m.PROTOCOL = (2, 0); sys.argv = ['handtint', 'serve'];"
    " from handtint.__main__ import main; main()"
)
"""This engine as its next major version would be."""


def save_gray_photograph(path: Path) -> None:
    gray = (skimage.color.rgb2gray(skimage.data.astronaut()) * 255).round().astype("uint8")
    skimage.io.imsave(path, gray, check_contrast=False)


def test_whatever_happens_meanwhile_is_a_sentence(krita: Play, artifacts: Path, tmp_path: Path) -> None:
    save_gray_photograph(tmp_path / "gray.png")
    found = krita("steps_more_faults.py")
    shutil.copy(tmp_path / "deleted.png", artifacts / "krita-deleted.png")

    assert found["killed mid-request"].startswith("Colored in")
    assert found["another"]
    assert found["hidden result"].endswith("The color layer is hidden.")
    assert found["locked result"] == 2, "a locked layer is left alone"
    for name in ("locked and hidden inputs", "larger than the canvas", "resized meanwhile"):
        assert found[name].startswith("Colored in")
    assert found["hints deleted"] == "Paint some color on the hints layer: this method spreads it."
    assert found["base deleted meanwhile"] == "The base layer was removed meanwhile: its color was dropped."
    assert found["base deleted"].startswith("Colored in"), "another layer is the base now"
    assert found["nothing open"] == "Open a gray picture to color it."
    assert found["one pixel"][3] == 255
    assert found["large"] == "Cancelled."
    assert found["selection"] == [0, 255, 255, 0]
    assert found["dialogs"] == []


def test_an_engine_of_another_version_is_named(krita: Play, artifacts: Path, tmp_path: Path) -> None:
    save_gray_photograph(tmp_path / "gray.png")
    found = krita("steps_version.py", HANDTINT_ENGINE=shlex.join([sys.executable, "-c", NEWER]))
    shutil.copy(tmp_path / "version.png", artifacts / "krita-version.png")

    assert "this end speaks handtint/1, the message is handtint/2: update the older" in found["said"]
    assert found["idle"]
    assert found["layers"] == 1
