"""What the painter chose last, kept in Krita's own settings. Knows no Qt; the store comes in as an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from handtint.errors import GuidanceError
from handtint_krita.palettes import parse_palette


class Store(Protocol):
    """Keeps texts by name."""

    def read(self, key: str, default: str) -> str: ...

    def write(self, key: str, value: str) -> None: ...


@dataclass(frozen=True)
class Settings:
    """The choices that outlive a document.

    Attributes
    ----------
    method : str
        Name of a method; empty leaves the choice to the engine.
    palette : str
        Colors as typed: "#rrggbb, …", each with a share as "40%" behind it or none at all; empty means none.
    strength, reach, softness : float
        0 to 1.
    follows_base : bool
        The color layer changes the base's color alone, so that it follows an edit of the base at once; exact it is
        only where it holds the whole picture.
    """

    method: str = ""
    palette: str = ""
    strength: float = 1.0
    reach: float = 0.5
    softness: float = 0.0
    follows_base: bool = False


def load(store: Store) -> Settings:
    """The stored settings; what cannot be read has its default."""
    default = Settings()
    return Settings(
        method=store.read("method", default.method),
        palette=store.read("palette", default.palette),
        strength=_share(store.read("strength", ""), default.strength),
        reach=_share(store.read("reach", ""), default.reach),
        softness=_share(store.read("softness", ""), default.softness),
        follows_base=store.read("follows_base", "") == "yes",
    )


def save(store: Store, settings: Settings) -> None:
    """Keep the settings."""
    store.write("method", settings.method)
    store.write("palette", settings.palette)
    store.write("strength", f"{settings.strength:.3f}")
    store.write("reach", f"{settings.reach:.3f}")
    store.write("softness", f"{settings.softness:.3f}")
    store.write("follows_base", "yes" if settings.follows_base else "no")


def with_usable_palette(settings: Settings) -> Settings:
    """The same settings, without a palette that cannot be read, whoever wrote it."""
    try:
        parse_palette(settings.palette)
    except GuidanceError:
        return replace(settings, palette="")
    return settings


def _share(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if 0.0 <= value <= 1.0 else default
