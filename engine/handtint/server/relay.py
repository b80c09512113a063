"""The painter's end of an engine on another machine: to this user's programs it is the engine, and it passes all on.

Who shows the token on the loopback address gets a CURVE connection of their own to the other machine. Understands
Hello's answer and Shutdown, and of everything else only where it goes. Ends when the other machine is gone.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zmq
from zmq.utils.monitor import recv_monitor_message

from handtint import __version__
from handtint.errors import EngineGone, EngineRefused, InputError
from handtint.server.backlog import Backlog
from handtint.server.doors import HOST, Address, Doors, parse_address
from handtint.server.engine import TOKEN_BYTES
from handtint.server.keys import Keys, read_keys
from handtint.server.mailbox import Client
from handtint.server.standing import alone_at, say_who_runs, stopped_by_signals
from handtint.server.wake import Wake
from handtint.wire.codec import MessageError, decode, encode
from handtint.wire.connection import Connection, connection_path, remove_connection, write_connection
from handtint.wire.limits import MAX_PLANE
from handtint.wire.messages import PROTOCOL, Hello, Shutdown, Stopping, Welcome

_PATIENCE = 10.0
"""Seconds in which the other machine has to answer at the start."""
_REDIALS, _REDIAL_MS = 5, 100
"""Calls to an engine that hangs up before it lets us in, over 2 s: there may be a crowd at its door."""
_PING_MS, _SILENCE_MS = 2_000, 10_000
_QUEUE = 4
_AT_ONCE = 16
_UNREAD = 256 << 20
"""Bytes of answers that may wait for a program here before no more of them are fetched."""
_TICK = 1.0
_QUIET = 120.0
"""Seconds without a byte after which a connection is given back: work that goes on says so four times a second."""
_ENDS = {
    zmq.Event.HANDSHAKE_FAILED_AUTH: "it does not know this painter's key; put it into the engine's folder `known`",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "it speaks without keys; these keys belong to an engine that asks for them",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "it is not the engine that these keys were made for",
    zmq.Event.DISCONNECTED: "the connection ended",
    zmq.Event.CLOSED: "nobody listens there; is it started with --listen, and does its firewall let you in?",
}
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Line:
    """One connection to the other machine, and what libzmq says of it."""

    socket: zmq.Socket[bytes]
    monitor: zmq.Socket[bytes]
    used: float
    stood: bool = False
    redials: int = _REDIALS

    def end(self) -> str:
        """Why it ended; empty while it stands, and while libzmq calls again because it was hung up on too soon."""
        while self.monitor.poll(0):
            event = zmq.Event(recv_monitor_message(self.monitor)["event"])
            self.stood = self.stood or event is zmq.Event.HANDSHAKE_SUCCEEDED
            if event is zmq.Event.HANDSHAKE_FAILED_NO_DETAIL and self.redials:
                self.redials -= 1
            elif event in _ENDS and (self.stood or event is not zmq.Event.DISCONNECTED):
                return _ENDS[event]
        return ""

    def close(self) -> None:
        self.socket.disable_monitor()
        self.monitor.close(linger=0)
        self.socket.close(linger=0)


def relay(
    address: str,
    curve_keys: Path,
    *,
    idle_exit: float | None = None,
    path: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Stand in for an engine on another machine until told to end.

    Returns
    -------
    int
        0; also where a relay or an engine of this user runs already.

    Raises
    ------
    EngineGone
        The other machine does not answer, or does not any more.
    """
    far, keys, place = parse_address(address), read_keys(curve_keys), path or connection_path()
    if len(keys.known) != 1:
        raise InputError(
            f"expected one engine in {curve_keys / 'known'}, got {len(keys.known)}: is it a painter's folder?"
        )
    with alone_at(place, clock) as other:
        if other is None:
            _run(far, keys, place, idle_exit, clock)
        else:
            say_who_runs(other)
    return 0


