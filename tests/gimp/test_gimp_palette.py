"""How an editor's palette becomes guidance. Needs no GIMP."""

from __future__ import annotations

import pytest

from handtint.errors import EngineFailed, GuidanceError
from handtint.wire.messages import CancelDone, Color, ExtractedPalette, ExtractPalette, Message, Palette
from handtint.wire.pixels import Extent, PixelFormat, Plane
from handtint_gimp.colorize import MAX_PALETTE, Swatches, build_palette


def nobody(request: Message) -> Message:
    raise AssertionError(f"a small palette needs no engine, asked for {request.type}")


def test_a_few_colors_travel_as_they_are() -> None:
    palette = build_palette(Swatches("Two", bytes([255, 0, 51, 0, 102, 255])), nobody)
    assert palette == Palette((Color(1.0, 0.0, 0.2), Color(0.0, 0.4, 1.0)), name="Two")


def test_the_main_colors_of_many_are_the_engines_choice() -> None:
    asked: list[Message] = []
    main = Palette((Color(0.5, 0.5, 0.5), Color(1.0, 0.0, 0.0)), (0.75, 0.25))

    def engine(request: Message) -> Message:
        asked.append(request)
        return ExtractedPalette(7, main)

    data = bytes(range(3 * (MAX_PALETTE + 1)))
    palette = build_palette(Swatches("Many", data), engine)
    assert palette == Palette(main.colors, main.weights, "Many")
    assert asked == [ExtractPalette(0, Plane(PixelFormat.rgb8, Extent(MAX_PALETTE + 1, 1), data), MAX_PALETTE)]


def test_an_empty_palette_is_refused() -> None:
    with pytest.raises(GuidanceError, match="'Empty' has no colors"):
        build_palette(Swatches("Empty", b""), nobody)


def test_an_answer_of_another_kind_is_an_error_of_the_engine() -> None:
    with pytest.raises(EngineFailed, match="cancel_done"):
        build_palette(Swatches("Many", bytes(30)), lambda request: CancelDone(1, 2, found=False))
