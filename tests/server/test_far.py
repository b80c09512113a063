"""Other machines: who gets in by the door that they can reach, and the relay that stands in for an engine there.

They are this machine under its other addresses: the sockets, the keys and the handshakes are the real ones.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from handtint.cli.main import EXIT_ENGINE, EXIT_INPUT, run
from handtint.client.blocking import Engine
from handtint.client.launcher import Launcher
from handtint.errors import EngineGone, EngineRefused, HandtintError, InputError
from handtint.server.doors import Address, parse_address
from handtint.server.keys import Keys, make_keys, read_keys
from handtint.server.relay import Relay
from handtint.wire import messages as m
from handtint.wire.codec import decode, encode
from handtint.wire.connection import FILE_NAME, USERNAME, write_connection
from handtint.wire.pixels import Extent, PixelFormat, Plane

PATIENCE = 30.0
ANYWHERE = Address("0.0.0.0", 0)
Make = Callable[..., m.Colorize]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Keys, Keys]:
    """The engine's and the painter's."""
    engine, painter = make_keys(tmp_path / "keys", "painter")
    return read_keys(engine), read_keys(painter)


@pytest.fixture
def far(start: Callable[..., Any], keys: tuple[Keys, Keys]) -> Any:
    """An engine that other machines can reach."""
    return start(listen=ANYWHERE, keys=keys[0])


class Knock:
    """One try to come in by the far door."""

    def __init__(self, port: int, **options: bytes) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        for name, value in options.items():
            setattr(self.socket, name, value)
        self.monitor = self.socket.get_monitor_socket()
        self.socket.connect(f"tcp://127.0.0.1:{port}")
        self.socket.send_multipart(encode(m.Hello(1, "knock")))

    def answer(self) -> m.Message:
        assert self.socket.poll(PATIENCE * 1000)
        return decode(self.socket.recv_multipart())

    def end(self) -> zmq.Event:
        """How the handshake ended."""
        while True:
            assert self.monitor.poll(PATIENCE * 1000)
            event = zmq.Event(recv_monitor_message(self.monitor)["event"])
            if event.name.startswith("HANDSHAKE") or event is zmq.Event.DISCONNECTED:
                return event

    def close(self) -> None:
        self.socket.disable_monitor()
        self.context.destroy(linger=0)


@pytest.fixture
def knock(far: Any) -> Iterator[Callable[..., Knock]]:
    tries: list[Knock] = []

    def begin(**options: bytes) -> Knock:
        tries.append(Knock(far.engine.far.port, **options))
        return tries[-1]

    yield begin
    for each in tries:
        each.close()


def curve(own: Keys, server: bytes) -> dict[str, bytes]:
    return {"curve_publickey": own.public, "curve_secretkey": own.secret, "curve_serverkey": server}


# The far door --------------------------------------------------------------------------------------------------------


def test_a_known_key_lets_in(far: Any, knock: Callable[..., Knock], keys: tuple[Keys, Keys]) -> None:
    assert isinstance(knock(**curve(keys[1], keys[0].public)).answer(), m.Welcome)


def test_an_unknown_key_does_not(far: Any, knock: Callable[..., Knock], keys: tuple[Keys, Keys]) -> None:
    public, secret = zmq.curve_keypair()
    stranger = knock(**curve(Keys(public, secret, {}), keys[0].public))
    assert stranger.end() is zmq.Event.HANDSHAKE_FAILED_AUTH
    assert not stranger.socket.poll(0)
    assert isinstance(knock(**curve(keys[1], keys[0].public)).answer(), m.Welcome)


def test_the_token_is_no_key(far: Any, knock: Callable[..., Knock]) -> None:
    token = {"plain_username": USERNAME.encode(), "plain_password": far.engine.token.encode()}
    for options in (token, {}):
        stranger = knock(**options)
        assert stranger.end() is not zmq.Event.HANDSHAKE_SUCCEEDED
        assert not stranger.socket.poll(0)


def test_a_key_is_no_token(far: Any, keys: tuple[Keys, Keys]) -> None:
    here = Knock(far.engine.connection.port, **curve(keys[1], keys[0].public))
    try:
        assert here.end() is not zmq.Event.HANDSHAKE_SUCCEEDED
        assert not here.socket.poll(0)
    finally:
        here.close()


def test_both_doors_at_once(
    far: Any, knock: Callable[..., Knock], keys: tuple[Keys, Keys], colorizer: Any, request_for: Make
) -> None:
    """The same ids and the same document come by both: each gets its own answer."""
    here, there = far.peer(), knock(**curve(keys[1], keys[0].public))
    assert isinstance(there.answer(), m.Welcome)
    colorizer.permits.release(2)
    for index in range(2):
        extent = Extent(4 + index, 3)
        plane = Plane(PixelFormat.gray8, extent, bytes(extent.width * extent.height))
        request = request_for(here, "same", 0, base=plane)
        request = m.Colorize(7, request.document, plane, "gated", output=PixelFormat.abf32)
        (here.socket if index == 0 else there.socket).send_multipart(encode(request))
    assert here.receive().plane.extent.width == 4
    answers = iter(there.answer, None)
    assert next(answer for answer in answers if not isinstance(answer, m.Progress)).plane.extent.width == 5


@pytest.mark.parametrize("text", ["tcp://0.0.0.0:7700", "tcp://192.168.1.20:7700", "tcp://[::]:7700", "tcp://*:7700"])
def test_without_keys_only_this_machine_is_let_in(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HANDTINT_RUNTIME", str(tmp_path / "run"))
    assert run(["serve", "--listen", text]) == EXIT_INPUT
    error = capsys.readouterr().err
    assert f"other machines can reach {text}" in error
    assert "handtint keys DIR" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_port_of_ones_own_choice_needs_no_keys_here(start: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineRefused, match="choose another port"):
            start(listen=Address("127.0.0.1", port))
    running = start(listen=Address("127.0.0.1", port))
    assert running.engine.connection.port == port
    running.peer().hello()


def test_an_address_of_another_machine_is_refused(start: Callable[..., Any], keys: tuple[Keys, Keys]) -> None:
    with pytest.raises(EngineRefused, match="no such address"):
        start(listen=Address("192.0.2.1", 0), keys=keys[0])


@pytest.mark.parametrize(
    ("text", "host", "port", "local"),
    [
        ("tcp://127.0.0.1:1", "127.0.0.1", 1, True),
        ("tcp://127.3.2.1:65535", "127.3.2.1", 65535, True),
        ("tcp://[::1]:7700", "::1", 7700, True),
        ("tcp://localhost:7700", "localhost", 7700, True),
        ("tcp://gpu-box.local:7700", "gpu-box.local", 7700, False),
        ("tcp://0.0.0.0:7700", "0.0.0.0", 7700, False),
        ("tcp://127.0.0.1.example.org:7700", "127.0.0.1.example.org", 7700, False),
    ],
)
def test_addresses(text: str, host: str, port: int, local: bool) -> None:
    address = parse_address(text)
    assert (address.host, address.port, address.is_local, str(address)) == (host, port, local, text)


@pytest.mark.parametrize("text", ["", "7700", "tcp://:7700", "tcp://a", "tcp://a:70000", "ipc:///tmp/x", "tcp://a:1 b"])
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(InputError, match="expected an address like tcp://"):
        parse_address(text)


# The relay -----------------------------------------------------------------------------------------------------------


class Standing:
    """A relay on a thread of this process, found by its connection file as an engine is."""

    def __init__(self, folder: Path, address: Address, keys: Keys) -> None:
        self.path = folder / FILE_NAME
        self.relay = Relay(address, keys)
        self.error: HandtintError | None = None
        self._thread = threading.Thread(target=self._run, name="relay under test")
        try:
            self.relay.greet()
        except HandtintError:
            self.relay.close()
            raise
        write_connection(self.path, self.relay.connection)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.relay.run()
        except HandtintError as error:
            self.error = error
        finally:
            self.path.unlink()
            self.relay.close()

    def client(self) -> Engine:
        return Engine("test", launcher=Launcher(path=self.path), start=False)

    def ended(self) -> bool:
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()

    def close(self) -> None:
        self.relay.stop()
        assert self.ended()


@pytest.fixture
def stand(far: Any, keys: tuple[Keys, Keys], tmp_path: Path) -> Iterator[Callable[[], Standing]]:
    standing: list[Standing] = []

    def begin() -> Standing:
        folder = tmp_path / f"relay-{len(standing)}"
        folder.mkdir(mode=0o700)
        standing.append(Standing(folder, Address("127.0.0.1", far.engine.far.port), keys[1]))
        return standing[-1]

    yield begin
    for each in standing:
        each.close()


def noise(side: int) -> Plane:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)
    return Plane(PixelFormat.gray8, Extent(side, side), pixels.tobytes())


def test_the_editors_client_does_not_notice(far: Any, stand: Callable[[], Standing], colorizer: Any) -> None:
    """The editors' own client, which knows no encryption, colors a large picture by way of the relay."""
    colorizer.permits.release(2)
    base = noise(2000)
    with stand().client() as engine:
        welcome = engine.connect(timeout=PATIENCE)
        assert welcome.device == "cpu"
        assert "scribble" in [method.name for method in welcome.methods]
        request = m.Colorize(0, "d", base, "gated", output=PixelFormat.rgb8)
        answer = engine.call(request, timeout=PATIENCE)
        again = engine.call(request, timeout=PATIENCE)  # its base travels as a digest now
    assert isinstance(answer, m.Colorized)
    assert isinstance(again, m.Colorized)
    assert memoryview(answer.plane.data) == memoryview(again.plane.data)
    here = far.peer()
    colorizer.permits.release()
    direct = here.call(m.Colorize(1, "d", base, "gated", output=PixelFormat.rgb8))
    assert memoryview(answer.plane.data) == memoryview(direct.plane.data)


