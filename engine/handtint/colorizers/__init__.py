"""Methods for whole pictures: `load(name, device)` gives a Colorizer, `Guidance` holds what the artist says."""

from handtint.colorizers.base import Colorizer, Control, Guidance, Prepared
from handtint.colorizers.registry import METHODS, Method, default_method, find_method, load

__all__ = ["METHODS", "Colorizer", "Control", "Guidance", "Method", "Prepared", "default_method", "find_method", "load"]
