"""What the docker decides without Krita: palettes, color spaces, settings, requests, and when answers count."""

from __future__ import annotations

import ast
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.color

import handtint_krita
from handtint.client.link import LinkState
from handtint.client.live import Ask
from handtint.errors import GuidanceError
from handtint.wire.messages import (
    Color,
    Colorize,
    Colorized,
    Failure,
    Message,
    MethodInfo,
    Palette,
    Progress,
    Segment,
    Segmented,
    Suggest,
    Suggested,
    Welcome,
)
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane, Rect, Transfer
from handtint_krita.colorspace import GRAY, SRGB, SRGB_LINEAR, ColorSpace, colored, transfer, travelling, travels
from handtint_krita.conversation import Conversation
from handtint_krita.hashing import Hasher
from handtint_krita.lab import REACH, gamut_picture, nearest_srgb, to_lab, to_srgb
from handtint_krita.palettes import (
    MOST,
    fitting,
    format_palette,
    parse_palette,
    share_of,
    spread,
    with_color,
    with_moved_color,
    with_other_color,
    with_share,
    without_color,
)
from handtint_krita.request import Pictures, color_request, map_request, quick_detail
from handtint_krita.roles import Roles
from handtint_krita.settings import Settings, load, save, with_usable_palette
from handtint_krita.stroke import Spot, best_place, middle_of_change
from handtint_krita.view import sentence

PLUGIN = Path(handtint_krita.__file__).parent
BASE = Plane(PixelFormat.graya8, Extent(2, 1), bytes(4))