def test_an_engine_that_hangs_up_too_soon_is_called_again(
    far: Any, keys: tuple[Keys, Keys], tmp_path: Path, hanging_up: Callable[..., Any]
) -> None:
    """It has a crowd at its door, and knows us as soon as it has heard us."""
    door = hanging_up(far.engine.far.port, 2)
    standing = Standing(tmp_path, Address("127.0.0.1", door.port), keys[1])
    try:
        with standing.client() as engine:
            assert engine.connect(timeout=PATIENCE).device == "cpu"
    finally:
        standing.close()


def test_two_programs_get_their_own_answers(stand: Callable[[], Standing], colorizer: Any) -> None:
    standing = stand()
    colorizer.permits.release(2)
    with standing.client() as one, standing.client() as two:
        asked = [
            (engine, engine.start(m.Colorize(0, "d", noise(8 + i), "gated"))) for i, engine in enumerate((one, two))
        ]
        for index, (engine, id) in enumerate(asked):
            answers: list[m.Message] = []
            while not any(isinstance(answer, m.Colorized) for answer in answers):
                answers = engine.receive()
            assert [(a.id, a.plane.extent.width) for a in answers if isinstance(a, m.Colorized)] == [(id, 8 + index)]


def test_whose_client_has_gone_is_not_worked_for(far: Any, stand: Callable[[], Standing], colorizer: Any) -> None:
    client, witness = stand().client(), far.peer()
    client.connect(timeout=PATIENCE)
    client.start(m.Colorize(0, "d", noise(8), "gated"))
    colorizer.started.get(timeout=PATIENCE)
    client.close()
    # Time moves by hand: each answer to the witness is a turn of the loop in which progress is due to be told.
    while colorizer.called_off.empty():
        far.clock.now += 1
        witness.call(m.GetStatus(witness.next_id()))


