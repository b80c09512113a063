"""The first run in a real GIMP: without an engine the filter says what to do, in the dialog and to a script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.gimp


def test_without_an_engine_two_sentences_say_what_to_do(gimp: Any, photograph: Any, tmp_path: Path) -> None:
    """As after copying the plug-in alone: no variable, no record, nothing on the PATH."""
    runtime = tmp_path / "empty"
    runtime.mkdir(mode=0o700)
    env = {name: value for name, value in gimp.env.items() if name != "HANDTINT_ENGINE"}
    alone = replace(gimp, env=env | {"HANDTINT_RUNTIME": str(runtime)})
    run = {"arguments": {"method": "scribble"}}
    report = alone.run("colorize", picture=str(photograph.path), mode="gray", runs=[run])
    said = report["runs"][0]["error"]
    assert report["runs"][0]["status"] == "execution-error"
    assert "`handtint install gimp`" in said
    assert said.count(". ") == 1, f"two sentences: {said}"
    assert [layer["name"] for layer in report["layers"]] == ["Base"]
