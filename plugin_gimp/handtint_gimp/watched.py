"""A picture that is looked at again and again: its layers are read anew only where they have changed.

GIMP has no signals for plug-ins. A thumbnail costs a few milliseconds at any size, and shows the smallest dab.
`Any` is GIMP's own objects.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from handtint.errors import PictureError
from handtint.wire.pixels import Plane
from handtint_gimp.colorize import Settings
from handtint_gimp.coverage import selection_of
from handtint_gimp.picture import Picture

_SIDE = 256
"""Pixels of the longer side of what is looked at."""


class WatchedPicture(Picture):
    """One image and layer, as last read.

    Parameters
    ----------
    heed_selection : bool
        False colors all of the layer, whatever is selected for painting.
    """

    def __init__(self, image: Any, base: Any, *, heed_selection: bool = True) -> None:
        super().__init__(image, base)
        self._heed_selection = heed_selection
        self._signs: dict[str, object] = {}
        self._planes: dict[str, Plane | None] = {}

    def look(self, settings: Settings) -> bool:
        """Forget what has changed of the layers that count; True where something has.

        Raises
        ------
        PictureError
            The image or the layer is gone.
        """
        if not self.image.is_valid() or not self.base.is_valid():
            raise PictureError("the picture is not open any more")
        self.place_again()
        signs = {"base": _sign(self.base), "hints": _sign(settings.hints), "semantic": _sign(settings.semantic)}
        signs["coverage"] = (signs["base"], _sign(selection_of(self.image)) if self._heed_selection else None)
        signs["image"] = (self.image.get_base_type(), self.image.get_precision())
        changed = {name for name, sign in signs.items() if self._signs.get(name) != sign}
        self._signs = signs
        stale = self._planes.keys() if changed & {"base", "image"} else changed
        self._planes = {name: plane for name, plane in self._planes.items() if name not in stale}
        return bool(changed)

    def read_base(self) -> Plane:
        return self._once("base", super().read_base)  # type: ignore[return-value]  # a base is always there

    def read_hints(self, layer: Any) -> Plane:
        read = super().read_hints
        return self._once("hints", lambda: read(layer))  # type: ignore[return-value]

    def read_semantic(self, layer: Any) -> Plane:
        read = super().read_semantic
        return self._once("semantic", lambda: read(layer))  # type: ignore[return-value]

    def read_coverage(self) -> Plane | None:
        return self._once("coverage", super().read_coverage)

    @property
    def selection(self) -> Any:
        return super().selection if self._heed_selection else None

    def _once(self, name: str, read: Callable[[], Plane | None]) -> Plane | None:
        """The same plane object as long as nothing changes, so that it travels once."""
        if name not in self._planes:
            self._planes[name] = read()
        return self._planes[name]


def _sign(layer: Any) -> object:
    """What tells a layer's content, place and mask from those of a moment ago."""
    if layer is None or not layer.is_valid():
        return None
    _, x, y = layer.get_offsets()
    mask = layer.get_mask() if hasattr(layer, "get_mask") else None
    shown = (_thumbnail(mask), layer.get_apply_mask()) if mask is not None else None
    return (layer.get_id(), x, y, layer.get_width(), layer.get_height(), _thumbnail(layer), shown)


def _thumbnail(drawable: Any) -> int:
    data = drawable.get_thumbnail_data(_SIDE, _SIDE)[0]
    return zlib.crc32(data.get_data() if hasattr(data, "get_data") else bytes(data))
