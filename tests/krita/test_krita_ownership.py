"""Whose the color layer is, by which layer the painter was on and what it held when he left it."""

from __future__ import annotations

from collections.abc import Callable

from handtint_krita.ownership import Ownership


class Seen:
    """Counts how often the layer's pixels had to be looked at."""

    def __init__(self, untouched: bool) -> None:
        self.untouched, self.times = untouched, 0

    def __call__(self) -> bool:
        self.times += 1
        return self.untouched


def never() -> bool:
    raise AssertionError("nobody was on the layer: its pixels need no look")


def watched(*actives: str, untouched: Callable[[], bool]) -> Ownership:
    """What is known of a layer that was written, and during whose watch these layers were active."""
    own = Ownership()
    own.written("color")
    for active in actives:
        own.look("color", active, untouched)
    return own


def test_a_layer_that_nobody_was_on_is_ours_whatever_it_holds() -> None:
    assert watched("hints", "base", untouched=never).sure("color", "hints")


def test_while_the_painter_is_on_it_nothing_is_sure() -> None:
    assert not watched("hints", "color", untouched=never).sure("color", "color")
    assert not watched("hints", untouched=never).sure("color", "color"), "he has only just got there"


def test_where_krita_does_not_say_which_layer_is_active_nothing_is_sure() -> None:
    assert not watched("", untouched=never).sure("color", "")


def test_once_he_has_left_it_one_look_tells() -> None:
    same, painted = Seen(True), Seen(False)
    assert watched("color", "hints", "hints", untouched=same).sure("color", "hints")
    assert not watched("color", "hints", "hints", untouched=painted).sure("color", "hints")
    assert (same.times, painted.times) == (1, 1)


def test_a_layer_of_a_document_that_was_just_opened_is_looked_at_once() -> None:
    own, same = Ownership(), Seen(True)
    assert not own.sure("color", "hints")
    own.look("color", "hints", same)
    own.look("color", "hints", same)
    assert own.sure("color", "hints")
    assert same.times == 1


def test_no_layer_is_no_ones() -> None:
    own = Ownership()
    own.look("", "hints", never)
    assert not own.sure("", "hints")
    assert not own.sure("another", "hints")
