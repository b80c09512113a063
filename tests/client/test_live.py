"""Scheduling while somebody paints, with a clock of numbers: preview while the hand moves, full size when it rests."""

from __future__ import annotations

import pytest

from handtint.client.live import Ask, LiveSession
from handtint.wire.messages import Colorized, Failure, Progress
from handtint.wire.pixels import Extent, PixelFormat, Plane, Rect

PIXEL = Plane(PixelFormat.rgba8, Extent(1, 1), b"abcd")


def colored(id: int) -> Colorized:
    return Colorized(id, PIXEL, Rect(0, 0, 1, 1), Extent(1, 1), "scribble")


@pytest.fixture
def live() -> LiveSession:
    return LiveSession(grace=0.05, rest=0.4, max_wait=10.0)


def test_nothing_is_due_before_the_first_change(live):
    assert live.due(100.0) is None
    assert live.wake(100.0) is None


def test_a_stroke_is_previewed_after_the_grace_and_finished_when_the_hand_rests(live):
    live.changed(1.0)
    assert live.due(1.0) is None
    assert live.wake(1.0) == pytest.approx(0.05)
    assert live.due(1.05) is Ask.preview
    live.sent(1, 1.05, Ask.preview)
    assert live.due(1.1) is None
    assert live.received(colored(1), 1.2)
    assert live.due(1.3) is None
    assert live.wake(1.3) == pytest.approx(0.1)
    assert live.due(1.4) is Ask.full
    live.sent(2, 1.4, Ask.full)
    assert live.received(colored(2), 3.0)
    assert live.due(9.0) is None
    assert live.wake(9.0) is None


def test_changes_while_the_hand_moves_are_gathered_and_one_preview_is_out_at_a_time(live):
    for step in range(10):
        live.changed(1.0 + step * 0.02)
    assert live.due(1.18) is Ask.preview
    live.sent(1, 1.18, Ask.preview)
    live.changed(1.2)
    live.changed(1.3)
    assert live.due(1.9) is None
    assert live.received(colored(1), 1.9)
    assert live.due(1.9) is Ask.preview


def test_full_size_waits_for_the_preview_that_is_out(live):
    live.changed(0.0)
    live.sent(1, 0.05, Ask.preview)
    assert live.due(5.0) is None
    assert live.received(colored(1), 5.0)
    assert live.due(5.0) is Ask.full


def test_a_change_takes_the_place_of_a_full_size_that_is_out(live):
    live.changed(0.0)
    live.sent(1, 0.05, Ask.preview)
    live.received(colored(1), 0.1)
    live.sent(2, 0.4, Ask.full)
    live.changed(0.6)
    assert live.wake(0.6) == pytest.approx(0.05)
    assert live.due(0.65) is Ask.preview
    live.sent(3, 0.65, Ask.preview)
    assert not live.received(colored(2), 0.7)
    assert live.received(colored(3), 0.8)
    assert live.due(1.0) is Ask.full


def test_answers_of_others_and_progress_are_not_shown(live):
    live.changed(0.0)
    live.sent(7, 0.05, Ask.preview)
    assert not live.received(colored(6), 0.1)
    assert not live.received(Progress(7, 0.5), 0.1)
    assert live.busy
    assert live.received(colored(7), 0.2)
    assert not live.busy
    assert not live.received(colored(7), 0.3)


def test_a_request_that_failed_is_not_asked_again_before_the_next_change(live):
    live.changed(0.0)
    live.sent(1, 0.05, Ask.preview)
    assert not live.received(Failure(1, "bad_guidance", "no"), 0.1)
    assert live.due(100.0) is None
    live.changed(101.0)
    assert live.due(101.05) is Ask.preview


def test_silence_ends_and_progress_prolongs_the_wait(live):
    live.changed(0.0)
    live.sent(1, 0.05, Ask.preview)
    live.changed(0.1)
    assert live.due(10.0) is None
    assert live.wake(9.05) == pytest.approx(1.0)
    live.received(Progress(1, 0.5), 9.05)
    assert live.due(10.05) is None
    assert live.due(19.05) is Ask.preview


def test_the_dirty_rectangle_holds_all_changes_since_the_last_request(live):
    live.changed(0.0, Rect(10, 20, 5, 5))
    live.changed(0.0, Rect(2, 30, 4, 40))
    assert live.dirty == Rect(2, 20, 13, 50)
    live.sent(1, 0.1, Ask.preview)
    live.changed(0.2, Rect(1, 1, 1, 1))
    assert live.dirty == Rect(1, 1, 1, 1)
    live.changed(0.2)
    assert live.dirty is None
