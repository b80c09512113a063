"""Tier 2: a Krita that speaks German."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skimage.color
import skimage.data
import skimage.io

pytestmark = pytest.mark.krita


def test_the_docker_speaks_as_krita_does(krita: Callable[..., dict[str, Any]], artifacts: Path, tmp_path: Path) -> None:
    gray = (skimage.color.rgb2gray(skimage.data.astronaut()) * 255).round().astype("uint8")
    skimage.io.imsave(tmp_path / "gray.png", gray, check_contrast=False)
    # What Settings > Switch Application Language writes.
    (tmp_path / "home" / ".config" / "klanguageoverridesrc").write_text("[Language]\nkrita=de:en_US\n")
    found = krita("steps_german.py")
    shutil.copy(tmp_path / "german.png", artifacts / "krita-german.png")

    assert found["actions"] == ["Handtint: Neue Färbung", "Mit Handtint färben", "Handtint: Beim Malen färben"]
    assert "graues Bild" in found["at first"] or "Engine" in found["at first"]
    assert found["help"].startswith("Breitet Ihre Hinweise")
    assert found["inside"] == ["Grundlage", "Handtint-Farbe", "Hinweise"]
    assert found["colored"].endswith("s gefärbt.")
