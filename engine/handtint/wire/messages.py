"""The messages of the protocol as frozen dataclasses; wire/PROTOCOL.md is the specification.

Standard library only. A request holds everything that affects its answer. New fields get defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from handtint.wire.pixels import Extent, Picture, PixelFormat, Plane, Rect

PROTOCOL = (1, 5)
"""Major and minor version; a test keeps them equal to PROTOCOL.md."""
OLDEST_MINOR = 5
"""Who speaks an older one is refused, as is another major: large planes travel in parts since then."""


class Color(NamedTuple):
    """An sRGB colour, each channel 0 to 1."""

    red: float
    green: float
    blue: float


@dataclass(frozen=True)
class Palette:
    """A small set of colours as global guidance; `weights` are shares; if empty, the order says which matter most."""

    colors: tuple[Color, ...]
    weights: tuple[float, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class MethodInfo:
    """A method as the artist sees it. `missing` says why it cannot be used; empty where it can.

    `palette_size` is how many colours of a palette it takes at most, 0 where it takes none or does not say. `needs` are
    the controls without which it cannot colour; where no method is asked for, none with needs is taken.
    """

    name: str
    title: str
    help: str
    controls: tuple[str, ...]
    missing: str = ""
    palette_size: int = 0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SemanticClass:
    """One class of a semantic map: its number, name and display colour."""

    index: int
    name: str
    color: Color


@dataclass(frozen=True)
class MethodUse:
    """How often one kind of work was done since the start, and how long the latest took, in seconds.

    `name` is a method's, or the type of a request that names none. `median` and `high` (the 95th percentile) are of the
    latest answers; 0 where there is none.
    """

    name: str
    answered: int = 0
    failed: int = 0
    median: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Message:
    """What every message has: its type on the wire and an id. A reply carries the id of its request."""

    type: ClassVar[str]
    id: int


# Requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello(Message):
    """First message of a connection: who speaks, and which protocol."""

    type = "hello"
    client: str
    major: int = PROTOCOL[0]
    minor: int = PROTOCOL[1]


@dataclass(frozen=True)
class Colorize(Message):
    """Colour a picture. The newest request of a document takes the place of older ones.

    Attributes
    ----------
    document : str
        Names the document to the scheduler; any text that the client keeps to.
    base : Picture
        The gray picture; of colour formats only the lightness is used.
    method : str
        Empty for the engine's default.
    hints : Picture, optional
        Colour with alpha; alpha is coverage. Same extent as the base.
    semantic : Picture, optional
        `index8`, or a picture with alpha in the classes' colours; same extent as the base.
    exemplar : Picture, optional
        A colour picture of any extent.
    selection : Picture, optional
        `gray8`, same extent as the base: becomes the alpha of the answer.
    reach, softness, strength : float
        0 to 1: how far a hint travels; 0 meets hints exactly; ab is multiplied by strength.
    output : PixelFormat
        Format of the answer. rgb formats hold the whole composite (base lightness with colour), `abf32` ab alone,
        laba formats the composite as Lab.
    linear : bool
        The answer's RGB numbers are linear light.
    size : Extent, optional
        Size of the whole answer, for a preview; the base's own where missing.
    region : Rect, optional
        The part of the answer wanted, in pixels of `size`; all of it where missing.
    detail : Extent, optional
        For a quick answer: the size at which the colours are worked out, to be stretched to `size` over the base's
        own lightness; `size` where missing.
    """

    type = "colorize"
    document: str
    base: Picture
    method: str = ""
    hints: Picture | None = None
    palette: Palette | None = None
    semantic: Picture | None = None
    exemplar: Picture | None = None
    selection: Picture | None = None
    reach: float = 0.5
    softness: float = 0.0
    strength: float = 1.0
    output: PixelFormat = PixelFormat.rgba8
    linear: bool = False
    size: Extent | None = None
    region: Rect | None = None
    detail: Extent | None = None


@dataclass(frozen=True)
class Segment(Message):
    """Find the semantic map of a picture.

    `output` is `index8`, or a colour format with alpha for a map that is painted in the classes' colours;
    `linear` says that its RGB numbers shall be linear light.
    """

    type = "segment"
    document: str
    base: Picture
    output: PixelFormat = PixelFormat.index8
    linear: bool = False


@dataclass(frozen=True)
class ExtractPalette(Message):
    """The main colours of a colour picture."""

    type = "palette"
    source: Picture
    count: int = 5


@dataclass(frozen=True)
class RecommendThemes(Message):
    """Palettes that would suit a gray picture."""

    type = "themes"
    document: str
    base: Picture
    colors: int = 5
    count: int = 4


@dataclass(frozen=True)
class Suggest(Message):
    """Likely colours for one pixel of a gray picture."""

    type = "suggest"
    document: str
    base: Picture
    x: int
    y: int
    count: int = 9


@dataclass(frozen=True)
class MapUncertainty(Message):
    """Where the colours of a gray picture are unsure, and a hint would help most."""

    type = "uncertainty"
    document: str
    base: Picture
    size: Extent | None = None


@dataclass(frozen=True)
class GetStatus(Message):
    """How is the engine?"""

    type = "status"


@dataclass(frozen=True)
class Cancel(Message):
    """Call off the request with id `target` of this same client."""

    type = "cancel"
    target: int


@dataclass(frozen=True)
class Shutdown(Message):
    """Finish the work in hand and end the engine."""

    type = "shutdown"


# Replies ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Welcome(Message):
    """Answer to Hello."""

    type = "welcome"
    version: str
    device: str
    methods: tuple[MethodInfo, ...]
    major: int = PROTOCOL[0]
    minor: int = PROTOCOL[1]
    classes: tuple[SemanticClass, ...] = ()


@dataclass(frozen=True)
class Colorized(Message):
    """Answer to Colorize: `plane` covers `region` of an answer of `size`.

    `seconds` is what the engine worked on it; `notes` are sentences for the artist.
    """

    type = "colorized"
    plane: Plane
    region: Rect
    size: Extent
    method: str
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Segmented(Message):
    """Answer to Segment: a plane of the base's extent in the format that was asked for, and the classes there are."""

    type = "segmented"
    plane: Plane
    classes: tuple[SemanticClass, ...]


