"""The DEALER against real libzmq over TCP, and against peers that are none."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from handtint.client import _framing as framing
from handtint.client.zmtp import Dealer, DealerState
from handtint.errors import EngineGone, ProtocolError

PATIENCE = 60.0
"""Seconds after which a test that waits has failed; it decides nothing else."""


def wait_for(dealer: Dealer, done: Callable[[list[list[bytes]]], bool]) -> list[list[bytes]]:
    """Pump until `done`, waiting on the socket as an editor's notifier would."""
    got: list[list[bytes]] = []
    end = time.monotonic() + PATIENCE
    while True:
        got += dealer.pump(time.monotonic())
        if done(got):
            return got
        assert time.monotonic() < end, f"{dealer.state} {dealer.error}"
        handle, wake = dealer.fileno(), dealer.wake(time.monotonic())
        pause = 1.0 if wake is None else min(wake, 1.0)
        handles = [] if handle is None else [handle]
        select.select(handles, handles if dealer.wants_write else [], [], pause)


@contextmanager
def dealer_to(port: int, **options: object) -> Iterator[Dealer]:
    dealer = Dealer("127.0.0.1", port, **options)
    try:
        yield dealer
    finally:
        dealer.close()


def call(dealer: Dealer, *frames: bytes) -> list[bytes]:
    dealer.send(frames)
    return wait_for(dealer, bool)[0]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 4096, 4097, 65526, 65527, 65536, 1 << 20, 96 << 20])
