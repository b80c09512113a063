"""Runs the fuzzer over codec, client and engine, each in a process of its own, and reads what it says at the end."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from handtint.bench.fuzz_targets import seeds
from handtint.errors import InputError

_MAX_BYTES = 4096
_COVERED = re.compile(r"#\d+\s+(?:DONE|NEW|REDUCE|INITED|pulse)\s+cov: (\d+)")
_STATISTIC = re.compile(r"stat::(\w+):\s+(\d+)")


class Fuzzed(NamedTuple):
    """What a run of the fuzzer came to.

    Attributes
    ----------
    inputs : int
        That were tried.
    crash : str
        The last lines of what was said about an input that broke the target; empty where none did.
    covered : int
        Branches of the instrumented packages that were reached.
    peak_bytes : int
        Of the process.
    """

    inputs: int
    crash: str
    covered: int
    peak_bytes: int


def fuzz(target: str, corpus: Path, *, inputs: int, seed: int) -> Fuzzed:
    """Let atheris try so many inputs.

    Parameters
    ----------
    target : str
        A name of fuzz_targets.TARGETS.
    corpus : Path
        A folder; starts with the seeds, and gets every input that reached something new.
    """
    if importlib.util.find_spec("atheris") is None:
        raise InputError("fuzzing needs atheris, which is not installed; run: pip install 'handtint[fuzz]'")
    write_corpus(corpus, seeds(target))
    options = [
        f"-runs={inputs}", f"-seed={seed}", f"-max_len={_MAX_BYTES}", "-len_control=0", "-print_final_stats=1",
        "-rss_limit_mb=4096", f"-artifact_prefix={corpus.parent}/{target}-",
    ]  # fmt: skip
    # The plug-ins read with msgpack's pure Python half; that is the one which coverage can lead through.
    environment = {**os.environ, "MSGPACK_PUREPYTHON": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "handtint.bench.fuzz_run", target, *options, str(corpus)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    said = done.stdout + done.stderr
    statistics = {name: int(value) for name, value in _STATISTIC.findall(said)}
    return Fuzzed(
        statistics.get("number_of_executed_units", 0),
        "" if done.returncode == 0 else said[-2000:],
        max((int(value) for value in _COVERED.findall(said)), default=0),
        statistics.get("peak_rss_mb", 0) << 20,
    )


def write_corpus(folder: Path, inputs: Iterable[bytes]) -> None:
    """One file for each input, named by its content as libFuzzer does."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def read_corpus(path: Path) -> list[bytes]:
    """Inputs that were packed into one file, a line of hexadecimal digits each."""
    return [bytes.fromhex(line) for line in path.read_text(encoding="ascii").splitlines()]


def pack_corpus(folder: Path, path: Path) -> int:
    """Pack a folder's inputs into one file, the shortest first; how many there are."""
    inputs: Sequence[bytes] = sorted(
        {file.read_bytes() for file in folder.iterdir()}, key=lambda data: (len(data), data)
    )
    path.write_text("".join(f"{data.hex()}\n" for data in inputs), encoding="ascii")
    return len(inputs)
