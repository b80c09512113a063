"""What the README's line and Krita's own importer leave, in a real Krita: switched on, and coloring at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skimage.color
import skimage.data
import skimage.io

from handtint.client.install import check_krita, install_krita, uninstall_krita

harness = sys.modules["editor_harness"]
pytestmark = pytest.mark.krita

Play = Callable[..., dict[str, Any]]


@pytest.fixture
def environ(krita: Play, tmp_path: Path) -> dict[str, str]:
    """The home of a Krita that has never heard of Handtint."""
    found = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    uninstall_krita(environ=found)
    assert not list((tmp_path / "home").rglob("*handtint_krita*"))
    return found


def test_kritas_own_importer_takes_the_archive(krita: Play, environ: dict[str, str], tmp_path: Path) -> None:
    install_krita(zip=tmp_path / "handtint.zip", environ=environ)
    found = krita("steps_import.py")
    assert not found["docker before"]
    assert len(found["asked"]) == 1
    assert "Handtint" in found["asked"][0]
    assert [finding.text for finding in check_krita(environ=environ) if not finding.well] == []


def test_after_the_readmes_line_the_first_color_needs_no_setting(
    krita: Play, environ: dict[str, str], artifacts: Path, tmp_path: Path
) -> None:
    readme_line = harness.readme_line("handtint install krita")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    subprocess.run(["bash", "-c", readme_line], cwd=tmp_path, env=environ, check=True, timeout=120)
    gray = skimage.img_as_ubyte(skimage.color.rgb2gray(skimage.data.coffee()))
    skimage.io.imsave(tmp_path / "gray.png", gray, check_contrast=False)
    found = krita("steps_first_run.py")
    for name in ("first-run.png", "first-color.png"):
        shutil.copy(tmp_path / name, artifacts / f"krita-{name}")
    assert found["without an engine"].count(". ") == 1, "two sentences"
    assert "handtint install krita" in found["without an engine"]
    assert found["colored"].startswith("Colored in")
    assert found["layers"] == ["Background", "Handtint color"]