def test_echo_of_every_size(router, size):
    block = bytes(range(256)) * (size // 256 + 1)
    data = block[:size]
    with dealer_to(router().port) as dealer:
        answer = call(dealer, b"head", data)
    assert len(answer) == 2
    assert answer[0] == b"head"
    assert bytes(answer[1]) == data


def test_large_frames_travel_without_copies(router):
    data = bytearray(4 << 20)
    buffers = framing.message([b"head", data])
    assert buffers[1].obj is data
    with dealer_to(router().port) as dealer:
        answer = call(dealer, b"head", data)
    assert isinstance(answer[1], memoryview)


def test_many_messages_keep_their_order(router):
    with dealer_to(router().port) as dealer:
        for number in range(5000):
            dealer.send([b"%d" % number, b"", bytes(number % 700)])
        got = wait_for(dealer, lambda got: len(got) == 5000)
    assert [frames[0] for frames in got] == [b"%d" % number for number in range(5000)]
    assert [len(frames[2]) for frames in got] == [number % 700 for number in range(5000)]


def test_one_message_of_many_frames(router):
    frames = [b"%d" % number for number in range(40)]
    with dealer_to(router().port) as dealer:
        assert [bytes(frame) for frame in call(dealer, *frames)] == frames


def test_plain_with_the_right_token(router):
    with dealer_to(router(token="secret").port, username="handtint", password="secret") as dealer:
        assert call(dealer, b"x") == [b"x"]


def test_plain_with_the_wrong_token_is_refused_for_good(router):
    with dealer_to(router(token="secret").port, username="handtint", password="guess") as dealer:
        dealer.send([b"x"])
        wait_for(dealer, lambda _: dealer.state is DealerState.closed)
        assert dealer.refused
        assert "does not let us in" in dealer.error
        assert dealer.fileno() is None
        with pytest.raises(EngineGone):
            dealer.send([b"y"])


def test_a_peer_that_asks_for_a_login_lets_nobody_in_without(router):
    with dealer_to(router(token="secret").port, reconnect=False) as dealer:
        dealer.send([b"x"])
        assert wait_for(dealer, lambda _: dealer.state is DealerState.closed) == []
        assert dealer.error


def test_pings_are_answered(router):
    """libzmq drops a peer that leaves its ping unanswered for the timeout; ten of them pass here."""
    echo = router(ping=50)
    with dealer_to(echo.port) as dealer:
        assert call(dealer, b"before") == [b"before"]
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            dealer.pump(time.monotonic())
            select.select([dealer.fileno()], [], [], 0.05)
        assert call(dealer, b"after") == [b"after"]
        assert dealer.connections == 1


def test_reconnects_after_the_peer_was_restarted(router):
    first = router()
    with dealer_to(first.port) as dealer:
        assert call(dealer, b"one") == [b"one"]
        first.close()
        wait_for(dealer, lambda _: dealer.state is DealerState.connecting)
        dealer.send([b"two"])
        router(port=first.port)
        assert wait_for(dealer, bool) == [[b"two"]]
        assert dealer.connections == 2


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with dealer_to(taken.getsockname()[1], reconnect=False) as dealer:
            wait_for(dealer, lambda _: dealer.state is DealerState.closed)
            assert "refused" in dealer.error.lower()


def test_backs_off_longer_each_time():
    now, pauses = 0.0, []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with dealer_to(taken.getsockname()[1]) as dealer:
            while len(pauses) < 8:
                dealer.pump(now)
                if dealer.fileno() is None:
                    pauses.append(dealer.wake(now))
                    now += pauses[-1]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


# Peers that are no ZeroMQ -------------------------------------------------------------------------------------


@contextmanager
def raw_peer(*writes: bytes, keep: bool = True) -> Iterator[int]:
    """A listener that says these bytes to the first caller, and then nothing, or that this was all."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            peer, _ = listener.accept()
            with peer:
                for data in writes:
                    peer.sendall(data)
                if not keep:
                    # Closed with our greeting unread, the system would take back what is still on its way.
                    peer.shutdown(socket.SHUT_WR)
                done.wait(PATIENCE)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join(PATIENCE)


GREETING = framing.greeting("NULL")
READY = framing.command("READY", framing.properties([("Socket-Type", b"ROUTER")]))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param([b"HTTP/1.1 400 Bad Request\r\n"], "no engine listens", id="http"),
        pytest.param([b"\xff" + bytes(9) + bytes(54)], "no engine listens", id="half a signature"),
        pytest.param([b"\xff" + bytes(8) + b"\x7f\x01" + bytes(53)], "ZMTP 3", id="old version"),
        pytest.param([framing.greeting("PLAIN")], "NULL was expected, got 'PLAIN'", id="other mechanism"),
        pytest.param([GREETING, b"\x00\x03abc"], "before its end", id="message in the handshake"),
        pytest.param([GREETING, framing.command("NONSENSE")], "NONSENSE", id="unknown command in the handshake"),
        pytest.param([GREETING, b"\x04\x00"], "command with a name", id="empty command"),
        pytest.param([GREETING, b"\x04\x02\x09R"], "command with a name", id="cut command name"),
        pytest.param([GREETING, READY, b"\x88\x01x"], "flags", id="reserved flags"),
        pytest.param([GREETING, READY, b"\x05\x05\x04PING"], "flags", id="command with more"),
        pytest.param([GREETING, READY, b"\x06" + (1 << 20).to_bytes(8, "big")], "at most", id="huge command"),
        pytest.param([GREETING, READY, b"\x02" + (1 << 62).to_bytes(8, "big")], "at most", id="huge frame"),
        pytest.param([GREETING, READY, b"\x01\x01x" * 100], "frames", id="endless message"),
    ],
)
def test_garbage_ends_the_connection_with_a_reason(said, expected):
    with raw_peer(*said) as port, dealer_to(port, reconnect=False) as dealer:
        wait_for(dealer, lambda _: dealer.state is DealerState.closed)
        assert expected in dealer.error
        assert not dealer.refused


def test_a_peer_that_closes_in_the_middle_of_a_message():
    said = (GREETING, READY, b"\x01\x01x\x00\x10half")
    with raw_peer(*said, keep=False) as port, dealer_to(port, reconnect=False) as dealer:
        assert wait_for(dealer, lambda _: dealer.state is DealerState.closed) == []


def test_what_was_said_before_the_end_is_not_lost():
    with raw_peer(GREETING, READY, b"\x00\x04last", keep=False) as port, dealer_to(port, reconnect=False) as dealer:
        assert wait_for(dealer, lambda _: dealer.state is DealerState.closed) == [[b"last"]]


def test_a_silent_peer_runs_out_of_patience():
    with raw_peer() as port, dealer_to(port, reconnect=False, patience=5.0) as dealer:
        dealer.pump(0.0)
        assert dealer.state is not DealerState.closed
        assert dealer.wake(1.0) == pytest.approx(4.0)
        dealer.pump(5.0)
        assert dealer.state is DealerState.closed
        assert "5 s" in dealer.error


def test_oversize_frame_from_libzmq_is_refused(router):
    big = router(lambda frames: [[bytes(2 << 20)]])
    with dealer_to(big.port, max_frame=1 << 20, reconnect=False) as dealer:
        dealer.send([b"x"])
        wait_for(dealer, lambda _: dealer.state is DealerState.closed)
        assert str(2 << 20) in dealer.error


def test_ping_is_answered_between_messages_with_its_context():
    ping = framing.command("PING", b"\x00\x0acontext")
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener, dealer_to(listener.getsockname()[1]) as dealer:
        dealer.pump(0.0)
        peer, _ = listener.accept()
        with peer:
            peer.sendall(GREETING + READY + ping)
            peer.settimeout(PATIENCE)
            while not received.endswith(framing.command("PONG", b"context")):
                dealer.pump(0.0)
                peer.setblocking(False)
                try:
                    received += peer.recv(65536)
                except BlockingIOError:
                    select.select([peer, dealer.fileno()], [], [], 1.0)


def test_a_slow_reader_gets_everything_and_sending_never_blocks():
    data = bytes(range(256)) * (32 << 10)
    with socket.create_server(("127.0.0.1", 0)) as listener, dealer_to(listener.getsockname()[1]) as dealer:
        dealer.send([data])
        dealer.pump(0.0)
        peer, _ = listener.accept()
        with peer:
            peer.sendall(GREETING + READY)
            wait_for(dealer, lambda _: dealer.state is DealerState.ready)
            received = bytearray()
            while dealer.queued or dealer.wants_write:
                dealer.pump(0.0)
                assert peer in select.select([peer], [], [], PATIENCE)[0]
                received += peer.recv(100_000)
            peer.settimeout(PATIENCE)
            expected = framing.greeting("NULL") + framing.command(
                "READY", framing.properties([("Socket-Type", b"DEALER"), ("Identity", b"")])
            )
            expected += b"\x02" + len(data).to_bytes(8, "big") + data
            while len(received) < len(expected):
                received += peer.recv(1 << 20)
    assert bytes(received) == expected


class Waits(socket.socket):
    """Says when it is waited on."""

    began = threading.Event()

    def settimeout(self, value: float | None) -> None:
        super().settimeout(value)
        if value:
            self.began.set()


def half_a_frame(linger: float, rest: Callable[[socket.socket], None]) -> list[list[bytes]]:
    """What one pump gives after the first half of a large frame has come; `rest` says the other half, or nothing."""
    data = bytes(200_000)
    frame = b"\x02" + len(data).to_bytes(8, "big") + data
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with dealer_to(port, linger=linger, reconnect=False, make_socket=Waits) as dealer:
            dealer.pump(0.0)
            peer, _ = listener.accept()
            with peer:
                peer.sendall(GREETING + READY)
                wait_for(dealer, lambda _: dealer.state is DealerState.ready)
                Waits.began.clear()
                peer.sendall(frame[:100_000])
                teller = threading.Thread(target=lambda: rest(peer))
                teller.start()
                assert select.select([dealer.fileno()], [], [], PATIENCE)[0]
                got: list[list[bytes]] = []
                while not got and not Waits.began.is_set() and linger:
                    got = dealer.pump(0.0)
                if not linger:
                    got = dealer.pump(0.0)
                teller.join()
                assert dealer.error == ""
                return got


def test_the_rest_of_a_large_frame_is_waited_for():
    def say(peer: socket.socket) -> None:
        assert Waits.began.wait(PATIENCE)
        peer.sendall(bytes(200_009)[100_000:])

    ((got,),) = half_a_frame(PATIENCE, say)
    assert got == bytes(200_000)


@pytest.mark.parametrize("linger", [0.0, 0.001])
def test_what_does_not_come_is_not_waited_for_long(linger):
    assert half_a_frame(linger, lambda peer: None) == []
    assert Waits.began.is_set() == bool(linger)


def test_a_message_cut_by_a_broken_connection_is_sent_again_whole(router):
    data = bytes(64 << 20)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        dealer = Dealer("127.0.0.1", port)
        dealer.pump(0.0)
        peer, _ = listener.accept()
        dealer.send([b"again", data])
        with peer:
            peer.sendall(GREETING + READY)
            wait_for(dealer, lambda _: dealer.state is DealerState.ready)
            peer.recv(1 << 20)
    try:
        wait_for(dealer, lambda _: dealer.state is DealerState.connecting)
        router(lambda frames: [[frames[0], b"%d" % len(frames[1])]], port=port)
        assert wait_for(dealer, bool) == [[b"again", b"%d" % len(data)]]
    finally:
        dealer.close()


def test_queue_is_bounded():
    with dealer_to(1, max_queue=1000) as dealer:
        dealer.send([bytes(900)])
        with pytest.raises(EngineGone, match="takes nothing in"):
            dealer.send([bytes(200)])


def test_closing_is_immediate_and_final(router):
    dealer = Dealer("127.0.0.1", router().port)
    dealer.send([bytes(64 << 20)])
    dealer.pump(0.0)
    dealer.close()
    assert dealer.state is DealerState.closed
    assert dealer.pump(0.0) == []
    assert dealer.wake(0.0) is None


def test_login_that_does_not_fit_is_an_error():
    with pytest.raises(ProtocolError, match="255"):
        framing.plain_hello("name", "x" * 256)
