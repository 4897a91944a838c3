"""One MLLP connection: frames in, answers out in the same order, and never an answer too soon.

A frame is answered when it is stored. When it could not be, or not in time, the connection is
closed without a word: the sender repeats what was not answered, and a repeat has no effect.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

import structlog

from outreach.domain.interfaces import MllpLimits
from outreach.intake.hl7.framing import Framer, FrameTooLarge
from outreach.listeners.answers import Answers
from outreach.pipeline.arrive import Arrival

if TYPE_CHECKING:
    from outreach.listeners.group_store import GroupStore

log = structlog.get_logger(__name__)

MOST_WAITING = 64
"""Frames of one connection that are read ahead of their answers."""
LARGE = 64 * 1024
"""Bytes from which a message is read in a thread, so that the other connections go on."""


@dataclass(slots=True)
class Desk:
    """What the connections of one interface share."""

    name: str
    limits: MllpLimits
    answers: Answers
    store: "GroupStore"
    wake: Callable[[], None]
    connections: set["Connection"] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last connection has ended."""

    def enter(self, connection: "Connection") -> bool:
        """Takes a connection in, unless there are too many."""
        if len(self.connections) >= self.limits.connections:
            return False
        self.connections.add(connection)
        self.empty.clear()
        return True

    def leave(self, connection: "Connection") -> None:
        """The connection has ended."""
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()


@dataclass(slots=True)
class _Waiting:
    """A frame whose answer has not been sent."""

    raw: bytes
    deadline: float
    """On the event loop's clock."""
    stored: bool = False
    answer: bytes | None = None


class Connection(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._limits = desk.limits
        self._loop = asyncio.get_running_loop()
        self._framer = Framer(desk.limits.frame_bytes)
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._frames = 0
        self._last_frame = self._frame_began = self._loop.time()
        self._blocked_since: float | None = None
        self._reading = True
        self._ending = False

    # What asyncio tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection unless there are too many."""
        self._transport = cast("asyncio.Transport", transport)  # both TCP and TLS bring one
        if self._desk.enter(self):
            self._watch()
        else:
            self._close("too_many", abort=True)

    def data_received(self, data: bytes) -> None:
        """Queues every message that ``data`` completes."""
        if self._transport is None:
            return
        began = self._framer.in_frame
        try:
            for raw in self._framer.feed(data):
                began = False
                self._take(raw)
        except FrameTooLarge:
            self._close("frame_too_large")
            return
        if self._framer.lost and not self._frames:
            self._close("not_mllp")  # a browser, a port scan, TLS where none is spoken
            return
        if self._framer.in_frame and not began:
            self._frame_began = self._loop.time()
        self._watch()
        self._pace()

    def eof_received(self) -> bool:
        """A sender that has finished speaking may still listen for its answers (not with TLS)."""
        encrypted = self._transport is None or self._transport.get_extra_info("ssl_object")
        return not encrypted and self._end()

    def pause_writing(self) -> None:
        """The sender does not read its answers: nothing more is read of it."""
        self._blocked_since = self._loop.time()
        self._pace()
        self._watch()

    def resume_writing(self) -> None:
        """It reads again."""
        self._blocked_since = None
        self._pace()

    def connection_lost(self, exc: Exception | None) -> None:
        """What was received whole is stored all the same; its answers are dropped."""
        if self._transport is not None:
            self._forget("reset" if exc else "closed")

    # Frames and their answers

    def _take(self, raw: bytes) -> None:
        now = self._loop.time()
        self._frames += 1
        self._last_frame = now
        desk = self._desk
        if desk.answers.calls_for_none(raw):
            return
        waiting = _Waiting(raw, now + self._limits.ack_seconds)
        self._waiting.append(waiting)
        self._waiting_bytes += len(raw)
        desk.store.submit(desk.answers.payload(raw), partial(self._on_stored, waiting))
        # While the disk is busy with it, the message is read for what to answer.
        if len(raw) < LARGE:
            waiting.answer = desk.answers.answer(raw)
        else:
            reading = self._loop.run_in_executor(None, desk.answers.answer, raw)
            reading.add_done_callback(partial(self._on_read, waiting))

    def _on_read(self, waiting: _Waiting, reading: "asyncio.Future[bytes]") -> None:
        waiting.answer = reading.result()
        self._answer()

    def _on_stored(self, waiting: _Waiting, arrival: Arrival | None) -> None:
        if arrival is None:
            self._close("not_stored")
            return
        waiting.stored = True
        self._desk.answers.stored(waiting.raw, arrival)
        if self._transport is None:
            self._desk.wake()
        else:
            self._answer()

    def _answer(self) -> None:
        """Sends the answers that are due, oldest first; then there is work for ``ingest``."""
        waiting = self._waiting
        before = len(waiting)
        while self._transport is not None and waiting:
            first = waiting[0]
            if not first.stored or first.answer is None:
                break
            if self._loop.time() > first.deadline:
                self._close("late")  # the sender may have given up: a late answer confuses it
                return
            waiting.popleft()
            self._waiting_bytes -= len(first.raw)
            self._transport.write(first.answer)
        if len(waiting) < before:
            self._desk.wake()
        if self._ending and not waiting:
            self._close("closed")
        self._pace()

    # Limits

    def _pace(self) -> None:
        """Reads on only while the answers keep up."""
        if self._transport is None or self._ending:
            return
        keeps_up = (
            self._blocked_since is None
            and len(self._waiting) < MOST_WAITING
            and self._waiting_bytes < self._limits.frame_bytes
        )
        if keeps_up is not self._reading:
            self._reading = keeps_up
            if keeps_up:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _due(self) -> tuple[float, str]:
        """When this connection is to be closed if nothing happens, and why."""
        limits = self._limits
        due = (self._last_frame + limits.idle_seconds, "idle")
        if self._framer.in_frame:
            due = min(due, (self._frame_began + limits.frame_seconds, "frame_unfinished"))
        if self._waiting:
            due = min(due, (self._waiting[0].deadline, "late"))
        if self._blocked_since is not None:
            due = min(due, (self._blocked_since + limits.ack_seconds, "answers_unread"))
        return due

    def _watch(self) -> None:
        """Keeps one timer that never rings after the present limit; it is moved when it rings."""
        if self._transport is None:
            return
        at, _ = self._due()
        if self._timer is not None and self._timer.when() <= at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        at, why = self._due()
        if self._loop.time() >= at:
            self._close(why, abort=why == "answers_unread")
        else:
            self._watch()

    # The end

    def end(self) -> None:
        """Reads no more, and closes once what was received is answered."""
        if self._transport is not None and not self._end():
            self._close("stopped")

    def _end(self) -> bool:
        if self._transport is not None and self._reading and not self._ending:
            self._transport.pause_reading()
        self._ending = True
        return bool(self._waiting)

    def _close(self, why: str, *, abort: bool = False) -> None:
        """Closes without answering what still waits; what was answered before is still sent."""
        transport = self._transport
        if transport is None:
            return
        self._forget(why)
        if abort:
            transport.abort()
        else:
            transport.close()

    def _forget(self, why: str) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._desk.leave(self)
        unanswered = len(self._waiting)
        if any(one.stored for one in self._waiting):
            self._desk.wake()
        self._waiting.clear()
        usual = why in {"closed", "stopped", "idle"} and not unanswered
        tell = log.info if usual else log.warning
        tell(
            "mllp.closed",
            interface=self._desk.name,
            why=why,
            frames=self._frames,
            unanswered=unanswered,
        )
