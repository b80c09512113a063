"""Takes msgpack from where it is: the installer's private copy beside a plug-in, else the package. Nothing else."""

from __future__ import annotations

try:
    from handtint_msgpack import packb, unpackb  # type: ignore[import-not-found]
except ImportError:
    from msgpack import packb, unpackb

__all__ = ["packb", "unpackb"]
