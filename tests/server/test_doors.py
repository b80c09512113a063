"""How many files an engine may open, whatever the shell that started it allows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from handtint.server.doors import MAX_OPEN

_ASK = """
import logging, resource, sys
from handtint.server.doors import limit_open_files
logging.basicConfig()
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
limit_open_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")


@pytest.mark.parametrize(
    ("soft", "hard", "expected", "warns"),
    [(256, 20_000, MAX_OPEN, False), (1024, 4096, 4096, False), (1024, 1024, 1024, True)],
    ids=["as many as a crowd takes", "as many as are allowed", "too few, and it says so"],
)
def test_files_for_a_crowd(soft: int, hard: int, expected: int, warns: bool) -> None:
    command = [sys.executable, "-c", _ASK, str(soft), str(hard)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [str(expected), str(hard)]
    assert ("allows 1024 files" in done.stderr) == warns
