"""A full disk leaves nothing half written: not at the connection file, not at an output. Limits stand in for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")

# RLIMIT_FSIZE ends a write as a full disk does: with an OSError in the middle of the file.
LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
"""
CONNECTION = (
    LIMITED
    + """
from handtint.wire.connection import Connection, write_connection
write_connection(Path(sys.argv[2]), Connection("127.0.0.1", 1, 1, "1.0", "t" * 100, "0"))
"""
)
PICTURE = (
    LIMITED
    + """
import numpy as np
from handtint.cli.files import PictureFile, write_picture
write_picture(Path(sys.argv[2]), PictureFile(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)))
"""
)


@pytest.mark.parametrize(("script", "name"), [(CONNECTION, "engine.json"), (PICTURE, "out.png")])
def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path: Path, script: str, name: str) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    target = folder / name
    for before in (None, b"of before"):
        if before is not None:
            target.write_bytes(before)
        done = subprocess.run([sys.executable, "-c", script, "50", str(target)], capture_output=True, text=True)
        assert done.returncode == 1
        assert "File too large" in done.stderr
        assert list(folder.iterdir()) == ([] if before is None else [target])
        assert before is None or target.read_bytes() == before
    done = subprocess.run([sys.executable, "-c", script, "10000000", str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert target.stat().st_size > 50
