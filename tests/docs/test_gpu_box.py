"""The page on an engine in the next room: its commands as they stand there, with both machines on this one."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest

from handtint.cli import demo

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "gpu-box.md"
BLOCK = re.compile(r"^```sh title=\"([^\"]*)\"\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 120.0


class Machine:
    """A home, a runtime folder and a working folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir(parents=True)
        (folder / "run").mkdir(mode=0o700)
        kept = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ}
        own = {"HOME": str(folder), "HANDTINT_RUNTIME": str(folder / "run")}
        self.environment = kept | own | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


class Service:
    """A command that stays; what it says is read on a thread, so that waiting for words is waiting for an event."""

    def __init__(self, machine: Machine, command: str) -> None:
        self._process = subprocess.Popen(
            shlex.split(command), cwd=machine.folder, env=machine.environment, stderr=subprocess.PIPE, text=True
        )
        self._said = ""
        self._ended = False
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._grown:
                self._said += line
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def said(self, pattern: str) -> re.Match[str]:
        """The words of this pattern, as soon as they have come."""
        with self._grown:
            self._grown.wait_for(lambda: re.search(pattern, self._said) or self._ended, PATIENCE)
            match = re.search(pattern, self._said)
            assert match is not None, self._said
            return match

    def exit_code(self) -> int:
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stderr is not None
        self._process.stderr.close()


@pytest.fixture
def service() -> Iterator[Callable[[Machine, str], Service]]:
    services: list[Service] = []

    def begin(machine: Machine, command: str) -> Service:
        services.append(Service(machine, command))
        return services[-1]

    yield begin
    for each in reversed(services):
        each.close()


@pytest.mark.slow
def test_the_page_from_the_keys_to_a_picture(tmp_path: Path, service: Callable[[Machine, str], Service]) -> None:
    blocks = {title: text.splitlines() for title, text in BLOCK.findall(PAGE.read_text(encoding="utf-8"))}
    assert len(blocks) == 5
    box, painter = Machine(tmp_path / "box"), Machine(tmp_path / "painter")
    demo_picture(painter.folder / "gray.png")

    keys, serve = blocks.pop("on the GPU box")
    box.run(keys)
    engine = service(box, serve.replace(":7700", ":0"))
    port = engine.said(r"other machines come in at tcp://0\.0\.0\.0:(\d+), with the keys of painter")[1]

    def here(command: str) -> str:
        """The page's command, with the other machine where it is in this test."""
        command = command.replace("scp -rp gpu-box:", f"cp -rp {box.folder}/")
        return command.replace("tcp://gpu-box:7700", f"tcp://127.0.0.1:{port}")

    fetch, relay = blocks.pop("on your machine")
    painter.run(here(fetch))
    box.run("rm -r keys/painter")
    painter.run("chmod -R go+r gpu-box-keys")
    assert service(painter, here(relay)).said("holds keys and must belong to you alone")
    painter.run("chmod -R go= gpu-box-keys")
    stands_in = service(painter, here(relay))
    stands_in.said(r"listens on 127\.0\.0\.1:\d+ for the engine")
    pid = box_pid(box)
    status, colorize = blocks.pop("in another terminal")
    assert f"(pid {pid})" in painter.run(here(status)), "the status is the other machine's"
    painter.run(here(colorize))
    assert (painter.folder / "gray-color.png").is_file()

    stop, remember, again = blocks.pop("for good")
    painter.run(here(stop))
    assert stands_in.exit_code() == 0
    assert box_pid(box) == pid, "the engine over there goes on"
    painter.run(here(remember))
    painter.run(here(again))  # starts the relay by itself
    assert (painter.folder / "again.png").read_bytes() == (painter.folder / "gray-color.png").read_bytes()
    assert f"(pid {pid})" in painter.run("handtint status")
    painter.run("handtint stop")

    (second,) = blocks.pop("for a second painter, on the GPU box")
    box.run(second)
    assert (box.folder / "keys" / "engine" / "known" / "anna.pub").is_file()
    box.run("handtint stop")
    assert engine.exit_code() == 0
    assert not blocks


def box_pid(box: Machine) -> int:
    status: dict[str, int] = json.loads(box.run("handtint status --json"))
    return status["pid"]


def demo_picture(path: Path) -> None:
    assert cv2.imwrite(str(path), cv2.resize(demo.gray_photograph(), (300, 200)))
