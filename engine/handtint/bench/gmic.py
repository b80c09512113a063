"""G'MIC's *Colorize [Photographs]* as a contender, where its command line is installed.

The picture and the hints go through PNG files of 8 bits, as between an editor and the filter. Each answer starts
the program anew (about 0.16 s), so its seconds are those that an artist waits.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handtint.bench.baselines import Answer, BenchMethod, FloatArray
from handtint.bench.metrics import to_lab, to_rgb
from handtint.color.gamut import clip_to_gamut
from handtint.colorizers.base import Guidance
from handtint.errors import InputError

GMIC = "gmic"
FILTER = ("fx_recolorize", "2,0.2,0")
"""Smoothness, anisotropy and mode: the filter's own defaults."""


def find_gmic() -> str | None:
    """Path of the command, or None where it is not installed."""
    return shutil.which(GMIC)


def gmic(device: str) -> BenchMethod:
    """The filter behind the call of a bench method; only the chroma of its answer is taken, clipped like all."""
    command = find_gmic()
    if command is None:
        raise InputError("the command 'gmic' was expected for the method of that name, but it is not installed")

    def method(lightness: FloatArray) -> Answer:
        def answer(guidance: Guidance) -> FloatArray:
            if guidance.hints is None or not len(guidance.hints.pixels):
                return np.zeros((2, *lightness.shape), np.float32)
            painted = guidance.hints.layer()
            colored = run_filter(command, lightness, painted.ab, painted.mask > 0)
            return clip_to_gamut(lightness, np.ascontiguousarray(to_lab(colored)[1:]))

        return answer

    return method


def run_filter(
    command: str, lightness: FloatArray, hint_ab: FloatArray, painted: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Colour a picture with G'MIC; (H, W, 3) 8-bit sRGB."""
    hints = np.dstack((to_rgb(lightness, hint_ab), np.where(painted, 255, 0).astype(np.uint8)))
    with tempfile.TemporaryDirectory(prefix="handtint-gmic-") as name:
        folder = Path(name)
        _write(folder / "hints.png", hints)
        _write(folder / "gray.png", to_rgb(lightness, np.zeros_like(hint_ab)))
        arguments = [command, "v", "-99", "hints.png", "gray.png", *FILTER, "o", "out.png"]
        result = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
        colored = cv2.imread(str(folder / "out.png"), cv2.IMREAD_COLOR)
        if result.returncode or colored is None:
            raise InputError(
                f"gmic was expected to write a picture, it ended with {result.returncode}: {result.stderr}"
            )
    return np.asarray(cv2.cvtColor(colored, cv2.COLOR_BGR2RGB), np.uint8)


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    conversion = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    if not cv2.imwrite(str(path), cv2.cvtColor(pixels, conversion)):
        raise InputError(f"{path} could not be written")
