"""The client half as it lies beside a plug-in: no numpy, no pyzmq, no compiled msgpack, and still a real Hello."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handtint.client.install import install_gimp
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, PixelFormat, Plane, Rect

SPEAK = """
import sys
for name in ("numpy", "zmq", "torch", "PIL", "msgpack", "msgpack._cmsgpack", "handtint_msgpack._cmsgpack", "click"):
    sys.modules[name] = None
sys.path[:] = [sys.argv[1], *[entry for entry in sys.path if "site-packages" not in entry]]
from pathlib import Path
import handtint, json
from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
import handtint.client.editor, handtint.client.hints, handtint.client.live
from handtint.wire.messages import Colorize
from handtint.wire.pixels import Extent, PixelFormat, Plane
with Engine("light", launcher=Launcher([], path=Path(sys.argv[2])), start=False) as engine:
    welcome = engine.connect(timeout=60)
    plane = Plane(PixelFormat.gray8, Extent(1000, 2000), bytes(2_000_000))
    answer = engine.call(Colorize(0, "doc", plane), timeout=60)
    loaded = sorted(name for name in sys.modules if name.startswith("handtint") and sys.modules[name])
    print(json.dumps([welcome.device, bytes(answer.plane.data).decode(), handtint.__file__, loaded]))
"""


@pytest.fixture
def light(tmp_path: Path) -> Path:
    """The folder that an installed plug-in puts on its path."""
    install_gimp(tmp_path / "gimp", environ={"HOME": str(tmp_path / "home")})
    return tmp_path / "gimp" / "plug-ins" / "handtint_gimp" / "_light"


def test_it_speaks_with_an_engine(light, router, script, announce):
    def answer(message: m.Message) -> list[m.Message]:
        assert isinstance(message, m.Colorize)
        assert isinstance(message.base, Plane)
        plane = Plane(PixelFormat.rgba8, Extent(1, 1), b"abcd")
        return [m.Colorized(message.id, plane, Rect(0, 0, 1, 1), Extent(1, 1), "scribble")]

    engine = script(answer)
    path = announce(router(engine, token="t").port, "t", os.getpid())
    command = [sys.executable, "-S", "-c", SPEAK, str(light), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=light)
    assert done.returncode == 0, done.stderr
    device, pixels, place, loaded = json.loads(done.stdout)
    assert (device, pixels) == ("cpu", "abcd")
    assert Path(place).is_relative_to(light)
    assert "handtint_msgpack.fallback" in loaded
    assert not {name for name in loaded if name.split(".")[:2] in (["handtint", "color"], ["handtint", "server"])}
    assert [message.client for message in engine.of(m.Hello)] == ["light"]


def test_it_is_written_for_the_oldest_python_of_the_editors(light):
    """Krita 5.2 brings Python 3.10; what that one cannot parse, ast refuses under its version."""
    paths = sorted((light / "handtint").rglob("*.py"))
    assert len(paths) > 12
    for path in paths:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
