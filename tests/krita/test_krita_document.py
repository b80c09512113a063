"""Tier 1: the document wrapper inside the real libkis (kritarunner, no window)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.krita


def test_document_wrapper_in_the_real_libkis(kritarunner: Callable[[str], str]) -> None:
    output = kritarunner("check_document.py")
    assert " passed" in output, output
