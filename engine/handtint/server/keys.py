"""CURVE keys: made in pairs for an engine and its painters, never overwritten, and read only where they are private.

One folder is what one machine holds: `own.key` with its secret, and `known/NAME.pub` for each machine that it trusts.
Opens no socket.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zmq
import zmq.utils.z85

from handtint.errors import InputError
from handtint.wire.connection import why_shared

ENGINE = "engine"
"""The folder of the engine's machine; the others are named by their painters."""
_OWN, _KNOWN, _PUBLIC = "own.key", "known", ".pub"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KEY_BYTES = 40
_MAX_BYTES = 4096
_MAX_KNOWN = 1000


@dataclass(frozen=True)
class Keys:
    """What one machine holds; keys are Z85 text of 40 bytes.

    Attributes
    ----------
    known : dict of str to bytes
        Public keys of the machines that are trusted, by name.
    """

    public: bytes
    secret: bytes = field(repr=False)
    known: dict[str, bytes]


def make_keys(folder: Path, painter: str) -> tuple[Path, Path]:
    """Make keys for one more painter, and for the engine where it has none.

    Returns
    -------
    engine, painter : Path
        The two folders: one for each machine.

    Raises
    ------
    InputError
        Keys of that name are there already, or the folder is not private.
    """
    if not _NAME.fullmatch(painter) or painter == ENGINE:
        raise InputError(
            f"expected a painter's name of up to 32 small letters, digits, - and _, other than {ENGINE!r}, "
            f"got {painter[:80]!r}"
        )
    engine, own = folder / ENGINE, folder / painter
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_private(folder)
        _require_new(own)
        _require_new(engine / _KNOWN / f"{painter}{_PUBLIC}")
        if not os.path.lexists(engine):
            with _arriving(engine) as folder_of_engine:
                _write_own(folder_of_engine)
        with _arriving(own) as folder_of_painter:
            public = _write_own(folder_of_painter)
            _put_new(folder_of_painter / _KNOWN / f"{ENGINE}{_PUBLIC}", _read_own(engine)[0])
            _put_new(engine / _KNOWN / f"{painter}{_PUBLIC}", public)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: keys cannot be written there ({error.strerror})") from error
    return engine, own


def read_keys(folder: Path) -> Keys:
    """The keys of one machine; InputError where they are missing, damaged, or could have been read by others."""
    if not (folder / _OWN).is_file():
        raise InputError(
            f"expected a folder with {_OWN} in it, as `handtint keys` makes them, got {folder}: name the one "
            f"inside, `{ENGINE}` where the engine runs, the painter's own elsewhere"
        )
    try:
        public, secret = _read_own(folder)
        known = {path.stem: _read_public(path) for path in _known_files(folder)}
    except OSError as error:
        raise InputError(f"{error.filename}: the key cannot be read ({error.strerror})") from error
    if not known:
        raise InputError(f"{folder / _KNOWN} holds no public key: nobody is trusted; make keys with `handtint keys`")
    return Keys(public, secret, known)


def _require_new(place: Path) -> None:
    if os.path.lexists(place):
        raise InputError(f"{place} is there already, and keys are never overwritten: name another with --painter")


def _known_files(folder: Path) -> list[Path]:
    place = folder / _KNOWN
    _require_private(place)
    return sorted(path for path in place.iterdir() if path.suffix == _PUBLIC)[:_MAX_KNOWN]


def _require_private(place: Path) -> None:
    problem = why_shared(place)
    if problem:
        raise InputError(f"{place} holds keys and must belong to you alone, {problem}: run chmod -R go= on it")


@contextlib.contextmanager
def _arriving(place: Path) -> Iterator[Path]:
    """A folder that is filled under another name and then comes to its place whole, or not at all."""
    made = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        yield made
        os.rename(made, place)  # refused where something of that name has come meanwhile
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _write_own(folder: Path) -> bytes:
    """A new pair of keys; the public one."""
    public, secret = zmq.curve_keypair()
    (folder / _KNOWN).mkdir(mode=0o700)
    _put_new(folder / _OWN, json.dumps({"public": public.decode(), "secret": secret.decode()}).encode())
    return public


def _put_new(path: Path, data: bytes) -> None:
    """Write a file that only this user can read, whole or not at all, where there is none yet."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data + b"\n")
        os.link(name, path)  # refused, other than a rename, where a file or a link is there
    finally:
        Path(name).unlink()


def _read_own(folder: Path) -> tuple[bytes, bytes]:
    """Public and secret key of a folder."""
    _require_private(folder)
    path = folder / _OWN
    text = _read(path)
    try:
        found = json.loads(text)
        public, secret = str(found["public"]).encode("ascii"), str(found["secret"]).encode("ascii")
        whole = len(secret) == _KEY_BYTES and zmq.curve_public(secret) == public
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise InputError(f"{path} does not hold a pair of keys: it is damaged; make new ones with `handtint keys`")
    return public, secret


def _read_public(path: Path) -> bytes:
    key = _read(path).strip()
    try:
        whole = len(key) == _KEY_BYTES and len(zmq.utils.z85.decode(key)) == 32
    except (KeyError, ValueError):
        whole = False
    if not whole:
        raise InputError(f"{path} does not hold a public key: it is damaged; copy it again, or remove it")
    return key


def _read(path: Path) -> bytes:
    """A small file of this user alone; one behind a link is refused."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as stream:
        problem = why_shared(handle)
        if problem:
            raise InputError(f"{path} holds a key and must belong to you alone, {problem}: run chmod 600 on it")
        return stream.read(_MAX_BYTES)
