"""The methods by name: what each is for, what guidance it takes, and how it is built. Loads nothing until asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handtint.colorizers.base import Colorizer, Control
from handtint.colorizers.place import parse_place
from handtint.errors import UnknownMethod, WeightsError


@dataclass(frozen=True)
class Method:
    """One entry of the registry.

    Attributes
    ----------
    name, title, help : str
        Name on the wire and on the command line; words for a menu; one line for a tooltip.
    controls : frozenset of Control
        The guidance that it takes.
    weights : str, optional
        Name in weights/manifest.toml; None where nothing was learned.
    build : callable
        Device name ("cpu", "cuda") to Colorizer.
    suggests : bool
        Its colorizer is a Suggester.
    palette_size : int
        The most colours of a palette that it takes; 0 where it takes none.
    needs : frozenset of Control
        The guidance without which it refuses to work.
    also : tuple of str
        Names of other weights that it cannot do without.
    """

    name: str
    title: str
    help: str
    controls: frozenset[Control]
    weights: str | None
    build: Callable[[str], Colorizer]
    suggests: bool = False
    palette_size: int = 0
    needs: frozenset[Control] = frozenset()
    also: tuple[str, ...] = ()

    def missing(self) -> str | None:
        """Why this method cannot be used now, or None."""
        if self.weights is None:
            return None
        from handtint.weights import find, not_installed

        absent = [name for name in (self.weights, *self.also) if find(name) is None]
        return not_installed(absent[0]) if absent else None


def _scribble(device: str) -> Colorizer:
    from handtint.colorizers.scribble import ScribbleColorizer

    return ScribbleColorizer()


def _unified(device: str) -> Colorizer:
    from handtint.colorizers.unified import UnifiedColorizer

    return UnifiedColorizer(device)


def _global_local(device: str) -> Colorizer:
    from handtint.colorizers.global_local import GlobalLocalColorizer

    return GlobalLocalColorizer(device)


def _fusion(device: str) -> Colorizer:
    from handtint.colorizers.fusion import FusionColorizer

    return FusionColorizer(device)


def _semantic(device: str) -> Colorizer:
    from handtint.colorizers.semantic import SemanticColorizer

    return SemanticColorizer(device)


def _exemplar(device: str) -> Colorizer:
    from handtint.colorizers.exemplar import ExemplarColorizer

    return ExemplarColorizer(device)


def _bins(device: str) -> Colorizer:
    from handtint.colorizers.bins import BinsColorizer

    return BinsColorizer(device)


METHODS: tuple[Method, ...] = (
    Method(
        name="unified",
        title="Handtint",
        help="Colors by itself, follows hints, a palette, a map and an exemplar, alone or all at once, live.",
        controls=frozenset(Control),
        weights="unified",
        build=_unified,
        palette_size=7,
    ),
    Method(
        name="global_local",
        title="Global and local (Xiao 2019)",
        help="Colors by itself, follows hints and a palette of 3 to 5 colors.",
        controls=frozenset({Control.hints, Control.palette}),
        weights="global_local",
        build=_global_local,
        palette_size=5,
    ),
    Method(
        name="fusion",
        title="Fusion (Xiao 2018)",
        help="Colors by itself, follows hints and a palette of 3 to 7 colors, the most important first.",
        controls=frozenset({Control.hints, Control.palette}),
        weights="fusion",
        build=_fusion,
        palette_size=7,
    ),
    Method(
        name="semantic",
        title="Semantic map (Ho 2020)",
        help="Colors what it recognises; correct its map with a brush where it errs.",
        controls=frozenset({Control.semantic}),
        weights="semantic",
        build=_semantic,
        also=("segment",),
    ),
    Method(
        name="exemplar",
        title="Exemplar (Color2Embed)",
        help="Gives the picture the colors of another one, which you choose.",
        controls=frozenset({Control.exemplar}),
        weights="exemplar",
        build=_exemplar,
        needs=frozenset({Control.exemplar}),
    ),
    Method(
        name="bins",
        title="Semantics and bins (Zhao 2018)",
        help="Colors by itself, livelier than the others; suggests colors for a place of the picture.",
        controls=frozenset(),
        weights="bins",
        build=_bins,
        suggests=True,
    ),
    Method(
        name="scribble",
        title="Scribble",
        help="Spreads your hints along the lightness, without any network: for line art, paintings and exact work.",
        controls=frozenset({Control.hints}),
        weights=None,
        build=_scribble,
    ),
)


def find_method(name: str) -> Method:
    """The registry's entry, or UnknownMethod with the names that there are."""
    for method in METHODS:
        if method.name == name:
            return method
    raise UnknownMethod(f"unknown method '{name}'; there are: {', '.join(m.name for m in METHODS)}")


def default_method() -> Method:
    """The first method that can be used now, without any guidance."""
    return next(method for method in METHODS if not method.needs and method.missing() is None)


def suggesting_method() -> Method:
    """The first method that can suggest colours now, or WeightsError."""
    able = [method for method in METHODS if method.suggests]
    for method in able:
        if method.missing() is None:
            return method
    names = " or ".join(method.name for method in able)
    raise WeightsError(f"colours are suggested by the method {names}, whose weights are not installed")


def load(name: str, device: str = "cpu") -> Colorizer:
    """Build a method on a device.

    Parameters
    ----------
    name : str
        As in METHODS.
    device : str
        As in `Place`: "cpu", "cuda", or "cuda/2" for a GPU without room for the whole working size.

    Raises
    ------
    UnknownMethod
        No such method, or its weights are missing.
    WeightsError
        The weights are damaged.
    """
    method = find_method(name)
    reason = method.missing()
    if reason is not None:
        raise UnknownMethod(f"method {name} cannot be used: {reason}")
    place = parse_place(device)
    colorizer = method.build(place.device)
    if place.part > 1:
        colorizer.work_smaller(place.part)
    return colorizer
