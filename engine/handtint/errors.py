"""Every error that Handtint raises on purpose. Standard library only, so that both ends of the wire can use it.

HandtintError
├── InputError            what the person gave cannot be used (command line: exit 2)
│   ├── PictureError      a file or a plane of pixels: missing, not an image, wrong size, too large
│   ├── GuidanceError     hints, palette, semantic map or exemplar that do not fit the picture or the method
│   └── UnknownMethod     no method of that name, or its weights are missing
├── EngineError           the engine cannot be reached or failed (command line: exit 3)
│   ├── EngineGone        no engine, or the connection broke
│   ├── EngineRefused     an engine is there and does not let us in (token, protocol)
│   └── EngineFailed      the engine answered Failure(code, text)
├── ProtocolError         bytes that are not a message of this protocol
├── WeightsError          a weight file is missing, damaged or of another version
└── Cancelled             the work was called off by a newer request or by the person

A message says what was expected, what came, and what to do.
"""

from __future__ import annotations


class HandtintError(Exception):
    """Root of the tree: `except HandtintError` catches all that is ours."""


class InputError(HandtintError):
    """What the person gave cannot be used."""


class PictureError(InputError):
    """A picture that is missing, not an image, of the wrong size or too large."""


class GuidanceError(InputError):
    """Guidance that does not fit the picture or the method."""


class UnknownMethod(InputError):  # noqa: N818 - read as a sentence at the raise
    """No such method, or its weights are missing."""


class EngineError(HandtintError):
    """The engine cannot be reached or failed."""


class EngineGone(EngineError):  # noqa: N818
    """No engine answers, or the connection broke."""


class EngineRefused(EngineError):  # noqa: N818
    """The engine does not let us in: wrong token or another protocol."""


class EngineFailed(EngineError):  # noqa: N818
    """The engine answered with a Failure.

    Attributes
    ----------
    code : str
        One of the failure codes of wire/PROTOCOL.md.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ProtocolError(HandtintError):
    """Bytes that are not a message of this protocol."""


class WeightsError(HandtintError):
    """A weight file is missing, damaged or of another version."""


class Cancelled(HandtintError):  # noqa: N818
    """The work was called off by a newer request or by the person."""
