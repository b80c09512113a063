"""Tier 2: every color model and depth of Krita through the real engine, checked against colors computed here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.color
import skimage.data

pytestmark = pytest.mark.krita

WIDTH, HEIGHT = 120, 90
SRGB, LINEAR, LAB = "sRGB-elle-V2-srgbtrc.icc", "sRGB-elle-V2-g10.icc", "Lab identity built-in"
CASES = {
    "rgb8": ("RGBA", "U8", SRGB),
    "rgb16": ("RGBA", "U16", SRGB),
    "linear16": ("RGBA", "U16", LINEAR),
    "half": ("RGBA", "F16", LINEAR),
    "float": ("RGBA", "F32", LINEAR),
    "wide16": ("RGBA", "U16", "Rec2020-elle-V4-g10.icc"),
    "lab16": ("LABA", "U16", LAB),
    "labfloat": ("LABA", "F32", LAB),
}
HINT = np.array([150, 110, 90]) / 255
ROUNDING = {"rgb8": 0.25, "half": 0.1, "wide16": 0.1}
"""L* that the depth of the document, or Krita's conversion, cannot hold; 0.02 elsewhere."""


def gray() -> np.ndarray:
    """A piece of a photograph without color and without its extremes, (H, W) sRGB 0 to 1."""
    picture = skimage.color.rgb2gray(skimage.data.astronaut())[40 : 40 + HEIGHT, 180 : 180 + WIDTH]
    return 0.15 + 0.6 * picture


def to_linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def from_linear(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.clip(light, 0, None) ** (1 / 2.4) - 0.055)


# Bradford-adapted sRGB and Rec. 2020 primaries (D65), columns are R, G, B.
_SRGB_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_REC2020_XYZ = np.array([[0.6370, 0.1446, 0.1689], [0.2627, 0.6780, 0.0593], [0.0, 0.0281, 1.0610]])
_D65_TO_D50 = np.array([[1.0479, 0.0229, -0.0502], [0.0296, 0.9904, -0.0171], [-0.0092, 0.0151, 0.7519]])


def encode(srgb: np.ndarray, alpha: np.ndarray, space: tuple[str, str, str]) -> bytes:
    """Pixels as Krita keeps them in a space; srgb (H, W, 3) 0 to 1, alpha (H, W) 0 or 1."""
    model, depth, profile = space
    if model == "LABA":
        channels = lab_d50(srgb)
        scaled = channels / [100, 255, 255] + [0, 128 / 255, 128 / 255] if depth != "F32" else channels
    else:
        light = to_linear(srgb)
        if profile.startswith("Rec2020"):
            light = light @ (np.linalg.inv(_REC2020_XYZ) @ _SRGB_XYZ).T
        scaled = srgb if profile == SRGB else light
        scaled = scaled[..., ::-1] if depth.startswith("U") else scaled
    pixels = np.concatenate([scaled * alpha[..., None], alpha[..., None]], axis=2)
    most = {"U8": 255, "U16": 65535}.get(depth)
    if most is None:
        return pixels.astype(np.float16 if depth == "F16" else np.float32).tobytes()
    return np.rint(np.clip(pixels, 0, 1) * most).astype(np.uint8 if depth == "U8" else np.uint16).tobytes()


def decode(data: bytes, space: tuple[str, str, str]) -> np.ndarray:
    """D65 Lab (H, W, 3) of pixels as Krita keeps them."""
    model, depth, profile = space
    dtype, most = {
        "U8": (np.uint8, 255), "U16": (np.uint16, 65535), "F16": (np.float16, 1), "F32": (np.float32, 1),
    }[depth]  # fmt: skip
    channels = np.frombuffer(data, dtype).reshape(HEIGHT, WIDTH, 4)[..., :3].astype(np.float64) / most
    if model == "LABA":
        lab = channels if depth == "F32" else channels * [100, 255, 255] - [0, 128, 128]
        xyz = skimage.color.lab2xyz(lab, illuminant="D50") @ np.linalg.inv(_D65_TO_D50).T
        return skimage.color.xyz2lab(xyz)
    rgb = channels[..., ::-1] if depth.startswith("U") else channels
    light = to_linear(rgb) if profile == SRGB else rgb
    return skimage.color.xyz2lab(light @ (_REC2020_XYZ if profile.startswith("Rec2020") else _SRGB_XYZ).T)


def lab_d50(srgb: np.ndarray) -> np.ndarray:
    return skimage.color.xyz2lab(to_linear(srgb) @ _SRGB_XYZ.T @ _D65_TO_D50.T, illuminant="D50")


def lightness(path: Path, space: tuple[str, str, str]) -> np.ndarray:
    """L* (H, W); of Lab documents their own, which is that of D50."""
    data = path.read_bytes()
    if space[0] != "LABA":
        return decode(data, space)[..., 0]
    dtype, scale = (np.float32, 1) if space[1] == "F32" else (np.uint16, 100 / 65535)
    return np.frombuffer(data, dtype).reshape(HEIGHT, WIDTH, 4)[..., 0] * scale


@pytest.fixture(scope="module")
def hint_mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH))
    mask[30:50, 40:70] = 1
    return mask


def test_every_model_and_depth_keeps_lightness_and_meets_hints(
    krita: Callable[..., dict[str, Any]], hint_mask: np.ndarray, tmp_path: Path
) -> None:
    base, ones = np.repeat(gray()[..., None], 3, axis=2), np.ones((HEIGHT, WIDTH))
    cases = []
    for name, space in CASES.items():
        (tmp_path / f"{name}.base").write_bytes(encode(base, ones, space))
        (tmp_path / f"{name}.hints").write_bytes(encode(np.broadcast_to(HINT, base.shape), hint_mask, space))
        cases.append({"name": name, "space": space, "width": WIDTH, "height": HEIGHT})
    (tmp_path / "cases.json").write_text(json.dumps(cases))

    found = krita("steps_spaces.py")

    wrong = {}
    for name, space in CASES.items():
        assert found[name] == list(space)
        assert (tmp_path / f"{name}.base.after").read_bytes() == (tmp_path / f"{name}.base").read_bytes()
        lab = decode((tmp_path / f"{name}.composite").read_bytes(), space)
        before = decode((tmp_path / f"{name}.base").read_bytes(), space)
        wanted = np.concatenate(
            [before[..., :1], np.broadcast_to(skimage.color.rgb2lab(HINT)[1:], (HEIGHT, WIDTH, 2))], 2
        )
        error = skimage.color.deltaE_ciede2000(wanted, lab)[hint_mask == 1]
        drift = np.abs(lightness(tmp_path / f"{name}.composite", space) - lightness(tmp_path / f"{name}.base", space))
        limit = ROUNDING.get(name, 0.02)
        if error.mean() > 0.5 or error.max() > 2.3 or drift.max() > limit * 4 or drift.mean() > limit:
            wrong[name] = f"hints {error.mean():.3f} / {error.max():.3f}, L* {drift.mean():.4f} / {drift.max():.4f}"
    assert not wrong
