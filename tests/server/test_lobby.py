"""Who waits at a door of libzmq's, who is hung up on, and who is not, with real sockets and little room."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator

import pytest
import zmq

from handtint.server import lobby
from handtint.server.lobby import MOST, UNSEEN, Lobby

PATIENCE = 30.0
ROOM = 4


class Clock:
    """Time that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def is_ended(caller: socket.socket) -> bool:
    """Whether the other end has hung up by now; what it said before is taken."""
    caller.setblocking(False)
    try:
        while caller.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


class House:
    """A door that lets everybody in who speaks, its lobby, and callers."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.door = self.context.socket(zmq.ROUTER)
        self.door.linger = 0
        self.door.backlog = 4096
        self.clock = Clock()
        self.lobby = Lobby(self.door, "test", self.clock)
        self.port = self.door.bind_to_random_port("tcp://127.0.0.1")
        self.callers: list[socket.socket] = []
        self.honest_ones: list[zmq.Socket[bytes]] = []

    def call(self) -> socket.socket:
        caller = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.callers.append(caller)
        return caller

    def look_until(self, done: Callable[[], bool]) -> None:
        """Go on as an engine's loop does."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"{len(self.lobby)} wait, {self.ended} were ended"
            self.lobby.socket.poll(20)
            self.lobby.look()

    @property
    def ended(self) -> int:
        """Callers that have been hung up on."""
        return sum(map(is_ended, self.callers))

    def honest(self) -> tuple[zmq.Socket[bytes], int]:
        """A client that says something; by which file that came."""
        dealer = self.context.socket(zmq.DEALER)
        dealer.linger = 0
        dealer.reconnect_ivl = -1
        dealer.connect(f"tcp://127.0.0.1:{self.port}")
        self.honest_ones.append(dealer)
        return dealer, self.hear(dealer)

    def hear(self, dealer: zmq.Socket[bytes]) -> int:
        dealer.send(b"hello")
        assert self.door.poll(PATIENCE * 1000)
        name, _ = self.door.recv_multipart(copy=False)
        return int(name.get(zmq.SRCFD))

    def close(self) -> None:
        for caller in self.callers:
            caller.close()
        for dealer in self.honest_ones:
            dealer.close()
        self.door.close()
        self.lobby.close()
        self.context.term()


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(lobby, "MOST", ROOM)
    standing = House()
    yield standing
    standing.close()


def test_the_oldest_are_hung_up_on_and_the_last_may_wait(house: House) -> None:
    for _ in range(ROOM + 3):
        house.call()
    house.look_until(lambda: house.ended == 3)
    house.honest()  # whatever else libzmq was to end has been ended by now
    house.look_until(lambda: house.ended == 4)  # for the honest one has come last, and waits until it is admitted
    assert [is_ended(caller) for caller in house.callers] == [True] * 4 + [False] * 3


def test_who_has_said_something_waits_no_more(house: House) -> None:
    dealer, file = house.honest()
    house.lobby.admit(file)
    assert len(house.lobby) == 0
    for _ in range(ROOM + 3):
        house.call()
    house.look_until(lambda: house.ended == 3)
    assert house.hear(dealer) == file
    assert house.ended == 3


def test_who_has_gone_makes_room(house: House) -> None:
    for _ in range(ROOM):
        house.call()
    house.look_until(lambda: len(house.lobby) == ROOM)
    house.callers.pop().close()
    house.look_until(lambda: len(house.lobby) == ROOM - 1)
    _, file = house.honest()
    house.lobby.admit(file)
    assert (len(house.lobby), house.ended) == (ROOM - 1, 0)


def test_a_file_that_is_somebody_elses_now_is_left_alone(house: House) -> None:
    """libzmq may have closed a connection, and the system given its number away, since we have last looked."""
    house.call()
    house.look_until(lambda: len(house.lobby) == 1)
    here, there = socket.socketpair()
    with here, there:
        (waiting,) = house.lobby._waiting.values()
        house.lobby._hang_up(waiting._replace(file=here.fileno()))
        there.send(b"!")
        assert here.recv(1) == b"!"


def test_a_crowd_is_told_of_once_a_minute(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    def crowd() -> None:
        expected = house.ended + 2
        while len(house.callers) < expected + ROOM:
            house.call()
        house.look_until(lambda: house.ended == expected)

    crowd()
    crowd()
    assert len(caplog.records) == 1
    house.clock.now += 61
    crowd()
    assert len(caplog.records) == 2
    assert "connections that said nothing were ended" in caplog.text


@pytest.mark.parametrize("called", [MOST, 3 * UNSEEN])
def test_a_door_with_a_crowd_can_be_closed(called: int) -> None:
    """libzmq waits for us to look, and does not know that we never shall."""
    house = House()
    for _ in range(called):
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex(("127.0.0.1", house.port))
        house.callers.append(caller)
    assert house.lobby.socket.poll(PATIENCE * 1000)
    house.close()
    assert house.context.closed
