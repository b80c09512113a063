"""One run of the fuzzer, in a process of its own: `python -m handtint.bench.fuzz_run TARGET [libFuzzer's options]`.

Knows how to start atheris and nothing of what is fuzzed.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import atheris

from handtint.colorizers.registry import load

_LOCALS = 1 << 15


def main() -> None:
    """Fuzz until libFuzzer has had enough; it ends the process itself."""
    name, options = sys.argv[1], sys.argv[2:]
    logging.disable()  # the log of a refusal costs more than the refusal
    if name == "engine":
        # Compiled code cannot be instrumented: what computes pixels is imported as it is.
        for method in ("scribble", "bins"):
            load(method)
    with atheris.instrument_imports(include=["handtint.wire", "handtint.client", "handtint.server", "msgpack"]):
        from handtint.bench.fuzz_targets import TARGETS, seeds

        target = TARGETS[name]
        for seed in seeds(name):
            target(seed)  # what is imported late is imported and instrumented here
    atheris.Setup([sys.argv[0], *options], lambda data: target(data))
    _with_room(atheris.Fuzz)


def _with_room(call: Callable[[], None]) -> None:
    """Call it from a frame so large that Python gets the memory for its frames in one large piece.

    Else each input ends at the edge of a small piece again and again, and every call there maps a new one and gives it
    back: that took half of the time.
    """
    space: dict[str, Callable[[Callable[[], None]], None]] = {}
    exec(f"def large(call, {', '.join(f'_{index}=0' for index in range(_LOCALS))}): call()", space)
    space["large"](call)


if __name__ == "__main__":
    main()
