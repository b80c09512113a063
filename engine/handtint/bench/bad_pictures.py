"""Section `pictures`: pictures and guidance that nobody should send, and picture files that mean harm.

Each is either answered or refused with the code that the protocol names; nothing else may happen.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgpack
import numpy as np

from handtint.bench.caller import Caller
from handtint.bench.hostile import damaged_files, hostile_files, write_files
from handtint.bench.processes import engine_in
from handtint.bench.reliability import Effort, Row, megabytes
from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, encode
from handtint.wire.pixels import Buffer, Extent, Known, Patch, PixelFormat, Plane, Rect

DAMAGED = 20_000
_ADDRESS_SPACE = 4 << 30
"""Bytes that a process which reads hostile files may have in all, libraries included."""
_GRAY = Plane(PixelFormat.gray8, Extent(24, 16), bytes(range(128, 144)) * 24)
_SIZE = (16, 24)


@dataclass(frozen=True)
class Case:
    """A request, and what must come of it.

    Attributes
    ----------
    frames : sequence of Buffer
        As they travel: an honest client could not even write some of these.
    expected : str
        A code of Failure, or the type of the answer.
    """

    name: str
    frames: Sequence[Buffer]
    expected: str


def bad_pictures(effort: Effort) -> list[Row]:
    """All rows of the section."""
    return [case_row(effort, large=effort.scale >= 1), *file_rows(effort)]


def case_row(effort: Effort, *, large: bool) -> Row:
    """Every case on one real engine."""
    effort.note("sending bad pictures")
    wrong, count = [], 0
    with engine_in(effort.folder / "runtime") as (_, connection), Caller(connection) as caller:
        for case in cases(large=large):
            caller.send_frames(case.frames)
            answer = caller.receive()
            came = answer.code if isinstance(answer, m.Failure) else answer.type
            count += 1
            if came != case.expected:
                wrong.append(f"{case.name}: expected {case.expected}, got {came}")
    result = f"{count} kinds, each answered or refused with its own code"
    return Row("bad pictures and guidance sent to an engine", "; ".join(wrong) or result, not wrong, {"kinds": count})


def file_rows(effort: Effort) -> list[Row]:
    """Hostile and damaged files, read as the command line reads them, in a process with little memory."""
    effort.note("reading hostile files")
    hostile = write_files(effort.folder / "hostile", iter(hostile_files().items()))
    damaged = write_files(effort.folder / "damaged", damaged_files(effort.times(DAMAGED), effort.seed))
    return [_files_row("hostile picture files", hostile), _files_row("damaged picture files", damaged)]


def _files_row(what: str, paths: Sequence[Path]) -> Row:
    listing = paths[0].parent.with_suffix(".list")
    listing.write_text("\n".join(map(str, paths)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _READER, str(listing), str(_ADDRESS_SPACE)], capture_output=True, text=True
    )
    if done.returncode != 0:
        return Row(what, f"the process that read them ended with {done.returncode}: {done.stderr[-500:]}", False)
    found = json.loads(done.stdout.splitlines()[-1])
    result = (
        f"{len(paths):,} files: {found['read']:,} read, {found['refused']:,} refused in a sentence, "
        f"peak {megabytes(found['peak_bytes'])}"
    )
    broken = "; ".join(found["broken"])
    return Row(what, broken or result, not broken, {name: found[name] for name in ("read", "refused", "peak_bytes")})


_READER = """
import json, os, resource, sys
from pathlib import Path
import numpy as np
from handtint.cli.files import from_srgb, read_index_map, read_picture, to_srgb
from handtint.errors import PictureError
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the decoders' own words
found = {"read": 0, "refused": 0, "broken": []}
for name in Path(sys.argv[1]).read_text().splitlines():
    path = Path(name)
    try:
        picture = read_picture(path)
        srgb = to_srgb(picture)
        from_srgb(np.repeat(srgb[..., :1], 3, axis=2), picture)
        read_index_map(path)
        found["read"] += 1
    except PictureError:
        found["refused"] += 1
    except BaseException as error:
        found["broken"].append(f"{path.name}: {error!r}"[:200])
