"""What the page on installing says of Flatpak, with the real program, and in a sandbox that it makes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handtint.wire.connection import runtime_folder

harness = sys.modules["editor_harness"]
PAGE = Path(__file__).parents[2] / "docs" / "install.md"
LINES = re.findall(r"`(flatpak [^`]*)`", PAGE.read_text(encoding="utf-8"))
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--propagation", "private")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("flatpak")]


@pytest.fixture(scope="module")
def flatpak() -> None:
    """The program itself: of this system, and in CI installed where it is not there."""
    if shutil.which("flatpak") is None:
        if os.environ.get("CI") != "true":
            pytest.skip("this system has no flatpak; in CI it is installed")
        apt = [*harness.as_root(), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "flatpak"]):
            subprocess.run([*apt, *words], check=True, stdout=subprocess.DEVNULL, timeout=300)


def run(command: str, home: Path) -> str:
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run(["bash", "-euc", command], env=env, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("line", LINES)
def test_an_editor_is_let_see_the_engine_s_folder_and_no_more(line: str, tmp_path: Path) -> None:
    run(line, tmp_path)
    app = line.split()[-1]
    shown = run(f"flatpak override --user --show {app}", tmp_path).split()
    assert shown == ["[Context]", f"filesystems={runtime_folder({'XDG_RUNTIME_DIR': 'xdg-run'})};"]
    assert (tmp_path / ".local/share/flatpak/overrides" / app).read_text().split() == shown


def test_the_docker_s_half_in_a_sandbox_finds_the_engine_after_the_page_s_line(tmp_path: Path) -> None:
    """Krita is Python alone here: what is installed, where, what the sandbox shows of the engine, and its network."""
    probe = [*harness.as_root(), *UNSHARE, "bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
    tried = subprocess.run(probe, check=False, capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no sandbox can be made here: {tried.stderr.strip()}")
    (line,) = (line for line in LINES if line.endswith("org.kde.krita"))
    script = Path(__file__).with_name("flatpak.sh")
    kept = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "NUMBA_CACHE_DIR") if name in os.environ}
    env = [f"{name}={value}" for name, value in kept.items()] + ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]
    command = [*harness.as_root(), *UNSHARE, "env", "-i", *env, str(script), str(tmp_path), sys.executable, line]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {name: (tmp_path / name).read_text() for name in ("before", "after", "stopped")}
    subprocess.run([*harness.as_root(), "rm", "-rf", *map(str, tmp_path.iterdir())], check=True)
    assert "from inside a sandbox none can be started" in told["before"]
    assert told["after"] == "colors by unified\n"
    assert told["stopped"] == told["before"]
