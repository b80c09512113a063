"""One engine as an editor sees it: found or started, connected, and asked again when it dies.

Standard library and handtint.wire only. No thread and no timer: `pump(now)` does everything that is due.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from handtint.client.delivery import Delivery, Digests, needs, pictures
from handtint.client.heartbeat import Heartbeat, Pulse
from handtint.client.launcher import Launcher
from handtint.client.pending import GONE, REFUSED, Pending
from handtint.client.states import (
    CONNECTED,
    NOBODY,
    NOBODY_ANSWERS,
    REDIALS,
    RIVAL_PATIENCE,
    TEXTS,
    LinkState,
    unanswering,
)
from handtint.client.zmtp import Dealer, DealerState
from handtint.errors import EngineError, EngineGone, ProtocolError
from handtint.wire import messages as m
from handtint.wire.codec import decode, encode
from handtint.wire.connection import USERNAME, Connection
from handtint.wire.pixels import Buffer, Patch, Plane

__all__ = ["GONE", "REFUSED", "EngineLink", "LinkState"]

_LOOK = 0.05
"""Seconds between looks for the connection file of an engine that is starting."""
_MAX_FRAME = 1 << 30


class EngineLink:
    """Requests in, answers out; call `pump` when `fileno` is readable, or after `wake` seconds.

    Nothing is started before the first `send` or `open`. After `refused` or `failed` the next `send` tries again.

    Parameters
    ----------
    linger : float
        As in `Dealer`: seconds for which a pump waits for the rest of a plane that has begun to come.

    Attributes
    ----------
    state, text : LinkState, str
        How it stands, and the same as one sentence for the artist.
    welcome : Welcome, optional
        What the engine said of itself at the last connection.
    """

    def __init__(
        self,
        client: str,
        *,
        launcher: Launcher,
        start: bool = True,
        start_patience: float = 60.0,
        connect_patience: float = 10.0,
        max_starts: int = 3,
        linger: float = 0.0,
        make_dealer: Callable[..., Dealer] = Dealer,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._client, self._launcher, self._start_allowed = client, launcher, start
        self._start_patience, self._connect_patience, self._max_starts = start_patience, connect_patience, max_starts
        self._make_dealer, self._linger = make_dealer, linger
        self._heartbeat = heartbeat or Heartbeat()
        self._ids = itertools.count(1)
        self._pending: dict[int, Pending] = {}
        self._out: list[m.Message] = []
        self._digests = Digests()
        self._delivery = Delivery(self._digests)
        self._dealer: Dealer | None = None
        self._connection: Connection | None = None
        self._stale: Connection | None = None
        self._hello = self._greeted = 0
        self._stopping = False
        self._opened = False
        self._closed = False
        self._starts = 0
        self._look_at = self._deadline = self._rival_until = 0.0
        self._enter(LinkState.offline)
        self.welcome: m.Welcome | None = None

    # What a caller uses ---------------------------------------------------------------------------------------

    def next_id(self) -> int:
        """An id that no other request of this link has."""
        return next(self._ids)

    def open(self) -> None:
        """Find or start the engine without a request, to learn its methods."""
        self._opened = self.state not in CONNECTED
        self._again()

    def send(self, message: m.Message, whole: Mapping[str, Plane] | None = None) -> None:
        """Take a request; its planes must not change until it has its answer.

        `whole` holds, by digest, the full planes behind the Known and Patch pictures of the message, for an engine
        that has forgotten them. Planes of the message itself need no entry.
        """
        if self._closed:
            raise EngineGone("the link to the engine is closed")
        if message.id in self._pending:
            raise ProtocolError(f"each request needs an id of its own, {message.id} waits for its answer already")
        if isinstance(message, m.Cancel) and self._cancel_here(message):
            return
        self._pending[message.id] = Pending(message, whole or {})
        self._again()

    def digest_of(self, plane: Plane) -> str:
        """The plane's digest, worked out once for each plane object."""
        return self._digests.of(plane)

    def pump(self, now: float) -> list[m.Message]:
        """Do what is due; returns replies, Progress and Failure, in the order in which they came."""
        if not self._closed:
            self._advance(now)
        out, self._out = self._out, []
        return out

    def push(self, now: float) -> None:
        """Send at once what was just taken, as far as the engine takes it in; what comes waits for `pump`."""
        if not self._closed:
            self._advance(now)

    def fileno(self) -> int | None:
        """What to watch, None while there is nothing to watch."""
        return self._dealer.fileno() if self._dealer is not None else None

    @property
    def wants_write(self) -> bool:
        """Should `pump` be called as soon as `fileno` is writable?"""
        return self._dealer is not None and self._dealer.wants_write

    def wake(self, now: float) -> float | None:
        """Seconds until `pump` has something to do even if `fileno` stays silent, None for never."""
        if self._out or (self.state is LinkState.offline and self._wanted()):
            return 0.0
        if self.state is LinkState.starting:
            return max(0.0, self._look_at - now)
        if self.state is LinkState.connecting and self._dealer is not None:
            pauses = (self._deadline - now, self._dealer.wake(now))
            return max(0.0, min(pause for pause in pauses if pause is not None))
        return self._heartbeat.wake(now) if self.state in CONNECTED else None

    @property
    def unanswered(self) -> tuple[int, ...]:
        """Ids of the requests that wait for their answer."""
        return tuple(self._pending)

    def close(self) -> None:
        """Close at once; the engine lives on."""
        self._drop_connection()
        self._launcher.release()
        self._pending.clear()
        self._closed = True
        self._enter(LinkState.offline)

    # States ---------------------------------------------------------------------------------------------------

    def _enter(self, state: LinkState, text: str = "") -> None:
        self.state = state
        self.text = text or TEXTS[state]

    def _wanted(self) -> bool:
        return self._opened or bool(self._pending)

    def _again(self) -> None:
        if self.state in (LinkState.refused, LinkState.failed):
            self._starts = 0
            self._stale = None
            self._enter(LinkState.offline)

    def _advance(self, now: float) -> None:
        try:
            if self.state is LinkState.offline and self._wanted():
                self._find(now)
            if self.state is LinkState.starting:
                self._look(now)
            if self.state is LinkState.connecting or self.state in CONNECTED:
                self._pump_dealer(now)
            if self.state is LinkState.offline and self._wanted():
                self._find(now)
        except EngineError as error:
            self._give_up(LinkState.failed if isinstance(error, EngineGone) else LinkState.refused, str(error))

    def _find(self, now: float) -> None:
        connection = self._launcher.find()
        if connection is not None and connection != self._stale:
            self._connect(connection, now)
        elif not self._start_allowed:
            raise EngineGone(NOBODY if connection is None else NOBODY_ANSWERS)
        else:
            self._start(now)
            self._deadline = now + self._start_patience

    def _start(self, now: float) -> None:
        if self._starts >= self._max_starts:
            raise EngineGone(f"the engine ended {self._starts} times while it started (log: {self._launcher.log_path})")
        self._starts += 1
        self._launcher.start()
        self._look_at, self._rival_until = now, 0.0
        self._enter(LinkState.starting)

    def _look(self, now: float) -> None:
        """Has the engine that is starting written its connection file?"""
        if now < self._look_at:
            return
        self._look_at = now + _LOOK
        alive = self._launcher.alive()
        # Asked in this order, a file that was written just before the end is seen.
        connection = self._launcher.find()
        if connection is not None and connection != self._stale:
            self._connect(connection, now)
        elif not alive and self._launcher.killed:
            self._enter(LinkState.offline)  # and so to another start, unless there were too many
        elif not alive and not self._launcher.found_another:
            raise EngineGone(self._launcher.failure() or "the engine ended while it started")
        elif not alive and self._outwaited(now):
            # Another kept ours away; it has ended meanwhile, or it is suspended or stuck for good.
            if connection is not None and not self._launcher.end(connection):
                raise EngineGone(unanswering(connection))
            self._start(now)
        elif now >= self._deadline:
            raise EngineGone(
                f"the engine was expected to start within {self._start_patience:g} s, it did not"
                f" (log: {self._launcher.log_path})"
            )

    def _outwaited(self, now: float) -> bool:
        """Has the engine that keeps others away had its time to say where it listens?"""
        self._rival_until = self._rival_until or now + RIVAL_PATIENCE
        return now >= self._rival_until

    def _connect(self, connection: Connection, now: float) -> None:
        self._drop_connection()
        self._connection = connection
        self._dealer = self._make_dealer(
            connection.host,
            connection.port,
            username=USERNAME,
            password=connection.token,
            max_frame=_MAX_FRAME,
            reconnect=False,
            redials=REDIALS,
            patience=self._connect_patience,
            linger=self._linger,
        )
        self._heartbeat.begin()
        self._hello = self.next_id()
        self._greeted = 0
        self._deadline = now + self._connect_patience
        self._enter(LinkState.connecting)

    def _pump_dealer(self, now: float) -> None:
        dealer = self._dealer
        assert dealer is not None
        for frames in dealer.pump(now):
            self._receive(frames)
        self._greet(dealer)
        # A connection that ended in this very turn takes nothing any more: the request waits for the next one.
        if self.state is LinkState.ready and dealer.state is not DealerState.closed:
            self._deliver(now)
        if dealer is self._dealer and self.state in CONNECTED:
            self._feel_pulse(dealer, now)
        late = self.state is LinkState.connecting and now >= self._deadline
        if dealer is self._dealer and (late or dealer.state is DealerState.closed):
            self._lost(dealer)

    def _greet(self, dealer: Dealer) -> None:
        """Say Hello on each connection of its own: one that was hung up on may have taken the last one along."""
        if self.state is LinkState.connecting and dealer.connections > self._greeted:
            self._greeted = dealer.connections
            if dealer.state is DealerState.ready:
                dealer.send(encode(m.Hello(self._hello, self._client)))

    def _feel_pulse(self, dealer: Dealer, now: float) -> None:
        """Say so where an engine with work is silent; end it where it stays silent, and so go on to the next."""
        pulse = self._heartbeat.look(now, dealer.moved, waiting=bool(self._pending))
        state = LinkState.silent if pulse in (Pulse.silent, Pulse.lost) else LinkState.ready
        if state is not self.state:
            self._enter(state)
        if pulse is Pulse.ask:
            dealer.ping()
        elif pulse is Pulse.lost and self._connection is not None:
            if not self._launcher.end(self._connection):
                raise EngineGone(unanswering(self._connection))
            dealer.close()
            dealer.error = f"it said nothing for {self._heartbeat.lost:g} s"

    def _lost(self, dealer: Dealer) -> None:
        """The connection broke or never came about: whom was it given to, and what now?"""
        connection, connecting = self._connection, self.state is LinkState.connecting
        self._drop_connection()
        self._enter(LinkState.offline)
        if dealer.refused and self._launcher.find() == connection:
            self._give_up(
                LinkState.refused,
                f"An engine runs and does not let us in: {dealer.error}. Stop it with `handtint stop`.",
            )
            return
        if connecting:
            self._stale = connection
        # Requests that it took along are asked once more; those that end with an engine are answered here.
        waiting = list(self._pending.values())
        cancelled = {pending.message.target for pending in waiting if isinstance(pending.message, m.Cancel)}
        for pending in waiting:
            answer = pending.lose(dealer.error, cancelled)
            if answer is not None:
                self._answer(answer)

    def _give_up(self, state: LinkState, text: str) -> None:
        self._drop_connection()
        self._opened = False
        self._enter(state, text)
        code = REFUSED if state is LinkState.refused else GONE
        for id in list(self._pending):
            self._answer(m.Failure(id, code, text))

    def _drop_connection(self) -> None:
        if self._dealer is not None:
            self._dealer.close()
        self._dealer = self._connection = None
        self._delivery = Delivery(self._digests)
        self._stopping = False

    # Requests and answers -------------------------------------------------------------------------------------

    def _deliver(self, now: float) -> None:
        assert self._dealer is not None
        unsent = [pending for pending in self._pending.values() if pending.sent is None]
        if not unsent or self._stopping:
            return
        for pending in unsent:
            self._send_out(pending)
        if self._dealer is not None:
            for frames in self._dealer.pump(now):
                self._receive(frames)

    def _send_out(self, pending: Pending) -> None:
        self._post(pending, self._delivery.travel(pending.message, pending.whole))

    def _post(self, pending: Pending, sent: m.Message) -> None:
        assert self._dealer is not None
        try:
            self._dealer.send(encode(sent))
            pending.sent = sent
        except (ProtocolError, EngineGone) as error:
            self._delivery.take_back(sent)
            code = GONE if isinstance(error, EngineGone) else "bad_request"
            self._answer(m.Failure(pending.message.id, code, str(error)))

    def _receive(self, frames: list[Buffer]) -> None:
        try:
            message = decode(frames)
        except ProtocolError as error:
            self._give_up(LinkState.refused, f"The engine's answer could not be read: {error}.")
            return
        if message.id == self._hello and self.state is LinkState.connecting:
            self._take_welcome(message)
        elif isinstance(message, m.Failure) and self._handled(message):
            return
        elif isinstance(message, m.Progress):
            if message.id in self._pending:
                self._out.append(message)
        elif message.id in self._pending:
            self._answer(message)

    def _take_welcome(self, message: m.Message) -> None:
        if isinstance(message, m.Welcome) and message.major == m.PROTOCOL[0] and message.minor < m.OLDEST_MINOR:
            self._give_up(LinkState.refused, "An older engine runs: stop it with `handtint stop`, and update it.")
        elif isinstance(message, m.Welcome) and message.major == m.PROTOCOL[0]:
            self.welcome = message
            self._opened = False
            self._starts = 0
            self._stale = None
            self._enter(LinkState.ready)
        elif isinstance(message, m.Failure):
            self._give_up(LinkState.refused, message.text)
        else:
            self._give_up(LinkState.refused, f"The engine answered Hello with {message.type}: update it.")

    def _handled(self, failure: m.Failure) -> bool:
        """Failures that the artist need not hear of: a forgotten plane, and an engine that is about to end."""
        pending = self._pending.get(failure.id)
        if pending is None or pending.sent is None:
            return True
        if failure.code == "unknown_plane" and pending.refills < 2:
            pending.refills += 1
            return self._refill(pending, pending.sent, failure.missing)
        if failure.code == "stopping" and not pending.losses:
            pending.sent, pending.losses = None, 1
            self._stopping = True
            return True
        return False

    def _refill(self, pending: Pending, before: m.Message, missing: tuple[str, ...]) -> bool:
        """Send again, with the forgotten planes whole; False where we do not have them either."""
        # Nor has it made the planes that were to be patched out of these.
        patched = [picture.digest() for _, picture in pictures(before) if isinstance(picture, Patch)]
        self._delivery.forget([*missing, *patched])
        sent = self._delivery.travel(pending.message, pending.whole)
        if needs(sent) & set(missing):
            self._delivery.take_back(sent)
            return False
        self._post(pending, sent)
        return True

    def _answer(self, message: m.Message) -> None:
        self._pending.pop(message.id, None)
        self._out.append(message)

    def _cancel_here(self, cancel: m.Cancel) -> bool:
        """Call off what the engine has not been given; True where it need not hear of it."""
        target = self._pending.get(cancel.target)
        unsent = target is not None and target.sent is None
        if unsent:
            self._answer(m.Failure(cancel.target, "cancelled", "The request was called off."))
        elif target is not None or self.state is LinkState.ready:
            return False
        self._out.append(m.CancelDone(cancel.id, cancel.target, found=unsent))
        return True
