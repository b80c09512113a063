"""From a Debian 13 with Krita and GIMP and nothing of ours to a color layer in both, by the README's own lines.

The lines run in a copy of the editor root that is thrown away, with Debian's own Python and packages from the index:
some 3 GB are fetched and 6 GB written, so that it runs in CI and where HANDTINT_CLEAN_ROOT=1 asks for it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import color

from handtint.cli import demo

harness = sys.modules["editor_harness"]
REPOSITORY = Path(__file__).parents[1]
SIZE = (400, 600)
PIP_SETTINGS = ("index-url", "cert", "proxy", "trusted-host", "timeout")
"""How this system's pip reaches its index. What it has besides on its own disk is for another Python."""
NETWORK = ("/etc/resolv.conf", "/etc/hosts")
ROOM = 16 * 2**30
"""Bytes of disk: the copy, what is written, and what pip unpacks on the way."""
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--propagation", "private")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.krita,
    pytest.mark.gimp,
    pytest.mark.timeout(1000),
    pytest.mark.flaky(reruns=1),
    pytest.mark.skipif(
        os.environ.get("CI") != "true" and os.environ.get("HANDTINT_CLEAN_ROOT") != "1",
        reason="fetches 3 GB: HANDTINT_CLEAN_ROOT=1 asks for it",
    ),
]


def readme_lines() -> str:
    """The block of the README that installs the plug-ins, as it stands there."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^## Install the plug-in\n.*?^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


def clone(folder: Path) -> None:
    """What a clone of the repository holds, and nothing that was built in it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)


def network() -> tuple[dict[str, str], list[str]]:
    """Environment and files with which the root reaches the indexes that this system reaches."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    found = dict(re.findall(r"^[^.\n]+\.([\w-]+)='(.*)'$", listed.stdout.replace(":env:.", "env."), re.MULTILINE))
    env = {f"PIP_{name.upper().replace('-', '_')}": found[name] for name in PIP_SETTINGS if name in found}
    env |= {name: os.environ[name] for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ}
    return env, [*NETWORK, *([found["cert"]] if "cert" in found else [])]


def newcomer(root: Path, scratch: Path, source: Path, out: Path) -> None:
    """Play newcomer.sh in a copy of `root`, whose files are gone afterwards."""
    env, files = network()
    env |= harness.base_environment() | {"HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"}
    enter = [*UNSHARE, str(REPOSITORY / "tests/editors/clean.sh"), str(root), str(scratch)]
    inside = ["env", "-i", *(f"{name}={value}" for name, value in env.items())]
    script = [str(source / "tests/editors/newcomer.sh"), str(source), str(out)]
    command = [*harness.as_root(), *enter, *files, str(source), str(out), "--", *inside, *script]
    try:
        with (out / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                code = process.wait(900)
            finally:
                harness.end_group(process)
    finally:
        subprocess.run([*harness.as_root(), "rm", "-rf", str(scratch), str(source)], check=True)
    logs = [out / "log", *sorted(out.glob("*.log"))]
    assert code == 0, "\n".join(f"{path.name}:\n{path.read_text(errors='replace')[-4000:]}" for path in logs)


@pytest.fixture(scope="module")
def found(editors: Any, artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with what the newcomer has seen."""
    if editors.folder is None:
        pytest.skip("this system carries the editors itself: there is no root to copy")
    folder = tmp_path_factory.mktemp("newcomer")
    if shutil.disk_usage(folder).free < ROOM:
        pytest.skip(f"less than {ROOM >> 30} GB of disk are free")
    source, out = folder / "handtint", folder / "out"
    out.mkdir()
    clone(source)
    (out / "lines.sh").write_text(readme_lines())
    cv2.imwrite(str(out / "gray.png"), demo.gray_photograph())
    job = {"scenario": "colorize", "folder": str(out), "picture": str(out / "gray.png"), "runs": [{"arguments": {}}]}
    (out / "job").write_text(json.dumps(job))
    newcomer(editors.folder, folder / "root", source, out)
    shutil.copy(out / "krita.png", artifacts / "clean-root-krita.png")
    yield out
    shutil.rmtree(folder)


def check_colored(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], gray: NDArray[np.uint8]) -> None:
    """The picture's own lightness everywhere, and colors that a person sees."""
    assert (alpha == 255).all()
    assert (rgb.max(axis=2).astype(int) - rgb.min(axis=2)).mean() > 8
    lightness = color.rgb2lab(np.repeat(gray, 3, axis=2))[..., 0]
    assert np.abs(color.rgb2lab(rgb)[..., 0] - lightness).max() < 0.5


def read_layer(path: Path) -> NDArray[np.uint8]:
    return np.fromfile(path, np.uint8).reshape(*SIZE, 4)


def test_three_lines_of_the_readme_lead_to_a_color_layer_in_krita(found: Path) -> None:
    seen = json.loads((found / "krita.json").read_text())
    assert seen["ok"], seen["error"]
    assert seen["status"].startswith("Colored in")
    assert seen["layers"] == ["Background", "Handtint color"]
    bgra = read_layer(found / "krita.raw")
    check_colored(bgra[..., 2::-1], bgra[..., 3], demo.gray_photograph())


def test_three_lines_of_the_readme_lead_to_a_color_layer_in_gimp(found: Path) -> None:
    report = json.loads((found / "report.json").read_text())
    assert report["runs"][0]["status"] == "success", report
    assert [layer["name"] for layer in report["layers"]] == ["Handtint color", "Base"]
    rgba = read_layer(found / "content_0.raw")
    check_colored(rgba[..., :3], rgba[..., 3], demo.gray_photograph())


def test_all_else_that_the_readme_says_of_installing_holds(found: Path) -> None:
    """`make demo`, a doctor who has nothing to mend on Debian's own Python, and nothing left but what is the user's."""
    sheet = cv2.imread(str(found / "before-after.png"))
    assert (sheet.max(axis=2) - sheet.min(axis=2)).max() > 60
    lines = (found / "doctor.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("ok")] == []
    assert any(line.startswith("ok    Python: 3.13") for line in lines)
    # What is left are the docker's log, the tests' driver and the engine's folder.
    left = {Path(line).name for line in (found / "left.txt").read_text().splitlines()}
    assert left == {"handtint", "handtint_driver", "handtint_driver.desktop"}
