"""Circuits: refusals that speak of a sender or an account open its breaker, a probe closes it.

While one is open its messages wait (``routing`` parks them), staff are paged once, and nothing is
lost: what is of no more use meanwhile ends with its reason, and what closes it lets all go at once.
"""

from dataclasses import asdict
from datetime import datetime, timedelta

import structlog

from outreach.domain import breaker as breakers
from outreach.domain.breaker import Breaker, BreakerState, Scope, fault_of
from outreach.domain.reactions import Reaction
from outreach.domain.retries import spread_of
from outreach.domain.senders import OWN, STAFF
from outreach.domain.states import ChannelKind, MessageStatus, Purpose
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.models import Attempt, BreakerRow, Message
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_SLICE = 5000
"""Messages let go in one unit: a long one would hold up the workers that send them."""
_GONE = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED})
_FILTERED_WITHIN = timedelta(days=1)
_FILTERED_MANY = (5, 25, 125, 625)


def account_key(channel: ChannelKind) -> str:
    """The breaker of everything on a channel."""
    return channel.value


def sender_key(channel: ChannelKind, name: str) -> str:
    """The breaker of one sender."""
    return f"{channel.value}/{name}"


def strike(
    unit: Unit,
    world: World,
    message: Message,
    attempt: Attempt | None,
    reaction: Reaction,
    *,
    reported: bool,
) -> bool:
    """A refusal that may speak of a sender or an account; says whether its breaker is open now.

    The one that opens pages staff: once for each opening, however many messages meet it.
    """
    fault = fault_of(reaction, message.error_code)
    if fault is None:
        return False
    key = _key(world, message, fault.scope)
    tried = _tried(unit, world, message)
    row = unit.breakers.locked(key)
    before, now = read(row), world.machine_now()
    after = breakers.struck(
        before,
        fault,
        message_id=message.id,
        tried_at=None if attempt is None else attempt.started_at,
        by_report=reported,
        now=now,
        spread=spread_of(message.id, before.probes),
    )
    _write(row, after)
    for other in tried:
        if other is not row:
            _write(other, breakers.unproven(read(other), message.id, after.look_at))
    if before.state is not BreakerState.OPEN and after.state is BreakerState.OPEN:
        row.error_code = message.error_code
        log.error("breaker.opened", key=key, code=message.error_code, probes=after.probes)
        if before.state is BreakerState.CLOSED:
            _page(unit, world, row, reaction)
    return after.state is not BreakerState.CLOSED


def answered(unit: Unit, world: World, message: Message, *, arrived: bool) -> None:
    """The provider took a message that tried a breaker, or it has ``arrived``.

    Only for those that have ``held_by``: all others prove nothing that is not known. One may have
    tried the breaker of its account and that of its sender.
    """
    if message.held_by is None:
        return
    closed = True
    for row in _tried(unit, world, message):
        before = read(row)
        after = breakers.answered(before, message.id, arrived=arrived, now=world.machine_now())
        _write(row, after)
        closed &= after.state is BreakerState.CLOSED
        if before.state is not BreakerState.CLOSED and after.state is BreakerState.CLOSED:
            _tell_closed(unit, world, row)
    if closed:
        message.held_by = None


def _tried(unit: Unit, world: World, message: Message) -> list[BreakerRow]:
    """The breakers that a message may be the probe of, locked in the order of their names."""
    if message.held_by is None:
        return []
    keys = account_key(message.channel), _key(world, message, Scope.SENDER)
    return [unit.breakers.locked(key) for key in keys]


def begin_probe(unit: Unit, world: World, key: str, message: Message, *, early: bool) -> bool:
    """Whether this message may try a breaker that nobody tries now (``early``: before its time)."""
    row = unit.breakers.locked(key)
    standing = read(row)
    if not breakers.lets_through(standing, message.id, early=early):
        return False
    if standing.state is not BreakerState.CLOSED:
        _write(row, breakers.probing(standing, message.id, world.machine_now()))
    return True


def tend(unit: Unit, world: World) -> int:
    """Looks at breakers whose time has come (machine time): sends a probe, gives one up, or lets go
    what waits. Part of upkeep; returns how many, and wakes the senders where anything may go."""
    rows = unit.breakers.take_due(world.machine_now())
    for row in rows:
        _tend(unit, world, row)
    return len(rows)


