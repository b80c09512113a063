"""Keeps pictures that are no file yet (from the clipboard, of another document) as files, to be borrowed from later.

Knows no Krita.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from handtint.errors import GuidanceError
from handtint_krita.exemplar import SIDE
from handtint_krita.qt import Qt
from handtint_krita.words import tr

_KEPT = 50
"""Files that are kept; the oldest go first."""
_ODD = re.compile(r"[^\w .()-]")


def keep_snapshot(folder: Path, name: str, image: Any) -> str:
    """Write a QImage, as small as colors permit, as a file named after what it shows; its path.

    Raises
    ------
    GuidanceError
        There is no picture, or it could not be written.
    """
    if image is None or image.isNull():
        raise GuidanceError(tr("{name} holds no picture", name=name))
    if max(image.width(), image.height()) > SIDE:
        image = image.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    folder.mkdir(parents=True, exist_ok=True)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    mark = hashlib.blake2b(bytes(bits), digest_size=3).hexdigest()
    path = folder / f"{' '.join(_ODD.sub(' ', name).split()) or 'Picture'} {mark}.png"
    if not path.exists() and not image.save(str(path)):
        raise GuidanceError(tr("The picture could not be kept in {folder}", folder=folder))
    # The new one stays in any case: where the clock was set back, it is not the youngest.
    for old in sorted(folder.glob("*.png"), key=lambda file: (file == path, file.stat().st_mtime))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return str(path)
