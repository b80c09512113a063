"""Tells mkdocs of the model cards, which lie beside the weights: a page and a line of the navigation for each."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

WEIGHTS = Path(__file__).parents[1] / "weights"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the cards to the end of the navigation."""
    assert config.nav is not None
    config.nav.append({"Model cards": [{card.stem: f"cards/{card.name}"} for card in sorted(WEIGHTS.glob("*.md"))]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each card."""
    for card in sorted(WEIGHTS.glob("*.md")):
        files.append(File.generated(config, f"cards/{card.name}", abs_src_path=str(card)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """On a card, whose place here is not that in the repository, turn its links into the documentation."""
    return markdown.replace("](../docs/", "](../") if page.file.src_uri.startswith("cards/") else markdown
