"""A colorizer that thinks at a working size: hints down, a prediction, the hints met exactly, colours up.

What a method adds is `predict`. Knows nothing of files, editors or the wire.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from handtint.color.bands import aside
from handtint.color.exact import Correction, LightnessGraph, correction, travel
from handtint.color.gamut import clip_to_gamut
from handtint.color.hints import Points, no_hints
from handtint.color.promise import keep_promise
from handtint.color.upsample import area_size, shrink_area, upsample
from handtint.colorizers.base import (
    Control,
    FloatArray,
    Guidance,
    Prepared,
    check_cancelled,
    check_guidance,
    check_picture,
    never,
)
from handtint.errors import GuidanceError

_GRAPH, _VIEW = "working.graph", "working.view"


@dataclass(frozen=True)
class WorkingPicture:
    """What a working-size colorizer keeps of one picture between strokes.

    Attributes
    ----------
    lightness : (H, W) float32
        L*, 0-100: the picture itself.
    working : (h, w) float32
        The same at the working size, by area averages.
    cache : dict
        What the method and the correction make once per picture; filled when first needed.
    """

    lightness: FloatArray
    working: FloatArray
    cache: dict[str, object] = field(default_factory=dict)

    def lightness_at(self, size: tuple[int, int]) -> FloatArray:
        """See `Prepared.lightness_at`."""
        if size == self.lightness.shape:
            return self.lightness
        known = self.cache.get(_VIEW)
        if not isinstance(known, np.ndarray) or known.shape != size:
            known = self.cache[_VIEW] = shrink_area(self.lightness, size)
        return known

    @property
    def nbytes(self) -> int:
        """Memory of the picture and of everything in the cache that says its own."""
        cached = sum(int(getattr(value, "nbytes", 0)) for value in self.cache.values())
        return self.lightness.nbytes + self.working.nbytes + cached


class WorkingSizeColorizer(ABC):
    """Base of the methods that predict ab at a working size.

    Parameters
    ----------
    name : str
        Name in the registry.
    controls : frozenset of Control
        The guidance that the method understands.
    working_side : int
        Longest side of the working size; a smaller picture keeps its own.
    multiple : int
        `predict` sees sides that are multiples of this; the picture is padded at its right and lower edges.
    """

    def __init__(self, *, name: str, controls: frozenset[Control], working_side: int = 320, multiple: int = 8) -> None:
        self._name = name
        self._controls = controls
        self.working_side = working_side
        self.multiple = multiple

    @property
    def name(self) -> str:
        return self._name

    @property
    def controls(self) -> frozenset[Control]:
        return self._controls

    @abstractmethod
    def predict(
        self,
        lightness: FloatArray,
        hint_ab: FloatArray,
        hint_mask: FloatArray,
        guidance: Guidance,
        cache: dict[str, object],
    ) -> FloatArray:
        """The method's own colours; the hints need not be met.

        Parameters
        ----------
        lightness : (h, w) float32
            L*, 0-100, at the (padded) working size.
        hint_ab : (2, h, w) float32
            About +-110; 0 where nothing is painted.
        hint_mask : (h, w) float32
            1 = painted, 0 = not; between them a soft brush's coverage.
        guidance : Guidance
            At the picture's own size, for palette, exemplar, map and sliders.
        cache : dict
            Of this picture, to keep what depends on the lightness alone.

        Returns
        -------
        (2, h, w) float32
        """

    def work_smaller(self, part: int) -> None:
        """See `Colorizer.work_smaller`: what a network keeps and passes on goes with the working size's area."""
        self.working_side = max(self.multiple, self.working_side // part)

    def prepare(self, lightness: FloatArray) -> WorkingPicture:
        """See `Colorizer.prepare`."""
        lightness = check_picture(lightness)
        size = area_size(lightness.shape, self.working_side)
        return WorkingPicture(lightness, shrink_area(lightness, size))

    def colorize(
        self,
        prepared: Prepared,
        guidance: Guidance,
        *,
        size: tuple[int, int] | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> FloatArray:
        """See `Colorizer.colorize`."""
        if not isinstance(prepared, WorkingPicture):
            raise TypeError(f"expected what {self.name}.prepare gave, got {type(prepared).__name__}")
        check_guidance(guidance, prepared.lightness.shape, self.controls, self.name)
        wanted = _checked_size(size, _size(prepared.lightness))
        # Nothing is thought smaller than the working size; a thumbnail is the small picture of that.
        canvas = (max(wanted[0], prepared.working.shape[0]), max(wanted[1], prepared.working.shape[1]))
        lightness = prepared.lightness_at(canvas)
        check_cancelled(cancelled)
        hints = guidance.hints if guidance.hints is not None and len(guidance.hints.pixels) else None
        # In a preview a thin stroke counts by its area, so that it looks like the final picture seen from afar.
        seen = None if hints is None else aside(functools.partial(hints.shrunk, canvas, pooled=False))
        ab = self._working_colors(prepared, hints, guidance, cancelled)
        ab = upsample(ab, prepared.working, lightness, check=lambda: check_cancelled(cancelled))
        check_cancelled(cancelled)
        if seen is not None:
            cells = lightness_graph(prepared.cache, prepared.working).shape
            keep_promise(ab, lightness, seen(), cells=cells, hardness=1.0 - guidance.softness)
            check_cancelled(cancelled)
        clip_to_gamut(lightness, ab, in_place=True)
        if wanted == canvas:
            return ab
        small = np.stack([shrink_area(plane, wanted) for plane in ab])
        return clip_to_gamut(prepared.lightness_at(wanted), small, in_place=True)

    def padded(self, working: FloatArray) -> FloatArray:
        """The working lightness as `predict` gets it, its sides multiples of `multiple`."""
        height, width = _size(working)
        return np.pad(working, ((0, -height % self.multiple), (0, -width % self.multiple)), mode="edge")

    def _working_colors(
        self, prepared: WorkingPicture, hints: Points | None, guidance: Guidance, cancelled: Callable[[], bool]
    ) -> FloatArray:
        """Prediction and exact correction at the working size, (2, h, w)."""
        working = prepared.working
        height, width = _size(working)
        small = None if hints is None else hints.shrunk((height, width))
        padded = self.padded(working)
        # Made ready while the network works: it needs the hints, but not their answer.
        ready = None if small is None else self._correction(prepared, small, guidance)
        layer = no_hints(_size(padded)) if small is None else small.layer(_size(padded))
        ab = self.predict(padded, layer.ab, layer.mask, guidance, prepared.cache)[:, :height, :width]
        check_cancelled(cancelled)
        found = ready() if ready is not None else None
        return ab if found is None else found.applied(working, ab)

    def _correction(
        self, prepared: WorkingPicture, small: Points, guidance: Guidance
    ) -> Callable[[], Correction | None]:
        graph, limits = lightness_graph(prepared.cache, prepared.working), travel(guidance.reach, guidance.softness)
        return aside(lambda: correction(graph, small, limits))


def lightness_graph(cache: dict[str, object], lightness: FloatArray) -> LightnessGraph:
    """The graph of a picture's lightness, made when first needed: one for each size, padded or not."""
    name = f"{_GRAPH} {lightness.shape}"
    graph = cache.get(name)
    if not isinstance(graph, LightnessGraph):
        graph = cache[name] = LightnessGraph(lightness)
    return graph


def _checked_size(size: tuple[int, int] | None, full: tuple[int, int]) -> tuple[int, int]:
    """The size of the answer, (height, width)."""
    if size is None:
        return full
    if min(size) < 1 or size[0] > full[0] or size[1] > full[1]:
        raise GuidanceError(f"size must be between (1, 1) and the picture's {full}, got {size}")
    return size[0], size[1]


def _size(plane: FloatArray) -> tuple[int, int]:
    height, width = plane.shape
    return height, width
