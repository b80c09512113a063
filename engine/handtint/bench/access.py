"""Section `access`: who tries to get in without the token, traps laid for the engine's files, and paths in messages."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from handtint.bench.caller import Caller
from handtint.bench.far import keys_row
from handtint.bench.flood import flood_row
from handtint.bench.fuzz_live import honest_request
from handtint.bench.fuzz_targets import honest_messages
from handtint.bench.processes import SERVE, engine_in
from handtint.bench.reliability import Effort, Row
from handtint.client import _framing as framing
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC
from handtint.wire.connection import FILE_NAME, USERNAME, Connection

STRANGERS = 2_000
_PATIENCE = 120.0
_METADATA = framing.properties([("Socket-Type", b"DEALER"), ("Identity", b"")])
_UNREADABLE = b"".join(bytes(part) for part in framing.message([MAGIC, b"what nobody may read"]))
_GO_ON = framing.command("INITIATE", _METADATA) + _UNREADABLE
_SIGN = "a message that cannot be read"
"""In the engine's log, where somebody's message was looked at."""
CANARY = "canary-of-the-bench"
PATHS = (f"/tmp/{CANARY}", f"../../{CANARY}", f"file:///tmp/{CANARY}", f"~/{CANARY}", f"\\\\host\\{CANARY}")
_WATCHED = """
import sys
opened = open(sys.argv.pop(1), "a", buffering=1)
def watch(event, values):
    if event in ("open", "os.listdir", "os.scandir", "subprocess.Popen", "os.system", "import"):
        opened.write(f"{values[0]}\\n")
