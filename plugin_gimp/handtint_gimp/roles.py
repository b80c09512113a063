"""Which layer of an image is what: ours by their parasites, the artist's by their names. Reads no pixel.

`Any` is GIMP's own objects: PyGObject has no types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402

from handtint.errors import PictureError  # noqa: E402

ROLE = "handtint-role"
"""Parasite that says what a layer of ours is, whatever its name becomes."""
INPUTS = "handtint-inputs"
"""Parasite of a color layer, a JSON object: the tattoos of itself ("self"), of the base that it belongs to ("base") and
of the layers that made it ("hints", "semantic"; 0: none), and the names of these ("names")."""
COLOR_ROLE = b"color"
HINTS_ROLE = b"hints"
SEMANTIC_ROLE = b"semantic"


class LayerEntry(NamedTuple):
    """One layer in a list: `depth` is how many groups it lies in."""

    layer: Any
    name: str
    depth: int


def layers(image: Any) -> list[LayerEntry]:
    """Every layer of an image from the top down, those in groups after their group."""
    return list(_walk(image.get_layers(), 0))


def role(layer: Any) -> bytes:
    """What a layer is to us: COLOR_ROLE, HINTS_ROLE, SEMANTIC_ROLE or empty."""
    parasite = layer.get_parasite(ROLE)
    return bytes(parasite.get_data()) if parasite is not None else b""


def base_of(drawable: Any) -> Any:
    """The layer that a drawable is, or is the mask of."""
    if isinstance(drawable, Gimp.LayerMask):
        return Gimp.Layer.from_mask(drawable)
    if not isinstance(drawable, Gimp.Layer):
        raise PictureError(f"expected a layer to color, got the channel '{drawable.get_name()}'; select a layer")
    return drawable


def bases_of(drawables: Sequence[Any]) -> list[Any]:
    """The layers that a script means: each drawable, or the layer whose mask it is, once."""
    if not drawables:
        raise PictureError("expected a layer to color, got none; select one")
    bases = [base_of(drawable) for drawable in drawables]
    return list({base.get_id(): base for base in bases}.values())


def likely_bases(image: Any, drawables: Sequence[Any]) -> list[Any]:
    """The layers that a person means to color among those that are selected."""
    bases = bases_of(drawables)
    return [base for base in bases if not _is_ours(base)] or [likely_base(image, bases[0])]


def likely_base(image: Any, drawable: Any) -> Any:
    """The layer that a person means to color: who has just painted hints has the hints layer selected."""
    chosen = base_of(drawable)
    if not _is_ours(chosen):
        return chosen
    entries = [entry.layer for entry in layers(image)]
    below = entries[[layer.get_id() for layer in entries].index(chosen.get_id()) + 1 :]
    candidates = [layer for layer in (*below, *reversed(entries)) if not _is_ours(layer) and not layer.is_group()]
    return candidates[0] if candidates else chosen


def likely_hints(image: Any, base: Any) -> Any:
    """The hints of the last run on this base, else a layer that is marked as hints or named so, else None."""
    return _likely(image, base, "hints", HINTS_ROLE, _named_hints)


def likely_semantic(image: Any, base: Any) -> Any:
    """The semantic map of the last run on this base, else a layer that is marked as one or named so, else None."""
    return _likely(image, base, "semantic", SEMANTIC_ROLE, _named_map)


def is_in(image: Any, layer: Any) -> bool:
    """Is this a layer of the image, and still there?"""
    return layer is not None and layer.is_valid() and bool(layer.get_image().get_id() == image.get_id())


def colors_of(image: Any, base: Any) -> list[Any]:
    """The color layers beside a base that were made for it, those that are copies of one last."""
    beside = [layer for layer in siblings(image, base) if role(layer) == COLOR_ROLE]
    made = [layer for layer in beside if _is_same(made_from(image, layer, "base"), base)]
    return sorted(made, key=lambda layer: _is_copy(image, layer))


def made_from(image: Any, layer: Any, name: str) -> Any:
    """The "base", "hints" or "semantic" layer that a color layer was made from; None where there is none any more."""
    return _by_name(image, layer, name) if _is_copy(image, layer) else _by_tattoo(image, layer, name)


def note_inputs(layer: Any, inputs: Mapping[str, Any]) -> bytes:
    """What INPUTS says of a color layer that was made from these, each a layer or None."""
    tattoos = {name: made.get_tattoo() if made is not None else 0 for name, made in inputs.items()}
    names = {name: made.get_name() for name, made in inputs.items() if made is not None}
    return json.dumps({"self": layer.get_tattoo()} | tattoos | {"names": names}).encode()


def _likely(image: Any, base: Any, name: str, wanted: bytes, named: Callable[[Any], bool]) -> Any:
    colors = colors_of(image, base)
    if colors:
        return made_from(image, colors[0], name)
    known = [entry.layer for entry in layers(image)]
    others = [layer for layer in known if layer.get_id() != base.get_id() and layer.has_alpha()]
    marked = [layer for layer in others if role(layer) == wanted]
    return next(iter(marked + [layer for layer in others if named(layer)]), None)


def _inputs_of(layer: Any) -> dict[str, object]:
    parasite = layer.get_parasite(INPUTS)
    try:
        found = json.loads(bytes(parasite.get_data())) if parasite is not None else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_copy(image: Any, layer: Any) -> bool:
    """Was this color layer made by copying one, or the image that it is in? Tattoos are others there, names are not."""
    if _inputs_of(layer).get("self") != layer.get_tattoo():
        return True
    # In a duplicated image a tattoo may be the same by chance, but not all of them.
    base = _by_name(image, layer, "base")
    return base is not None and not _is_same(_by_tattoo(image, layer, "base"), base)


def _by_tattoo(image: Any, layer: Any, name: str) -> Any:
    tattoo = _inputs_of(layer).get(name)
    return image.get_layer_by_tattoo(tattoo) if isinstance(tattoo, int) and 0 < tattoo < 1 << 32 else None


def _by_name(image: Any, layer: Any, name: str) -> Any:
    names = _inputs_of(layer).get("names")
    wanted = names.get(name) if isinstance(names, dict) else None
    return image.get_layer_by_name(wanted) if isinstance(wanted, str) else None


def _is_same(one: Any, other: Any) -> bool:
    return one is not None and bool(one.get_id() == other.get_id())


def siblings(image: Any, layer: Any) -> list[Any]:
    """The layers beside a layer, itself included, from the top down."""
    parent = layer.get_parent()
    return list(parent.get_children() if parent is not None else image.get_layers())


def _walk(items: list[Any], depth: int) -> Iterator[LayerEntry]:
    for layer in items:
        yield LayerEntry(layer, layer.get_name(), depth)
        if layer.is_group():
            yield from _walk(layer.get_children(), depth + 1)


def _named_hints(layer: Any) -> bool:
    return re.search(r"\bhints?\b", layer.get_name(), re.IGNORECASE) is not None and role(layer) != COLOR_ROLE


def _named_map(layer: Any) -> bool:
    return re.search(r"\bsemantic\b", layer.get_name(), re.IGNORECASE) is not None and role(layer) != COLOR_ROLE


def _is_ours(layer: Any) -> bool:
    return role(layer) in (COLOR_ROLE, HINTS_ROLE, SEMANTIC_ROLE) or _named_hints(layer) or _named_map(layer)
