"""Layers as a list shows them, and which of them plays which part. Knows neither Qt nor Krita."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from handtint_krita.words import tr

PAINTED = ("hints", "semantic")
"""Roles of layers that we add to be painted on; a layer that is called so is taken for one."""


def name_for(part: str) -> str:
    """What a layer that we add is called."""
    return {
        "group": tr("Colorization"),
        "base": tr("Base"),
        "result": tr("Handtint color"),
        "hints": tr("Hints"),
        "semantic": tr("Semantic"),
    }[part]


class Layer(NamedTuple):
    """A layer as a list shows it; `level` is how many groups it lies in."""

    id: str
    name: str
    level: int
    painted: bool


class Variant(NamedTuple):
    """A result that can be shown instead of another one."""

    id: str
    name: str
    shown: bool


@dataclass(frozen=True)
class Roles:
    """Which layer plays which part, by unique id; empty where nothing was chosen.

    Attributes
    ----------
    exemplar, exemplar_file : str
        The layer whose colors are borrowed, or the path of a picture; never both.
    content : int
        Checksum of what we last wrote into the result layer. Where the layer holds something else, the painter has
        worked on it and it is ours no longer.
    variants : tuple of str
        Results that were kept to be compared with others, the oldest first.
    """

    base: str = ""
    hints: str = ""
    semantic: str = ""
    exemplar: str = ""
    exemplar_file: str = ""
    result: str = ""
    content: int = 0
    variants: tuple[str, ...] = ()

    def given(self, **chosen: str) -> Roles:
        """The same with other choices; a layer as exemplar takes the place of a file, and the other way round."""
        if chosen.get("exemplar"):
            chosen["exemplar_file"] = ""
        elif chosen.get("exemplar_file"):
            chosen["exemplar"] = ""
        return replace(self, **chosen)  # type: ignore[arg-type]  # content is no choice


def read_roles(data: bytes) -> Roles:
    """Roles as `write_roles` wrote them; none where another version or another hand did."""
    try:
        stored = json.loads(data or b"{}")
        return Roles(**{name: type(value)(stored.get(name, value)) for name, value in asdict(Roles()).items()})
    except (ValueError, TypeError, AttributeError):
        return Roles()


def write_roles(roles: Roles) -> bytes:
    """What is kept in the document."""
    return json.dumps(asdict(roles)).encode()