def test_stop_ends_the_relay_and_not_the_engine(far: Any, stand: Callable[[], Standing]) -> None:
    standing = stand()
    with standing.client() as engine:
        assert isinstance(engine.call(m.Shutdown(0), timeout=PATIENCE), m.Stopping)
    assert standing.ended()
    assert not standing.path.exists()
    far.peer().hello()


def test_it_ends_with_the_engine_and_says_so(far: Any, stand: Callable[[], Standing]) -> None:
    standing = stand()
    far.engine.stop()
    assert far.ended()
    far.engine._doors.close()
    assert standing.ended()
    assert isinstance(standing.error, EngineGone)
    assert str(Address("127.0.0.1", far.engine.far.port)) in str(standing.error)


def test_the_wrong_token_does_not_pass_the_relay(stand: Callable[[], Standing]) -> None:
    stranger = Knock(stand().relay.connection.port, plain_username=USERNAME.encode(), plain_password=b"x")
    try:
        assert stranger.end() is zmq.Event.HANDSHAKE_FAILED_AUTH
    finally:
        stranger.close()


def test_a_painter_who_is_not_known_there_is_told(far: Any, keys: tuple[Keys, Keys], tmp_path: Path) -> None:
    public, secret = zmq.curve_keypair()
    with pytest.raises(EngineGone, match="does not know this painter's key"):
        Standing(tmp_path, Address("127.0.0.1", far.engine.far.port), Keys(public, secret, keys[1].known))


def test_another_engine_than_the_keys_are_for_is_told(far: Any, keys: tuple[Keys, Keys], tmp_path: Path) -> None:
    other, _ = zmq.curve_keypair()
    with pytest.raises(EngineGone, match="cannot be reached"):
        Standing(
            tmp_path, Address("127.0.0.1", far.engine.far.port), Keys(keys[1].public, keys[1].secret, {"engine": other})
        )


def test_nobody_there_is_told_as_it_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HANDTINT_RUNTIME", str(tmp_path / "run"))
    make_keys(tmp_path / "keys", "painter")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    assert run(["relay", address, "--curve-keys", str(tmp_path / "keys" / "painter")]) == EXIT_ENGINE
    error = capsys.readouterr().err
    assert f"the engine at {address} cannot be reached: nobody listens there" in error
    assert not (tmp_path / "run" / FILE_NAME).exists()
    assert run(["relay", address, "--curve-keys", str(tmp_path / "keys")]) == EXIT_INPUT
