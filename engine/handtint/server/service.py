"""Answers one request at a time: finds its planes, asks a colorizer, composes the pixels that were asked for.

Owns the colorizers of one device. Knows nothing of sockets, threads or what else waits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handtint.color.gamut import clip_colors
from handtint.color.hints import PROMISED_COVERAGE
from handtint.color.palette import MAX_COLORS, extract_palette
from handtint.color.upsample import shrink_area
from handtint.colorizers.base import Colorizer, Guidance, Prepared, check_cancelled, check_picture
from handtint.colorizers.registry import default_method
from handtint.errors import GuidanceError, PictureError, ProtocolError
from handtint.server import planes as read
from handtint.server.cache import Cache, Named, Planes, UnknownPlanes, fits, is_plane
from handtint.server.composite import Look, check_output, compose, lab_to_colors
from handtint.server.mailbox import Job
from handtint.server.pixelmath import Bands
from handtint.wire.messages import (
    Colorize,
    Colorized,
    ExtractedPalette,
    ExtractPalette,
    Failure,
    Message,
    Palette,
    RecommendThemes,
    Segment,
    Suggest,
)
from handtint.wire.pixels import Extent, Known, Picture, Plane, Rect

FloatArray = NDArray[np.float32]

MAX_SIDE = 65_535
MAX_PIXELS = 200_000_000
_CHECKED_HINTS = 4096
_VISIBLE = 2.0
"""ab units that a hint must move by before we speak of it."""
_log = logging.getLogger(__name__)


class TooLarge(PictureError):  # noqa: N818 - read as a sentence at the raise
    """A picture beyond what the engine takes."""

    code = "too_large"


class Inputs(NamedTuple):
    """What a Colorize names: the base by digest too, its plane only where it is (still) here."""

    digest: str
    base: Plane | None
    hints: Plane | None
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
        self._load = load
        self._clock = clock
        self._bands = Bands(threads)
        self._colorizers: dict[str, Colorizer] = {}

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

    def rest(self) -> None:
        """Free the models and what they prepared; the planes stay."""
        self._colorizers.clear()
        self._cache.remove(lambda key: not is_plane(key))

    def close(self) -> None:
        self.rest()
        self._bands.close()

    def keep(self, job: Job) -> None:
        """Remember the planes of a job that was called off: the next request names them by digest."""
        for name in ("base", "hints", "semantic", "exemplar", "selection", "source"):
            picture = getattr(job.request, name, None)
            if picture is not None:
                try:
                    self._find(picture)
                except (UnknownPlanes, PictureError) as error:
                    _log.debug("a plane of a called-off request is not kept: %s", error)

    def answer(self, job: Job) -> Message:
        """The reply to a job's request; raises errors of handtint.errors and whatever else goes wrong."""
        request = job.request
        if isinstance(request, Colorize):
            return self._colorize(job, request)
        if isinstance(request, ExtractPalette):
            return self._extract_palette(request)
        if isinstance(request, (Segment, RecommendThemes, Suggest)):
            self.keep(job)
            return Failure(request.id, "not_available", f"this engine has no method for '{request.type}' yet")
        raise ProtocolError(f"expected a request that the worker answers, got '{request.type}'")

    # Colorize -------------------------------------------------------------------------------------------------

    def _colorize(self, job: Job, request: Colorize) -> Colorized:
        started = self._clock()
        inputs = self._inputs(request)
        check_output(request.output)
        job.progress = (0.05, "preparing")
        method = request.method or default_method().name
        prepared = self._prepare(job, method, inputs)
        lightness = prepared.lightness
        _check_extents(inputs, lightness.shape)
        painted = None if inputs.hints is None else read.hints(inputs.hints)
        guidance = _guidance(request, inputs, painted)
        size, region = _answer_size(request, lightness.shape)
        job.progress = (0.4, "coloring")
        ab = self._colorizers[method].colorize(prepared, guidance, size=size, cancelled=job.cancelled)
        # Once more: what a method keeps of a picture grows with its first strokes.
        self._cache.put(("prepared", method, inputs.digest), prepared, prepared.nbytes)
        check_cancelled(job.cancelled)
        job.progress = (0.9, "composing")
        alpha = None if inputs.selection is None else _part(read.selection(inputs.selection), size, region)
        rows, columns = _slices(region)
        look = Look(request.output, request.linear, request.strength)
        plane = compose(_part(lightness, size, region), ab[:, rows, columns], alpha, look, self._bands)
        return Colorized(
            request.id,
            plane=plane,
            region=region,
            size=Extent(ab.shape[2], ab.shape[1]),
            method=method,
            seconds=self._clock() - started,
            notes=_notes(lightness, painted),
        )

    def _inputs(self, request: Colorize) -> Inputs:
        """All planes, kept for next time; says at once everything that is missing."""
        missing: list[str] = []
        found: list[Plane | None] = []
        for picture in (request.hints, request.semantic, request.exemplar, request.selection):
            try:
                found.append(None if picture is None else self._find(picture).plane)
            except UnknownPlanes as error:
                found.append(None)
                missing.extend(error.missing)
        digest, base = "", None
        try:
            digest, base = self._find(request.base)
        except UnknownPlanes as error:
            # A prepared picture may have outlived its plane.
            digest = request.base.digest if isinstance(request.base, Known) else ""
            if not self._cache.count(lambda key: isinstance(key, tuple) and key[-1] == digest):
                missing.extend(error.missing)
        if missing:
            raise UnknownPlanes(tuple(dict.fromkeys(missing)))
        return Inputs(digest, base, *found)

    def _prepare(self, job: Job, method: str, inputs: Inputs) -> Prepared:
        """What the method keeps of the picture, made now where it is not there."""
        colorizer = self.preload(method)
        check_cancelled(job.cancelled)
        key = ("prepared", method, inputs.digest)
        known = self._cache.get(key)
        if known is not None:
            return known  # type: ignore[return-value]  # only Prepared has such keys
        if inputs.base is None:  # prepared, but for another method
            raise UnknownPlanes((inputs.digest,))
        prepared = colorizer.prepare(check_picture(read.lightness(inputs.base, self._bands)))
        self._cache.put(key, prepared, prepared.nbytes)
        check_cancelled(job.cancelled)
        return prepared

    def _find(self, picture: Picture) -> Named:
        if not isinstance(picture, Known):
            _check_limits(picture.extent if isinstance(picture, Plane) else picture.plane.extent)
        return self._planes.find(picture)

    # Palette --------------------------------------------------------------------------------------------------

    def _extract_palette(self, request: ExtractPalette) -> ExtractedPalette:
        if not 1 <= request.count <= MAX_COLORS:
            raise GuidanceError(f"expected 1 to {MAX_COLORS} colors in a palette, got {request.count}")
        lab, weights = extract_palette(read.picture_lab(self._find(request.source).plane), request.count)
        shares = tuple(float(weight) for weight in weights)
        return ExtractedPalette(request.id, Palette(lab_to_colors(lab), shares))