def imported(path: Path) -> set[str]:
    """Names of the top-level packages that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def test_qt_and_krita_are_imported_in_one_place_each() -> None:
    files = {path.name: imported(path) for path in PLUGIN.glob("*.py")}
    assert {name for name, packages in files.items() if packages & {"PyQt5", "PyQt6", "sip"}} == {"qt.py"}
    assert {name for name, packages in files.items() if "krita" in packages} == {"extension.py"}


@pytest.mark.parametrize(
    ("typed", "colors"),
    [
        ("#ff0000", [(1, 0, 0)]),
        ("0f0;#00F\n#fff", [(0, 1, 0), (0, 0, 1), (1, 1, 1)]),
        (" #336699 , ", [(0.2, 0.4, 0.6)]),
    ],
)
def test_a_typed_palette_is_read(typed: str, colors: Sequence[tuple[float, float, float]]) -> None:
    palette = parse_palette(typed)
    assert palette is not None
    assert [tuple(color) for color in palette.colors] == [pytest.approx(color) for color in colors]
    assert parse_palette(format_palette(palette)) == palette


def test_shares_are_typed_behind_colors_and_come_back() -> None:
    palette = parse_palette("#ff0000 30%, #00ff00, #0000ff 10%")
    assert palette is not None
    assert palette.weights == pytest.approx((0.75, 0, 0.25))
    again = parse_palette(format_palette(palette))
    assert again is not None
    assert again.weights == pytest.approx(palette.weights, abs=1e-3)


def test_swatches_are_added_removed_changed_moved_and_weighed() -> None:
    red, green, blue = Color(1, 0, 0), Color(0, 1, 0), Color(0, 0, 1)
    one = with_color(None, red)
    assert one == Palette((red,))
    three = with_color(with_color(one, green), blue)
    assert three == Palette((red, green, blue))
    shared = with_share(three, 0, 0.5)
    assert shared.weights == pytest.approx((0.5, 0.25, 0.25))
    assert [share_of(shared, index) for index in range(3)] == pytest.approx([0.5, 0.25, 0.25])
    moved = with_moved_color(shared, 0, 2)
    assert moved.colors == (green, blue, red)
    assert moved.weights == pytest.approx((0.25, 0.25, 0.5))
    assert without_color(moved, 0) == Palette((blue, red), pytest.approx((1 / 3, 2 / 3)))
    assert with_other_color(three, 1, red).colors == (red, red, blue)
    assert with_color(shared, red).weights == pytest.approx((0.375, 0.1875, 0.1875, 0.25))
    assert without_color(one, 0) is None
    assert with_share(one, 0, 0.2) == one
    assert with_share(with_share(three, 0, 1.0), 1, 0.5).weights == pytest.approx((0.5, 0.5, 0))


def test_a_full_palette_takes_no_further_color() -> None:
    full = parse_palette("#000," * MOST)
    with pytest.raises(GuidanceError, match="remove one first"):
        with_color(full, Color(1, 1, 1))


@pytest.mark.parametrize("color", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 0.5, 0.5), (0.2, 0.7, 0.4), (0, 0, 0)])
def test_the_dockers_lab_is_that_of_others(color: tuple[float, float, float]) -> None:
    lab = to_lab(Color(*color))
    assert lab == pytest.approx(tuple(skimage.color.rgb2lab(np.array([[color]], float))[0, 0]), abs=0.05)
    back = to_srgb(*lab)
    assert back is not None
    assert tuple(back) == pytest.approx(color, abs=2e-3)


def test_the_gamut_of_a_lightness_is_shown_where_srgb_has_it() -> None:
    side, lightness = 24, 60
    seen = np.frombuffer(gamut_picture(lightness, side), np.uint8).reshape(side, side, 4)
    inside = seen[..., 3] == 255
    shown = skimage.color.rgb2lab(seen[inside][:, 2::-1] / 255.0)
    steps = REACH * (2 * (np.arange(side) + 0.5) / side - 1)
    a, b = np.meshgrid(steps, steps[::-1])
    assert 0.2 < inside.mean() < 0.6
    assert np.abs(shown - np.stack([np.full(inside.sum(), lightness), a[inside], b[inside]], axis=1)).max() < 2.0
    assert to_srgb(lightness, 100, -100) is None
    nearest = to_lab(nearest_srgb(lightness, 100, -100))
    assert nearest[0] == pytest.approx(lightness, abs=0.5)
    assert nearest[1] == pytest.approx(-nearest[2], abs=0.5)
    assert to_srgb(lightness, 0.98 * nearest[1], 0.98 * nearest[2]) is not None


def test_the_middle_of_a_stroke_lies_on_it() -> None:
    size = Extent(9, 7)
    blank = Plane(PixelFormat.bgra8, size, bytes(4 * 9 * 7))
    painted = bytearray(blank.data)
    for x, y in [(2, 1), (2, 2), (2, 3), (3, 3), (4, 3), (7, 3), (2, 4), (2, 5)]:
        painted[4 * (9 * y + x) : 4 * (9 * y + x) + 4] = b"\1\2\3\xff"
    stroke = Plane(PixelFormat.bgra8, size, bytes(painted))
    assert middle_of_change(blank, stroke) == Spot(3, 3)
    assert middle_of_change(stroke, stroke) is None
    assert middle_of_change(Plane(PixelFormat.gray8, size, bytes(63)), stroke) is None
    corners = bytearray(blank.data)
    corners[:4] = corners[-4:] = b"\1\2\3\xff"
    assert middle_of_change(blank, Plane(PixelFormat.bgra8, size, bytes(corners))) == Spot(0, 0)


@pytest.mark.parametrize(("small", "large"), [((48, 36), (480, 360)), ((1, 1), (1, 1)), ((36, 48), (36, 48))])
def test_a_hint_helps_most_where_all_around_is_unsure(small: tuple[int, int], large: tuple[int, int]) -> None:
    unsure = np.full(small[::-1], 10, np.uint8)
    unsure[0, 0] = 255  # a single pixel is not a place
    unsure[small[1] // 2 :, small[0] // 2 :][:6, :6] = 200
    found = best_place(Plane(PixelFormat.gray8, Extent(*small), unsure.tobytes()), Extent(*large))
    scale = large[0] / small[0]
    assert 0 <= found.x < large[0]
    assert 0 <= found.y < large[1]
    if small != (1, 1):
        assert abs(found.x - scale * (small[0] // 2 + 3)) <= 3 * scale
        assert abs(found.y - scale * (small[1] // 2 + 3)) <= 3 * scale


def test_nothing_typed_is_no_palette() -> None:
    assert parse_palette("  , ;\n") is None


@pytest.mark.parametrize(("typed", "said"), [("#12345", "#12345"), ("red", "red"), ("#000," * 8, "up to 7 colors")])
def test_a_wrong_palette_is_said(typed: str, said: str) -> None:
    with pytest.raises(GuidanceError, match=said):
        parse_palette(typed)


def test_a_large_palette_is_thinned_evenly_with_its_ends() -> None:
    colors = tuple(Color(index / 100, 0, 0) for index in range(101))
    assert [round(color.red * 100) for color in spread(colors, 6)] == [0, 20, 40, 60, 80, 100]
    assert spread(colors[:3], 6) == colors[:3]


def test_color_spaces_travel_as_they_are_or_as_their_nearest() -> None:
    wide = ColorSpace("RGBA", "U16", "Rec2020-elle-V4-g10.icc")
    inks = ColorSpace("CMYKA", "U8", "Chemical proof")
    assert not travels(wide)
    assert not travels(inks)
    assert travelling(wide) == ColorSpace("RGBA", "U16", SRGB)
    assert travelling(inks) == ColorSpace("RGBA", "U8", SRGB)
    assert travelling(ColorSpace("GRAYA", "U8", "Dot Gain 20%")) == ColorSpace("GRAYA", "U8", GRAY)
    assert travels(ColorSpace("LABA", "F32", "any Lab profile"))
    assert transfer(ColorSpace("RGBA", "F32", SRGB_LINEAR)) is Transfer.linear


def test_a_gray_document_takes_the_rgb_space_with_its_own_curve() -> None:
    assert colored(ColorSpace("GRAYA", "U16", GRAY)) == ColorSpace("RGBA", "U16", SRGB)
    linear = ColorSpace("GRAYA", "F32", "Gray-D50-elle-V2-g10.icc")
    assert colored(linear) == ColorSpace("RGBA", "F32", SRGB_LINEAR)
    assert colored(ColorSpace("LABA", "U8", "x")) == ColorSpace("LABA", "U8", "x")


class Drawer(dict[str, str]):
    """A store of settings in memory."""

    def read(self, key: str, default: str) -> str:
        return self.get(key, default)

    def write(self, key: str, value: str) -> None:
        self[key] = value


def test_settings_come_back_and_damaged_ones_have_their_defaults() -> None:
    drawer = Drawer()
    wanted = Settings("scribble", "#102030", 0.25, 1.0, 0.125, True)
    save(drawer, wanted)
    assert load(drawer) == wanted
    drawer.update(strength="much", reach="7", softness="-1", palette="mauve", follows_base="perhaps")
    assert with_usable_palette(load(drawer)) == Settings("scribble", "", 1.0, 0.5)


@pytest.mark.parametrize(
    "takes", [(), ("hints",), ("palette", "semantic"), ("exemplar", "hints", "palette", "semantic")]
)
def test_a_request_holds_what_the_method_takes_and_no_more(takes: tuple[str, ...]) -> None:
    space = ColorSpace("RGBA", "F16", SRGB_LINEAR)
    settings = Settings("any", "#ff0000", 0.5, 0.75, 0.25)
    red = parse_palette("#ff0000")
    given = {"hints": BASE, "semantic": Known("a" * 32), "exemplar": Known("b" * 32)}
    request = color_request(3, "doc", Pictures(BASE, **given), red, space, settings, takes)
    taken = {name: value for name, value in {**given, "palette": red}.items() if name in takes}
    assert request == Colorize(
        3, "doc", BASE, "any", reach=0.75, softness=0.25, strength=0.5, output=PixelFormat.rgbaf16, linear=True, **taken
    )


@pytest.mark.parametrize(
    ("extent", "scale", "detail"),
    [
        ((2450, 1633), 0.3, (735, 490)),
        ((2450, 1633), 0.01, (24, 16)),
        ((2450, 1633), 4.0, (1254, 836)),  # no finer than what is quick
        ((6000, 4000), 0.5, (1254, 836)),
        ((60_000, 20), 0.001, (60, 1)),
        ((1000, 1000), 0.3, None),  # all of it is as quick
        ((1300, 1200), 2.0, None),
        ((2450, 1633), 0.0, None),  # nobody sees it
    ],
)
def test_a_quick_answer_is_as_fine_as_what_is_seen(
    extent: tuple[int, int], scale: float, detail: tuple[int, int] | None
) -> None:
    assert quick_detail(Extent(*extent), scale) == detail
    request = color_request(
        1,
        "d",
        Pictures(BASE),
        None,
        ColorSpace("RGBA", "U8", SRGB),
        Settings(),
        (),
        quick_detail(Extent(*extent), scale),
    )
    assert request.detail == detail
    assert request.size is None


def test_a_map_is_asked_for_in_the_documents_own_pixels() -> None:
    request = map_request(4, "doc", BASE, ColorSpace("RGBA", "F32", SRGB_LINEAR))
    assert request == Segment(4, "doc", BASE, output=PixelFormat.rgbaf32, linear=True)


def test_a_method_gets_as_many_colors_as_it_takes() -> None:
    seven = parse_palette("#000 #111 #222 #333 #444 #555 #666")
    assert seven is not None
    assert fitting(None, 3) is None
    assert fitting(seven, 0) == fitting(seven, 7) == seven
    weighed = fitting(replace(seven, weights=(0.4, 0.1, 0.1, 0.2, 0.1, 0.05, 0.05)), 3)
    assert weighed is not None
    assert weighed.weights == pytest.approx((0.4 / 0.65, 0.2 / 0.65, 0.05 / 0.65))
    three, one = fitting(seven, 3), fitting(seven, 1)
    assert three is not None
    assert one is not None
    assert format_palette(three) == "#000000, #333333, #666666"
    assert format_palette(one) == "#000000"


def test_an_exemplar_is_a_layer_or_a_file() -> None:
    roles = Roles(base="b").given(exemplar="layer")
    assert roles == Roles(base="b", exemplar="layer")
    assert roles.given(exemplar_file="/a.png") == Roles(base="b", exemplar_file="/a.png")
    assert roles.given(exemplar_file="/a.png").given(exemplar="other") == Roles(base="b", exemplar="other")
    assert roles.given(exemplar="", exemplar_file="") == Roles(base="b")


def test_large_planes_are_named_on_another_thread() -> None:
    class Watched(Plane):
        def digest(self) -> str:
            seen.append(threading.current_thread())
            return super().digest()

    seen: list[threading.Thread] = []
    large = Watched(PixelFormat.gray8, Extent(1 << 13, 1 << 10), bytes(1 << 23))
    hasher = Hasher()
    assert not hasher.ready(large, BASE)
    while hasher.busy:
        pass
    assert hasher.ready(large, BASE)
    assert len(seen) == 1
    assert seen[0] is not threading.current_thread()


@pytest.mark.parametrize(
    ("text", "said"), [("the engine is gone", "The engine is gone."), ("Ready…", "Ready…"), ("", ""), ("  no! ", "No!")]
)
def test_messages_become_sentences(text: str, said: str) -> None:
    assert sentence(text) == said


class Script:
    """A link whose engine says what the test wrote down."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.coming: list[Message] = []
        self.state, self.text, self.wants_write, self.unanswered = LinkState.ready, "Ready.", False, ()
        methods = (
            MethodInfo("a", "A", "", ("palette",), missing="no weights"),
            MethodInfo("d", "D", "", ("exemplar",), needs=("exemplar",)),
            MethodInfo("b", "B", "", ("hints",)),
        )
        self.welcome = Welcome(1, "0", "cpu", methods)

    def next_id(self) -> int:
        return len(self.sent) + 1

    def send(self, message: Message, whole: object = None) -> None:
        self.sent.append(message)

    def pump(self, now: float) -> list[Message]:
        coming, self.coming = self.coming, []
        return coming


