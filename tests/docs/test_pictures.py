"""The pages' pictures: small, each one used, and made by the script beside them or by the tests in the editors."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import cv2
import pytest

REPOSITORY = Path(__file__).parents[2]
IMAGES = REPOSITORY / "docs" / "images"
SCREENSHOTS = {"krita", "gimp", "gimp-live"}
LARGEST = 250_000


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_pictures", REPOSITORY / "docs" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_picture_has_its_maker_and_its_page(script: ModuleType) -> None:
    committed = {path.stem: path for path in IMAGES.iterdir()}
    assert committed.keys() == script.PICTURES.keys() | SCREENSHOTS
    assert {name: path.stat().st_size for name, path in committed.items() if path.stat().st_size > LARGEST} == {}
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert [name for name in committed if f"images/{name}.jpg)" not in text] == []


@pytest.mark.slow
def test_the_script_makes_them_anew(script: ModuleType, tmp_path: Path) -> None:
    script.make(tmp_path)
    made = {path.stem: cv2.imread(str(path)) for path in tmp_path.iterdir()}
    assert made.keys() == script.PICTURES.keys()
    for name, picture in made.items():
        assert picture.shape == cv2.imread(str(IMAGES / f"{name}.jpg")).shape, name
        assert (picture.max(axis=2) - picture.min(axis=2)).max() > 60, f"{name} is gray"
