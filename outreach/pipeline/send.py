"""Send: claim, check again, compose, write the attempt down, send, record.

The claim is committed before the request leaves, and no database session is open while it is under
way. Whatever crashes in between leaves a row that says so. While one batch is under way the next
is claimed.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.reactions import Reaction
from outreach.domain.states import ChannelKind, Urgency
from outreach.pipeline.batches import tell_operator, together_or_alone
from outreach.pipeline.facts.reading import facts_for_messages
from outreach.pipeline.outcomes import outcome
from outreach.pipeline.outgoing.flow import Flow
from outreach.pipeline.outgoing.prepare import Prepared, belongings, prepare
from outreach.pipeline.routing import Gate
from outreach.pipeline.world import World
from outreach.storage.models import Message

URGENT_LANE = (Urgency.URGENT,)
CARE_LANE = (Urgency.NORMAL,)
BULK_LANE = (Urgency.BULK,)


def drain(
    world: World,
    lanes: Collection[Urgency] = tuple(Urgency),
    limit: int = 5000,
    until: datetime | None = None,
) -> int:
    """Sends what is queued in these lanes; returns how many messages were claimed.

    It claims nothing more after ``limit`` messages or at ``until`` (machine time), and ends when
    the results of all are written down. The last batch of each channel is one that is not full:
    what is queued after it is the next drain's.

    Interrupted (a time limit), it begins nothing more, writes down what became of all that had
    begun, and lets the interruption go on.
    """
    with world.db.read() as unit:
        waiting = unit.claims.waiting(lanes, world.clinic_now(), world.machine_now())
    kinds, flow, total = waiting.kinds, Flow(world, world.new_id()), 0
    try:
        while kinds and total < limit and (until is None or world.machine_now() < until):
            for kind in [one for one in ChannelKind if one in kinds and flow.has_room(one)]:
                most = batch_of(world, kind)  # the channel may change its mind meanwhile
                tripped = waiting.tripped or flow.refused
                claimed = claim_batch(world, flow, lanes, kind, most, tripped=tripped)
                total += claimed
                if claimed < most:
                    kinds.discard(kind)
            flow.record(to_come=kinds)
        flow.finish()
    except BaseException:
        flow.stop()
        raise
    return total


def claim_batch(
    world: World,
    flow: Flow,
    lanes: Collection[Urgency],
    kind: ChannelKind,
    most: int,
    *,
    tripped: bool = True,
) -> int:
    """Claims up to ``most`` of one channel and begins to send them; returns how many it claimed.

    ``tripped``: whether any sender or account may be stopped.
    """
    last = world.machine_now() + timedelta(seconds=world.tempo.lease - world.tempo.request)
    ready: dict[UUID, Prepared] = {}

    gate = Gate(world, kind, lanes, most, tripped=tripped)

    def work(alone: bool) -> int:
        ready.clear()
        return _claim(world, flow.claim_id, lanes, kind, gate, ready, alone=alone)

    try:
        claimed = together_or_alone(work) if gate.limit else 0
    finally:
        gate.done()
    if ready and world.machine_now() > last:
        # a worker that slept here may not be done before its lease ends and others send them
        flow.give_back(ready)
    elif ready:
        flow.begin(kind, ready)
    return claimed


def batch_of(world: World, kind: ChannelKind) -> int:
    """How many of a channel are claimed at once."""
    channel = world.channels.get(kind)
    return world.tempo.batch if channel is None else min(world.tempo.batch, channel.capacity)


def _claim(
    world: World,
    claim_id: UUID,
    lanes: Collection[Urgency],
    kind: ChannelKind,
    gate: Gate,
    ready: dict[UUID, Prepared],
    *,
    alone: bool,
) -> int:
    """Claims a batch; checks, composes and notes the attempt of each, in one unit.

    Until it is over nobody else can have them, and nothing of them has left.
    """
    with world.db.write() as unit:
        mine = unit.claims.claim(
            lanes,
            kind,
            claim_id=claim_id,
            clinic_now=world.clinic_now(),
            machine_now=world.machine_now(),
            lease_until=world.machine_now() + timedelta(seconds=world.tempo.lease),
            limit=gate.limit,
        )
        if not mine:
            return 0
        facts = facts_for_messages(unit, world, mine)
        gate.read(unit, mine)

        def prepare_one(message: Message) -> None:
            prepared = prepare(unit, world, facts, gate, message)
            if prepared is not None:
                ready[message.id] = prepared

        def give_up(message: Message, error: Exception) -> None:
            outcome.failed(unit, world, belongings(facts, message), Reaction.OUR_BUG, None)
            tell_operator(unit, world, "send", error)

        unit.each(mine, prepare_one, set_aside=give_up if alone else None)
        gate.keep(unit)
        unit.add_all([one.sent.attempt for one in ready.values() if one.sent.attempt is not None])
    return len(mine)
