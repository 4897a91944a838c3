"""A circuit breaker: a sender or account that may not send is left alone, and tried now and then.

Closed, everything goes. Open, nothing goes, and nothing is lost: it waits. Half-open, one message
goes as a probe; what becomes of it closes the breaker or opens it again for longer. Pure: the rows
are in the database, ``pipeline/circuits.py`` reads and writes them. All times are machine time.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from outreach.domain.reactions import Reaction


class BreakerState(StrEnum):
    """Whether anything goes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Scope(StrEnum):
    """What a failure speaks of."""

    ACCOUNT = "account"
    """Everything on the channel."""
    SENDER = "sender"
    """One number or Messaging Service; the others go on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a refusal says of a sender or an account."""

    scope: Scope
    limit: int
    """How many messages must meet it within ``STRIKES_WITHIN`` before the breaker opens."""


STRIKES_WITHIN = timedelta(minutes=10)
FIRST_PROBE = timedelta(seconds=30)
"""From the opening to the first probe; doubled with each that fails."""
LAST_PROBE = timedelta(minutes=10)
PATIENCE = timedelta(minutes=2)
"""How long a probe may take to be answered by the provider; longer than a claim is held."""
REPORT_PATIENCE = timedelta(minutes=10)
"""How long after a probe went bad news of it may still come, where only receipts bring any."""
RELEASING = timedelta(minutes=2)
"""For so long after the closing what still waits for it is looked for: a worker may have parked a
message that was claimed before."""

_OF_SENDER = frozenset({21212, 21603, 21606, 21701, 21703, 21704})
"""Settings that concern the number or the service, not the account."""
_OF_SOME_RECIPIENTS = frozenset({21408, 21608})
"""A country that is not enabled, a trial account: one recipient must not stop the others."""


def fault_of(reaction: Reaction, code: int | None) -> Fault | None:
    """What a refusal says of our sender or account; None where it speaks of the message alone."""
    if reaction is Reaction.SENDER_BLOCKED:
        return Fault(Scope.SENDER, 1)
    if reaction is not Reaction.PAUSE_ACCOUNT:
        return None
    scope = Scope.SENDER if code in _OF_SENDER else Scope.ACCOUNT
    return Fault(scope, 3 if code in _OF_SOME_RECIPIENTS else 1)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Where one breaker stands."""

    state: BreakerState = BreakerState.CLOSED
    strikes: int = 0
    struck_at: datetime | None = None
    opened_at: datetime | None = None
    """When it opened last."""
    closed_at: datetime | None = None
    probes: int = 0
    """Probes that failed since it opened."""
    by_report: bool = False
    """A receipt opened it: that the provider takes a message proves nothing then."""
    probe: UUID | None = None
    """The message that tries it; None half-open: whichever comes next."""
    look_at: datetime | None = None
    """When upkeep looks at it: to probe, to give a probe up, or to let go what waits."""


def struck(
    breaker: Breaker,
    fault: Fault,
    *,
    message_id: UUID,
    tried_at: datetime | None,
    by_report: bool,
    now: datetime,
    spread: float,
) -> Breaker:
    """After a refusal that speaks of it.

    Args:
        tried_at: when the try began that was refused; news of a try from before it closed is old.
        by_report: a receipt says it, and not the answer to the request.
        spread: 0 to 1, so that the probes of several breakers do not fall together.
    """
    if breaker.state is BreakerState.OPEN:
        return breaker
    if breaker.state is BreakerState.HALF_OPEN:
        if message_id != breaker.probe:
            return breaker
        failed = breaker.probes + 1
        return replace(
            breaker,
            state=BreakerState.OPEN,
            probes=failed,
            probe=None,
            by_report=breaker.by_report or by_report,
            look_at=now + probe_wait(failed, spread),
        )
    if tried_at is not None and breaker.closed_at is not None and tried_at < breaker.closed_at:
        return breaker
    fresh = breaker.struck_at is not None and now - breaker.struck_at <= STRIKES_WITHIN
    strikes = breaker.strikes + 1 if fresh else 1
    if strikes < fault.limit:
        return replace(breaker, strikes=strikes, struck_at=now)
    return Breaker(
        state=BreakerState.OPEN,
        opened_at=now,
        by_report=by_report,
        look_at=now + probe_wait(0, spread),
    )


def probe_wait(failed: int, spread: float) -> timedelta:
    """From one probe to the next: doubled with each that failed, up to ten minutes."""
    return min(LAST_PROBE, FIRST_PROBE * (1 << min(failed, 16))) * (1 - spread / 4)


def probing(breaker: Breaker, probe: UUID | None, now: datetime) -> Breaker:
    """One message may go: this one, or the next that comes."""
    return replace(breaker, state=BreakerState.HALF_OPEN, probe=probe, look_at=now + PATIENCE)


def waits(breaker: Breaker, now: datetime) -> Breaker:
    """An open one whose account is stopped too: it is looked at again later."""
    return replace(breaker, look_at=now + FIRST_PROBE)


def unproven(breaker: Breaker, message_id: UUID, look_at: datetime | None) -> Breaker:
    """Its probe was refused for the sake of another breaker: it is tried again with that one."""
    if breaker.state is not BreakerState.HALF_OPEN or breaker.probe != message_id:
        return breaker
    return replace(breaker, state=BreakerState.OPEN, probe=None, look_at=look_at)


def lets_through(breaker: Breaker, message_id: UUID, *, early: bool = False) -> bool:
    """Whether a message may go, if need be as the probe.

    ``early``: an urgent one is the probe of an open breaker without waiting for its time.
    """
    if breaker.state is BreakerState.HALF_OPEN:
        return breaker.probe is None or breaker.probe == message_id
    return early or breaker.state is BreakerState.CLOSED


def answered(breaker: Breaker, message_id: UUID, *, arrived: bool, now: datetime) -> Breaker:
    """A message was taken by the provider, or has ``arrived``: if it was the probe, that proves it.

    Where receipts alone bring the bad news, being taken only gives the receipt time to come.
    """
    if breaker.state is not BreakerState.HALF_OPEN or breaker.probe != message_id:
        return breaker
    if breaker.by_report and not arrived:
        return replace(breaker, look_at=now + REPORT_PATIENCE)
    return closed(breaker, now)


def closed(breaker: Breaker, now: datetime) -> Breaker:
    """Everything goes again; what waits is let go at once."""
    return Breaker(opened_at=breaker.opened_at, closed_at=now, look_at=now)


def looked_at(breaker: Breaker, *, went: bool, now: datetime) -> Breaker:
    """Its time has come, and it is not open: a probe came to no end, or all may go.

    Args:
        breaker: half-open or closed.
        went: the provider has the probe, and nothing bad was heard of it in all the time there was.
    """
    if breaker.state is BreakerState.HALF_OPEN:
        if went:
            return closed(breaker, now)
        # the message was skipped, or its outcome is not known: another one tries
        return replace(breaker, state=BreakerState.OPEN, probe=None, look_at=now)
    still = breaker.closed_at is not None and now < breaker.closed_at + RELEASING
    return replace(breaker, look_at=now + RELEASING / 4 if still else None)
