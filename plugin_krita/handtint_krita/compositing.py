"""How the color layer lies over the base, and what layers look like together, worked out by Krita itself.

Wraps libkis; knows no document of the painter's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from handtint.wire.pixels import Extent
from handtint_krita.colorspace import ColorSpace
from handtint_krita.conversion import hidden_document
from handtint_krita.nodes import space_of, turn_lightness

NORMAL, COLOR, DIFFERENCE = "normal", "color", "grain_merge"
"""Krita's names of modes. A layer in the last one holds what is to be added to the base, about middle gray."""
_TAKE_AWAY = "grain_extract"


class Sheet(NamedTuple):
    """A layer over the whole canvas; `within` keeps it where something is below, `colors_alone` is for Lab."""

    pixels: Any
    blending: str = NORMAL
    opacity: int = 255
    within: bool = False
    colors_alone: bool = False


def blending(space: ColorSpace, follows_base: bool) -> str:
    """The mode of the color layer in a document of that space.

    Normal is exact; in a Lab document it follows the base as well, since only a* and b* are shown. Elsewhere an edit
    of the base needs a mode of its own: a difference is closer to the truth than Krita's color mode (measured: mean
    ΔE00 0.8 against 1.5 where the base was darkened), but at 8 bits it would round. It holds steps of half the range at
    the most, but for floats in Krita 5.2.
    """
    if not follows_base or space.model == "LABA":
        return NORMAL
    return COLOR if space.depth == "U8" else DIFFERENCE


def follows_anyway(space: ColorSpace) -> bool:
    """Whether the exact color layer follows an edit of the base without a mode of its own."""
    return space.model == "LABA"


def difference(krita: Any, answer: Any, base: Any, extent: Extent, space: ColorSpace) -> Any:
    """What a layer in the mode `DIFFERENCE` has to hold to make the answer of the base; the answer's own alpha."""
    return stacked(krita, extent, space, (Sheet(answer), Sheet(base, _TAKE_AWAY, within=True)))


def stacked(krita: Any, extent: Extent, space: ColorSpace, sheets: Sequence[Sheet]) -> Any:
    """Pixels of sheets that lie one upon another, the lowest first, by way of a document that nobody sees."""
    with hidden_document(krita, extent, space) as hidden:
        # All at once, and seen once: layers that are added one by one are put together after each (twice the time).
        hidden.rootNode().setChildNodes([_node(hidden, sheet, extent) for sheet in sheets])
        hidden.refreshProjection()
        hidden.waitForDone()
        return hidden.pixelData(0, 0, *extent)


def new_node(krita: Any, native: Any, name: str, mode: str) -> Any:
    """An empty paint layer in a mode, ready to be added to the document `native`.

    Krita makes an undo step of every change of a mode, even of a layer that is in no document: it is changed in one
    that nobody sees, and copied.
    """
    if mode == NORMAL:
        return native.createNode(name, "paintlayer")
    with hidden_document(krita, Extent(1, 1), space_of(native)) as hidden:
        node = hidden.createNode(name, "paintlayer")
        node.setBlendingMode(mode)
        return node.clone()


def _node(hidden: Any, sheet: Sheet, extent: Extent) -> Any:
    node = hidden.createNode("sheet", "paintlayer")
    if sheet.blending != NORMAL:
        node.setBlendingMode(sheet.blending)
    node.setPixelData(sheet.pixels, 0, 0, *extent)
    node.setOpacity(sheet.opacity)
    node.setInheritAlpha(sheet.within)
    if sheet.colors_alone:
        turn_lightness(node, on=False)
    return node