def _run(far: Address, keys: Keys, place: Path, idle_exit: float | None, clock: Callable[[], float]) -> None:
    standing = Relay(far, keys, idle_exit=idle_exit, clock=clock)
    try:
        with stopped_by_signals(standing.stop, standing.wake):
            welcome = standing.greet()
            if welcome is None:
                return
            write_connection(place, standing.connection)
            port, device = standing.connection.port, welcome.device
            _log.info("listens on %s:%d for the engine %s on %s at %s", HOST, port, welcome.version, device, far)
            standing.run()
    finally:
        remove_connection(place, standing.connection.token)
        standing.close()
    _log.info("relay ended")


class Relay:
    """Listens here as an engine does, and calls the other machine once for each client.

    Attributes
    ----------
    connection : Connection
        What this user's programs need to know.
    """

    def __init__(
        self,
        far: Address,
        keys: Keys,
        *,
        idle_exit: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._far, self._keys, self._idle_exit, self._clock = far, keys, idle_exit, clock
        self.wake = Wake()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._doors = Doors(token)
        here = self._doors.open_here(Address(HOST, 0))
        self.connection = Connection(here.host, here.port, os.getpid(), "{}.{}".format(*PROTOCOL), token, __version__)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._watch = self._call()
        """Asks for nothing: it is there to see the other machine go."""
        self._lines: dict[Client, _Line] = {}
        self._backlog = Backlog()
        self._held: tuple[_Line, list[zmq.Frame]] | None = None
        self._stop_asked = False

    def greet(self) -> Welcome | None:
        """What the engine over there says of itself; None where we were stopped meanwhile. EngineGone if nothing."""
        self._watch.socket.send_multipart(encode(Hello(1, "handtint relay")))
        poller = zmq.Poller()
        for source in (self._watch.socket, self._watch.monitor, self.wake.fileno()):
            poller.register(source, zmq.POLLIN)
        end = self._clock() + _PATIENCE
        while not self._stop_asked:
            left = end - self._clock()
            if left <= 0:
                raise EngineGone(f"the engine at {self._far} was expected to answer within {_PATIENCE:g} s, it did not")
            ready = dict(poller.poll(round(left * 1000) + 1))
            self.wake.hear()
            if self._watch.socket in ready:
                return self._welcome()
            self._check(self._watch)
        return None

    def _welcome(self) -> Welcome:
        try:
            answer = decode(self._watch.socket.recv_multipart())
        except MessageError as error:
            raise EngineRefused(f"the engine at {self._far} answers in another protocol: {error}") from error
        if not isinstance(answer, Welcome):
            raise EngineRefused(
                f"the engine at {self._far} answered Hello with {answer.type}: {getattr(answer, 'text', '')}"
            )
        return answer

    def run(self) -> None:
        """Pass on until stopped, idle for too long, or until the other machine is gone (EngineGone)."""
        last_heard = last_tick = self._clock()
        while not self._stop_asked:
            ready = dict(self._poller().poll(round(_TICK * 1000)))
            self.wake.hear()
            self._doors.attend()
            now = self._clock()
            for line in (self._watch, *self._lines.values()):
                if line.monitor in ready:
                    self._check(line)
            heard = self._pass_on(now)
            for client, line in list(self._lines.items()):
                if ready.get(line.socket, 0) & zmq.POLLIN:
                    self._pass_back(client, line, now)
                    heard = True
            if heard:
                last_heard = now
            if now - last_tick >= _TICK:
                last_tick = now
                self._look_around(now, now - last_heard)

    def stop(self) -> None:
        """End; from any thread or signal handler."""
        self._stop_asked = True
        self.wake.ring()

    def close(self) -> None:
        for line in (self._watch, *self._lines.values()):
            line.close()
        self._context.term()
        self._doors.close()
        self.wake.close()

    def _poller(self) -> zmq.Poller:
        """What there is to wait for now: nothing is fetched that would only have to be kept."""
        poller = zmq.Poller()
        for source in (*self._doors.bells, self.wake.fileno()):
            poller.register(source, zmq.POLLIN)
        if self._held is None:
            for socket in self._doors.sockets:
                poller.register(socket, zmq.POLLIN)
        poller.register(self._watch.monitor, zmq.POLLIN)
        for client, line in self._lines.items():
            poller.register(line.monitor, zmq.POLLIN)
            flags = zmq.POLLIN if self._backlog.nbytes(client) <= _UNREAD else 0
            flags |= zmq.POLLOUT if self._held is not None and self._held[0] is line else 0
            if flags:
                poller.register(line.socket, flags)
        return poller

    def _call(self) -> _Line:
        """A new connection to the other machine; libzmq calls again until we say that it has ended."""
        dealer = self._context.socket(zmq.DEALER)
        dealer.linger = 0
        dealer.maxmsgsize = MAX_PLANE
        dealer.sndhwm = dealer.rcvhwm = _QUEUE
        dealer.reconnect_ivl, dealer.reconnect_ivl_max = _REDIAL_MS, 8 * _REDIAL_MS
        dealer.connect_timeout = round(_PATIENCE * 1000)
        dealer.heartbeat_ivl, dealer.heartbeat_timeout = _PING_MS, _SILENCE_MS
        dealer.ipv6 = True
        dealer.curve_publickey, dealer.curve_secretkey = self._keys.public, self._keys.secret
        (dealer.curve_serverkey,) = self._keys.known.values()
        monitor = dealer.get_monitor_socket()
        try:
            dealer.connect(str(self._far))
        except zmq.ZMQError as error:
            raise EngineGone(f"the engine at {self._far} cannot be called: {error.strerror}") from error
        return _Line(dealer, monitor, self._clock())

    def _check(self, line: _Line) -> None:
        reason = line.end()
        if reason:
            raise EngineGone(f"the engine at {self._far} cannot be reached: {reason}")

    def _pass_on(self, now: float) -> bool:
        """What has come from this user's programs, to the other machine; whether anything had."""
        heard = False
        for _ in range(_AT_ONCE):
            if self._held is None:
                came = self._doors.receive()
                if came is None:
                    break
                heard = True
                client, frames = came
                if self._is_shutdown(client, frames):
                    break
                if client not in self._lines:
                    self._lines[client] = self._call()
                self._held = self._lines[client], frames
            line, frames = self._held
            try:
                line.socket.send_multipart(frames, zmq.NOBLOCK, copy=False)
            except zmq.Again:
                break  # Nothing more is taken in before there is room: TCP tells those who send.
            line.used, self._held = now, None
        return heard

    def _is_shutdown(self, client: Client, frames: list[zmq.Frame]) -> bool:
        """Whether it was the relay that was asked to end: the engine over there may have other painters."""
        if len(frames) != 2:
            return False
        try:
            message = decode([frame.buffer for frame in frames])
        except MessageError:
            return False  # Whatever it is, the engine has an answer.
        if isinstance(message, Shutdown):
            self._doors.send(client, encode(Stopping(message.id)))
            self._stop_asked = True
        return self._stop_asked

    def _pass_back(self, client: Client, line: _Line, now: float) -> None:
        """One answer, to the program that waits for it."""
        frames = line.socket.recv_multipart(zmq.NOBLOCK, copy=False)
        line.used = now
        nbytes = max(len(frame) for frame in frames)
        large = nbytes > self._doors.copy_threshold
        try:
            tracker = self._doors.send(client, [frame.buffer for frame in frames], track=large)
        except zmq.Again:
            self._hang_up(client, "does not read its answers")
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._hang_up(client, "has vanished")
        else:
            if tracker is not None:
                self._backlog.add(client, tracker, nbytes)

    def _hang_up(self, client: Client, reason: str) -> None:
        """Nobody is there any more for whom the other machine works."""
        _log.info("a client %s", reason)
        self._backlog.forget(client)
        line = self._lines.pop(client)
        if self._held is not None and self._held[0] is line:
            self._held = None
        line.close()

    def _look_around(self, now: float, idle: float) -> None:
        for client, line in list(self._lines.items()):
            if now - line.used > _QUIET:
                self._hang_up(client, f"has been quiet for {_QUIET:g} s")
        if self._idle_exit is not None and idle > self._idle_exit:
            _log.info("no request for %.0f s: the relay ends", idle)
            self._stop_asked = True
