"""Weight files by name: where they are, what they are, and that they are whole. Knows nothing of networks.

Looked for in $HANDTINT_WEIGHTS, then in the package's own folder (a wheel), then in the repository's (an
editable install). Each folder has a manifest.toml with one table per name. Only safetensors is read: no pickle.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handtint.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

MANIFEST = "manifest.toml"
CLASSES = "classes.json"
_FIELDS = ("file", "sha256", "net", "arguments", "recipe", "data", "licence", "metrics")


@dataclass(frozen=True)
class Entry:
    """One trained network, as manifest.toml describes it.

    Attributes
    ----------
    name : str
        What a method asks for.
    path : Path
        The safetensors file.
    sha256 : str
        Of the file, in hexadecimal.
    net, arguments : str, mapping
        Class of the network and its keyword arguments.
    recipe, data, licence : str
        How it was trained, on what, and what may be done with it.
    metrics : mapping
        Figures of the model card.
    """

    name: str
    path: Path
    sha256: str
    net: str
    arguments: Mapping[str, Any]
    recipe: str
    data: str
    licence: str
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class ClassEntry:
    """One class of semantic maps, as classes.json describes it.

    Attributes
    ----------
    index, name : int, str
        The number in a map, and what it means. 0 is `unlabelled`.
    color : (red, green, blue)
        0 to 255: how a map shows it; no two classes share one.
    fallback : str
        The class that a network without this one is told instead; empty where it is one of the 59 that every
        data set has.
    """

    index: int
    name: str
    color: tuple[int, int, int]
    fallback: str = ""


def weight_folders(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Where weights are looked for, first wins.

    Parameters
    ----------
    environment : mapping, optional
        The process's own where missing.
    """
    chosen = (os.environ if environment is None else environment).get("HANDTINT_WEIGHTS")
    package = Path(__file__).resolve().parent
    own = (package / "_weights", package.parents[1] / "weights")
    return (Path(chosen), *own) if chosen else own


def find(name: str, folders: Sequence[Path] | None = None) -> Entry | None:
    """The first entry of that name whose file is there, or None.

    Raises
    ------
    WeightsError
        A manifest that cannot be read.
    """
    for folder in weight_folders() if folders is None else folders:
        entry = _read_manifest(folder / MANIFEST).get(name)
        if entry is not None and entry.path.is_file():
            return entry
    return None


def not_installed(name: str) -> str:
    """The sentence for weights that `find` does not find: which file is expected, and where."""
    listed = [_read_manifest(folder / MANIFEST).get(name) for folder in weight_folders()]
    place = next((str(entry.path) for entry in listed if entry is not None), f"{name}.safetensors")
    return f"the weights '{name}' are not installed: expected the file {place}; install them again"


def read_classes(folders: Sequence[Path] | None = None) -> tuple[ClassEntry, ...]:
    """The classes of semantic maps; each stands at its own index.

    Raises
    ------
    WeightsError
        No folder has classes.json, or it cannot be read.
    """
    searched = weight_folders() if folders is None else folders
    path = next((folder / CLASSES for folder in searched if (folder / CLASSES).is_file()), None)
    if path is None:
        raise WeightsError(f"expected {CLASSES} in one of {', '.join(map(str, searched))}; install the weights again")
    try:
        entries = tuple(_class_entry(**values) for values in json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise WeightsError(f"expected a list of classes (index, name, color) in {path}: {error}") from error
    if [entry.index for entry in entries] != list(range(len(entries))):
        raise WeightsError(f"expected the classes of {path} in the order of their indices 0, 1, 2, …")
    return entries


def entries(folder: Path) -> tuple[Entry, ...]:
    """All entries of a folder's manifest, whether their files are there or not; none where it has no manifest.

    Raises
    ------
    WeightsError
        A manifest that cannot be read.
    """
    return tuple(_read_manifest(folder / MANIFEST).values())


def check_file(entry: Entry) -> bytes:
    """The content of a weight file whose checksum is right.

    Raises
    ------
    WeightsError
        The file is gone or damaged.
    """
    try:
        content = entry.path.read_bytes()
    except OSError as error:
        raise WeightsError(f"expected the weights '{entry.name}' in {entry.path}: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise WeightsError(
            f"the weight file {entry.path} is damaged or of another version: expected sha256 {entry.sha256}, "
            f"got {found}; install it again"
        )
    return content


def load_state(entry: Entry) -> dict[str, Tensor]:
    """The tensors of a weight file, on the CPU, once its checksum was found right.

    Raises
    ------
    WeightsError
        The file is gone, damaged or not a safetensors file.
    """
    # Only who loads weights waits for torch: an engine says which methods it has before that.
    import safetensors.torch
    from safetensors import SafetensorError

    content = check_file(entry)
    try:
        state: dict[str, Tensor] = safetensors.torch.load(content)
    except SafetensorError as error:
        raise WeightsError(f"expected a safetensors file, got {entry.path}: {error}") from error
    return state


def _class_entry(index: int, name: str, color: str, fallback: str = "") -> ClassEntry:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return ClassEntry(index, name, (red, green, blue), fallback)


def _read_manifest(path: Path) -> dict[str, Entry]:
    """All entries of a manifest; empty where there is none."""
    if not path.is_file():
        return {}
    status = path.stat()
    return _parse_manifest(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _parse_manifest(path: Path, mtime_ns: int, nbytes: int) -> dict[str, Entry]:
    """Read once for each state of the file: every status asks for all of it, and the engine's loop waits meanwhile."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WeightsError(f"expected TOML in {path}: {error}") from error
    return {name: _entry(name, table, path) for name, table in tables.items()}


def _entry(name: str, table: Any, manifest: Path) -> Entry:
    missing = [field for field in _FIELDS if not isinstance(table, dict) or field not in table]
    if missing:
        raise WeightsError(f"the entry '{name}' of {manifest} lacks {', '.join(missing)}; install the weights again")
    values = {field: table[field] for field in _FIELDS if field != "file"}
    return Entry(name=name, path=manifest.parent / table["file"], **values)