found["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(found))
"""


# Cases --------------------------------------------------------------------------------------------------------


def cases(*, large: bool) -> Iterator[Case]:
    """All cases; with `large` also those of hundreds of megabytes."""
    yield from _values()
    yield from _sizes()
    yield from _guidance()
    yield from _unified()
    yield from _raw()
    if large:
        side = 14_143
        too_many = Plane(PixelFormat.gray8, Extent(side, side), bytes(side * side))
        yield _case("more than 200 million pixels", "too_large", base=too_many)


def _case(name: str, expected: str, **fields: object) -> Case:
    values = {"base": _GRAY, "method": "scribble", **fields}
    return Case(name, encode(m.Colorize(1, name, **values)), expected)  # type: ignore[arg-type]


def _floats(pixel_format: PixelFormat, value: float) -> Plane:
    pixels = np.full((*_SIZE, pixel_format.channels), 0.5, "<f2" if pixel_format.sample_bytes == 2 else "<f4")
    pixels[3, 4] = value
    return Plane(pixel_format, _GRAY.extent, pixels.tobytes())


def _values() -> Iterator[Case]:
    for value in (float("nan"), float("inf"), -float("inf")):
        for name in ("grayf32", "rgbf32", "rgbaf16", "labaf32"):
            yield _case(f"{value} in a base of {name}", "bad_picture", base=_floats(PixelFormat(name), value))
        hints, exemplar = _floats(PixelFormat.rgbaf32, value), _floats(PixelFormat.rgbf32, value)
        yield _case(f"{value} in the hints", "bad_guidance", hints=hints)
        yield _case(f"{value} in the exemplar", "bad_guidance", method="exemplar", exemplar=exemplar)
        yield _case(f"{value} in the selection", "bad_guidance", selection=_floats(PixelFormat.grayf32, value))
    yield _case("numbers far beyond white", "colorized", base=_floats(PixelFormat.grayf32, 1e30))
    yield _case("numbers far below black", "colorized", base=_floats(PixelFormat.labaf32, -1e30))


def _sizes() -> Iterator[Case]:
    for width, height, expected in (
        (1, 1, "colorized"), (65_535, 1, "colorized"), (1, 65_535, "colorized"), (65_536, 1, "too_large"),
        (1, 65_536, "too_large"), (1 << 20, 1, "too_large"),
    ):  # fmt: skip
        plane = Plane(PixelFormat.gray8, Extent(width, height), bytes(width * height))
        yield _case(f"a base of {width}x{height}", expected, base=plane)
    yield _case("an answer larger than the base", "bad_request", size=Extent(25, 16))
    yield _case("a region outside the answer", "bad_request", region=Rect(20, 0, 5, 5))
    yield _case("an answer of one pixel", "colorized", size=Extent(1, 1))
    yield _case("a base that nobody sent", "unknown_plane", base=Known("0" * 32))
    patch = Patch(_GRAY.digest(), 20, 10, Plane(PixelFormat.gray8, Extent(5, 5), bytes(25)))
    yield _case("a patch that leaves its parent", "bad_picture", base=patch)
    yield _case("a base that has only ab", "bad_picture", base=Plane(PixelFormat.abf32, Extent(1, 1), bytes(8)))
    yield _case("an answer that holds no color", "bad_picture", output=PixelFormat.gray8)


def _guidance() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    everywhere = rng.integers(0, 256, (*_SIZE, 4), np.uint8)
    everywhere[..., 3] = 255
    same = np.full((*_SIZE, 4), (200, 40, 40, 255), np.uint8)
    for name, pixels in (("another everywhere", everywhere), ("the same everywhere", same)):
        yield _case(f"hints, {name}", "colorized", hints=_rgba(pixels))
    yield _case("hints on two pixels with opposite colors", "colorized", hints=_rgba(_two_hints()))
    half = Plane(PixelFormat.rgba8, Extent(12, 16), bytes(12 * 16 * 4))
    yield _case("hints of another size", "bad_guidance", hints=half)
    yield _case(
        "hints that are opaque by format", "bad_guidance", hints=Plane(PixelFormat.rgb8, _GRAY.extent, bytes(1152))
    )
    yield _case("a map of unknown classes", "bad_guidance", method="semantic", semantic=_index(255))
    yield _case("a map for a method without", "bad_guidance", semantic=_index(1))
    one = Plane(PixelFormat.rgb8, Extent(1, 1), b"\xc0\x40\x20")
    yield _case("an exemplar of one pixel", "colorized", method="exemplar", exemplar=one)
    clear = Plane(PixelFormat.rgba8, Extent(2, 2), bytes(16))
    yield _case("an exemplar that is all transparent", "bad_guidance", method="exemplar", exemplar=clear)
    yield _case("no exemplar where one is needed", "bad_guidance", method="exemplar")
    many = m.Palette(tuple(m.Color(shade / 255, 0.5, 0.5) for shade in range(256)))
    yield _case("a palette of 256 colors for a method of 5", "colorized", method="global_local", palette=many)
    weights = m.Palette((m.Color(1.0, 0.0, 0.0),), (0.0,))
    yield _case("a palette whose shares are all 0", "bad_guidance", method="global_local", palette=weights)
    yield _case("a method that there is not", "unknown_method", method="../../etc/passwd")


def _unified() -> Iterator[Case]:
    """The method that takes everything at once, at the sizes where there is least of it and too much."""
    many = m.Palette(tuple(m.Color(shade / 255, 0.5, 0.5) for shade in range(256)))
    one = Plane(PixelFormat.rgb8, Extent(1, 1), b"\xc0\x40\x20")
    yield _case("unknown classes for unified", "bad_guidance", method="unified", semantic=_index(255))
    for width, height in ((1, 1), (2, 1), (3, 5), (2_000, 1), (1, 2_000), (65_535, 1), (1, 65_535)):
        extent, count = Extent(width, height), width * height
        everything = {
            "base": Plane(PixelFormat.gray8, extent, bytes(index % 251 for index in range(count))),
            "hints": Plane(PixelFormat.rgba8, extent, b"\xc8\x28\x28\xff" * count),
            "semantic": Plane(PixelFormat.index8, extent, b"\x01" * count),
            "palette": many,
            "exemplar": one,
        }
        yield _case(f"everything at {width}x{height}", "colorized", method="unified", **everything)
        bare = {"base": everything["base"]}
        yield _case(f"nothing but a base of {width}x{height}", "colorized", method="unified", **bare)


def _raw() -> Iterator[Case]:
    """What an honest client's codec would refuse to write."""
    picture = {"format": "gray8", "width": 24, "height": 16, "frame": 0}
    for name, changed in (
        ("a base without rows", {"base": {**picture, "height": 0}}),
        ("a base without columns", {"base": {**picture, "width": 0}}),
        ("a negative size", {"base": {**picture, "width": -24}}),
        ("a size that overflows", {"base": {**picture, "width": 1 << 62}}),
        ("a palette of no colors", {"palette": {"colors": []}}),
        ("a palette of 257 colors", {"palette": {"colors": [[0.5, 0.5, 0.5]] * 257}}),
        ("a palette of 10000 colors", {"palette": {"colors": [[1, 0, 0]] * 10_000}}),
        ("a color that is no number", {"palette": {"colors": [[float("nan"), 0, 0]]}}),
        ("a reach of 10", {"reach": 10}),
        ("a plane that is a path", {"base": "/etc/passwd"}),
        ("a plane that is shorter than it says", {"base": {**picture, "height": 17}}),
    ):
        header = {"type": "colorize", "id": 1, "document": name, "base": picture, **changed}
        yield Case(name, [MAGIC, msgpack.packb(header), bytes(_GRAY.data)], "bad_request")


def _two_hints() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = np.zeros((*_SIZE, 4), np.uint8)
    pixels[8, 8], pixels[8, 9] = (255, 0, 0, 255), (0, 255, 255, 255)
    return pixels


def _rgba(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Plane:
    return Plane(PixelFormat.rgba8, _GRAY.extent, pixels.tobytes())


def _index(number: int) -> Plane:
    return Plane(PixelFormat.index8, _GRAY.extent, struct.pack("B", number) * (24 * 16))
