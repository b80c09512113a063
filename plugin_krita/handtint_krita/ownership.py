"""Whether our color layer is still ours: nobody but us has changed it by itself. Knows neither Qt nor Krita."""

from __future__ import annotations

from collections.abc import Callable


class Ownership:
    """One per document; told all the time which layer the painter is on.

    While the painter is elsewhere only what happens to the whole document changes our layer (crop, scale, rotate,
    mirror), and it stays ours without a look at its pixels.
    """

    def __init__(self) -> None:
        self._sure = ""
        """Our layer while it is surely as we left it, but for what happened to the whole document."""
        self._doubtful = True

    def written(self, result: str) -> None:
        """We have just written into our layer."""
        self._sure, self._doubtful = result, False

    def look(self, result: str, active: str, untouched: Callable[[], bool]) -> None:
        """Take notice of the painter's layer; `untouched` compares ours with what we wrote, as rarely as can be."""
        if not self._elsewhere(result, active):
            self._sure, self._doubtful = "", True
        elif self._doubtful:
            self._doubtful = False
            self._sure = result if untouched() else ""

    def sure(self, result: str, active: str) -> bool:
        """Whether it is ours whatever its pixels are."""
        return self._sure == result and self._elsewhere(result, active)

    @staticmethod
    def _elsewhere(result: str, active: str) -> bool:
        """Whether the painter works on another layer, as far as Krita says."""
        return bool(result) and active not in ("", result)
