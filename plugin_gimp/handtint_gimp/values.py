"""What the values of a run's arguments mean. `Any` is GIMP's own objects."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from handtint.errors import GuidanceError
from handtint.wire.pixels import Plane
from handtint_gimp.colorize import Settings, Swatches
from handtint_gimp.exemplar import read_exemplar
from handtint_gimp.names import DEFAULT_METHOD
from handtint_gimp.palettes import read_palette


def read_settings(config: Any) -> Settings:
    """The values of a run."""
    return replace(
        read_values(config),
        hints=config.get_property("hints"),
        semantic=config.get_property("semantic"),
        exemplar=exemplar_reader(config.get_property("exemplar"), config.get_property("exemplar-file")),
    )


def read_values(config: Any) -> Settings:
    """All that is no layer and no file."""
    return Settings(
        palette=_swatches(config.get_property("palette")) if config.get_property("use-palette") else None,
        method=config.get_property("method") or DEFAULT_METHOD,
        strength=config.get_property("strength"),
        reach=config.get_property("reach"),
        softness=config.get_property("softness"),
    )


def exemplar_reader(layer: Any, file: Any) -> Callable[[], Plane] | None:
    """What reads the one that is given, or None."""
    if layer is not None and file is not None:
        raise GuidanceError("expected one exemplar, got a layer and a file; choose one of them")
    source = layer if layer is not None else file
    return functools.partial(read_exemplar, source) if source is not None else None


def _swatches(palette: Any) -> Swatches:
    if palette is None or not palette.is_valid():
        raise GuidanceError("a palette is to be used and none is chosen; choose one, or do not use a palette")
    return read_palette(palette)
