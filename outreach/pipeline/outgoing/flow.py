"""Flow: what one drain has under way at all providers, while it claims the next batch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Event, Lock
from time import sleep
from uuid import UUID

from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline.outcomes.outcome import Sent
from outreach.pipeline.outgoing.prepare import Prepared
from outreach.pipeline.outgoing.record import record
from outreach.pipeline.ports import NOT_BEGUN, ResultKind, Sending, SendResult
from outreach.pipeline.world import World

GROUP_SECONDS = 0.05
"""How long a group of results may fill: recorded at least every 100 ms, with room to write."""
_LOOK_SECONDS = 1.0
"""After so long somebody looks, also when nobody told of anything."""
_TRIES, _BREATH = 4, 0.5
"""How often what is under way is written down before it is given up, and seconds between."""


@dataclass(frozen=True)
class _Batch:
    kind: ChannelKind
    sending: Sending


class Flow:
    """Batches under way, whose results are written down in groups, whichever batch they are of.

    One thread uses it; results come from the threads of the channels. An interruption (a signal)
    may fall between any two lines: ``stop`` then still ends. A result that it falls upon is lost:
    the claim runs out, and the outcome is settled by evidence.
    """

    def __init__(self, world: World, claim_id: UUID) -> None:
        self.claim_id = claim_id
        self.refused = False
        """Whether any message was not taken: a sender or an account may be stopped now."""
        self._world = world
        self._batches: list[_Batch] = []
        self._sent: dict[UUID, Sent] = {}
        self._taken: list[SendResult] = []
        """Results that are not written down yet."""
        self._lock = Lock()
        self._missing = 0
        """Results that have not come."""
        self._meanwhile = 0
        """Results that came while the last batch was claimed."""
        self._enough = 0
        self._some, self._few = Event(), Event()

    def begin(self, kind: ChannelKind, prepared: Mapping[UUID, Prepared]) -> None:
        """Hands a batch to its channel."""
        self._meanwhile = sum(batch.sending.left for batch in self._batches) - self._missing
        self._sent.update((one, row.sent) for one, row in prepared.items())
        with self._lock:
            self._missing += len(prepared)
        sending = self._world.channels[kind].send([one.outgoing for one in prepared.values()])
        self._batches.append(_Batch(kind, sending))
        sending.tell(self._came)

    def has_room(self, kind: ChannelKind) -> bool:
        """Whether the next batch may be claimed: what is left of earlier ones is in flight, but
        for what is done while it is claimed.

        No more than that: a claim that waits long for its turn is checked again, and each one that
        is not recorded when its worker dies is one more unknown outcome.
        """
        left = sum(batch.sending.left for batch in self._batches if batch.kind is kind)
        return left <= self._room(kind)

    def give_back(self, prepared: Mapping[UUID, Prepared]) -> None:
        """A batch of which nothing may begin any more."""
        results = [SendResult(one, ResultKind.NOT_SENT, detail=NOT_BEGUN) for one in prepared]
        record(self._world, self.claim_id, results, {})

    def record(self, to_come: Collection[ChannelKind] = ()) -> None:
        """Waits for some results and writes them down with all that came beside them.

        It does not wait where the next batch of one of the channels ``to_come`` has room already.
        """
        if self._batches and not any(self.has_room(kind) for kind in to_come):
            self._wait(to_come)
        for batch in self._batches:
            self._taken += batch.sending.take()
        if self._taken:
            record(self._world, self.claim_id, self._taken, self._sent)
            for result in self._taken:
                self.refused |= result.kind is not ResultKind.ACCEPTED
                self._sent.pop(result.message_id, None)
            self._taken = []
        self._batches = [batch for batch in self._batches if batch.sending.left]

    def finish(self) -> None:
        """Writes down what becomes of all that is under way.

        Raises:
            Unavailable: the database cannot be reached, also after a few tries.
        """
        tries = 0
        while self._batches or self._taken:
            try:
                self.record()
            except Unavailable:
                tries += 1
                if tries == _TRIES:
                    raise
                sleep(_BREATH)

    def stop(self) -> None:
        """Begins nothing more, and writes down what became of all that had begun."""
        for batch in self._batches:
            batch.sending.tell(self._came)
            batch.sending.cancel()
        self._some.set()  # what came before the interruption may not be told again
        self.finish()

    def _wait(self, to_come: Collection[ChannelKind]) -> None:
        """For the first result, and then until there is room, or all are there, or a while."""
        self._enough = max((self._room(kind) for kind in to_come), default=0)
        self._some.wait(_LOOK_SECONDS)
        if self._missing > self._enough:
            self._few.wait(GROUP_SECONDS)
        self._some.clear()
        self._few.clear()

    def _room(self, kind: ChannelKind) -> int:
        channel = self._world.channels.get(kind)
        in_flight = 0 if channel is None else channel.capacity // 2
        return in_flight + min(in_flight, self._meanwhile)

    def _came(self, count: int) -> None:
        with self._lock:
            self._missing -= count
            few = self._missing <= self._enough
        self._some.set()
        if few:
            self._few.set()
