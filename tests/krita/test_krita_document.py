"""Tier 1: what wraps libkis, inside the real one (kritarunner, no window)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.krita


@pytest.mark.parametrize("checks", ["check_document.py", "check_exemplar.py"])
def test_inside_the_real_libkis(kritarunner: Callable[[str], str], checks: str) -> None:
    insist_on_success(kritarunner(checks))


def test_a_palette_that_was_saved_is_kritas_own_at_the_next_start(kritarunner: Callable[[str], str]) -> None:
    insist_on_success(kritarunner("check_palettes.py"))
    insist_on_success(kritarunner("check_palettes_later.py"))


def insist_on_success(output: str) -> None:
    assert " passed" in output, output
    assert " skipped" not in output, output
