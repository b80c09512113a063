"""The sections of `handtint bench reliability` by name: their titles and what measures them."""

from __future__ import annotations

from collections.abc import Callable

from handtint.bench.access import access
from handtint.bench.bad_bytes import bad_bytes
from handtint.bench.bad_pictures import bad_pictures
from handtint.bench.faults import faults
from handtint.bench.insight import insight
from handtint.bench.load import load, soak
from handtint.bench.many_files import many_files
from handtint.bench.reliability import Effort, Row

SECTIONS: dict[str, tuple[str, Callable[[Effort], list[Row]]]] = {
    "bytes": ("Bad bytes", bad_bytes),
    "pictures": ("Bad pictures", bad_pictures),
    "load": ("Load", load),
    "soak": ("Soak", soak),
    "faults": ("Faults", faults),
    "access": ("Who gets in", access),
    "insight": ("Knowing what happens", insight),
    "files": ("Folders and more than one machine", many_files),
}
