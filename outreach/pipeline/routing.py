"""Routing: from which sender a claimed text goes, whether that may send, and how many may go now.

A gate serves one batch. How many may be claimed is asked of the pace before the claim; each message
then takes the first sender in its order whose breaker lets it through, or waits for it. It costs no
statement where nothing is stopped and there is one sender.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from outreach.domain.breaker import Breaker, BreakerState, lets_through
from outreach.domain.retries import spread_of
from outreach.domain.senders import OWN, Sender
from outreach.domain.states import ChannelKind, Purpose, Urgency
from outreach.pipeline import circuits, followup
from outreach.pipeline.facts.reading import Facts
from outreach.pipeline.outcomes import aftermath, outcome
from outreach.pipeline.world import World
from outreach.storage.models import Message
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_LOOK_AGAIN = timedelta(hours=1)
"""What waits for a breaker is let go when that closes; by itself it comes back this often."""
_ONLY = (Sender(OWN),)


class Gate:
    """What one batch may send. Made before its claim, ``read`` after it, ``done`` at the end."""

    def __init__(
        self,
        world: World,
        kind: ChannelKind,
        lanes: Collection[Urgency],
        want: int,
        *,
        tripped: bool,
    ) -> None:
        """``tripped``: whether any breaker is not closed, as ``Messages.waiting`` says."""
        self._world, self._kind, self._tripped = world, kind, tripped
        self._breakers: dict[str, Breaker] = {}
        self._threads: dict[UUID, str] = {}
        paced = world.senders.known() if kind is ChannelKind.SMS else ()
        self._rates = {one.name: one.per_second for one in paced if one.per_second is not None}
        # urgent work never waits for its turn: what it uses is counted afterwards
        self._waits = set(lanes) != {Urgency.URGENT}
        asks = bool(self._rates) and self._waits
        granted = world.pace.take(self._rates, want, lanes) if asks else [0] * len(self._rates)
        self._granted = dict(zip(self._rates, granted, strict=True))
        self._used = dict.fromkeys(self._rates, 0)
        self.turned_away = 0
        """How many of the batch wait for a sender: for its breaker or for its pace."""
        self._begun: dict[UUID, str] = {}
        self._moved: dict[UUID, str] = {}
        free = any(one.name not in self._rates for one in world.senders.patients)
        self.limit = min(want, sum(granted)) if asks and not free else want
        """How many may be claimed."""

    def read(self, unit: Unit, mine: Sequence[Message]) -> None:
        """What the choice for these messages rests on: at most one statement for each of the two,
        and none where no breaker is open and there is one sender."""
        self._used = dict.fromkeys(self._rates, 0)  # a batch that failed together is begun anew
        self._begun, self._moved, self.turned_away = {}, {}, 0
        if self._tripped:
            rows = unit.breakers.tripped()
            self._breakers = {key: circuits.read(row) for key, row in rows.items()}
        patients = {row.patient_id for row in mine if row.patient_id is not None}
        if self._kind is ChannelKind.SMS and self._world.senders.several and patients:
            self._threads = dict(unit.breakers.threads(patients))

    def route(self, unit: Unit, facts: Facts, message: Message, segments: int) -> Sender | None:
        """The sender that a message goes from; None where it waits, back in the queue.

        Notes the sender on the message, and begins a thread where a patient has none.
        """
        order = self._order(facts, message)
        # one that is urgent and was not tried yet tries a stopped sender, where no other is left
        tries_early = message.urgency is Urgency.URGENT and message.attempts == 1
        stopped = ""
        for early in (False, True) if tries_early else (False,):
            for sender in order:
                key = self._block(unit, message, sender, early=early)
                if not key:
                    if not self._has_turn(message, sender):
                        self.turned_away += 1
                        return None
                    self._take(message, sender, order[0], segments)
                    return sender
                stopped = stopped or key
        self._park(unit, facts, message, stopped)
        self.turned_away += 1
        return None

    def done(self) -> None:
        """Gives back what was granted and not used."""
        if self._rates:
            unused = [float(self._granted[name] - self._used[name]) for name in self._rates]
            self._world.pace.give_back(self._rates, unused)

    def keep(self, unit: Unit) -> None:
        """Writes the threads that this batch began: at its end, so that they are one statement."""
        now = self._world.clinic_now()
        if self._begun:
            unit.breakers.keep_threads(self._begun, now)
        if self._moved:
            unit.breakers.move_threads(self._moved, now)

    def _order(self, facts: Facts, message: Message) -> Sequence[Sender]:
        senders = self._world.senders
        if self._kind is not ChannelKind.SMS:
            return _ONLY
        if message.purpose is Purpose.STAFF:
            return senders.for_staff()
        row = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
        site = None if row is None else row.site_code
        thread = self._threads.get(message.patient_id) if message.patient_id else None
        return senders.for_patient(message.patient_id, site, thread)

    def _block(self, unit: Unit, message: Message, sender: Sender, *, early: bool) -> str:
        """The breaker that keeps a message from a sender; empty where it may go.

        What may try one of the two may try the other with it: where the account and its sender are
        both stopped, no message proves either alone.
        """
        if not self._breakers:
            return ""
        stopped = [key for key in self._keys(sender) if self._is_stopped(key)]
        tries = any(
            self._breakers[key].state is BreakerState.HALF_OPEN
            and lets_through(self._breakers[key], message.id)
            for key in stopped
        )
        for key in stopped:
            # early beside a probe that is under way: a page is worth one refusal more
            if not early and not lets_through(self._breakers[key], message.id, early=tries):
                return key
        for key in stopped:
            if not self._begins(unit, key, message, early=early or tries) and not early:
                return key
        return ""

    def _keys(self, sender: Sender) -> tuple[str, str]:
        """The breakers of the account and of a sender, in the order in which they are locked."""
        return circuits.account_key(self._kind), circuits.sender_key(self._kind, sender.name)

    def _is_stopped(self, key: str) -> bool:
        standing = self._breakers.get(key)
        return standing is not None and standing.state is not BreakerState.CLOSED

    def _is_tried_by(self, key: str, message: Message) -> bool:
        standing = self._breakers.get(key)
        return standing is not None and standing.probe == message.id

    def _begins(self, unit: Unit, key: str, message: Message, *, early: bool) -> bool:
        """Whether a message is the one that tries a breaker, or that has closed meanwhile."""
        if not lets_through(self._breakers[key], message.id, early=early):
            return False
        if not circuits.begin_probe(unit, self._world, key, message, early=early):
            return False
        self._breakers[key] = circuits.read(unit.breakers.locked(key))
        return True

    def _has_turn(self, message: Message, sender: Sender) -> bool:
        """Whether its sender has room now; else it comes back as soon as it may have."""
        if sender.name not in self._rates or message.urgency is Urgency.URGENT:
            return True
        if self._used[sender.name] < self._granted[sender.name]:
            return True
        wait = (1 + spread_of(message.id, message.attempts)) / self._rates[sender.name]
        _back(self._world, message, timedelta(seconds=min(wait, 5.0)))
        return False

    def _take(self, message: Message, sender: Sender, first: Sender, segments: int) -> None:
        if sender.name in self._rates:
            self._used[sender.name] += max(1, segments)
        # it waited, and goes now; only a probe keeps what it tries
        tried = [key for key in self._keys(sender) if self._is_tried_by(key, message)]
        message.held_by = tried[-1] if tried else None
        if sender.address:
            message.sender = sender.address
        self._remember(message, first)

    def _remember(self, message: Message, first: Sender) -> None:
        """The thread is with the first choice, also while another stands in for it."""
        patient, senders = message.patient_id, self._world.senders
        if self._kind is not ChannelKind.SMS or not senders.several or patient is None:
            return
        if message.purpose is Purpose.STAFF:
            return
        known = self._threads.get(patient)
        if known is None:
            self._begun[patient] = first.name
        elif senders.named(known) is None:
            self._moved[patient] = first.name
        self._threads[patient] = first.name

    def _park(self, unit: Unit, facts: Facts, message: Message, key: str) -> None:
        """Back into the queue until the breaker closes, or it is of no more use.

        A page does not wait: the next rung is paged. Nor does the answer to a red flag: staff call.
        """
        world = self._world
        message.held_by = key
        row = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
        if row is not None:
            row.note = f"It waits until the provider takes messages again ({key})."
        left = max(timedelta(), message.useful_until - world.clinic_now())
        wait = _LOOK_AGAIN * (1 - spread_of(message.id, message.attempts) / 4)
        _back(world, message, min(wait, left))
        followup.page_failed(unit, world, message)
        aftermath.answer_held(unit, world, message)


def _back(world: World, message: Message, wait: timedelta) -> None:
    message.attempts -= 1
    outcome.requeue(world, message, wait)