@dataclass(frozen=True)
class ExtractedPalette(Message):
    """Answer to ExtractPalette: colours with their shares, the largest first."""

    type = "palette_found"
    palette: Palette


@dataclass(frozen=True)
class RecommendedThemes(Message):
    """Answer to RecommendThemes, the best first."""

    type = "themes_found"
    themes: tuple[Palette, ...]


@dataclass(frozen=True)
class Suggested(Message):
    """Answer to Suggest: colours at that pixel's lightness, the likeliest first, and 0-1 how unsure it is."""

    type = "suggested"
    colors: tuple[Color, ...]
    uncertainty: float = 0.0


@dataclass(frozen=True)
class MappedUncertainty(Message):
    """Answer to MapUncertainty: a `gray8` plane, 0 where the colours are sure, 255 where they could be any."""

    type = "uncertainty_found"
    plane: Plane


@dataclass(frozen=True)
class Status(Message):
    """Answer to GetStatus."""

    type = "status_is"
    version: str
    pid: int
    device: str
    uptime: float
    methods: tuple[MethodInfo, ...]
    loaded: tuple[str, ...] = ()
    documents: int = 0
    cached_planes: int = 0
    cached_bytes: int = 0
    memory_budget: int = 0
    waiting: int = 0
    served: int = 0
    memory: int = 0
    used: tuple[MethodUse, ...] = ()


@dataclass(frozen=True)
class CancelDone(Message):
    """Answer to Cancel; `found` is false where that request had ended or was never seen."""

    type = "cancel_done"
    target: int
    found: bool


@dataclass(frozen=True)
class Stopping(Message):
    """Answer to Shutdown."""

    type = "stopping"


@dataclass(frozen=True)
class Progress(Message):
    """Sent while a request is worked on: 0-1, and what is being done."""

    type = "progress"
    fraction: float
    text: str = ""


@dataclass(frozen=True)
class Failure(Message):
    """The request with this id was not done. `text` is a sentence for a person; `missing` names unknown digests.

    Codes: bad_request, unknown_type, unknown_method, unknown_plane, not_available, protocol, bad_picture,
    bad_guidance, cancelled, superseded, too_large, out_of_memory, internal, stopping.
    """

    type = "failure"
    code: str
    text: str
    missing: tuple[str, ...] = ()


REQUESTS: tuple[type[Message], ...] = (
    Hello, Colorize, Segment, ExtractPalette, RecommendThemes, Suggest, MapUncertainty, GetStatus, Cancel, Shutdown,
)  # fmt: skip
REPLIES: tuple[type[Message], ...] = (
    Welcome, Colorized, Segmented, ExtractedPalette, RecommendedThemes, Suggested, MappedUncertainty, Status,
    CancelDone, Stopping, Progress, Failure,
)  # fmt: skip