def colorized(id: int) -> Colorized:
    return Colorized(id, BASE, Rect(0, 0, 2, 1), Extent(2, 1), "b")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def talk(script: Any) -> Conversation:
    return Conversation(lambda: script)


def ask(talk: Conversation) -> int:
    return talk.ask(lambda id: Colorize(id, "doc", BASE), {})


def test_only_the_newest_request_has_an_answer(talk: Conversation, script: Script) -> None:
    first, second = ask(talk), ask(talk)
    script.coming = [colorized(first), Failure(first, "superseded", ""), Progress(second, 0.5, "solving")]
    assert talk.pump(0) is None
    assert (talk.fraction, talk.text) == (0.5, "Solving…")
    script.coming = [colorized(second)]
    assert talk.pump(1) == colorized(second)
    assert talk.newest == 0
    assert talk.text == "Ready."


def test_a_failure_of_the_newest_request_is_told_and_a_cancelled_one_is_not(talk: Conversation, script: Script) -> None:
    failure = Failure(ask(talk), "internal", "out of paint")
    script.coming = [failure]
    assert talk.pump(0) == failure
    asked = ask(talk)
    talk.cancel()
    script.coming = [colorized(asked)]
    assert talk.pump(1) is None
    script.coming = [Failure(ask(talk), "cancelled", "")]
    assert talk.pump(2) is None
    assert talk.newest == 0


