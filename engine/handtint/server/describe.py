"""The methods and the classes of semantic maps as clients see them. Imports no network."""

from __future__ import annotations

from collections.abc import Sequence

from handtint.colorizers.registry import METHODS, Method
from handtint.errors import WeightsError
from handtint.weights import ClassEntry, read_classes
from handtint.wire.messages import Color, MethodInfo, SemanticClass


def method_infos() -> tuple[MethodInfo, ...]:
    """All methods of the registry and, where one cannot be used, why."""
    return tuple(
        MethodInfo(
            name=method.name,
            title=method.title,
            help=method.help,
            controls=tuple(sorted(control.value for control in method.controls)),
            missing=_missing(method),
            palette_size=method.palette_size,
            needs=tuple(sorted(control.value for control in method.needs)),
        )
        for method in METHODS
    )


def semantic_classes() -> tuple[SemanticClass, ...]:
    """The classes of semantic maps; none where they are not installed."""
    try:
        return class_infos(read_classes())
    except WeightsError:
        return ()


def class_infos(entries: Sequence[ClassEntry]) -> tuple[SemanticClass, ...]:
    """Classes as clients see them."""
    return tuple(
        SemanticClass(entry.index, entry.name, Color(*(channel / 255 for channel in entry.color))) for entry in entries
    )


def _missing(method: Method) -> str:
    try:
        return method.missing() or ""
    except WeightsError as error:
        return str(error)
