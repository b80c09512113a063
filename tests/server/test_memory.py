"""Memory that was freed goes back to the system, where the C library can do that."""

from __future__ import annotations

import subprocess
import sys

import pytest

# In a process of its own: what others have freed before would count too.
HOLES = """
import ctypes
from handtint.server.memory import give_back
def resident():
    return int(open("/proc/self/statm").read().split()[1])
blocks = [ctypes.create_string_buffer(b"x" * 60_000, 60_000) for _ in range(2000)]
kept = blocks[::50]
del blocks
before = resident()
print(give_back(), before - resident() > 15_000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_holes_are_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert done.stdout.split() in (["True", "True"], ["False", "False"])


FULL = """
import os, resource
from handtint.server.memory import resident
before = resident()
resource.setrlimit(resource.RLIMIT_NOFILE, (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
print(before > 0, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_is_not_known_where_no_file_can_be_opened() -> None:
    """As where strangers hold all connections that an engine takes: its status is answered all the same."""
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "0"]
