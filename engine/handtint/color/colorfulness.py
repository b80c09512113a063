"""How colourful a picture is. Knows nothing of files, editors or networks.

References
----------
D. Hasler, S. Süsstrunk, "Measuring colorfulness in natural images", SPIE 5007, 2003.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def colorfulness(rgb: NDArray[np.uint8]) -> float:
    """The measure M of Hasler and Süsstrunk, for (H, W, 3) 8-bit sRGB; 0 for gray, above 80 extremely colorful."""
    red, green, blue = np.moveaxis(rgb.astype(np.float64), -1, 0)
    opponents = (red - green, 0.5 * (red + green) - blue)
    spread = np.hypot(*(plane.std() for plane in opponents))
    return float(spread + 0.3 * np.hypot(*(plane.mean() for plane in opponents)))
