from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from handtint import weights
from handtint.colorizers import trained
from handtint.colorizers.base import Control
from handtint.errors import Cancelled, GuidanceError, PictureError, ProtocolError, WeightsError
from handtint.server import planes
from handtint.server.bounds import TooLarge
from handtint.server.cache import Cache, UnknownPlanes
from handtint.server.mailbox import Job
from handtint.server.service import Service
from handtint.wire import messages as m
from handtint.wire.pixels import Extent, Known, Patch, PixelFormat, Plane, Rect, blank_digest

WIDTH, HEIGHT = 12, 8


def gray(value: int = 128, width: int = WIDTH, height: int = HEIGHT) -> Plane:
    return Plane(PixelFormat.gray8, Extent(width, height), bytes([value]) * (width * height))


def hint_layer(color: tuple[int, int, int] = (200, 60, 40), row: int = 2) -> Plane:
    data = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    data[row, 3:6] = (*color, 255)
    return Plane(PixelFormat.rgba8, Extent(WIDTH, HEIGHT), data.tobytes())


@pytest.fixture
def service(colorizer: Any) -> Service:
    colorizer.permits.release(1000)
    return Service(device="cpu", cache=Cache(1 << 20), load=lambda name, device: colorizer, threads=1)


def colorize(service: Service, **changes: Any) -> m.Colorized:
    values = {"base": gray(), "method": "gated", "output": PixelFormat.abf32}
    answer = service.answer(Job(b"", "", m.Colorize(7, "d", **{**values, **changes})))
    assert isinstance(answer, m.Colorized)
    assert answer.id == 7
    return answer


def numbers(answer: m.Colorized) -> np.ndarray:
    return planes.pixels(answer.plane)


def test_whole_answer(service: Service) -> None:
    answer = colorize(service)
    assert answer.size == answer.plane.extent == Extent(WIDTH, HEIGHT)
    assert answer.region == Rect(0, 0, WIDTH, HEIGHT)
    assert answer.method == "gated"
    assert np.unique(numbers(answer).reshape(-1, 2), axis=0).tolist() == [[10, -20]]


def test_strength_and_selection(service: Service) -> None:
    assert numbers(colorize(service, strength=0.5))[0, 0].tolist() == [5, -10]
    selection = Plane(PixelFormat.gray8, Extent(WIDTH, HEIGHT), bytes(range(WIDTH * HEIGHT)))
    answer = colorize(service, selection=selection, output=PixelFormat.bgra8)
    assert numbers(answer)[..., 3].reshape(-1).tolist() == list(range(WIDTH * HEIGHT))