def test_without_a_choice_the_first_usable_method_counts(talk: Conversation) -> None:
    chosen, named, unknown = talk.method(""), talk.method("a"), talk.method("c")
    assert chosen is not None
    assert chosen.name == "b"
    assert named is not None
    assert unknown is None


def test_a_map_that_is_found_is_an_answer_too(talk: Conversation, script: Script) -> None:
    asked = talk.ask(lambda id: Segment(id, "doc", BASE), {})
    assert talk.finding
    assert talk.text == "Looking for objects…"
    script.coming = [Segmented(asked, BASE, ())]
    assert talk.pump(0) == Segmented(asked, BASE, ())
    assert not talk.finding
    ask(talk)
    assert not talk.finding
    assert talk.text == "Coloring…"


def test_a_change_is_asked_for_at_once_and_again_when_the_hand_rests(talk: Conversation) -> None:
    talk.live.changed(5.0)
    assert talk.live.due(5.0) is Ask.preview
    talk.live.sent(ask(talk), 5.0, Ask.preview)
    assert talk.live.received(colorized(talk.newest), 5.1)
    assert talk.live.due(5.2) is None
    assert talk.live.due(5.5) is Ask.full
    talk.begin()
    assert talk.live.due(6.0) is None


def test_what_is_asked_aside_takes_no_ones_place(talk: Conversation, script: Script) -> None:
    first = ask(talk)
    aside = talk.ask_aside(lambda id: Suggest(id, "doc", BASE, 0, 0))
    script.coming = [Progress(aside, 0.5, "looking"), Suggested(aside, (Color(1, 0, 0),)), colorized(first)]
    assert talk.pump(0) == colorized(first)
    assert talk.aside == [Suggested(aside, (Color(1, 0, 0),))]