def _tend(unit: Unit, world: World, row: BreakerRow) -> None:
    now, standing = world.machine_now(), read(row)
    if standing.state is BreakerState.OPEN and _account_is_stopped(unit, row.key):
        _write(row, breakers.waits(standing, now))  # what tries the account tries this one with it
        return
    untried = standing.state is BreakerState.HALF_OPEN and standing.probe is None
    if standing.state is BreakerState.OPEN or untried:
        probe = unit.breakers.next_held(row.key, world.clinic_now())
        if probe is not None:
            probe.retry_at = now
        _write(row, breakers.probing(standing, None if probe is None else probe.id, now))
        return
    if standing.state is BreakerState.CLOSED:
        if unit.breakers.release(row.key, now, _SLICE) < _SLICE:
            _write(row, breakers.looked_at(standing, went=False, now=now))
        return
    after = breakers.looked_at(standing, went=_went(unit, standing), now=now)
    _write(row, after)
    if after.state is BreakerState.CLOSED:
        _tell_closed(unit, world, row)


def _account_is_stopped(unit: Unit, key: str) -> bool:
    account, of_sender, _ = key.partition("/")
    return bool(of_sender) and account in unit.breakers.tripped()


def _went(unit: Unit, standing: Breaker) -> bool:
    if standing.probe is None:
        return False
    message = unit.messages.messages([standing.probe]).get(standing.probe)
    return message is not None and message.status in _GONE


def count_filtered(unit: Unit, world: World, message: Message) -> None:
    """One more text that a carrier took for unwanted: from five in a day on, somebody is paged."""
    row = unit.breakers.locked(account_key(message.channel))
    now = world.machine_now()
    if row.filtered_since is None or now - row.filtered_since > _FILTERED_WITHIN:
        row.filtered, row.filtered_since = 0, now
    row.filtered += 1
    if row.filtered not in _FILTERED_MANY:
        return
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"operator:filtered:{row.key}:{_stamp(row.filtered_since)}:{row.filtered}",
            kind="operator",
            action=Action.PAGE_1H,
            summary=f"Carriers filtered {row.filtered} messages ({row.key}) within a day, the last "
            f"with code {message.error_code}. Look at the texts, and at the registration.",
        ),
    )


def _key(world: World, message: Message, scope: Scope) -> str:
    if scope is Scope.ACCOUNT:
        return account_key(message.channel)
    if message.channel is not ChannelKind.SMS:
        return sender_key(message.channel, OWN)
    sender = world.senders.at(message.sender)
    if sender is not None:
        return sender_key(message.channel, sender.name)
    staff = message.purpose is Purpose.STAFF and world.senders.staff is not None
    return sender_key(message.channel, STAFF if staff else OWN)


def read(row: BreakerRow) -> Breaker:
    """Where a breaker stands, as the domain sees it."""
    return Breaker(
        state=row.state,
        strikes=row.strikes,
        struck_at=row.struck_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        probes=row.probes,
        by_report=row.by_report,
        probe=row.probe,
        look_at=row.look_at,
    )


def _write(row: BreakerRow, standing: Breaker) -> None:
    for name, value in asdict(standing).items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _page(unit: Unit, world: World, row: BreakerRow, reaction: Reaction) -> None:
    what = "sender" if "/" in row.key else "account"
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=_item_key(row),
            kind="operator",
            action=Action.PAGE_1H,
            summary=f"Sending is stopped: the provider answers code {row.error_code} for the "
            f"{what} of '{row.key}' ({reaction.value.replace('_', ' ')}). Messages wait, and one "
            "tries it now and then. Run 'outreach doctor'.",
        ),
    )


def _tell_closed(unit: Unit, world: World, row: BreakerRow) -> None:
    log.warning("breaker.closed", key=row.key)
    item = unit.followups.by_reason(_item_key(row))
    if item is not None:
        followup.add_word(unit, world, item, "It works again: what waited goes out now.", None)


def _item_key(row: BreakerRow) -> str:
    return f"operator:breaker:{row.key}:{_stamp(row.opened_at)}"


def _stamp(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y%m%d%H%M%S}"