def _check_limits(extent: Extent) -> None:
    if max(extent) > MAX_SIDE or extent.width * extent.height > MAX_PIXELS:
        raise TooLarge(
            f"expected a picture of at most {MAX_PIXELS // 10**6} million pixels and {MAX_SIDE} on a side, "
            f"got {extent.width}x{extent.height}; scale it down"
        )


def _check_extents(inputs: Inputs, shape: tuple[int, ...]) -> None:
    for name in ("hints", "semantic", "selection"):
        plane: Plane | None = getattr(inputs, name)
        if plane is not None and (plane.extent.height, plane.extent.width) != shape:
            raise GuidanceError(
                f"expected {name} of the picture's {shape[1]}x{shape[0]} pixels, "
                f"got {plane.extent.width}x{plane.extent.height}"
            )


def _guidance(request: Colorize, inputs: Inputs, painted: read.Painted | None) -> Guidance:
    guidance = Guidance(reach=request.reach, softness=request.softness)
    if painted is not None:
        guidance = replace(guidance, hint_ab=painted.ab, hint_mask=painted.mask)
    if request.palette is not None:
        colors, weights = read.palette_ab(request.palette)
        guidance = replace(guidance, palette_ab=colors, palette_weights=weights)
    if inputs.semantic is not None:
        guidance = replace(guidance, semantic=read.semantic_map(inputs.semantic))
    if inputs.exemplar is not None:
        guidance = replace(guidance, exemplar=read.picture_lab(inputs.exemplar))
    return guidance


def _answer_size(request: Colorize, shape: tuple[int, ...]) -> tuple[tuple[int, int] | None, Rect]:
    """Size of the whole answer as (height, width), None for the picture's own, and the part of it that is wanted."""
    size = request.size or Extent(shape[1], shape[0])
    if size.width > shape[1] or size.height > shape[0]:
        raise ProtocolError(
            f"expected an answer no larger than the base of {shape[1]}x{shape[0]}, got {size.width}x{size.height}"
        )
    region = request.region or Rect(0, 0, *size)
    if not fits(region, *size):
        raise ProtocolError(
            f"expected a region inside the answer of {size.width}x{size.height}, "
            f"got {region.width}x{region.height} at ({region.x}, {region.y})"
        )
    return None if (size.height, size.width) == shape else (size.height, size.width), region


def _part(plane: FloatArray, size: tuple[int, int] | None, region: Rect) -> FloatArray:
    """(H, W) at the size of the answer, and of that the part that is wanted."""
    return (plane if size is None else shrink_area(plane, size))[_slices(region)]


def _slices(region: Rect) -> tuple[slice, slice]:
    return slice(region.y, region.y + region.height), slice(region.x, region.x + region.width)


def _notes(lightness: FloatArray, painted: read.Painted | None) -> tuple[str, ...]:
    """Sentences for the artist; looks at a sample of the painted pixels."""
    if painted is None:
        return ()
    sample = painted.indices[:: max(1, len(painted.indices) // _CHECKED_HINTS)]
    sample = sample[painted.mask.reshape(-1)[sample] >= PROMISED_COVERAGE]
    ab = painted.ab.reshape(2, -1)[:, sample]
    moved = np.linalg.norm(clip_colors(lightness.reshape(-1)[sample], ab) - ab, axis=0) > _VISIBLE
    if not moved.any():
        return ()
    return ("Some hints are stronger than a screen can show at the picture's lightness there; they were toned down.",)
