"""The documentation's site: built without a warning, with every model card, and fetching nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//|<link\b[^>]*rel=\"(?:stylesheet|preconnect)\"[^>]*//"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        check=True,
        timeout=300,
    )
    return folder


def test_every_card_and_every_page_is_there(site: Path) -> None:
    cards = {card.stem for card in (REPOSITORY / "weights").glob("*.md")}
    assert {page.parent.name for page in (site / "cards").glob("*/index.html")} == cards
    pages = {page.relative_to(REPOSITORY / "docs") for page in (REPOSITORY / "docs").rglob("*.md")}
    plain = {page for page in pages if page.stem not in ("index", "README")}
    assert [page for page in plain if not (site / page.with_suffix("") / "index.html").is_file()] == []
    assert "127.0.0.1" in (site / "protocol" / "index.html").read_text(encoding="utf-8"), "taken from the specification"


def test_every_page_is_in_the_navigation() -> None:
    listed = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.relative_to(REPOSITORY / "docs").as_posix() for page in (REPOSITORY / "docs").rglob("*.md")]
    assert [page for page in pages if f"{page}\n" not in listed] == []


def test_the_pages_fetch_nothing_from_elsewhere(site: Path) -> None:
    found = [str(page) for page in site.rglob("*.html") if FETCHED.search(page.read_text(encoding="utf-8"))]
    assert found == []
