"""How an editor's palette becomes guidance, and what of the guidance a method is given. Needs no GIMP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handtint.errors import EngineFailed, GuidanceError
from handtint.wire.messages import (
    CancelDone,
    Color,
    ExtractedPalette,
    ExtractPalette,
    GetStatus,
    Message,
    MethodInfo,
    Palette,
    Status,
)
from handtint.wire.pixels import Extent, PixelFormat, Plane
from handtint_gimp.colorize import Settings, Swatches, build_palette, known_methods, only_taken

GRAY = Plane(PixelFormat.gray8, Extent(1, 1), b"g")


def nobody(request: Message) -> Message:
    raise AssertionError(f"a small palette needs no engine, asked for {request.type}")


def test_a_few_colors_travel_as_they_are() -> None:
    palette = build_palette(Swatches("Two", bytes([255, 0, 51, 0, 102, 255])), 2, nobody)
    assert palette == Palette((Color(1.0, 0.0, 0.2), Color(0.0, 0.4, 1.0)), name="Two")


def test_shares_travel_with_the_colors() -> None:
    palette = build_palette(Swatches("Two", bytes(6), (0.75, 0.25)), 2, nobody)
    assert palette == Palette((Color(0.0, 0.0, 0.0),) * 2, (0.75, 0.25), name="Two")


def test_the_main_colors_of_many_are_the_engines_choice() -> None:
    asked: list[Message] = []
    main = Palette((Color(0.5, 0.5, 0.5), Color(1.0, 0.0, 0.0)), (0.75, 0.25))

    def engine(request: Message) -> Message:
        asked.append(request)
        return ExtractedPalette(7, main)

    data = bytes(range(3 * 8))
    palette = build_palette(Swatches("Many", data), 7, engine)
    assert palette == Palette(main.colors, main.weights, "Many")
    assert asked == [ExtractPalette(0, Plane(PixelFormat.rgb8, Extent(8, 1), data), 7)]


def test_an_empty_palette_is_refused() -> None:
    with pytest.raises(GuidanceError, match="'Empty' has no colors"):
        build_palette(Swatches("Empty", b""), 5, nobody)


def test_an_answer_of_another_kind_is_an_error_of_the_engine() -> None:
    with pytest.raises(EngineFailed, match="cancel_done"):
        build_palette(Swatches("Many", bytes(30)), 5, lambda request: CancelDone(1, 2, found=False))


def test_only_what_the_method_takes_is_sent() -> None:
    first = MethodInfo("first", "First", "", ("exemplar",), missing="no weights")
    needing = MethodInfo("needing", "", "", ("exemplar",), needs=("exemplar",))
    second, third = MethodInfo("second", "", "", ("hints", "palette")), MethodInfo("third", "", "", ())

    def engine(request: Message) -> Message:
        assert request == GetStatus(0)
        return Status(0, "1", 1, "cpu", 0.0, (first, needing, second, third))

    known = known_methods(engine)
    assert known == {"first": first, "needing": needing, "second": second, "third": third, "default": second}
    hints, semantic = object(), object()
    everything = Settings(hints, semantic, lambda: GRAY, Swatches("Two", bytes(6)))
    assert only_taken(everything, known) == Settings(hints, palette=everything.palette)
    assert only_taken(replace(everything, method="third"), known) == Settings(method="third")
    unknown = replace(everything, method="of another engine")
    assert only_taken(unknown, known) == unknown
