"""Answers one request at a time: finds its planes, asks a colorizer, composes the pixels that were asked for.

Owns the colorizers of one device. Knows nothing of sockets, threads or what else waits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from handtint.color.gamut import clip_colors
from handtint.color.hints import PROMISED_COVERAGE, Points
from handtint.color.palette import MAX_COLORS, extract_palette
from handtint.color.upsample import shrink_area
from handtint.colorizers.base import Colorizer, Control, Guidance, Prepared, Suggester, check_cancelled, check_picture
from handtint.colorizers.registry import default_method, suggesting_method
from handtint.errors import GuidanceError, PictureError, ProtocolError
from handtint.server import planes as read
from handtint.server.bounds import answer_size, check_extents, check_limits, detail_of, slices
from handtint.server.cache import Cache, Named, Planes, UnknownPlanes, is_plane
from handtint.server.composite import Look, check_output, compose, compose_coarse
from handtint.server.layers import HintLayers
from handtint.server.mailbox import Job
from handtint.server.pixelmath import Bands
from handtint.server.semantic import ReadMap, check_map_output, read_map, segmented
from handtint.server.suggest import mapped_uncertainty, suggested
from handtint.server.themes import Recommender, wire_palette
from handtint.weights import read_classes
from handtint.wire.messages import (
    Colorize,
    Colorized,
    ExtractedPalette,
    ExtractPalette,
    MapUncertainty,
    Message,
    RecommendThemes,
    Segment,
    Suggest,
)
from handtint.wire.pixels import Extent, Known, Patch, Picture, PixelFormat, Plane, Rect

if TYPE_CHECKING:
    from handtint.colorizers.segmenter import Segmenter

FloatArray = NDArray[np.float32]

_CHECKED_HINTS = 4096
_WARM_SIDE = 384
"""Side of the picture for nobody, px: above the working sizes, so that every step is taken."""
_VISIBLE = 2.0
"""ab units that a hint must move by before we speak of it."""
_log = logging.getLogger(__name__)

_Found = TypeVar("_Found")


class Base(NamedTuple):
    """The picture to colour: its plane only where it is (still) here."""

    digest: str
    plane: Plane | None


class Inputs(NamedTuple):
    """What a Colorize names."""

    base: Base
    hints: Points | None
    semantic: Plane | None
    exemplar: Plane | None
    selection: Plane | None


class Service:
    """Everything between a request and its answer.

    Parameters
    ----------
    device : str
        As `load` takes it.
    cache : Cache
        For planes and prepared pictures.
    load : callable
        (method, device) to Colorizer.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        *,
        device: str,
        cache: Cache,
        load: Callable[[str, str], Colorizer],
        clock: Callable[[], float] = time.monotonic,
        threads: int = 0,
    ) -> None:
        self.device = device
        self._cache = cache
        self._planes = Planes(cache)
        self._layers = HintLayers(cache)
        self._load = load
        self._clock = clock
        self._bands = Bands(threads)
        self._colorizers: dict[str, Colorizer] = {}
        self._segmenter: Segmenter | None = None
        self._recommender = Recommender()

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the methods whose models are in memory."""
        return tuple(self._colorizers)

    def preload(self, method: str) -> Colorizer:
        """The method's colorizer, built now where it is not there."""
        colorizer = self._colorizers.get(method)
        if colorizer is None:
            colorizer = self._colorizers[method] = self._load(method, self.device)
        return colorizer

    def warm_up(self, method: str) -> None:
        """Answer a picture for nobody: what is loaded or compiled at its first use is there when somebody asks."""
        colorizer = self.preload(method)
        shape = (_WARM_SIDE, _WARM_SIDE)
        lightness = np.broadcast_to(np.linspace(0.0, 100.0, _WARM_SIDE, dtype=np.float32), shape)
        painted = Points(shape, np.zeros(1, np.int64), np.full((2, 1), 20.0, np.float32), np.ones(1, np.float32))
        guidance = Guidance(hints=painted if Control.hints in colorizer.controls else None)
        ab = colorizer.colorize(colorizer.prepare(check_picture(lightness)), guidance)
        whole, look = (slice(0, _WARM_SIDE), slice(0, _WARM_SIDE)), Look(PixelFormat.bgra8)
        compose(lightness, ab, None, look, self._bands)
        compose_coarse(lightness, ab[:, ::2, ::2], shape, whole, None, look, self._bands)

    def rest(self) -> None:
        """Free the models and what they prepared; the planes stay."""
        self._colorizers.clear()
        self._recommender.rest()
        self._segmenter = None
        self._cache.remove(lambda key: not is_plane(key))

    @contextmanager
    def moved_to(self, device: str) -> Iterator[None]:
        """Work on another device for a while; its models do not stay."""
        before = self.device
        self.rest()
        self.device = device
        try:
            yield
        finally:
            self.rest()
            self.device = before

    def close(self) -> None:
        self.rest()
        self._bands.close()

    def keep(self, job: Job) -> None:
        """Remember the planes of a job that was called off: the next request names them by digest."""
        extent: Extent | None = None
        for name in ("base", "hints", "semantic", "exemplar", "selection", "source"):
            picture = getattr(job.request, name, None)
            if picture is not None:
                try:
                    if name == "hints":
                        self._find_hints(picture, extent)
                    else:
                        found = self._find(picture, extent).plane.extent
                        extent = extent or found
                except (UnknownPlanes, PictureError, GuidanceError) as error:
                    _log.debug("a plane of a called-off request is not kept: %s", error)

    def answer(self, job: Job) -> Message:
        """The reply to a job's request; raises errors of handtint.errors and whatever else goes wrong."""
        request = job.request
        if isinstance(request, Colorize):
            return self._colorize(job, request)
        if isinstance(request, ExtractPalette):
            return self._extract_palette(request)
        if isinstance(request, Segment):
            return self._segment(job, request)
        if isinstance(request, RecommendThemes):
            base = self._find(request.base).plane
            return self._recommender.answer(request, check_picture(read.lightness(base, self._bands)))
        if isinstance(request, (Suggest, MapUncertainty)):
            return self._suggest(job, request)
        raise ProtocolError(f"expected a request that the worker answers, got '{request.type}'")

    # Colorize -------------------------------------------------------------------------------------------------

    def _colorize(self, job: Job, request: Colorize) -> Colorized:
        started = self._clock()
        inputs = self._inputs(request)
        check_output(request.output)
        job.progress = (0.05, "preparing")
        method = request.method or default_method().name
        prepared = self._prepare(job, method, inputs.base)
        lightness = prepared.lightness
        sized = {"semantic": inputs.semantic, "selection": inputs.selection}
        check_extents(inputs.hints, sized, lightness.shape)
        semantic = None if inputs.semantic is None else read_map(inputs.semantic, read_classes, self._bands)
        guidance = _guidance(request, inputs, semantic)
        size, region = answer_size(request, lightness.shape)
        detail = detail_of(request, size or lightness.shape)
        job.progress = (0.4, "coloring")
        ab = self._colorizers[method].colorize(prepared, guidance, size=detail or size, cancelled=job.cancelled)
        self._keep_prepared(method, inputs.base, prepared)
        check_cancelled(job.cancelled)
        job.progress = (0.9, "composing")
        alpha = None if inputs.selection is None else _part(read.selection(inputs.selection), size, region)
        look = Look(request.output, request.linear, request.strength)
        whole = size or (lightness.shape[0], lightness.shape[1])
        shown = prepared.lightness_at(whole)[slices(region)]
        part = slices(region)
        if detail is None:
            plane = compose(shown, ab[(slice(None), *part)], alpha, look, self._bands)
        else:
            plane = compose_coarse(shown, ab, whole, part, alpha, look, self._bands)
        return Colorized(
            request.id,
            plane=plane,
            region=region,
            size=Extent(whole[1], whole[0]),
            method=method,
            seconds=self._clock() - started,
            notes=(*_notes(lightness, inputs.hints), *(semantic.notes if semantic is not None else ())),
        )

    def _inputs(self, request: Colorize) -> Inputs:
        """All planes, kept for next time; says at once everything that is missing.

        Where that is the base, patches have to wait: it says how large the blank is that they may be patches of.
        """
        missing: list[str] = []
        base = _tried(self._base, request.base, missing) or Base("", None)
        extent = base.plane.extent if base.plane is not None else None
        named = (request.hints, request.semantic, request.exemplar, request.selection)
        painted, *others = (None if missing and isinstance(picture, Patch) else picture for picture in named)
        hints = _tried(lambda picture: self._find_hints(picture, extent), painted, missing)
        found = [_tried(lambda picture: self._find(picture, extent).plane, picture, missing) for picture in others]
        if missing:
            raise UnknownPlanes(tuple(dict.fromkeys(missing)))
        return Inputs(base, hints, *found)

    def _base(self, picture: Picture) -> Base:
        """The picture to colour; a prepared one may have outlived its plane."""
        try:
            return Base(*self._find(picture))
        except UnknownPlanes:
            digest = picture.digest if isinstance(picture, Known) else ""
            if not self._cache.count(lambda key: isinstance(key, tuple) and key[-1] == digest):
                raise
            return Base(digest, None)

    def _prepare(self, job: Job, method: str, base: Base) -> Prepared:
        """What the method keeps of the picture, made now where it is not there."""
        colorizer = self.preload(method)
        check_cancelled(job.cancelled)
        known = self._cache.get(("prepared", method, base.digest))
        if known is not None:
            return known  # type: ignore[return-value]  # only Prepared has such keys
        if base.plane is None:  # prepared, but for another method
            raise UnknownPlanes((base.digest,))
        prepared = colorizer.prepare(check_picture(read.lightness(base.plane, self._bands)))
        self._keep_prepared(method, base, prepared)
        check_cancelled(job.cancelled)
        return prepared

    def _keep_prepared(self, method: str, base: Base, prepared: Prepared) -> None:
        """Also once more after work: what a method keeps of a picture grows with what it was asked."""
        self._cache.put(("prepared", method, base.digest), prepared, prepared.nbytes)

    def _find(self, picture: Picture, extent: Extent | None = None) -> Named:
        check_limits(picture)
        return self._planes.find(picture, extent)

    def _find_hints(self, picture: Picture, extent: Extent | None = None) -> Points:
        check_limits(picture)
        return self._layers.find(picture, extent)

    # Semantic map ---------------------------------------------------------------------------------------------

    def _segment(self, job: Job, request: Segment) -> Message:
        check_map_output(request.output)
        digest, base = self._find(request.base)
        job.progress = (0.1, "looking what is where")
        classes = self._find_map(job, digest, base)
        return segmented(request.id, classes, read_classes(), Look(request.output, request.linear), self._bands)

    def _find_map(self, job: Job, digest: str, base: Plane) -> NDArray[np.int64]:
        """(H, W) class of each pixel, found once per picture."""
        known = self._cache.get(("map", digest))
        if isinstance(known, np.ndarray):
            return known.astype(np.int64)
        if self._segmenter is None:
            from handtint.colorizers.segmenter import Segmenter

            self._segmenter = Segmenter(self.device)
        lightness = check_picture(read.lightness(base, self._bands))
        check_cancelled(job.cancelled)
        found = self._segmenter.segment(lightness, cancelled=job.cancelled)
        small = found.astype(np.uint8)
        self._cache.put(("map", digest), small, small.nbytes)
        return found

    # Suggestions ----------------------------------------------------------------------------------------------

    def _suggest(self, job: Job, request: Suggest | MapUncertainty) -> Message:
        base = self._base(request.base)
        job.progress = (0.1, "looking for colors")
        method = suggesting_method().name
        prepared = self._prepare(job, method, base)
        suggester = self.preload(method)
        if not isinstance(suggester, Suggester):
            raise TypeError(f"expected method {method} to suggest colors, as the registry says")
        if isinstance(request, Suggest):
            answer: Message = suggested(request, suggester, prepared)
        else:
            answer = mapped_uncertainty(request, suggester, prepared)
        self._keep_prepared(method, base, prepared)
        return answer

    # Palette --------------------------------------------------------------------------------------------------

    def _extract_palette(self, request: ExtractPalette) -> ExtractedPalette:
        if not 1 <= request.count <= MAX_COLORS:
            raise GuidanceError(f"expected 1 to {MAX_COLORS} colors in a palette, got {request.count}")
        lab, weights = extract_palette(read.picture_lab(self._find(request.source).plane), request.count)
        return ExtractedPalette(request.id, wire_palette(lab, weights))


