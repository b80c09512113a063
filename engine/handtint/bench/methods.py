"""The methods of the bench by name: those of the registry, the baselines and the peers, behind one kind of call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handtint.bench.baselines import BASELINES, Answer, BenchMethod, FloatArray
from handtint.bench.gmic import GMIC, find_gmic, gmic
from handtint.bench.peers import PEERS, ZHANG2017, zhang2017
from handtint.colorizers.base import Control, Guidance
from handtint.colorizers.registry import METHODS, find_method, load
from handtint.errors import UnknownMethod
from handtint.weights import find

_HINTS = frozenset({Control.hints})


@dataclass(frozen=True)
class Contender:
    """A method that takes part.

    Attributes
    ----------
    name : str
    controls : frozenset of Control
        The guidance that it takes.
    fingerprint : str, optional
        sha256 of its weights: figures of other weights are other figures.
    build : callable
        Device to bench method; what is heavy is loaded here.
    """

    name: str
    controls: frozenset[Control]
    fingerprint: str | None
    build: Callable[[str], BenchMethod]

    @property
    def takes_hints(self) -> bool:
        """Whether it is measured at more than no hints."""
        return Control.hints in self.controls


def default_methods(*, guided: bool = False) -> tuple[str, ...]:
    """What can run now: the registry's methods, then peers and baselines.

    Parameters
    ----------
    guided : bool
        Also the methods that refuse to work without some guidance.
    """
    ready = [method.name for method in METHODS if (guided or not method.needs) and method.missing() is None]
    peers = [name for name in PEERS if find(name) is not None]
    tools = [GMIC] if find_gmic() is not None else []
    return (*ready, *peers, *tools, *(name for name in BASELINES if not name.endswith("_unclipped")))


def find_contender(name: str) -> Contender:
    """A method by name, or UnknownMethod with the names that there are."""
    if name in BASELINES:
        return Contender(name, frozenset() if name == "gray" else _HINTS, None, lambda device: BASELINES[name])
    if name == ZHANG2017:
        weights = find(name)
        return Contender(name, _HINTS, weights.sha256 if weights else None, zhang2017)
    if name == GMIC:
        return Contender(name, _HINTS, None, gmic)
    names = [method.name for method in METHODS]
    if name not in names:
        known = ", ".join([*names, *PEERS, GMIC, *BASELINES])
        raise UnknownMethod(f"unknown method '{name}'; the bench knows: {known}")
    method = find_method(name)
    reason = method.missing()
    if reason is not None:
        raise UnknownMethod(f"method {name} cannot be measured: {reason}")
    entry = find(method.weights) if method.weights is not None else None
    return Contender(name, method.controls, entry.sha256 if entry else None, lambda device: _registered(name, device))


def _registered(name: str, device: str) -> BenchMethod:
    colorizer = load(name, device)

    def method(lightness: FloatArray) -> Answer:
        prepared = colorizer.prepare(lightness)

        def answer(guidance: Guidance) -> FloatArray:
            return colorizer.colorize(prepared, guidance)

        return answer

    return method
