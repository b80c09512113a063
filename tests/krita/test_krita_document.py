"""Tier 1: what wraps libkis, inside the real one (kritarunner, no window)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.krita


@pytest.mark.parametrize("checks", ["check_document.py", "check_exemplar.py", "check_palettes.py"])
def test_inside_the_real_libkis(kritarunner: Callable[[str], str], checks: str) -> None:
    output = kritarunner(checks)
    assert " passed" in output, output
    assert " skipped" not in output, output
