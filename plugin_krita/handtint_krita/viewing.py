"""Makes what a docker shows out of what there is. Knows no widget; changes nothing."""

from __future__ import annotations

from typing import NamedTuple

from handtint.wire.messages import MethodInfo
from handtint_krita.compositing import follows_anyway
from handtint_krita.conversation import Conversation
from handtint_krita.document import Document
from handtint_krita.palettes import parse_palette
from handtint_krita.settings import Settings
from handtint_krita.view import EVERYTHING, View, sentence
from handtint_krita.words import told, tr


class Doing(NamedTuple):
    """What the model is about; `held` says that it waits for the end of a stroke."""

    live: bool
    working: bool
    held: bool
    said: str
    trouble: bool
    palette_trouble: str


def taken(method: MethodInfo | None) -> tuple[str, ...]:
    """The guidance that a method takes; all of it where it is not known yet."""
    return method.controls if method is not None else EVERYTHING


def make_view(document: Document | None, talk: Conversation, settings: Settings, doing: Doing) -> View:
    """All that a docker shows, but for what belongs to the document's pictures."""
    method = talk.method(settings.method)
    view = View(
        settings=settings,
        palette=parse_palette(settings.palette),
        palette_trouble=doing.palette_trouble,
        methods=talk.methods,
        classes=talk.classes,
        takes=taken(method),
        method_help=told(method.help) if method is not None else "",
        live=doing.live,
        working=doing.working,
        fraction=talk.fraction if doing.working else 0.0,
        status=_status(document, talk, doing),
        trouble=doing.trouble or talk.broken,
        ready=talk.ready,
        restartable=talk.broken,
        device=talk.device,
    )
    if document is None:
        return view
    return view._replace(
        open=True,
        layers=document.layers(),
        roles=document.roles(),
        variants=document.variants(),
        follows_anyway=follows_anyway(document.space),
    )


def _status(document: Document | None, talk: Conversation, doing: Doing) -> str:
    if document is None:
        return tr("Open a gray picture to color it.")
    if doing.held:
        return tr("Waiting for the end of the stroke…")
    if doing.working or (talk.active and not doing.said):
        return talk.text
    return doing.said or sentence(talk.text)