def _tried(find: Callable[[Picture], _Found], picture: Picture | None, missing: list[str]) -> _Found | None:
    """What is found of a picture; None where there is none, or where digests are missing, which are noted."""
    try:
        return None if picture is None else find(picture)
    except UnknownPlanes as error:
        missing.extend(error.missing)
        return None


def _guidance(request: Colorize, inputs: Inputs, semantic: ReadMap | None) -> Guidance:
    guidance = Guidance(hints=inputs.hints, reach=request.reach, softness=request.softness)
    if request.palette is not None:
        colors, weights = read.palette_ab(request.palette)
        guidance = replace(guidance, palette_ab=colors, palette_weights=weights)
    if semantic is not None:
        guidance = replace(guidance, semantic=semantic.classes)
    if inputs.exemplar is not None:
        guidance = replace(guidance, exemplar=read.exemplar_lab(inputs.exemplar))
    return guidance


def _part(plane: FloatArray, size: tuple[int, int] | None, region: Rect) -> FloatArray:
    """(H, W) at the size of the answer, and of that the part that is wanted."""
    return (plane if size is None else shrink_area(plane, size))[slices(region)]


def _notes(lightness: FloatArray, painted: Points | None) -> tuple[str, ...]:
    """Sentences for the artist; looks at a sample of the painted pixels."""
    if painted is None:
        return ()
    sample = np.arange(0, len(painted.pixels), max(1, len(painted.pixels) // _CHECKED_HINTS))
    sample = sample[painted.coverage[sample] >= PROMISED_COVERAGE]
    light, ab = lightness.reshape(-1)[painted.pixels[sample]], painted.ab[:, sample]
    moved = np.linalg.norm(clip_colors(light, ab) - ab, axis=0) > _VISIBLE
    if not moved.any():
        return ()
    return ("Some hints are stronger than a screen can show at the picture's lightness there; they were toned down.",)
