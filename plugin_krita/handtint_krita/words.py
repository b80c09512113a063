"""The words that the painter reads go through `tr`, so that they can be translated in one place. Knows no Qt."""

from __future__ import annotations


def tr(text: str, **values: object) -> str:
    """`text` in the painter's language with `{named}` places filled in."""
    return text.format(**values) if values else text
