"""The methods as clients see them. Imports no network."""

from __future__ import annotations

from handtint.colorizers.registry import METHODS, Method
from handtint.errors import WeightsError
from handtint.wire.messages import MethodInfo


def method_infos() -> tuple[MethodInfo, ...]:
    """All methods of the registry and, where one cannot be used, why."""
    return tuple(
        MethodInfo(
            name=method.name,
            title=method.title,
            help=method.help,
            controls=tuple(sorted(control.value for control in method.controls)),
            missing=_missing(method),
        )
        for method in METHODS
    )


def _missing(method: Method) -> str:
    try:
        return method.missing() or ""
    except WeightsError as error:
        return str(error)
