"""Keeps errors out of Krita's modal dialog with a traceback. Knows neither Qt nor Krita."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

_Slot = TypeVar("_Slot", bound=Callable[..., Any])


def guarded(slot: _Slot) -> _Slot:
    """A method that Qt or Krita calls: what it raises goes to `self.report` instead."""

    @functools.wraps(slot)
    def run(self: Any, *args: Any, **values: Any) -> Any:
        try:
            return slot(self, *args, **values)
        except Exception as error:
            self.report(error)

    return run  # type: ignore[return-value]