def test_preview_is_composed_from_the_averaged_lightness(service: Service) -> None:
    checks = np.indices((HEIGHT, WIDTH)).sum(0) % 2 * 255
    base = Plane(PixelFormat.gray8, Extent(WIDTH, HEIGHT), checks.astype(np.uint8).tobytes())
    answer = colorize(service, base=base, size=Extent(WIDTH // 2, HEIGHT // 2), output=PixelFormat.rgb8, strength=0.0)
    assert answer.size == answer.plane.extent == Extent(6, 4)
    # L* of black and white is 50 on average: gray 119.
    assert np.unique(numbers(answer)).tolist() == [119]


def test_region_is_cut_from_the_answer(service: Service) -> None:
    base = Plane(PixelFormat.gray8, Extent(WIDTH, HEIGHT), bytes(range(WIDTH * HEIGHT)))
    whole = numbers(colorize(service, base=base, output=PixelFormat.rgb8, strength=0.0))
    answer = colorize(service, base=base, output=PixelFormat.rgb8, strength=0.0, region=Rect(2, 1, 5, 4))
    assert answer.region == Rect(2, 1, 5, 4)
    assert answer.size == Extent(WIDTH, HEIGHT)
    assert numbers(answer).tolist() == whole[1:5, 2:7].tolist()


def test_region_of_a_preview_with_a_selection(service: Service) -> None:
    selection = np.zeros((HEIGHT, WIDTH), np.uint8)
    selection[:, :6] = 255
    answer = colorize(
        service,
        size=Extent(4, 4),
        region=Rect(1, 0, 2, 1),
        selection=Plane(PixelFormat.gray8, Extent(WIDTH, HEIGHT), selection.tobytes()),
        output=PixelFormat.rgba8,
    )
    assert numbers(answer)[0, :, 3].tolist() == [255, 0]


def test_coarse_colors_lie_over_the_pictures_own_lightness(service: Service, colorizer: Any) -> None:
    sizes = []
    original = colorizer.colorize

    def spy(prepared: Any, guidance: Any, **options: Any) -> Any:
        sizes.append(options["size"])
        return original(prepared, guidance, **options)

    colorizer.colorize = spy
    base = Plane(PixelFormat.gray8, Extent(WIDTH, HEIGHT), bytes(range(100, 100 + WIDTH * HEIGHT)))
    whole = colorize(service, base=base, output=PixelFormat.rgb8)
    quick = colorize(service, base=base, output=PixelFormat.rgb8, detail=Extent(4, 3), region=Rect(2, 1, 5, 4))
    assert sizes == [None, (3, 4)]
    assert quick.size == Extent(WIDTH, HEIGHT)
    assert quick.region == Rect(2, 1, 5, 4)
    assert numbers(quick).tolist() == numbers(whole)[1:5, 2:7].tolist()


def test_detail_beyond_the_answer(service: Service) -> None:
    with pytest.raises(ProtocolError, match="detail no larger than the answer of 6x4, got 7x4"):
        colorize(service, size=Extent(6, 4), detail=Extent(7, 4))


@pytest.mark.parametrize("region", [Rect(0, 0, WIDTH + 1, 1), Rect(-1, 0, 2, 2), Rect(0, HEIGHT, 1, 1)])
def test_region_outside_the_answer(service: Service, region: Rect) -> None:
    with pytest.raises(ProtocolError, match="region inside the answer"):
        colorize(service, region=region)


def test_answer_larger_than_the_base(service: Service) -> None:
    with pytest.raises(ProtocolError, match="no larger than the base"):
        colorize(service, size=Extent(WIDTH + 1, HEIGHT))


def test_picture_is_prepared_once(service: Service, colorizer: Any) -> None:
    first = colorize(service)
    again = colorize(service, base=Known(gray().digest()))
    assert colorizer.prepared == 1
    assert bytes(first.plane.data) == bytes(again.plane.data)
    colorize(service, base=gray(129))
    assert colorizer.prepared == 2


def test_everything_that_is_missing_is_named_at_once(service: Service) -> None:
    hints = Patch("a" * 32, 0, 0, Plane(PixelFormat.rgba8, Extent(1, 1), bytes(4)))
    with pytest.raises(UnknownPlanes) as caught:
        colorize(service, hints=hints, semantic=Known("b" * 32), selection=Known("c" * 32))
    assert set(caught.value.missing) == {"a" * 32, "b" * 32, "c" * 32}


def test_patches_wait_for_the_base_which_says_how_large_a_blank_is(service: Service) -> None:
    dot = Plane(PixelFormat.rgba8, Extent(1, 1), bytes((200, 40, 40, 255)))
    hints = Patch(blank_digest(PixelFormat.rgba8, Extent(WIDTH, HEIGHT)), 2, 1, dot)
    with pytest.raises(UnknownPlanes) as caught:
        colorize(service, base=Known("b" * 32), hints=hints, selection=Known("c" * 32))
    assert set(caught.value.missing) == {"b" * 32, "c" * 32}
    assert colorize(service, hints=hints).size == Extent(WIDTH, HEIGHT)
    with pytest.raises(UnknownPlanes):
        colorize(service, hints=replace(hints, parent=blank_digest(PixelFormat.rgba8, Extent(WIDTH, HEIGHT + 1))))


def test_planes_of_a_failed_request_are_kept(service: Service) -> None:
    with pytest.raises(UnknownPlanes):
        colorize(service, hints=Known("a" * 32))
    assert colorize(service, base=Known(gray().digest())).size == Extent(WIDTH, HEIGHT)


def test_a_prepared_picture_needs_its_plane_no_more(colorizer: Any) -> None:
    colorizer.permits.release(10)
    # Room for the prepared picture (4 bytes a pixel) or for both, as a second plane comes in.
    service = Service(device="cpu", cache=Cache(WIDTH * HEIGHT * 5), load=lambda name, device: colorizer, threads=1)
    colorize(service)
    service.keep(Job(b"", "", m.Colorize(1, "d", gray(1, 10, 1))))
    assert colorize(service, base=Known(gray().digest())).size == Extent(WIDTH, HEIGHT)
    assert colorizer.prepared == 1


def test_a_picture_beyond_the_budget_is_colored_all_the_same(colorizer: Any) -> None:
    colorizer.permits.release(10)
    service = Service(device="cpu", cache=Cache(10), load=lambda name, device: colorizer, threads=1)
    for _ in range(2):
        assert colorize(service, hints=hint_layer()).size == Extent(WIDTH, HEIGHT)
    assert colorizer.prepared == 2


def test_prepared_for_another_method_only(colorizer: Any) -> None:
    colorizer.permits.release(10)
    service = Service(device="cpu", cache=Cache(WIDTH * HEIGHT * 4), load=lambda name, device: colorizer, threads=1)
    colorize(service)
    with pytest.raises(UnknownPlanes) as caught:
        colorize(service, base=Known(gray().digest()), method="another")
    assert caught.value.missing == (gray().digest(),)


def test_hints_by_patch_are_those_of_the_whole(service: Service, colorizer: Any) -> None:
    seen = []
    original = colorizer.colorize

    def spy(prepared: Any, guidance: Any, **options: Any) -> Any:
        seen.append(guidance)
        return original(prepared, guidance, **options)

    colorizer.colorize = spy
    old, new = hint_layer(row=2), hint_layer(row=5)
    empty_row = Plane(PixelFormat.rgba8, Extent(3, 1), bytes(12))
    stroke = Plane(PixelFormat.rgba8, Extent(3, 1), bytes((200, 60, 40, 255)) * 3)
    erase = Patch(old.digest(), 3, 2, empty_row)
    colorize(service, hints=old)
    colorize(service, hints=erase)
    colorize(service, hints=Patch(erase.digest(), 3, 5, stroke))
    colorize(service, hints=new)
    after, whole = (seen[index].hints.layer() for index in (2, 3))
    assert np.array_equal(after.ab, whole.ab)
    assert np.array_equal(after.mask, whole.mask)
    assert not len(seen[1].hints.pixels)
    assert seen[0].hints.layer().mask[2, 3:6].tolist() == [1, 1, 1]


def test_a_painted_map_is_classes_to_the_method_and_what_was_guessed_is_said(service: Service, colorizer: Any) -> None:
    seen = []
    original = colorizer.colorize

    def spy(prepared: Any, guidance: Any, **options: Any) -> Any:
        seen.append(guidance)
        return original(prepared, guidance, **options)

    colorizer.colorize = spy
    sky = next(entry for entry in weights.read_classes() if entry.name == "sky")
    data = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    data[:2] = (*sky.color, 255)
    exact = Plane(PixelFormat.rgba8, Extent(WIDTH, HEIGHT), data.tobytes())
    red, green, blue = sky.color
    data[7, 11] = (red - 6, green - 6, blue + 6, 255)
    guessed = Plane(PixelFormat.rgba8, Extent(WIDTH, HEIGHT), data.tobytes())
    assert colorize(service, semantic=exact).notes == ()
    assert "no class's color" in colorize(service, semantic=guessed).notes[0]
    assert seen[0].semantic.tolist() == [[sky.index] * WIDTH] * 2 + [[0] * WIDTH] * 6
    assert seen[1].semantic[7, 11] == sky.index


@pytest.mark.parametrize("name", ["hints", "semantic", "selection"])
def test_guidance_of_another_size(service: Service, name: str) -> None:
    formats = {"hints": PixelFormat.rgba8, "semantic": PixelFormat.index8, "selection": PixelFormat.gray8}
    plane = Plane(formats[name], Extent(3, 3), bytes(9 * formats[name].pixel_bytes))
    with pytest.raises(GuidanceError, match=f"expected {name} of the picture's 12x8 pixels, got 3x3"):
        colorize(service, **{name: plane})


@pytest.mark.parametrize("extent", [Extent(65_536, 1), Extent(1, 65_536), Extent(20_000, 10_001)])
def test_too_large(service: Service, extent: Extent) -> None:
    class Huge(Plane):
        def __post_init__(self) -> None:
            """A plane of this size without its bytes: nobody may look at them."""

    with pytest.raises(TooLarge, match="at most 200 million pixels and 65535 on a side"):
        colorize(service, base=Huge(PixelFormat.gray8, extent, b""))


def test_answer_that_holds_no_color(service: Service) -> None:
    with pytest.raises(PictureError, match="for the answer"):
        colorize(service, output=PixelFormat.gray8)


def test_called_off_between_two_steps(service: Service) -> None:
    job = Job(b"", "", m.Colorize(1, "d", gray(), method="gated"))
    job.end("cancelled")
    with pytest.raises(Cancelled):
        service.answer(job)


def test_note_when_a_hint_is_outside_the_gamut(service: Service) -> None:
    assert (
        colorize(service, base=gray(20), hints=hint_layer((255, 0, 0))).notes[0].startswith("Some hints are stronger")
    )
    assert colorize(service, base=gray(119), hints=hint_layer((130, 110, 115))).notes == ()


def test_kept_planes_of_a_called_off_request(service: Service) -> None:
    request = m.Colorize(1, "d", gray(), hints=hint_layer(), exemplar=Known("a" * 32))
    service.keep(Job(b"", "", request))
    assert colorize(service, base=Known(gray().digest()), hints=Known(hint_layer().digest())).method == "gated"


def test_rest_frees_models_and_prepared_pictures_but_no_planes(service: Service, colorizer: Any) -> None:
    colorize(service)
    assert service.loaded == ("gated",)
    service.rest()
    assert service.loaded == ()
    colorize(service, base=Known(gray().digest()))
    assert colorizer.prepared == 2


def test_suggestions_without_weights_are_refused_in_a_sentence(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "find", lambda name: None)
    for request in (m.Suggest(3, "d", gray(), 0, 0), m.MapUncertainty(3, "d", gray())):
        with pytest.raises(WeightsError, match="suggested by the method bins, whose weights are not installed"):
            service.answer(Job(b"", "", request))


def test_a_map_without_weights_is_refused_in_a_sentence(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "find", lambda name: None)
    with pytest.raises(WeightsError, match="'segment' are not installed"):
        service.answer(Job(b"", "", m.Segment(3, "d", gray())))


def test_a_map_in_a_format_without_alpha_is_refused(service: Service) -> None:
    with pytest.raises(PictureError, match="expected index8"):
        service.answer(Job(b"", "", m.Segment(3, "d", gray(), PixelFormat.rgb8)))


def test_extracted_palette(service: Service) -> None:
    data = np.zeros((4, 4, 3), np.uint8)
    data[:3] = (255, 0, 0)
    data[3] = (0, 0, 255)
    source = Plane(PixelFormat.rgb8, Extent(4, 4), data.tobytes())
    answer = service.answer(Job(b"", "", m.ExtractPalette(4, source, 3)))
    assert isinstance(answer, m.ExtractedPalette)
    assert answer.palette.weights == pytest.approx((0.75, 0.25))
    assert answer.palette.colors[0] == pytest.approx((1, 0, 0), abs=2e-3)
    assert answer.palette.colors[1] == pytest.approx((0, 0, 1), abs=2e-3)


def test_palette_of_too_many_colors(service: Service) -> None:
    with pytest.raises(GuidanceError, match="1 to 16 colors"):
        service.answer(Job(b"", "", m.ExtractPalette(4, gray(), 200)))


def test_a_request_for_somebody_else(service: Service) -> None:
    with pytest.raises(ProtocolError, match="got 'status'"):
        service.answer(Job(b"", "", m.GetStatus(1)))


def test_palette_goes_to_the_method(service: Service, colorizer: Any) -> None:
    guidance = replace(m.Colorize(1, "d", gray()), palette=m.Palette((m.Color(1, 0, 0),)))
    assert colorize(service, palette=guidance.palette).method == "gated"


def test_warming_up_loads_the_method_and_keeps_no_picture(service: Service, colorizer: Any) -> None:
    asked = []
    original = colorizer.colorize

    def spy(prepared: Any, guidance: Any, **options: Any) -> Any:
        asked.append((prepared.lightness.shape, guidance.controls()))
        return original(prepared, guidance, **options)

    colorizer.colorize = spy
    service.warm_up("scribble")
    assert asked == [((384, 384), frozenset({Control.hints}))]
    assert service.loaded == ("scribble",)
    with pytest.raises(UnknownPlanes):
        colorize(service, base=Known(gray().digest()))
