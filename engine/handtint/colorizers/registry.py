"""The methods by name: what each is for, what guidance it takes, and how it is built. Loads nothing until asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handtint.colorizers.base import Colorizer, Control
from handtint.errors import UnknownMethod


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
    """

    name: str
    title: str
    help: str
    controls: frozenset[Control]
    weights: str | None
    build: Callable[[str], Colorizer]

    def missing(self) -> str | None:
        """Why this method cannot be used now, or None."""
        if self.weights is None:
            return None
        from handtint.weights import find

        return None if find(self.weights) is not None else f"the weights '{self.weights}' are not installed"


def _scribble(device: str) -> Colorizer:
    from handtint.colorizers.scribble import ScribbleColorizer

    return ScribbleColorizer()


def _global_local(device: str) -> Colorizer:
    from handtint.colorizers.global_local import GlobalLocalColorizer

    return GlobalLocalColorizer(device)


METHODS: tuple[Method, ...] = (
    Method(
        name="global_local",
        title="Global and local (Xiao 2019)",
        help="Colours by itself, follows hints and a palette of 3 to 5 colours.",
        controls=frozenset({Control.hints, Control.palette}),
        weights="global_local",
        build=_global_local,
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
    """The first method that can be used now."""
    return next(method for method in METHODS if method.missing() is None)


def load(name: str, device: str = "cpu") -> Colorizer:
    """Build a method on a device.

    Parameters
    ----------
    name : str
        As in METHODS.
    device : str
        "cpu" or "cuda".

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
    return method.build(device)
