"""Says at once that the engine has something for us: a timer alone would be late by half its beat, for each part.

Watches a socket by its number; reads nothing. Knows no engine.
"""

from __future__ import annotations

from typing import Any

from handtint_krita.qt import QObject, QSocketNotifier, pyqtSignal


class Listener(QObject):  # type: ignore[misc]
    """Tell it after each turn which socket there is now; one that was closed must not be watched any more."""

    heard = pyqtSignal()

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._number: int | None = None
        self._notifier: Any = None

    def watch(self, number: int | None) -> None:
        """Watch this socket, or none."""
        if number == self._number:
            return
        self._number = number
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if number is not None:
            self._notifier = QSocketNotifier(number, QSocketNotifier.Type.Read, self)
            self._notifier.activated.connect(lambda *_: self.heard.emit())
