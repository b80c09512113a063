"""What a colorizer is: a whole picture and its guidance in, ab at the picture's own size out.

Arrays here are numpy on the CPU; what happens inside (torch, a GPU, SciPy) is the method's own affair. Knows
nothing of files, editors or the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from handtint.errors import Cancelled, GuidanceError, PictureError

if TYPE_CHECKING:
    from handtint.color.hints import Points
    from handtint.color.suggest import Suggestions

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


class Control(Enum):
    """The four kinds of guidance, in their order of priority where they disagree."""

    hints = "hints"
    semantic = "semantic"
    palette = "palette"
    exemplar = "exemplar"


@dataclass(frozen=True)
class Guidance:
    """Everything that the artist says about the colours of one picture; all of it optional.

    Attributes
    ----------
    hints : Points, optional
        The painted pixels of the picture with their ab and coverage. Neutral gray is a legal hint.
    palette_ab : (K, 2) float32, optional
        ab of the palette's colours.
    palette_weights : (K,) float32, optional
        Share of each palette colour; where missing, their order says which matter most.
    semantic : (H, W) int64, optional
        Class per pixel, 0 = not said.
    exemplar : (3, h, w) float32, optional
        Lab (D65) of the picture whose colours are borrowed; its own size.
    reach : float
        How far a hint travels, 0 (stays where it is painted) to 1 (through the whole picture).
    softness : float
        0: a hint is met exactly; 1: it is only advice.
    """

    hints: Points | None = None
    palette_ab: FloatArray | None = None
    palette_weights: FloatArray | None = None
    semantic: IntArray | None = None
    exemplar: FloatArray | None = None
    reach: float = 0.5
    softness: float = 0.0

    def controls(self) -> frozenset[Control]:
        """The kinds of guidance that are present."""
        present = {
            Control.hints: self.hints is not None and len(self.hints.pixels) > 0,
            Control.semantic: self.semantic is not None,
            Control.palette: self.palette_ab is not None and len(self.palette_ab) > 0,
            Control.exemplar: self.exemplar is not None,
        }
        return frozenset(control for control, is_there in present.items() if is_there)


def never() -> bool:
    """The default of `cancelled` arguments."""
    return False


class Prepared(Protocol):
    """What a method keeps of one picture between strokes (lightness, encodings, factorisations)."""

    @property
    def lightness(self) -> FloatArray:
        """(H, W) float32, 0-100: the picture itself."""

    @property
    def nbytes(self) -> int:
        """Memory that this takes, for the engine's budget."""

    def lightness_at(self, size: tuple[int, int]) -> FloatArray:
        """The picture at a (height, width) that is not larger, by area averages; the last smaller one is kept."""


class Colorizer(Protocol):
    """One method, loaded on one device; safe to call from one thread at a time."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    @property
    def controls(self) -> frozenset[Control]:
        """The guidance that this method understands."""

    def work_smaller(self, part: int) -> None:
        """Think at a part of the working size from now on, where there is no memory for all of it.

        Parameters
        ----------
        part : int
            2 for half the side.
        """

    def prepare(self, lightness: FloatArray) -> Prepared:
        """Do once per picture what depends on the lightness alone.

        Parameters
        ----------
        lightness : (H, W) float32
            L*, 0-100.
        """

    def colorize(
        self,
        prepared: Prepared,
        guidance: Guidance,
        *,
        size: tuple[int, int] | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> FloatArray:
        """Colours for the picture.

        Parameters
        ----------
        prepared : Prepared
            Of this same colorizer.
        guidance : Guidance
            Hints and map at the picture's size. What the method does not take is a GuidanceError.
        size : (height, width), optional
            Size of the answer; a preview where it is smaller than the picture. Full size where missing.
        cancelled : callable
            Asked now and then; once it says True the work ends with `Cancelled`.

        Returns
        -------
        (2, H, W) float32
            ab, about +-110, inside the sRGB gamut at each pixel's lightness.
        """


@runtime_checkable
class Suggester(Protocol):
    """What a colorizer also is whose network knows how likely each colour is."""

    def suggest(self, prepared: Prepared, x: int, y: int, count: int) -> tuple[Suggestions, float]:
        """Likely colours for one pixel of the picture, and how unsure they are, 0 to 1.

        Raises
        ------
        GuidanceError
            The pixel lies outside.
        """

    def uncertainty(self, prepared: Prepared, size: tuple[int, int]) -> FloatArray:
        """How unsure the colours are: where it is high, a hint would help most.

        Parameters
        ----------
        prepared : Prepared
            Of this same colorizer.
        size : (height, width)
            Size of the answer, not larger than the picture's.

        Returns
        -------
        (height, width) float32
            0 to 1.
        """


def check_picture(lightness: FloatArray) -> FloatArray:
    """The lightness as contiguous float32, or a PictureError that says what is wrong with it."""
    if lightness.ndim != 2 or 0 in lightness.shape:
        raise PictureError(f"expected a lightness of shape (H, W) with at least one pixel, got {lightness.shape}")
    result = np.ascontiguousarray(lightness, dtype=np.float32)
    if not np.isfinite(result).all():
        raise PictureError("the picture holds values that are not numbers (NaN or infinity); flatten or repair it")
    return np.clip(result, 0.0, 100.0)


def check_guidance(guidance: Guidance, shape: tuple[int, int], controls: frozenset[Control], method: str) -> None:
    """Raise GuidanceError where guidance does not fit the picture's shape or the method's controls."""
    unknown = guidance.controls() - controls
    if unknown:
        names = ", ".join(sorted(control.value for control in unknown))
        takes = ", ".join(sorted(control.value for control in controls)) or "no guidance"
        raise GuidanceError(f"method {method} does not take {names} (it takes {takes}); choose another method")
    if guidance.hints is not None and guidance.hints.shape != shape:
        raise GuidanceError(f"hints must have the picture's shape {shape}, got {guidance.hints.shape}")
    if guidance.semantic is not None and guidance.semantic.shape != shape:
        raise GuidanceError(f"the semantic map must have the picture's shape {shape}, got {guidance.semantic.shape}")
    if guidance.palette_ab is not None and (guidance.palette_ab.ndim != 2 or guidance.palette_ab.shape[1] != 2):
        raise GuidanceError(f"palette_ab must have shape (K, 2), got {guidance.palette_ab.shape}")
    for name, value in (("reach", guidance.reach), ("softness", guidance.softness)):
        if not 0.0 <= value <= 1.0:
            raise GuidanceError(f"{name} must be between 0 and 1, got {value}")


def check_cancelled(cancelled: Callable[[], bool]) -> None:
    """Raise Cancelled if the work was called off."""
    if cancelled():
        raise Cancelled("a newer request took the place of this one")