sys.addaudithook(watch)
from handtint.__main__ import main
main()
"""
"""An engine that writes down each path that it opens, lists, runs or imports."""


def access(effort: Effort) -> list[Row]:
    """All rows of the section."""
    return [
        stranger_row(effort), flood_row(effort), keys_row(effort), trap_row(effort), address_row(effort),
        path_row(effort),
    ]  # fmt: skip


def stranger_row(effort: Effort) -> Row:
    """Logins that are wrong in every way, each with a message behind it that nobody may look at."""
    effort.note("knocking without the token")
    times, rng = effort.times(STRANGERS, 2 * len(LOGINS)), random.Random(effort.seed)
    let_in: list[str] = []
    with engine_in(effort.folder / "strangers") as (engine, connection):
        for index in range(times):
            kind = list(LOGINS)[index % len(LOGINS)]
            if b"READY" in _knock(connection, LOGINS[kind](connection.token, rng)):
                let_in.append(kind)
        same = honest_request(engine) == connection.pid
        log = (effort.folder / "strangers" / "engine.log").read_text(encoding="utf-8")
    result = (
        f"{times - len(let_in):,} of {times:,} refused, {log.count(_SIGN)} of their messages looked at, "
        f"the next honest request {'answered' if same else 'answered by another engine'}"
    )
    what = f"logins with {', '.join(list(LOGINS)[:-1])} or {list(LOGINS)[-1]}"
    return Row(what, result, not let_in and same and _SIGN not in log, {"times": times, "let_in": len(let_in)})


def _plain(name: str, token: str) -> bytes:
    return framing.greeting("PLAIN") + framing.plain_hello(name, token)


LOGINS: dict[str, Callable[[str, random.Random], bytes]] = {
    "a wrong token": lambda token, rng: _plain(USERNAME, rng.randbytes(16).hex()),
    "none": lambda token, rng: _plain(USERNAME, ""),
    "half of it": lambda token, rng: _plain(USERNAME, token[: len(token) // 2]),
    "one letter more": lambda token, rng: _plain(USERNAME, f"{token}{rng.choice('abc')}"),
    "another name": lambda token, rng: _plain(rng.choice(("root", "", "Handtint")), token),
    "another mechanism": lambda token, rng: framing.greeting("NULL") + framing.command("READY", _METADATA) + _GO_ON,
    "no login at all": lambda token, rng: framing.greeting("PLAIN") + _GO_ON,
}


def _knock(connection: Connection, login: bytes) -> bytes:
    """Say it, and go on as if one were in; what the engine said until it hung up, or let us in."""
    heard = b""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((connection.host, connection.port), timeout=_PATIENCE) as sock,
    ):
        sock.sendall(login)
        # After an ERROR it would wait for us to go; libzmq has lost the first letter of that command's name.
        while b"READY" not in heard and b"RROR" not in heard and (said := sock.recv(4096)):
            if b"WELCOME" in said:
                sock.sendall(_GO_ON)
            heard += said
    return heard


def trap_row(effort: Effort) -> Row:
    """Links and modes that would have an engine write where it must not, or let others read."""
    effort.note("laying traps for the engine's files")
    wrong = []
    for index, (name, (lay, refused)) in enumerate(TRAPS.items()):
        folder = effort.folder / f"trap-{index}"
        (folder / "victim").mkdir(mode=0o700, parents=True)
        victim = folder / "victim" / "file"
        victim.write_text("mine")
        victim.chmod(0o644)
        lay(folder, victim)
        code, said = _serve(folder / "runtime")
        wrong += [f"{name}: {fault}" for fault in _caught(victim, code, said, refused=refused)]
    wrong += _shown(effort.folder / "umask")
    result = f"{len(TRAPS)} traps: nothing behind a link was touched; files 600 and folder 700 under any umask"
    return Row(
        "links and open modes at the engine's files", "; ".join(wrong) or result, not wrong, {"traps": len(TRAPS)}
    )


def _private(folder: Path) -> Path:
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    return runtime


def _open_folder(folder: Path, victim: Path) -> None:
    _private(folder).chmod(0o755)


def _open_folder_behind_a_link(folder: Path, victim: Path) -> None:
    victim.parent.chmod(0o755)
    (folder / "runtime").symlink_to(victim.parent)


TRAPS: dict[str, tuple[Callable[[Path, Path], None], bool]] = {
    "a folder that others can enter": (_open_folder, True),
    "such a folder behind a link": (_open_folder_behind_a_link, True),
    "a log behind a link": (lambda folder, victim: (_private(folder) / "engine.log").symlink_to(victim), True),
    "a lock behind a link": (lambda folder, victim: (_private(folder) / "engine.lock").symlink_to(victim), True),
    "a connection file behind a link": (
        lambda folder, victim: (_private(folder) / FILE_NAME).symlink_to(victim),
        False,
    ),
}
"""How each is laid, and whether the engine must refuse to start."""


def _caught(victim: Path, code: int, said: str, *, refused: bool) -> Iterator[str]:
    if victim.read_text() != "mine" or victim.stat().st_mode & 0o777 != 0o644:
        yield "the file behind it was changed"
    if (code != 0) != refused or "Traceback" in said:
        yield f"expected {'a refusal in a sentence' if refused else 'a start'}, got exit code {code}: {said[-200:]}"


def _serve(runtime: Path, *options: str) -> tuple[int, str]:
    """An engine that ends as soon as it may; its exit code and what it said."""
    command = [sys.executable, "-m", "handtint", "serve", "--device", "cpu", "--idle-exit", "0.001", *options]
    environment = {**os.environ, "HANDTINT_RUNTIME": str(runtime)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_PATIENCE)
    return done.returncode, done.stderr


def _shown(folder: Path) -> Iterator[str]:
    """Whether anything that an engine makes can be read by others, where the umask would let them."""
    before = os.umask(0)
    try:
        with engine_in(folder):
            modes = {path: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    finally:
        os.umask(before)
    for path, mode in modes.items():
        # What the launcher catches of an engine's own words lies in the private folder, as everything does.
        if mode & 0o077 and path.name != "engine.err":
            yield f"{path.name} has mode {mode:o}"


def address_row(effort: Effort) -> Row:
    """An address that others can reach, without keys."""
    effort.note("listening for others without keys")
    asked = ("tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://example.org:7700")
    answers = [_serve(effort.folder / f"far-{index}", "--listen", address) for index, address in enumerate(asked)]
    refused = sum(code != 0 and "key" in said and "Traceback" not in said for code, said in answers)
    result = f"{refused} of {len(asked)} refused with a sentence that names the keys"
    return Row("another address without CURVE keys", result, refused == len(asked), {"addresses": len(asked)})


def path_row(effort: Effort) -> Row:
    """A path in every text of every request: nothing of the kind may be opened, listed, run or imported."""
    effort.note("sending paths")
    folder = effort.folder / "paths"
    folder.mkdir(mode=0o700, parents=True)
    record = folder / "opened"
    command = [sys.executable, "-c", _WATCHED, str(record), *SERVE[3:]]
    with engine_in(folder / "runtime", command) as (_, connection), Caller(connection) as caller:
        sent = [message for path in PATHS for message in with_path(path)]
        for message in sent:
            caller.call(message)
    opened = record.read_text(encoding="utf-8", errors="replace").splitlines()
    reached = [path for path in opened if CANARY in path]
    result = f"{len(sent)} requests, {len(opened):,} files opened meanwhile, {len(reached)} of them named by a request"
    return Row("paths in every text of every request", result, bool(opened) and not reached, {"sent": len(sent)})


def with_path(path: str) -> list[m.Message]:
    """Every request that has a text, once for each, with the path in it."""
    changed: list[m.Message] = []
    for message in honest_messages():
        if isinstance(message, m.REQUESTS):
            texts = [field.name for field in fields(message) if isinstance(getattr(message, field.name), str)]
            for name in texts:
                values: dict[str, Any] = {name: path}
                changed.append(replace(message, **values))
            if isinstance(message, m.Colorize) and message.palette is not None:
                changed.append(replace(message, palette=replace(message.palette, name=path)))
    return changed
