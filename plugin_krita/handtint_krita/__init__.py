"""Handtint's plug-in for Krita. Registers itself where Krita imports it; importing it elsewhere does nothing."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

_LIGHT = Path(__file__).parent / "_light"
"""The editor half of Handtint, which the installer puts beside this file."""

if _LIGHT.is_dir() and str(_LIGHT) not in sys.path:
    sys.path.insert(0, str(_LIGHT))

if find_spec("krita") is not None:
    from handtint_krita.extension import register

    register()
