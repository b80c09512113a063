"""The loop, the desk, the mailbox and the worker together, over real sockets."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import numpy as np
import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from handtint.wire import messages as m
from handtint.wire.codec import MAGIC, encode
from handtint.wire.connection import USERNAME
from handtint.wire.limits import MAX_FRAMES, MAX_PART
from handtint.wire.pixels import Extent, Known, PixelFormat, Plane

LONG = 30.0
Make = Callable[..., m.Colorize]


def gray_picture(width: int, height: int) -> Plane:
    return Plane(PixelFormat.gray8, Extent(width, height), bytes(width * height))


def test_hello_and_status(peer: Any) -> None:
    welcome = peer.hello()
    assert welcome.device == "cpu"
    assert (welcome.major, welcome.minor) == m.PROTOCOL
    assert "scribble" in [method.name for method in welcome.methods]
    status = peer.call(m.GetStatus(peer.next_id()))
    assert (status.waiting, status.served, status.memory_budget) == (0, 0, 1 << 24)


def test_other_major_is_answered_with_both_numbers(peer: Any) -> None:
    answer = peer.call(m.Hello(peer.next_id(), "future", major=9))
    assert (answer.code, "9" in answer.text, "1" in answer.text) == ("protocol", True, True)


def test_colorize_over_the_wire(peer: Any, colorizer: Any, request_for: Make) -> None:
    colorizer.permits.release()
    answer = peer.call(request_for(peer, "d", 100))
    assert np.frombuffer(answer.plane.data, "<f4").reshape(-1, 2).tolist() == [[10, -20]] * 48
    status = peer.call(m.GetStatus(peer.next_id()))
    assert (status.served, status.loaded, status.documents, status.cached_planes) == (1, ("gated",), 1, 1)
    assert 0 < status.cached_bytes <= status.memory_budget


def test_control_is_answered_while_the_worker_is_busy(peer: Any, colorizer: Any, request_for: Make) -> None:
    busy = peer.send(request_for(peer, "d", 100))
    assert colorizer.started.get(timeout=LONG) == 100
    peer.hello()
    assert peer.call(m.GetStatus(peer.next_id())).served == 1
    colorizer.permits.release()
    assert peer.receive().id == busy


def test_newest_wins(peer: Any, colorizer: Any, request_for: Make) -> None:
    running = peer.send(request_for(peer, "d", 10))
    assert colorizer.started.get(timeout=LONG) == 10
    waiting = peer.send(request_for(peer, "d", 20))
    assert colorizer.called_off.get(timeout=LONG) == 10
    answer = peer.receive()
    assert answer.id == running
    assert answer.code == "superseded"
    assert colorizer.started.get(timeout=LONG) == 20
    colorizer.permits.release()
    assert peer.receive().id == waiting


def test_waiting_request_is_replaced_and_told_at_once(peer: Any, colorizer: Any, request_for: Make) -> None:
    busy = peer.send(request_for(peer, "other", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    old = peer.send(request_for(peer, "d", 10))
    new = peer.send(request_for(peer, "d", 20))
    answer = peer.receive()
    assert answer.id == old
    assert answer.code == "superseded"
    colorizer.permits.release(2)
    assert [peer.receive().id, peer.receive().id] == [busy, new]
    assert colorizer.started.get(timeout=LONG) == 20


def test_planes_of_a_replaced_request_are_known_to_the_next(peer: Any, colorizer: Any, request_for: Make) -> None:
    peer.send(request_for(peer, "other", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    first = request_for(peer, "d", 10)
    peer.send(first)
    second = request_for(peer, "d", 0, base=Known(first.base.digest()))
    peer.send(second)
    assert peer.receive().code == "superseded"
    colorizer.permits.release(2)
    peer.receive()
    answer = peer.receive()
    assert isinstance(answer, m.Colorized)
    assert answer.id == second.id


def test_clients_take_turns(running: Any, colorizer: Any, request_for: Make) -> None:
    alice, bob = running.peer(), running.peer()
    alice.hello()
    bob.hello()
    alice.send(request_for(alice, "0", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    for value in (2, 3, 4):
        alice.send(request_for(alice, "cat", value))
    status = alice.send(m.GetStatus(alice.next_id()))
    # Two of Alice's have been replaced; her status shows that the engine has seen all of them before Bob asks.
    assert [alice.receive().code, alice.receive().code] == ["superseded", "superseded"]
    assert alice.receive().id == status
    bob.send(request_for(bob, "cat", 5))
    bob.call(m.GetStatus(bob.next_id()))
    alice.send(request_for(alice, "cat", 6))
    assert alice.receive().code == "superseded"
    colorizer.permits.release(3)
    assert [colorizer.started.get(timeout=LONG) for _ in range(2)] == [6, 5]


def test_cancel_waiting_and_running(peer: Any, colorizer: Any, request_for: Make) -> None:
    running = peer.send(request_for(peer, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    waiting = peer.send(request_for(peer, "b", 2))
    assert peer.call(m.Cancel(peer.next_id(), waiting)).found
    answer = peer.receive()
    assert answer.id == waiting
    assert answer.code == "cancelled"
    done = peer.send(m.Cancel(peer.next_id(), running))
    answers = {answer.id: answer for answer in (peer.receive(), peer.receive())}
    assert answers[done].found
    assert answers[running].code == "cancelled"
    assert not peer.call(m.Cancel(peer.next_id(), running)).found


def test_nobody_cancels_anothers_work(running: Any, colorizer: Any, request_for: Make) -> None:
    alice, mallory = running.peer(), running.peer()
    mallory.hello()
    id = alice.send(request_for(alice, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    assert not mallory.call(m.Cancel(mallory.next_id(), id)).found
    colorizer.permits.release()
    assert isinstance(alice.receive(), m.Colorized)


def test_vanished_client_loses_its_work(start: Callable[..., Any], colorizer: Any, request_for: Make) -> None:
    running = start()
    victim, witness = running.peer(), running.peer()
    witness.hello()
    victim.send(request_for(victim, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    victim.close()
    # Time moves by hand: each answer to the witness is a turn of the loop in which a look around is due.
    while colorizer.called_off.empty():
        running.clock.now += 1
        witness.call(m.GetStatus(witness.next_id()))
    assert colorizer.called_off.get() == 1
    colorizer.permits.release()
    assert isinstance(witness.call(request_for(witness, "b", 2)), m.Colorized)


def test_progress_while_one_waits(running: Any, peer: Any, colorizer: Any, request_for: Make) -> None:
    id = peer.send(request_for(peer, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    while not peer.progress:
        running.clock.now += 1
        peer.call(m.GetStatus(peer.next_id()))
    assert peer.progress[0].id == id
    assert peer.progress[0].text == "coloring"
    colorizer.permits.release()
    peer.receive()


def test_unknown_plane_then_resend(peer: Any, colorizer: Any, request_for: Make) -> None:
    colorizer.permits.release(2)
    plane = request_for(peer, "d", 33).base
    missing = peer.call(request_for(peer, "d", 0, base=Known(plane.digest())))
    assert (missing.code, missing.missing) == ("unknown_plane", (plane.digest(),))
    assert isinstance(peer.call(request_for(peer, "d", 0, base=plane)), m.Colorized)
    assert isinstance(peer.call(request_for(peer, "d", 0, base=Known(plane.digest()))), m.Colorized)


@pytest.fixture
def stranger(running: Any) -> Iterator[Callable[..., list[str]]]:
    """Tries to get in with these credentials and says what libzmq saw until the engine turned it away."""
    context = zmq.Context()

    def knock(*until: str, **credentials: bytes) -> list[str]:
        connection = running.engine.connection
        with context.socket(zmq.DEALER) as dealer:
            dealer.linger = 0
            for name, value in credentials.items():
                setattr(dealer, name, value)
            events: list[str] = []
            with dealer.get_monitor_socket() as monitor:
                dealer.connect(f"tcp://{connection.host}:{connection.port}")
                with contextlib.suppress(zmq.Again):  # turned away already
                    dealer.send_multipart(encode(m.Hello(1, "stranger")), zmq.NOBLOCK)
                while not set(until) & set(events):
                    assert monitor.poll(LONG * 1000), events
                    events.append(recv_monitor_message(monitor)["event"].name)
                dealer.disable_monitor()
            assert not dealer.poll(0)
        return events

    yield knock
    context.destroy(linger=0)


@pytest.mark.parametrize("change", [lambda token: "x", lambda token: token[:-1], lambda token: token + "x"])
def test_wrong_token_is_not_let_in(running: Any, stranger: Any, change: Callable[[str], str]) -> None:
    token = change(running.engine.token).encode()
    events = stranger("HANDSHAKE_FAILED_AUTH", plain_username=USERNAME.encode(), plain_password=token)
    assert "HANDSHAKE_SUCCEEDED" not in events
    friend = running.peer()
    assert friend.call(m.GetStatus(friend.next_id())).served == 0


def test_right_token_under_another_name_is_not_let_in(running: Any, stranger: Any) -> None:
    token = running.engine.token.encode()
    events = stranger("HANDSHAKE_FAILED_AUTH", plain_username=b"root", plain_password=token)
    assert "HANDSHAKE_SUCCEEDED" not in events


def test_no_credentials_at_all_are_not_let_in(running: Any, stranger: Any) -> None:
    # Which of these it is depends on whether the other's greeting or its farewell is read first.
    ends = ("HANDSHAKE_FAILED_PROTOCOL", "HANDSHAKE_FAILED_NO_DETAIL", "DISCONNECTED")
    assert "HANDSHAKE_SUCCEEDED" not in stranger(*ends)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([b""], "protocol"),
        ([b"garbage"], "protocol"),
        ([b"handtint/9", b"\x80"], "protocol"),
        ([MAGIC], "protocol"),
        ([MAGIC, b""], "bad_request"),
        ([MAGIC, b"\xc1"], "bad_request"),
        ([MAGIC, b"\x93\x01\x02\x03"], "bad_request"),
        ([MAGIC, b"\x91" * 100_000], "bad_request"),
        ([MAGIC, msgpack.packb({"type": "dance", "id": 1})], "unknown_type"),
        ([MAGIC, msgpack.packb({"type": "colorize", "id": 1})], "bad_request"),
        ([MAGIC, msgpack.packb({"type": "status", "id": 1}), *[b""] * (MAX_FRAMES + 1)], "too_large"),
        ([bytes(encode(m.Stopping(1))[0]), bytes(encode(m.Stopping(1))[1])], "bad_request"),
    ],
)
def test_garbage_then_an_honest_request(peer: Any, frames: list[bytes], code: str) -> None:
    peer.send_raw(*frames)
    answer = peer.receive()
    assert isinstance(answer, m.Failure)
    assert answer.code == code
    assert peer.call(m.GetStatus(peer.next_id())).served == 0


def test_who_sends_a_frame_that_is_too_large_is_hung_up_on(running: Any, peer: Any) -> None:
    glutton = running.peer()
    glutton.hello()
    with glutton.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED) as monitor:
        glutton.send_raw(MAGIC, bytes(MAX_PART + 1))
        assert monitor.poll(LONG * 1000)
        glutton.socket.disable_monitor()
    assert not glutton.socket.poll(0)
    assert peer.call(m.GetStatus(peer.next_id())).served == 0


def test_who_is_too_old_is_told(peer: Any) -> None:
    answer = peer.call(m.Hello(peer.next_id(), "past", minor=m.OLDEST_MINOR - 1))
    assert answer.code == "protocol"
    assert f"{m.PROTOCOL[0]}.{m.OLDEST_MINOR}" in answer.text
    assert f"{m.PROTOCOL[0]}.{m.OLDEST_MINOR - 1}" in answer.text


def test_a_plane_that_lies_about_its_size(peer: Any, request_for: Make) -> None:
    magic, header, plane = encode(request_for(peer, "d", 1))
    peer.send_raw(magic, header, bytes(plane)[:-1])
    assert peer.receive().code == "bad_request"


@pytest.mark.parametrize("error", [MemoryError(), ZeroDivisionError(), KeyError("x")])
def test_a_failing_method_does_not_end_the_engine(
    peer: Any, colorizer: Any, request_for: Make, error: Exception
) -> None:
    colorizer.permits.release(2)
    colorizer.failures.append(error)
    answer = peer.call(request_for(peer, "d", 1))
    assert answer.code == ("out_of_memory" if isinstance(error, MemoryError) else "internal")
    assert isinstance(peer.call(request_for(peer, "d", 1)), m.Colorized)


def test_the_cache_keeps_to_its_budget(start: Callable[..., Any], colorizer: Any, request_for: Make) -> None:
    peer = start(memory_budget=20_000).peer()
    colorizer.permits.release(40)
    for value in range(40):
        plane = Plane(PixelFormat.gray8, Extent(40, 30), bytes([value]) * 1200)
        assert isinstance(peer.call(request_for(peer, str(value), 0, base=plane)), m.Colorized)
        status = peer.call(m.GetStatus(peer.next_id()))
        assert 0 < status.cached_bytes <= 20_000
    assert status.documents == 40


def test_client_that_never_reads_is_refused_more(
    start: Callable[..., Any], colorizer: Any, request_for: Make, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(memory_budget=1 << 24)
    witness, glutton = running.peer(), running.peer(read_ahead=1)
    colorizer.permits.release(1000)
    answers = 0
    # Each answer is 8 MB: what the system's own buffers hold is soon used up.
    big = gray_picture(1000, 1000)
    while "does not read its answers" not in caplog.text:
        glutton.send(request_for(glutton, str(answers), 0, base=big))
        answers += 1
        # The worker takes turns: an answer to the witness means that it has come by the other's request.
        witness.call(m.GetStatus(witness.next_id()))
        witness.call(request_for(witness, "w", 1))
        assert answers < 100
    got = [glutton.receive() for _ in range(answers)]
    assert {answer.code for answer in got if isinstance(answer, m.Failure)} == {"out_of_memory"}
    assert any(isinstance(answer, m.Colorized) for answer in got)
    assert isinstance(glutton.call(request_for(glutton, "again", 0, base=big)), m.Colorized)


def test_palette_of_a_picture(peer: Any) -> None:
    source = Plane(PixelFormat.rgb8, Extent(2, 1), bytes([255, 0, 0, 255, 0, 0]))
    answer = peer.call(m.ExtractPalette(peer.next_id(), source, 2))
    assert answer.palette.colors[0] == pytest.approx((1, 0, 0), abs=2e-3)


def test_only_colorize_is_superseded(peer: Any, colorizer: Any, request_for: Make) -> None:
    busy = peer.send(request_for(peer, "d", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    base = gray_picture(2, 2)
    others = [peer.send(m.RecommendThemes(peer.next_id(), "d", base, colors=256)) for _ in range(2)]
    others += [peer.send(m.ExtractPalette(peer.next_id(), base, 1)) for _ in range(2)]
    peer.call(m.GetStatus(peer.next_id()))
    colorizer.permits.release()
    answers = [peer.receive() for _ in range(5)]
    assert [answer.id for answer in answers] == [busy, *others]
    assert [answer.type for answer in answers] == ["colorized", "failure", "failure", "palette_found", "palette_found"]


def test_planes_of_refused_requests_are_known_afterwards(peer: Any, colorizer: Any, request_for: Make) -> None:
    colorizer.permits.release(2)
    base = gray_picture(3, 2)
    assert peer.call(m.RecommendThemes(peer.next_id(), "d", base, colors=256)).code == "bad_guidance"
    assert isinstance(peer.call(request_for(peer, "d", 0, base=Known(base.digest()))), m.Colorized)
    other = gray_picture(4, 2)
    assert peer.call(request_for(peer, "d", 0, base=other, output=PixelFormat.gray8)).code == "bad_picture"
    assert isinstance(peer.call(request_for(peer, "d", 0, base=Known(other.digest()))), m.Colorized)


def test_shutdown_finishes_the_work_in_hand(running: Any, colorizer: Any, request_for: Make) -> None:
    peer, other = running.peer(), running.peer()
    other.hello()
    busy = peer.send(request_for(peer, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    waiting = peer.send(request_for(peer, "b", 2))
    shutdown = peer.send(m.Shutdown(peer.next_id()))
    answers = {answer.id: answer for answer in (peer.receive(), peer.receive())}
    assert isinstance(answers[shutdown], m.Stopping)
    assert answers[waiting].code == "stopping"
    assert other.call(request_for(other, "c", 3)).code == "stopping"
    colorizer.permits.release()
    answer = peer.receive()
    assert answer.id == busy
    assert isinstance(answer, m.Colorized)
    assert running.ended()


def test_stop_calls_work_off(running: Any, colorizer: Any, request_for: Make) -> None:
    peer = running.peer()
    busy = peer.send(request_for(peer, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    running.engine.stop()
    answer = peer.receive()
    assert answer.id == busy
    assert answer.code == "stopping"
    assert running.ended()


def test_idle_engine_ends_and_a_busy_one_does_not(start: Callable[..., Any], colorizer: Any, request_for: Make) -> None:
    running = start(idle_exit=60.0)
    peer = running.peer()
    id = peer.send(request_for(peer, "a", 1))
    assert colorizer.started.get(timeout=LONG) == 1
    while not peer.progress:
        running.clock.now += 1000
        peer.call(m.GetStatus(peer.next_id()))
    colorizer.permits.release()
    assert peer.receive().id == id
    ended = threading.Event()
    threading.Thread(target=lambda: (running.ended(), ended.set())).start()
    running.clock.now += 59
    peer.call(m.GetStatus(peer.next_id()))
    while not ended.wait(0.05):
        running.clock.now += 61
